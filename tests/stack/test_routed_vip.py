"""routed-vip: the address on lo of one of two nodes in different networks, announced by BIRD."""

import time

import pytest

from vipdlab import netns

from stacklab.bird import Bird

VIP = "203.0.113.10"
LSA_S = 6  # OSPF tells news of one route every 5 s at most (RFC 2328, MinLSInterval)


@pytest.fixture
def stack(make_stack):
    """Two edges, each in a network of its own, their router, and a client behind it."""
    stack = make_stack("routed-vip")
    stack.edges = [stack.host(name).plug("eth0", name, f"{net}.{number}/24")
                   .route("default", "via", f"{net}.254")
                   for name, net, number in (("edge1", "192.0.2", 1), ("edge2", "198.51.100", 2))]
    stack.router = stack.host("router").plug("eth0", "edge1", "192.0.2.254/24") \
        .plug("eth1", "edge2", "198.51.100.254/24").plug("eth2", "outside", "198.18.0.254/24")
    netns.sysctl(stack.router.namespace, net__ipv4__ip_forward=1)
    client = stack.host("client").plug("eth0", "outside", "198.18.0.100/24") \
        .route("default", "via", "198.18.0.254")
    for edge in stack.edges:
        # As the README says: what is still on its way to a node that was replaced is answered.
        edge.ip("addr", "add", f"{VIP}/32", "dev", "eth0")
        edge.put("/tmp/www/index.html", edge.name)
        edge.popen("python3", "-m", "http.server", "80", "--directory", "/tmp/www")
    stack.client = client
    return stack


def begin(stack, config):
    """BIRD with that file, the master, and a client that asks for ever."""
    *_, routes = [Bird(host, config).start() for host in (*stack.edges, stack.router)]
    if config == "ospf.conf":
        stack.wait(lambda: routes.neighbours() == 2, "OSPF with both", 60)
    else:
        for name in ("edge1", "edge2"):
            stack.wait(lambda name=name: routes.established(name), f"BGP with {name}", 60)
    for edge in stack.edges:
        edge.start()
    stack.wait_master(stack.edges[0], "service", 30)
    return stack.load(stack.client, f"http://{VIP}/", timeout_s=3).wait_served()


def via(stack):
    """The next hops of the router's route to the address."""
    found = stack.router.run("ip", "route", "show", VIP).stdout
    return [word for word in found.split() if word in ("192.0.2.1", "198.51.100.2")]


def served_by(stack, load, name):
    """Waits until that edge answers the client."""
    stack.wait(lambda: [r.server for r in load.since(load.mark() - 0.5).requests[-1:]]
               == [name], f"{name} serves", 30)


def test_routed_vip(stack):
    edge1, edge2 = stack.edges
    load = begin(stack, "bird.conf")
    assert via(stack) == ["192.0.2.1"]

    mark = load.mark()
    edge1.vipctl("drain", "service")
    stack.wait(lambda: via(stack) == ["198.51.100.2"], "the route leads to edge2", 30)
    served_by(stack, load, "edge2")
    planned = load.since(mark)
    mark = load.mark()
    edge1.vipctl("resume", "service")
    stack.wait(lambda: via(stack) == ["192.0.2.1"], "the route leads to edge1 again", 30)
    served_by(stack, load, "edge1")
    back = load.since(mark)

    mark = load.mark()
    edge1.cut()
    stack.wait(lambda: via(stack) == ["198.51.100.2"], "the route leads to edge2", 30)
    served_by(stack, load, "edge2")
    death = load.since(mark)
    edge1.heal()
    served_by(stack, load, "edge1")

    mark = load.mark()
    edge1.kill()
    served_by(stack, load, "edge2")
    killed = load.since(mark)
    edge1.start()
    served_by(stack, load, "edge1")
    for what, result in (("drain", planned), ("resume", back), ("node dead", death),
                         ("vipd killed", killed)):
        print(f"routed-vip: {what}: {result}")
    assert not planned.failed and not back.failed
    stack.wait(lambda: edge1.on("lo") == [VIP] and not edge2.on("lo"), "edge1 alone has it", 20)


def test_the_same_with_ospf(stack):
    edge1, edge2 = stack.edges
    load = begin(stack, "ospf.conf")
    stack.wait(lambda: via(stack) == ["192.0.2.1"], "the route leads to edge1", 30)
    for what, act, gate, name in (
            ("OSPF, drain", lambda: edge1.vipctl("drain", "service"), "198.51.100.2", "edge2"),
            ("OSPF, resume", lambda: edge1.vipctl("resume", "service"), "192.0.2.1", "edge1"),
            ("OSPF, node dead", edge1.cut, "198.51.100.2", "edge2")):
        time.sleep(LSA_S)
        mark = load.mark()
        act()
        stack.wait(lambda gate=gate: via(stack) == [gate], f"the route leads to {name}", 30)
        served_by(stack, load, name)
        result = load.since(mark)
        print(f"routed-vip: {what}: {result}")
        assert what == "OSPF, node dead" or not result.failed, str(result)
    edge1.heal()
    served_by(stack, load, "edge1")
    stack.wait(lambda: edge1.on("lo") == [VIP] and not edge2.on("lo"), "edge1 alone has it", 20)
