"""The shape of an OpenStack Neutron HA router: an agent in each namespace, adverts on a network of
their own, the addresses that matter as extra ones on other devices, routes through them, a group of
one, no preemption, and floating addresses that come and go by a reload."""

import json

import pytest

from vipdlab import config

INSIDE, OUTSIDE, FLOATING = "10.0.0.1", "203.0.113.5", "203.0.113.77"
LINK_LOCAL, INSIDE6 = "fe80::f816:3eff:fe00:1", "2001:db8:1::1"
HA_ADDRESS = "169.254.0.1"
GATEWAY, ELSEWHERE = "203.0.113.1", "198.51.100.0/24"
EVERYTHING = sorted([HA_ADDRESS, INSIDE, OUTSIDE, LINK_LOCAL, INSIDE6])


def router(node, floating=()):
    """What Neutron writes for keepalived, in vipd's words."""
    extra = [f"{INSIDE}/24 dev qr-1 scope global", f"{INSIDE6}/64 dev qr-1 scope global",
             f"{LINK_LOCAL}/64 dev qr-1 scope link", f"{OUTSIDE}/24 dev qg-1 scope global"]
    extra += [f"{address}/32 dev qg-1 scope global" for address in floating]
    return (config.instance("VR_1", version=2, vrid=1, priority=50, preempt="no",
                            advert_interval="1s", addresses=f"{HA_ADDRESS}/24 dev eth0",
                            extra_addresses=extra, lease="2s", track="ha",
                            routes=[f"0.0.0.0/0 via {GATEWAY} dev qg-1",
                                    f"{ELSEWHERE} dev qg-1 scope link"]),
            config.check("ha", "link", interface="eth0"),
            config.section("group VG_1", {"instances": "VR_1"}))


def devices(node):
    """Neutron makes these with the same MACs on all nodes, and takes down those of a standby."""
    return [node.add_device(name) for name in ("qr-1", "qg-1")]


def routes(node):
    return [r["held"] for r in node.instance("VR_1")["routes"]]


def has_routes(node):
    shown = node.ip("route").stdout
    return f"default via {GATEWAY} dev qg-1" in shown and f"{ELSEWHERE} dev qg-1" in shown


@pytest.fixture(name="routers")
def fixture_routers(lab):
    ports = {node: devices(node) for node in lab.nodes}
    lab[1].start(*router(lab[1]))
    lab[1].wait_state("MASTER", "VR_1")
    lab[2].start(*router(lab[2]))
    lab[2].wait_state("BACKUP", "VR_1")
    lab.wait(lambda: lab[1].ours() == EVERYTHING, "the first router holds everything")
    lab.wait(lambda: routes(lab[1]) == [True, True], "and routes")
    return ports


@pytest.mark.lab(nodes=2)
def test_a_router_moves_with_everything_on_its_devices(lab, routers):
    assert lab[1].on("qr-1") == sorted([INSIDE, INSIDE6, LINK_LOCAL])
    assert lab[1].on("qg-1") == [OUTSIDE] and lab[1].on("eth0") == [HA_ADDRESS]
    assert lab[2].ours() == []
    inside, outside = routers[lab[2]]
    capture = lab.capture(ports=[inside, outside])
    lab[1].cut()
    lab[2].wait_state("MASTER", "VR_1")
    lab.wait(lambda: lab[2].ours() == EVERYTHING, "the second router holds everything")
    lab.wait(lambda: {INSIDE, INSIDE6, LINK_LOCAL} <= capture.announced(inside), "told inside")
    lab.wait(lambda: capture.announced(outside) == {OUTSIDE}, "and outside")
    assert all(a.addresses == [HA_ADDRESS] for a in capture.adverts("n2"))
    # Healed, the one with the greater address goes on; nothing is held twice.
    lab[1].heal()
    lab.wait(lambda: sorted([lab[1].state("VR_1"), lab[2].state("VR_1")]) == ["BACKUP", "MASTER"],
             "one router")
    holder = next(node for node in lab.nodes if node.state("VR_1") == "MASTER")
    other = next(node for node in lab.nodes if node is not holder)
    lab.wait(lambda: holder.ours() == EVERYTHING and other.ours() == [], "one holder")
    lab.wait(lambda: has_routes(holder) and not other.ip("route", "show", "dev", "qg-1").stdout,
             "one that routes")


@pytest.mark.lab(nodes=2)
def test_floating_addresses_come_and_go_without_a_transition(lab, routers):
    since = lab[1].instance("VR_1")["since"]
    capture = lab.capture(ports=routers[lab[1]])
    for node in lab.nodes:
        node.write(*router(node, floating=[FLOATING]))
        assert node.reload().returncode == 0
    lab.wait(lambda: FLOATING in lab[1].on("qg-1"), "the floating address is there")
    lab.wait(lambda: FLOATING in capture.announced(routers[lab[1]][1]), "and announced")
    found = next(a for a in json.loads(lab[1].ip("-j", "addr", "show", "qg-1").stdout)[0]["addr_info"]
                 if a["local"] == FLOATING)
    assert found["prefixlen"] == 32 and found["scope"] == "global"
    for node in lab.nodes:
        node.write(*router(node))
        assert node.reload().returncode == 0
    lab.wait(lambda: lab[1].ours() == EVERYTHING, "it is gone again")
    assert lab[1].instance("VR_1")["since"] == since and lab[2].state("VR_1") == "BACKUP"


@pytest.mark.lab(nodes=2)
def test_a_device_that_is_made_later_gets_its_addresses(lab, routers):
    """A gateway is set: Neutron makes the device and tells the agent in whatever order."""
    lab[1].ip("link", "del", "qg-1")
    lab.wait(lambda: lab[1].on("qr-1") and not lab[1].holds(OUTSIDE), "the device is gone")
    lab[1].add_device("qg-1")
    lab.wait(lambda: lab[1].ours() == EVERYTHING, "claimed when it came")
    lab.wait(lambda: has_routes(lab[1]), "and its routes", 2)
    assert lab[1].state("VR_1") == "MASTER"


@pytest.mark.lab(nodes=2)
def test_a_killed_agent_leaves_no_second_router(lab, routers):
    lab[1].kill()
    lab[2].wait_state("MASTER", "VR_1")
    lab.wait(lambda: lab[1].ours() == [], "its leases end")
    assert lab[2].ours() == EVERYTHING
