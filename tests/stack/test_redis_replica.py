"""redis-replica: the address is where the primary is, under a client that never stops writing."""

import re
import time

import pytest

from stacklab.redis import Redis, connect
from stacklab.writer import Writer

VIP = "192.0.2.30"
ADDRESSES = ("192.0.2.1", "192.0.2.2")


class Pair:
    """cache1 is the primary with the address, cache2 its replica: by itself from the start."""

    def __init__(self, stack):
        self.stack = stack
        self.hosts = [stack.host(f"cache{i + 1}", f"{a}/24") for i, a in enumerate(ADDRESSES)]
        self.client = stack.host("client", "192.0.2.100/24")
        self.servers = [Redis(host).spawn() for host in self.hosts]
        for server in self.servers:
            stack.wait(server.is_ready, "Redis is ready", 30)
        self.hosts[0].start()
        stack.wait(lambda: self.hosts[0].holds(VIP), "cache1 has the address", 30)
        self.hosts[1].start()
        self.settled(0)

    def settled(self, primary):
        """Waits until that node has the address, and the other one is its replica and stands by."""
        mine, other = self.hosts[primary], self.hosts[1 - primary]
        self.stack.wait(lambda: mine.holds(VIP) and other.state("cache") == "BACKUP",
                        f"{mine.name} has the address, {other.name} stands by", 60)
        self.stack.wait(lambda: self.servers[1 - primary].info()["master_link_status"] == "up",
                        f"{other.name} is a replica", 30)

    def write(self):
        return Writer(self.client, lambda: connect(VIP, "change-me")).wait_written()

    def lost(self, writer, server):
        """Rows that were acknowledged and are not there."""
        acknowledged = writer.numbers()
        there = {int(key.split(":")[1]) for key in server.cli("KEYS", "row:*").split()}
        return sorted(acknowledged - there)

    def say(self, what, writer, since, new, lost):
        """The figures of the README."""
        waited = re.findall(r"before-master: exit status 0 after ([\d.]+) s",
                            self.hosts[new].log_text())[-1]
        print(f"redis-replica: {what}: {len(writer.rows)} keys, {len(lost)} acknowledged ones lost,"
              f" longest gap {writer.longest_gap_s(since):.2f} s, {waited} s of it for the "
              "promotion")


@pytest.fixture
def stack(make_stack):
    return make_stack("redis-replica")


@pytest.fixture
def pair(stack):
    return Pair(stack)


@pytest.mark.limit(180)
def test_redis_replica(stack, pair):
    cache1, cache2 = pair.servers
    writer, since = pair.write(), time.monotonic()
    pair.hosts[0].vipctl("drain", "cache")
    stack.wait(lambda: pair.hosts[1].holds(VIP), "cache2 has the address", 60)
    writer.wait_written()
    pair.hosts[0].vipctl("resume", "cache")
    pair.settled(1)
    lost = pair.lost(writer, cache2)
    pair.say("drain", writer, since, 1, lost)
    assert not lost and cache1.info()["role"] == "slave"

    # A replica has nothing to fence, and asks nobody for it.
    asked = ["+ role_of_peer\n" in host.run(
        "env", "VIPD_PREVIOUS=INIT", "bash", "-x", "/usr/local/sbin/redis-role", "fence").stderr
             for host in pair.hosts]
    assert asked == [False, True] and cache2.info()["role"] == "master"

    # The server dies, and comes back as replica by itself.
    since = time.monotonic()
    cache2.kill()
    stack.wait(lambda: pair.hosts[0].holds(VIP), "cache1 has the address", 60)
    writer.wait_written()
    pair.say("the server dies", writer, since, 0, pair.lost(writer, cache1))
    cache2.start()
    pair.settled(0)

    # The node dies: what the replica had not read is lost, and gone from the old primary, too.
    since = time.monotonic()
    pair.hosts[0].cut()
    cache1.kill()
    pair.hosts[0].kill()
    stack.wait(lambda: pair.hosts[1].holds(VIP), "cache2 has the address", 60)
    writer.wait_written().stop()
    lost = pair.lost(writer, cache2)
    pair.say("the node dies", writer, since, 1, lost)
    pair.hosts[0].heal()
    cache1.start()
    pair.hosts[0].start()
    pair.settled(1)
    stack.wait(lambda: pair.lost(writer, cache1) == lost, "both have the same", 30)
