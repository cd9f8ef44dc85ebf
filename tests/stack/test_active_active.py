"""examples/active-active: two addresses, crossed; each node takes over the other's."""

import pytest

from stacklab import measure
from stacklab.nginx import Nginx

RED, BLUE = "192.0.2.10", "192.0.2.11"


class Site:
    """Both nodes, each master of its instance, and a client that asks the addresses by turns."""

    def __init__(self, stack):
        self.stack = stack
        self.nodes = [stack.host(f"node{i}", f"192.0.2.{i + 1}/24") for i in (1, 2)]
        self.client = stack.host("client", "192.0.2.100/24")
        self.nginx = {}
        for node in self.nodes:
            self.start(node)
        self.wait_crossed()
        self.load = stack.load(self.client, "http://www.example.com/",
                               addresses=[RED, BLUE]).wait_served()

    def start(self, node):
        """What starts with the machine."""
        node.vip_on_lo()
        self.nginx[node.name] = Nginx(node).start()
        node.start()

    def crossed(self):
        node1, node2 = self.nodes
        return (node1.state("red"), node2.state("red")) == ("MASTER", "BACKUP") \
            and (node1.state("blue"), node2.state("blue")) == ("BACKUP", "MASTER")

    def wait_crossed(self):
        self.stack.wait(self.crossed, "each is master of its own")

    def both(self):
        """What comes while each has its own address, over a second and more."""
        self.wait_crossed()
        mark = self.load.mark()
        self.stack.wait(lambda: len(self.load.since(mark).requests) >= 50, "50 requests")
        return measure.since(self.load, mark, "both serve")


@pytest.fixture
def stack(make_stack):
    return make_stack("active-active")


def test_a_nodes_death_moves_its_address_and_both_come_back(stack):
    site = Site(stack)
    node1, node2 = site.nodes
    stack.wait(lambda: node1.on("eth0") == [RED] and node2.on("eth0") == [BLUE], "each has its own")
    result = site.both()
    assert not result.failed
    # By turns, each at its own node.
    assert abs(result.servers["node1"] - result.servers["node2"]) <= 2, str(result)
    result = measure.switch(site.load, "node1 dead", node1.die, node2, "red")
    assert result.longest_gap_s < 10 and result.servers["node2"], str(result)
    stack.wait(lambda: node2.on("eth0") == [RED, BLUE], "it has both")
    result = measure.switch(site.load, "node1 back",
                            lambda: (node1.reboot(), site.start(node1)), node1, "red")
    measure.assert_planned(result)
    result = measure.switch(site.load, "node2: nginx killed", site.nginx["node2"].kill, node1,
                            "blue")
    assert result.longest_gap_s < 10 and result.servers["node1"], str(result)
    result = measure.switch(site.load, "node2: nginx back",
                            lambda: Nginx(node2).start(), node2, "blue")
    measure.assert_planned(result)
    result = measure.switch(site.load, "node1 drained",
                            lambda: node1.run("vipctl", "drain", "--all"), node2, "red")
    measure.assert_planned(result)
    node1.run("vipctl", "resume", "--all")
    assert not site.both().failed
