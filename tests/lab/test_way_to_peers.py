"""Unicast without `interface`: found by the routes to the peers, and followed when they change."""

import pytest

from vipdlab import config, wire
from vipdlab.config import VIP4, VIP6


def start(lab, first, second, own="address4", **keys):
    for node, peer, priority in ((lab[1], lab[2], first), (lab[2], lab[1], second)):
        node.start(config.instance(interface=None, priority=priority,
                                   unicast_peers=getattr(peer, own), **keys))


def held(node, address):
    """The interface that has the address."""
    lines = node.ip("-br", "addr").stdout.splitlines()
    return [line.split("@")[0].split()[0] for line in lines if f" {address}/" in line]


def second_interface(node):
    """eth9 with 10.88.0.1; nobody is behind it."""
    node.ip("link", "add", "eth9", "type", "veth", "peer", "name", "far9")
    node.ip("addr", "add", "10.88.0.1/24", "dev", "eth9")
    node.ip("link", "set", "eth9", "up")
    node.ip("link", "set", "far9", "up")


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("own, vip, address, mac", [
    pytest.param("address4", VIP4, f"{VIP4}/24", "interface", id="ipv4"),
    pytest.param("address6", VIP6, f"{VIP6}/64", "interface", id="ipv6"),
    pytest.param("address4", VIP4, f"{VIP4}/24", "virtual", id="virtual-mac"),
])
def test_the_interface_is_found(lab, own, vip, address, mac):
    start(lab, 150, 100, own, addresses=address, mac=mac)
    lab.wait_master(lab[1])
    assert lab[1].instance()["interface"] == "eth0"
    probe = lab.probe(vip)
    assert lab.client.neighbour_mac(vip) == (lab[1].mac if mac == "interface" else
                                             wire.virtual_mac(4, 51))
    lab.stop_and_start(lab[1], lab[2])
    result = probe.stop()
    assert result.went("n1", "n2", "n1"), str(result)
    assert lab[1].state_file()["interface"] == "eth0"


@pytest.mark.lab(nodes=2)
def test_it_moves_with_the_route(lab):
    """An administrator puts eth0 under a bridge, and its address on that."""
    start(lab, 150, 100)
    lab.wait_master(lab[1])
    lab[1].ip("link", "add", "br9", "type", "bridge")
    lab[1].ip("link", "set", "br9", "address", lab[1].mac)
    lab[1].ip("link", "set", "br9", "up")
    lab[1].ip("link", "set", "eth0", "master", "br9")
    lab[1].ip("addr", "del", f"{lab[1].address4}/24", "dev", "eth0")
    lab[1].ip("addr", "add", f"{lab[1].address4}/24", "dev", "br9")
    lab.wait(lambda: (lab[1].instance() or {}).get("interface") == "br9", "it moves")
    lab.wait_master(lab[1])
    assert held(lab[1], VIP4) == ["br9"] and held(lab[2], VIP4) == []
    assert lab.probe().stop().answered_by == ["n1"]
    reasons = [e["reason"] for e in lab[1].history() if e.get("to") == "INIT"]
    assert reasons[-1] in ("no-route", "no-primary-address")


@pytest.mark.lab(nodes=2)
def test_without_a_route_it_takes_no_part(lab):
    start(lab, 150, 100)
    lab.wait_master(lab[1])
    lab[1].ip("addr", "del", f"{lab[1].address4}/24", "dev", "eth0")
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
    lab.wait(lambda: "no-route" in (lab[1].instance() or {}).get("held_by", []), "it is said")
    lab.wait(lambda: lab[1].ours() == [], "it has let go")
    assert lab[1].instance()["interface"] == ""
    assert "no route leads to its unicast-peers" in lab[1].vipctl("status").stdout
    assert "no route leads to any of its unicast peers" in lab[1].log_text()
    lab[1].ip("addr", "add", f"{lab[1].address4}/24", "dev", "eth0")
    lab.wait_master(lab[1])
    assert lab[1].holds(VIP4)


@pytest.mark.lab(nodes=2)
def test_a_start_without_a_route_and_a_route_that_blinks(lab):
    lab[1].ip("route", "del", "10.77.0.0/24", "dev", "eth0")
    start(lab, 150, 100)
    lab[2].wait_state("MASTER")
    assert lab[1].state() == "INIT" and "no-route" in lab[1].instance()["held_by"]
    assert "no route leads to any of its unicast peers" in lab[1].log_text()
    lab[1].ip("route", "add", "10.77.0.0/24", "dev", "eth0")
    lab.wait_master(lab[1])
    count = len(lab[1].history())
    lab[1].ip("route", "del", "10.77.0.0/24", "dev", "eth0")
    lab[1].ip("route", "add", "10.77.0.0/24", "dev", "eth0")
    lab.never(lambda: lab[1].state() != "MASTER" or len(lab[1].history()) != count,
              "it believed that", 1)


@pytest.mark.lab(nodes=2)
def test_peers_behind_different_interfaces_are_told(lab):
    second_interface(lab[1])
    lab[1].start(config.instance(interface=None, unicast_peers=[lab[2].address4, "10.88.0.2"]))
    lab[1].wait_state("MASTER")
    assert lab[1].instance()["interface"] == "eth0"
    assert "the unicast peer 10.88.0.2 is reached by eth9" in lab[1].log_text()
    assert any(w["kind"] == "peer-astray" for w in lab[1].instance()["warnings"])


@pytest.mark.lab(nodes=2)
def test_other_peers_by_reload_are_another_interface(lab):
    second_interface(lab[1])
    lab[1].start(config.instance(interface=None, unicast_peers=lab[2].address4))
    lab[1].wait_state("MASTER")
    lab[1].write(config.instance(interface=None, unicast_peers="10.88.0.2"))
    lab[1].reload()
    lab.wait(lambda: held(lab[1], VIP4) == ["eth9"], "the address is there now")


@pytest.mark.lab(nodes=2)
def test_release_after_a_kill_finds_the_way_too(lab):
    start(lab, 150, 100, lease="60s")
    lab.wait_master(lab[1])
    lab[1].kill()
    capture = lab.capture()
    assert lab[1].release().returncode == 0
    assert not lab[1].holds(VIP4)
    lab.wait_master(lab[2])
    assert [f for f in capture.adverts("n1") if f.priority == 0]
