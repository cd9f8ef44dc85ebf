"""What is odd on the LAN is told apart and named, and does the election no harm."""

import time

import pytest

from vipdlab import config, netns, wire
from vipdlab.config import VIP4, VIP6

# Shorter than the default, and longer than what a busy machine may keep the injector waiting.
KEYS = {"conflict_quiet": "3s"}


def warnings(node):
    return {w["kind"]: w for w in node.instance()["warnings"]}


def own_frame(node, source_mac, family=4, **fields):
    """An advert that is, but for the MAC, as the node sends it."""
    source, group, vip = ((node.address4, wire.GROUP4, VIP4) if family == 4
                          else (node.link_local, wire.GROUP6, VIP6))
    message = wire.vrrp_message(source, group, addresses=[vip], **fields)
    return wire.frame(source_mac, source, message)


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("family", [4, 6])
def test_another_cluster_with_our_vrid(lab, family):
    ours, theirs = (VIP4, "10.77.0.55") if family == 4 else (VIP6, "fd77::55")
    lab.start_all([150, 100], addresses=f"{ours}/64" if family == 6 else f"{ours}/24", **KEYS)
    peer = lab.client.address4 if family == 4 else lab.client.link_local
    frame = lab.injector().build(family=family, priority=250, addresses=[
        *(["fe80::200:5eff:fe00:233"] if family == 6 else []), theirs])
    with lab.injecting(frame):
        for node in lab.nodes:
            found = lab.wait(lambda n=node: warnings(n).get("duplicate-vrid"), "it is named")
            assert found["peer"] == peer and found["family"] == f"ipv{family}"
            said = f"VRID 51 is also used by {peer} for {theirs}"
            assert said in found["text"]
            assert said in node.vipctl("status").stdout
            assert said in node.vipctl("status", "web").stdout
        lab.wait(lambda: warnings(lab[1])["duplicate-vrid"]["count"] > 10, "it is counted")
        assert set(warnings(lab[1])) == {"duplicate-vrid"}
        # Their adverts do not take part in our election, whatever their priority.
        router = lab[1].router(f"ipv{family}")
        assert router["drops"]["foreign_addresses"] > 0
        assert router["counters"]["foreign-address-errors"] > 0
        assert [n.state() for n in lab.nodes] == ["MASTER", "BACKUP"]
        assert lab[2].instance()["master"]["priority"] == 150
    for node in lab.nodes:
        lab.wait(lambda n=node: warnings(n) == {}, "it is over")
        assert node.log_text().count("VRID 51 is also used by") == 1
        assert [e["reason"] for e in node.history("notice")] == ["duplicate-vrid"]


@pytest.mark.lab(nodes=2)
def test_address_lists_that_differ_in_part_are_said_once(lab):
    lab[1].start(config.instance(priority=150, addresses=f"{VIP4}/24, 10.77.0.55/24", **KEYS))
    lab[2].start(config.instance(priority=100, addresses=f"{VIP4}/24", **KEYS))
    said = f"{lab[1].address4} lists other addresses than are configured here: 10.77.0.55 only there"
    lab.wait(lambda: said in lab[2].log_text(), "it is said")
    lab.wait(lambda: warnings(lab[2])["address-lists-differ"]["count"] > 10, "it is counted")
    assert lab[2].log_text().count(said) == 1
    assert [n.state() for n in lab.nodes] == ["MASTER", "BACKUP"]


@pytest.mark.lab(nodes=1)
def test_a_cluster_of_another_version_with_our_vrid(lab):
    lab.start_all([150], **KEYS)
    frame = lab.injector().build(version=2, interval_ms=1000, addresses=["10.77.0.55"])
    with lab.injecting(frame):
        lab.wait(lambda: "duplicate-vrid" in warnings(lab[1]), "it is named")
    assert lab[1].router()["drops"]["version_error"] > 0


