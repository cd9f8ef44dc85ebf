"""postgresql-primary: the writer's address is where the primary is, under a client that never
stops."""

import re
import time

import pytest

from stacklab.postgresql import Postgresql, connect
from stacklab.writer import Writer

WRITER, READER = "192.0.2.25", "192.0.2.26"
ADDRESSES = ("192.0.2.1", "192.0.2.2")
TABLE = ["CREATE USER shop PASSWORD 'shop'", "CREATE TABLE rows_written (id INT PRIMARY KEY)",
         "GRANT ALL ON rows_written TO shop"]


class Pair:
    """pg1 is the primary with the writer's address, pg2 its replica with the reader's."""

    def __init__(self, stack):
        self.stack = stack
        self.hosts = [stack.host(f"pg{i + 1}", f"{a}/24") for i, a in enumerate(ADDRESSES)]
        self.client = stack.host("client", "192.0.2.100/24")
        self.servers = [Postgresql(host) for host in self.hosts]

    def start(self):
        """As the README has it, with a table of a shop."""
        self.servers[0].start(60)
        self.servers[0].query("SELECT pg_promote()")
        self.servers[0].source("/etc/vipd/postgres-users.sql")
        self.servers[0].query("CREATE DATABASE shop")
        self.servers[0].query(*TABLE, database="shop")
        self.hosts[0].start()
        self.stack.wait(lambda: self.hosts[0].holds(WRITER), "pg1 has the writer's address", 60)
        self.hosts[1].run("postgres-role", "rejoin", "--clone", timeout=60)
        self.hosts[1].start()
        self.settled(0)
        return self

    def settled(self, primary):
        """Waits until that node has the writer's address, and the other one stands by and has the
        reader's."""
        mine, other = self.hosts[primary], self.hosts[1 - primary]
        self.stack.wait(lambda: mine.holds(WRITER) and other.state("writer") == "BACKUP" and
                        other.holds(READER) and not mine.holds(READER),
                        f"{mine.name} has the writer's, {other.name} the reader's address", 60)

    def write(self):
        return Writer(self.client, lambda: connect(WRITER, "shop", "shop", "shop")).wait_written()

    def taken_by(self, writer, name):
        self.stack.wait(lambda: writer.rows[-1].server == name, f"{name} takes rows", 60)

    @staticmethod
    def rows(server):
        return {int(row[0]) for row in server.query("SELECT id FROM rows_written", database="shop")}

    def lost(self, writer, server):
        """Rows that were acknowledged and are not there."""
        acknowledged = writer.numbers()
        return sorted(acknowledged - self.rows(server))

    def say(self, what, writer, since, new, lost):
        """The figures of the README."""
        waited = re.findall(r"before-master: exit status 0 after ([\d.]+) s",
                            self.hosts[new].log_text())[-1]
        print(f"postgresql-primary: {what}: {len(writer.rows)} rows, {len(lost)} acknowledged ones "
              f"lost, longest gap {writer.longest_gap_s(since):.2f} s, {waited} s of it for the "
              "promotion")

    def rejoin(self, number):
        return self.hosts[number].run("postgres-role", "rejoin", timeout=60)

    def dies(self, number, writer, rows):
        """The whole node, of which the disk is left. Just before, what it sends to the other server
        is lost on the way, and the connection stays: until so many rows have been acknowledged; for
        a moment with 0."""
        host, other = self.hosts[number], ADDRESSES[1 - number]
        host.run("nft", "add table ip cut; add chain ip cut out"
                 " { type filter hook output priority 0; };"
                 f" add rule ip cut out ip daddr {other} tcp sport 5432 drop")
        if rows:
            enough = len(writer.rows) + rows
            self.stack.wait(lambda: len(writer.rows) >= enough, "rows are acknowledged", 30)
        else:
            time.sleep(0.5)
        host.cut()
        self.servers[number].kill()
        host.kill()

    def comes_back(self, number):
        """As a replica that does not fit any more: it stands back."""
        host = self.hosts[number]
        host.run("nft", "delete", "table", "ip", "cut")
        host.heal()
        self.servers[number].start(60)
        host.start()
        self.stack.wait(lambda: "postgres-role rejoin" in host.vipctl("status", "writer").stdout,
                        "status says what is to be done", 30)
        assert self.servers[number].value("pg_is_in_recovery()") == "t"


@pytest.fixture
def stack(make_stack):
    return make_stack("postgresql-primary")


@pytest.fixture
def pair(stack):
    return Pair(stack).start()


@pytest.mark.limit(180)
def test_a_planned_hand_over_loses_no_row(stack, pair):
    writer = pair.write()
    for old, new in ((0, 1), (1, 0)):
        since = time.monotonic()
        pair.hosts[old].vipctl("drain", "writer")
        pair.taken_by(writer, f"pg{new + 1}")
        pair.rejoin(old)
        pair.hosts[old].vipctl("resume", "writer")
        pair.settled(new)
        writer.wait_written()
        pair.say("drain", writer, since, new, pair.lost(writer, pair.servers[new]))
    writer.stop()
    assert not pair.lost(writer, pair.servers[0])
    stack.wait(lambda: not pair.lost(writer, pair.servers[1]), "the replica has all of it", 30)


@pytest.mark.limit(240)
def test_what_the_death_of_the_primary_loses(stack, pair):
    """Asynchronously, as shipped: what the replica had not received. With sync=yes: nothing."""
    writer, since = pair.write(), time.monotonic()
    pair.dies(0, writer, 5)
    pair.taken_by(writer, "pg2")
    writer.wait_written().stop()
    lost = pair.lost(writer, pair.servers[1])
    pair.say("the primary dies, asynchronous", writer, since, 1, lost)
    assert lost
    pair.comes_back(0)
    pair.rejoin(0)
    pair.settled(1)
    stack.wait(lambda: pair.lost(writer, pair.servers[0]) == lost, "wound back", 30)

    for host in pair.hosts:
        path = "/etc/vipd/postgres-role.conf"
        host.put(path, host.read(path).replace("sync=no", "sync=yes"))
    stack.wait(lambda: pair.servers[1].value("current_setting('synchronous_standby_names')") == "*",
               "commits wait for the replica", 30)
    pair.servers[1].query("TRUNCATE rows_written", database="shop")
    writer, since = pair.write(), time.monotonic()
    pair.dies(1, writer, 0)
    pair.taken_by(writer, "pg1")
    writer.wait_written().stop()
    lost = pair.lost(writer, pair.servers[0])
    pair.say("the primary dies, synchronous", writer, since, 0, lost)
    assert not lost
    pair.comes_back(1)
    pair.rejoin(1)
    pair.settled(0)
