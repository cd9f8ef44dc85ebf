"""mariadb-primary: the writer's address is where the primary is, under a client that never stops
writing."""

import time

import pytest

from stacklab.database_pair import DatabasePair
from stacklab.mariadb import Mariadb, connect
from stacklab.writer import Writer

SHOP = ["CREATE DATABASE shop",
        "CREATE TABLE shop.rows_written (id INT PRIMARY KEY)",
        "CREATE USER shop@'%' IDENTIFIED BY 'shop'", "GRANT ALL ON shop.* TO shop@'%'"]


class Pair(DatabasePair):
    """db1 is the primary with the writer's address, db2 its replica with the reader's."""

    EXAMPLE, ROLE, PORT = "mariadb-primary", "mariadb-role", 3306
    ADDRESSES, WRITER, READER = ("192.0.2.1", "192.0.2.2"), "192.0.2.20", "192.0.2.21"

    def __init__(self, stack):
        self.stack = stack
        self.hosts = [stack.host(f"db{i + 1}", f"{a}/24") for i, a in enumerate(self.ADDRESSES)]
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
        first.lab.wait(lambda: first.holds(self.WRITER), "db1 has the writer's address", 30)
        second.run("mariadb-role", "rejoin", "--clone", timeout=60)
        second.start()
        self.settled(0)
        return self

    def write(self):
        client = Writer(self.client, lambda: connect(self.WRITER, "shop", "shop", "shop"))
        return client.wait_written()

    @staticmethod
    def rows(server):
        return {row[0] for row in server.query("SELECT id FROM shop.rows_written")}

    def rejoin(self, number, *arguments, check=True):
        return self.hosts[number].run("mariadb-role", "rejoin", *arguments, check=check, timeout=60)

    def comes_back(self, number):
        super().comes_back(number)
        assert self.servers[number].value("@@read_only") == 1


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
        pair.say("drain", writer, since, new, pair.lost(writer, pair.servers[new]))
    writer.stop()
    assert not pair.lost(writer, db1)
    stack.wait(lambda: not pair.lost(writer, db2), "the replica has all of it", 30)


@pytest.mark.limit(240)
def test_what_the_death_of_the_primary_loses(stack, pair):
    """Semi-synchronously: nothing. Asynchronously: what the replica had not read. In both cases the
    network between the two fails a moment before the node does."""
    db1, db2 = pair.servers
    writer = pair.write()
    since = time.monotonic()
    pair.dies(0, writer, 0)
    pair.taken_by(writer, 2)
    writer.wait_written().stop()
    lost = pair.lost(writer, db2)
    pair.say("the primary dies, semi-synchronous", writer, since, 1, lost)
    assert not lost

    # It comes back read-only, and stands back until it is told to rejoin.
    pair.comes_back(0)
    assert pair.hosts[1].holds(pair.WRITER)
    pair.rejoin(0)
    pair.settled(1)
    stack.wait(lambda: not pair.lost(writer, db1), "the replica has all of it", 30)

    # A replica looks for its primary often enough to be promoted later, and has nothing to fence.
    assert db1.replication()["Connect_Retry"] == 2
    asked = ["+ peer_role\n" in host.run(
        "env", "VIPD_PREVIOUS=INIT", "bash", "-x", "/usr/local/sbin/mariadb-role", "fence").stderr
             for host in pair.hosts]
    assert asked == [False, True] and db2.value("@@read_only") == 0

    # The other way round, asynchronously.
    for host in pair.hosts:
        host.run("rm", "/etc/mysql/mariadb.conf.d/62-semi-sync.cnf")
    db2.query("SET GLOBAL rpl_semi_sync_master_enabled = 0", "TRUNCATE shop.rows_written")
    writer = pair.write()
    since = time.monotonic()
    pair.dies(1, writer, 5)
    pair.taken_by(writer, 1)
    writer.wait_written().stop()
    lost = pair.lost(writer, db1)
    pair.say("the primary dies, asynchronous", writer, since, 0, lost)
    assert lost

    # It has what nobody else has, so it does not become a replica as it is.
    pair.comes_back(1)
    refused = pair.rejoin(1, check=False)
    assert refused.returncode == 1 and "mariadb-role rejoin --clone" in refused.stderr
    assert set(lost) <= pair.rows(db2)
    pair.rejoin(1, "--clone")
    pair.settled(0)
    assert pair.lost(writer, db2) == lost