@pytest.mark.lab(nodes=2)
def test_two_masters_of_equal_priority(lab):
    keys = {"priority": 100, "conflict_quiet": "60s"}
    lab[1].start(config.instance(**keys))
    lab[2].start(config.instance(**keys))
    lab.wait(lambda: sorted(n.state() for n in lab.nodes) == ["BACKUP", "MASTER"], "one is MASTER")
    lab[1].cut()
    lab.wait(lambda: {n.state() for n in lab.nodes} == {"MASTER"}, "two masters")
    lab[1].heal()
    lab.wait_master(lab[2])
    found = {**warnings(lab[1]), **warnings(lab[2])}
    assert set(found) == {"equal-priority"}
    assert "our priority 100" in found["equal-priority"]["text"]


@pytest.mark.lab(nodes=1)
def test_a_second_master_that_does_not_yield(lab):
    lab.start_all([150], **KEYS)
    lab.advert(priority=120)
    lab.never(lambda: warnings(lab[1]), "a moment of a hand-over was named", 0.6)
    with lab.injecting(lab.injector().build(priority=120)):
        found = lab.wait(lambda: warnings(lab[1]).get("second-master"), "it is named")
        assert found["peer"] == lab.client.address4
        assert "priority 120, lower than our 150" in found["text"]
        assert set(warnings(lab[1])) == {"second-master"}
    lab.wait(lambda: warnings(lab[1]) == {}, "it is over")
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("family", [4, 6])
def test_our_own_packets_come_back(lab, family):
    lab.start_all([150], addresses=f"{VIP4}/24, {VIP6}/64", **KEYS)
    with lab.injecting(own_frame(lab[1], lab[1].mac, family, priority=150)):
        found = lab.wait(lambda: warnings(lab[1]).get("looped-packets"), "it is named")
        assert found["family"] == f"ipv{family}"
        assert "our own adverts come back to us on eth0" in lab[1].vipctl("status").stdout
        assert set(warnings(lab[1])) == {"looped-packets"}
    lab.wait(lambda: warnings(lab[1]) == {}, "it is over")
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("family", [4, 6])
def test_another_node_with_our_own_address(lab, family):
    lab.start_all([150], addresses=f"{VIP4}/24, {VIP6}/64", **KEYS)
    with lab.injecting(own_frame(lab[1], lab.client.mac, family, priority=50)):
        found = lab.wait(lambda: warnings(lab[1]).get("duplicate-node-address"), "it is named")
        assert found["mac"] == lab.client.mac and lab.client.mac in found["text"]
        assert set(warnings(lab[1])) == {"duplicate-node-address"}
    lab.wait(lambda: warnings(lab[1]) == {}, "it is over")
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=2)
def test_another_interface_of_this_node_in_the_same_network(lab):
    """As Linux has it by default, both its interfaces answer for the address."""
    netns.ip_batch([f"link add eth1 netns {lab[1].namespace} type veth peer name n1b"
                    f" netns {lab.switch}"])
    netns.ip_batch(["link set n1b master br0 up"], lab.switch)
    lab[1].ip("link", "set", "eth1", "up")
    lab.start_all([150, 100], on_conflict="release", **KEYS)
    found = lab.wait(lambda: warnings(lab[1]).get("own-interface"), "it is named", 30)
    assert "this node's own eth1 answers for " + VIP4 in found["text"]
    assert "arp_ignore = 1" in found["text"]
    assert set(warnings(lab[1])) == {"own-interface"}
    # It is no stranger, to whom the address would have to be left.
    assert [n.state() for n in lab.nodes] == ["MASTER", "BACKUP"]
    assert [e["to"] for e in lab[1].history()] == ["BACKUP", "MASTER"]


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("mac", ["interface", "virtual"])
def test_a_healthy_cluster_has_nothing_to_say(lab, mac):
    lab.start_all([150, 100], addresses=f"{VIP4}/24, {VIP6}/64", mac=mac)
    for _ in range(2):
        lab.stop_and_start(lab[1], lab[2])
    lab[1].cut()
    lab.wait(lambda: lab[2].state() == "MASTER", "n2 is MASTER")
    lab[1].heal()
    lab.wait_master(lab[1])
    time.sleep(0.5)
    for node in lab.nodes:
        assert warnings(node) == {}
