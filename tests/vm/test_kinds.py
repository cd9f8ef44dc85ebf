"""Kinds of interface that once went wrong: members of a VRF, macvlans, bonds that hear themselves; what
is refused and what is said then."""

import pytest

from kinds import DUAL, build, nothing_is_odd, only_once, what_it_carries
from vipdlab import config, netns
from vipdlab.config import VIP4, VIP6

pytestmark = only_once

ANSWERED_MS = 60  # an IPv6 address after an IPv4 one; what is not answered for waits for 250 ms


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("kind,keys", [
    ("vrf member", {"mac": "virtual"}), ("macvlan", {"mac": "virtual"}), ("bond balance-alb", {}),
    ("bond balance-rr", {})])
def test_what_was_mended(lab, kind, keys, capfd):
    what_it_carries(lab, kind, capfd, **keys)


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("kind,mac", [("macvlan", "virtual"), ("vrf member", "interface")])
def test_a_bad_line_makes_no_second_master(lab, kind, mac):
    build(lab, kind)
    for machine in lab.machines():
        netns.run("tc", "-n", lab.switch, "qdisc", "add", "dev", machine.name, "root", "netem",
                  "delay", "20ms", "5ms", "loss", "2%")
    lab.start_all([150, 100], addresses=DUAL, mac=mac)
    lab.never(lambda: lab[2].state() == "MASTER", "n2 hears n1", 3, interval=0.1)
    nothing_is_odd(lab)


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("kind,mac", [("vrf member", "interface"), ("vrf member", "virtual")])
def test_ipv6_is_announced_with_ipv4(lab, kind, mac):
    build(lab, kind)
    capture = lab.capture()
    lab.start_all([150], addresses=DUAL, mac=mac)
    lab.wait(lambda: {VIP4, VIP6} <= capture.announced("n1"), "both are announced")
    first = {address: min(f.time for f in capture.frames("n1") if f.gratuitous
                          and f.target == address) for address in (VIP4, VIP6)}
    assert (first[VIP6] - first[VIP4]) * 1000 < ANSWERED_MS


# ---- What cannot be

REFUSED = [
    (["link add x0 type dummy"], {}, "x0 is a dummy: no peer hears adverts there"),
    (["link add x0 type vrf table 7"], {}, "x0 is a VRF and not one of its interfaces"),
    (["link add x0 type wireguard"], {}, "x0 is a WireGuard link, which carries no multicast"),
    (["link add link eth0 name x0 type ipvlan mode l3"], {}, "x0 is an ipvlan in mode l3"),
    (["link add link eth0 name x0 type ipvlan mode l2"], {"mac": "virtual"},
     "x0 is an ipvlan, which has the MAC of the interface below"),
    (["link add x0 type wireguard"], {"mac": "virtual", "unicast_peers": "10.78.0.2"},
     "x0 has no MACs"),
    (["link add link eth0 name x0 type macvlan mode private"], {"mac": "virtual"},
     "x0 is a macvlan in mode private"),
    (["link add link eth0 name x0 type macvlan mode passthru"], {"mac": "virtual"},
     "x0 is a macvlan in mode passthru"),
]


@pytest.mark.lab(nodes=1)
def test_what_cannot_be_is_refused_and_said(lab):
    node = lab[1]
    for lines, keys, text in REFUSED:
        netns.ip_batch([*lines, "addr add 10.78.0.1/24 dev x0", "link set x0 up"], node.namespace)
        node.start(config.instance(interface="x0", addresses="10.78.0.200/24", **keys))
        instance = node.instance()
        assert instance["held_by"] == ["unusable-interface"], text
        assert instance["warnings"][0]["text"].startswith(text)
        assert f"web: {text}" in node.log_text() and not node.holds("10.78.0.200")
        assert node.stop() == 0
        node.ip("link", "del", "x0")


@pytest.mark.lab(nodes=1)
def test_a_link_without_multicast_is_taken_with_unicast(lab):
    node = lab[1]
    netns.ip_batch(["link add x0 type wireguard", "addr add 10.78.0.1/24 dev x0", "link set x0 up"],
                   node.namespace)
    node.start(config.instance(interface="x0", addresses="10.78.0.200/24",
                               unicast_peers="10.78.0.2"))
    node.wait_state("MASTER")
    assert node.holds("10.78.0.200") and "cannot watch" not in node.log_text()


@pytest.mark.lab(nodes=2)
def test_who_is_refused_its_addresses_is_no_master(lab):
    """Of two ipvlans on one device only one can have an address."""
    other = f"{lab.prefix}-other"
    build(lab, "ipvlan l2")
    netns.run("ip", "netns", "add", other)
    netns.ip_batch([f"link add link base0 name taken netns {other} type ipvlan mode l2"],
                   lab[1].namespace)
    netns.run("ip", "-n", other, "addr", "add", f"{VIP4}/24", "dev", "taken")
    lab[1].start(config.instance(priority=150))
    lab[2].start(config.instance(priority=100))
    lab[2].wait_state("MASTER")
    lab.wait(lambda: lab[1].instance()["held_by"] == ["cannot-claim"], "n1 says that it cannot")
    assert not lab[1].holds(VIP4) and lab[2].holds(VIP4)
    assert "already" in lab[1].log_text() or "in use" in lab[1].log_text()
    lab.never(lambda: lab[2].state() != "MASTER", "n1 tries and disturbs", 1)
