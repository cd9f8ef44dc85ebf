"""postgresql-primary: the writer's address is where the primary is, under a client that never
stops."""

import time

import pytest

from stacklab.database_pair import DatabasePair
from stacklab.postgresql import Postgresql, connect
from stacklab.writer import Writer

TABLE = ["CREATE USER shop PASSWORD 'shop'", "CREATE TABLE rows_written (id INT PRIMARY KEY)",
         "GRANT ALL ON rows_written TO shop"]


class Pair(DatabasePair):
    """pg1 is the primary with the writer's address, pg2 its replica with the reader's."""

    EXAMPLE, ROLE, PORT = "postgresql-primary", "postgres-role", 5432
    ADDRESSES, WRITER, READER = ("192.0.2.1", "192.0.2.2"), "192.0.2.25", "192.0.2.26"

    def __init__(self, stack):
        self.stack = stack
        self.hosts = [stack.host(f"pg{i + 1}", f"{a}/24") for i, a in enumerate(self.ADDRESSES)]
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
        self.stack.wait(lambda: self.hosts[0].holds(self.WRITER), "pg1 has the writer's address",
                        60)
        self.hosts[1].run("postgres-role", "rejoin", "--clone", timeout=60)
        self.hosts[1].start()
        self.settled(0)
        return self

    def write(self):
        client = Writer(self.client, lambda: connect(self.WRITER, "shop", "shop", "shop"))
        return client.wait_written()

    @staticmethod
    def rows(server):
        return {int(row[0]) for row in server.query("SELECT id FROM rows_written", database="shop")}

    def rejoin(self, number):
        return self.hosts[number].run("postgres-role", "rejoin", timeout=60)

    def comes_back(self, number):
        super().comes_back(number)
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
