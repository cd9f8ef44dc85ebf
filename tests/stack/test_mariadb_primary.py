"""mariadb-primary: the writer's address is where the primary is, under a client that never stops."""

import time

import pytest

from stacklab.mariadb import Mariadb, connect
from stacklab.writer import Writer

WRITER, READER = "192.0.2.20", "192.0.2.21"
SHOP = ["CREATE DATABASE shop",
        "CREATE TABLE shop.rows_written (id INT PRIMARY KEY, text TEXT)",
        "CREATE USER shop@'%' IDENTIFIED BY 'shop'", "GRANT ALL ON shop.* TO shop@'%'"]
LONG = "x" * 4000


class Pair:
    """db1 is the primary with the writer's address, db2 its replica with the reader's."""

    def __init__(self, stack):
        self.stack = stack
        self.hosts = [stack.host("db1", "192.0.2.1/24"), stack.host("db2", "192.0.2.2/24")]
        self.client = stack.host("client", "192.0.2.100/24")
        self.servers = [Mariadb(host) for host in self.hosts]

    def start(self):
        """As the README has it, with tables of a shop."""
        for server in self.servers:
            server.spawn()
        for server in self.servers:
            self.stack.wait(server.is_ready, "MariaDB is ready", 60)
        first, second = self.hosts
        first.run("mariadb-role", "primary")
        self.servers[0].source("/etc/vipd/mariadb-users.sql")
        self.servers[0].query(*SHOP)
        first.start()
        first.lab.wait(lambda: first.holds(WRITER), "db1 has the writer's address", 30)
        second.run("mariadb-role", "rejoin", "--clone", timeout=60)
        second.start()
        self.settled(0)
        return self

    def settled(self, primary, reader=None):
        """Waits until that node has the writer's address and the other one (or `reader`) the
        reader's."""
        reader = self.hosts[1 - primary if reader is None else reader]
        self.stack.wait(lambda: self.hosts[primary].holds(WRITER) and reader.holds(READER),
                        f"db{primary + 1} has the writer's and {reader.name} the reader's address",
                        60)

    def write(self, text=""):
        def connected():
            write = connect(WRITER, "shop", "shop", "shop")

            def one(number):
                return write(number, text)
            one.close = write.close
            return one
        return Writer(self.client, connected).wait_written()

    def taken_by(self, writer, server_id):
        self.stack.wait(lambda: writer.rows[-1].server == server_id,
                        f"server {server_id} takes rows", 60)

    def lost(self, writer, server):
        """Rows that were acknowledged and are not there."""
        there = {row[0] for row in server.query("SELECT id FROM shop.rows_written")}
        return sorted(writer.numbers() - there)

    def rejoin(self, number, *arguments, check=True):
        return self.hosts[number].run("mariadb-role", "rejoin", *arguments, check=check, timeout=60)

    def dies(self, number):
        """The whole node, of which the disk is left."""
        self.hosts[number].cut()
        self.servers[number].kill()
        self.hosts[number].kill()


@pytest.fixture
def stack(make_stack):
    return make_stack("mariadb-primary")


@pytest.fixture
def pair(stack):
    return Pair(stack).start()


@pytest.mark.limit(180)
def test_a_planned_hand_over_loses_no_row(stack, pair):
    db1, db2 = pair.servers
    writer = pair.write()
    for old, new in ((0, 1), (1, 0)):
        since = time.monotonic()
        pair.hosts[old].vipctl("drain", "writer")
        pair.taken_by(writer, new + 1)
        assert pair.servers[old].value("@@read_only") == 1
        assert pair.servers[new].value("@@read_only") == 0
        # Nobody but the primary has the data of now: the reader's address is there, too.
        pair.rejoin(old)
        pair.hosts[old].vipctl("resume", "writer")
        pair.settled(new)
        writer.wait_written()
        print(f"mariadb-primary: drain: {len(writer.rows)} rows so far, {len(writer.failures)} not "
              f"acknowledged, longest gap {writer.longest_gap_s(since) * 1000:.0f} ms")
    writer.stop()
    assert not pair.lost(writer, db1)
    stack.wait(lambda: not pair.lost(writer, db2), "the replica has all of it", 30)


@pytest.mark.limit(240)
def test_what_the_death_of_the_primary_loses(stack, pair):
    """Asynchronously: what the replica had not read. Semi-synchronously: nothing."""
    db1, db2 = pair.servers
    db1.query("SET GLOBAL rpl_semi_sync_master_enabled = 0")
    db2.query("SET GLOBAL read_binlog_speed_limit = 40", "STOP SLAVE", "START SLAVE")
    writer = pair.write(LONG)
    stack.wait(lambda: len(pair.lost(writer, db2)) > 20, "the replica is behind", 60)
    since = time.monotonic()
    pair.dies(0)
    pair.taken_by(writer, 2)
    writer.wait_written().stop()
    lost = pair.lost(writer, db2)
    print(f"mariadb-primary: the primary dies, asynchronous, replica behind: {len(writer.rows)} "
          f"rows, {len(lost)} acknowledged ones lost, longest gap "
          f"{writer.longest_gap_s(since) * 1000:.0f} ms")
    assert lost

    # It comes back read-only, stands back, and does not become a replica as it is.
    pair.hosts[0].heal()
    db1.start(60)
    pair.hosts[0].start()
    stack.wait(lambda: "read-only and no replica" in pair.hosts[0].vipctl("status", "writer").stdout,
               "status says what is to be done", 30)
    assert db1.value("@@read_only") == 1 and pair.hosts[1].holds(WRITER)
    refused = pair.rejoin(0, check=False)
    assert refused.returncode == 1 and "mariadb-role rejoin --clone" in refused.stderr
    pair.rejoin(0, "--clone")
    pair.settled(1)

    # The other way round, semi-synchronously: as shipped.
    db2.query("TRUNCATE shop.rows_written")
    writer = pair.write(LONG)
    stack.wait(lambda: len(writer.rows) > 100, "some rows", 60)
    assert db2.query("SHOW STATUS LIKE 'Rpl_semi_sync_master_yes_tx'")[0][1] != "0"
    since = time.monotonic()
    pair.dies(1)
    pair.taken_by(writer, 1)
    writer.wait_written().stop()
    lost = pair.lost(writer, db1)
    print(f"mariadb-primary: the primary dies, semi-synchronous: {len(writer.rows)} rows, "
          f"{len(lost)} acknowledged ones lost, longest gap "
          f"{writer.longest_gap_s(since) * 1000:.0f} ms")
    assert not lost
    pair.hosts[1].heal()
    db2.start(60)
    pair.hosts[1].start()
    pair.rejoin(1)
    pair.settled(0)
    stack.wait(lambda: not pair.lost(writer, db2), "the replica has all of it", 30)
