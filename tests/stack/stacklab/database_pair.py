"""A primary with the writer's address and a replica with the reader's: what the tests of both kinds
of databases do with them."""

import re
import time


class DatabasePair:
    """Of a kind that has EXAMPLE, ROLE (its script), PORT, ADDRESSES, WRITER and READER, and knows
    rows(server). hosts and servers are lists of two."""

    def settled(self, primary):
        """Waits until that node has the writer's address, and the other one stands by and has the
        reader's."""
        mine, other = self.hosts[primary], self.hosts[1 - primary]
        self.stack.wait(lambda: mine.holds(self.WRITER) and other.state("writer") == "BACKUP" and
                        other.holds(self.READER) and not mine.holds(self.READER),
                        f"{mine.name} has the writer's, {other.name} the reader's address", 60)

    def taken_by(self, writer, server):
        self.stack.wait(lambda: writer.rows[-1].server == server, f"{server} takes rows", 60)

    def lost(self, writer, server):
        """Rows that were acknowledged and are not there."""
        acknowledged = writer.numbers()
        return sorted(acknowledged - self.rows(server))

    def say(self, what, writer, since, new, lost):
        """The figures of the README."""
        waited = re.findall(r"before-master: exit status 0 after ([\d.]+) s",
                            self.hosts[new].log_text())[-1]
        print(f"{self.EXAMPLE}: {what}: {len(writer.rows)} rows, {len(lost)} acknowledged ones "
              f"lost, longest gap {writer.longest_gap_s(since):.2f} s, {waited} s of it for the "
              "promotion")

    def dies(self, number, writer, rows):
        """The whole node, of which the disk is left. Just before, what it sends to the other server
        is lost on the way, and the connection stays: until so many rows have been acknowledged; for
        a moment with 0."""
        host, other = self.hosts[number], self.ADDRESSES[1 - number]
        host.run("nft", "add table ip cut; add chain ip cut out"
                 " { type filter hook output priority 0; };"
                 f" add rule ip cut out ip daddr {other} tcp sport {self.PORT} drop")
        if rows:
            enough = len(writer.rows) + rows
            self.stack.wait(lambda: len(writer.rows) >= enough, "rows are acknowledged", 30)
        else:
            time.sleep(0.5)
        host.cut()
        self.servers[number].kill()
        host.kill()

    def comes_back(self, number):
        """As one that does not fit any more: it stands back until it is told to rejoin."""
        host = self.hosts[number]
        host.run("nft", "delete", "table", "ip", "cut")
        host.heal()
        self.servers[number].start(60)
        host.start()
        self.stack.wait(lambda: f"{self.ROLE} rejoin" in host.vipctl("status", "writer").stdout,
                        "status says what is to be done", 30)
