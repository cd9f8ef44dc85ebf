"""redis-sentinel: Sentinels choose the primary, and the address follows."""

import time

import pytest

from stacklab.redis import Redis, connect
from stacklab.sentinel import Sentinel
from stacklab.writer import Writer

VIP = "192.0.2.31"
ADDRESSES = ("192.0.2.1", "192.0.2.2")


class Trio:
    """cache1 is the primary with the address, cache2 its replica, and there are three Sentinels."""

    def __init__(self, stack):
        self.stack, self.asked = stack, 0.0
        self.hosts = [stack.host(f"cache{i + 1}", f"{a}/24") for i, a in enumerate(ADDRESSES)]
        self.client = stack.host("client", "192.0.2.100/24")
        watch = stack.host("watch", "192.0.2.9/24")
        self.servers = [Redis(host).start() for host in self.hosts]
        self.servers[1].cli("REPLICAOF", ADDRESSES[0], "6379")
        self.sentinels = [Sentinel(host).start() for host in (*self.hosts, watch)]
        for sentinel in self.sentinels:
            stack.wait(sentinel.knows_all, "the Sentinels know of each other", 60)
        for host in self.hosts:
            host.start()
        self.settled()

    def primary(self):
        """The number of the one that all agree on, which has the address; else None."""
        agreed = {sentinel.primary() for sentinel in self.sentinels}
        if len(agreed) != 1:
            return None
        number = ADDRESSES.index(agreed.pop())
        mine, other = self.hosts[number], self.hosts[1 - number]
        follows = self.servers[1 - number].info().get("master_link_status") == "up"
        fits = mine.holds(VIP) and not other.holds(VIP) and other.state("cache") == "BACKUP"
        return number if fits and follows else None

    def moved_from(self, number):
        """Whether the other one is the primary; asks the third Sentinel for it now and then, which
        may have something else to do on a busy machine."""
        if self.primary() == 1 - number:
            return True
        if self.primary() == number and time.monotonic() > self.asked + 30:
            self.asked = time.monotonic()
            self.sentinels[2].cli("SENTINEL", "FAILOVER", "cache")
        return False

    def settled(self):
        """Waits until it is one of them; which. On a busy machine Sentinel may have its own ideas
        for a while."""
        self.stack.wait(lambda: self.primary() is not None,
                        "the address is where the primary is, and the other one follows", 120, 0.2)
        return self.primary()


@pytest.fixture
def stack(make_stack):
    return make_stack("redis-sentinel")


@pytest.fixture
def trio(stack):
    return Trio(stack)


@pytest.mark.limit(400)
def test_the_address_follows_the_primary(stack, trio):
    writer = Writer(trio.client, lambda: connect(VIP, "change-me")).wait_written()

    before, since = trio.settled(), writer.rows[-1].ended
    stack.wait(lambda: trio.moved_from(before), "the other one is the primary", 180, 0.2)
    writer.wait_written()
    print(f"redis-sentinel: SENTINEL FAILOVER: longest gap {writer.longest_gap_s(since):.2f} s")

    # The server dies, and comes back as a primary that nobody believes.
    before, since = trio.settled(), writer.rows[-1].ended
    trio.servers[before].kill()
    stack.wait(lambda: trio.hosts[1 - before].holds(VIP), "the other one has the address", 120)
    trio.servers[before].start()
    trio.settled()
    writer.wait_written(60).stop()
    print(f"redis-sentinel: the primary's server dies: longest gap "
          f"{writer.longest_gap_s(since):.2f} s")
    there = {int(key.split(":")[1])
             for key in trio.servers[trio.settled()].cli("KEYS", "row:*").split()}
    print(f"redis-sentinel: {len(writer.numbers() - there)} of {len(writer.rows)} acknowledged "
          "keys lost")
