"""IPv6, both families together, unicast, VRRPv2."""

import pytest

from vipdlab import config, wire
from vipdlab.config import VIP4, VIP6


@pytest.mark.lab(nodes=2)
def test_ipv6(lab):
    lab.start_all([150, 100], addresses=f"{VIP6}/64")
    capture, probe = lab.capture(), lab.probe(VIP6)
    assert lab[1].holds(VIP6)
    lab[1].stop()
    lab.wait_master(lab[2])
    result = probe.stop()
    assert result.longest_gap_ms < config.IPV6_GAP_MS, str(result)
    assert result.answered_by == ["n1", "n2"]
    advert = lab.wait(lambda: capture.adverts("n2"), "the other one adverts")[0]
    assert advert.source == lab[2].link_local and advert.ttl == 255
    assert advert.addresses[0].startswith("fe80::") and VIP6 in advert.addresses
    announcements = [f for f in capture.frames("n2", kind="na") if f.target == VIP6]
    assert announcements and announcements[0].override and not announcements[0].router


@pytest.mark.lab(nodes=2)
def test_dual_stack_moves_as_one(lab):
    lab.start_all([150, 100], addresses=[f"{VIP4}/24", f"{VIP6}/64"])
    assert lab[1].holds(VIP4) and lab[1].holds(VIP6)
    four, six = lab.probe(VIP4), lab.probe(VIP6)
    lab[1].stop()
    lab.wait_master(lab[2])
    for result, gap_ms in ((four.stop(), 0), (six.stop(), config.IPV6_GAP_MS)):
        assert result.longest_gap_ms <= gap_ms, str(result)
        assert result.answered_by == ["n1", "n2"]
    assert {r["state"] for r in lab[2].instance()["routers"]} == {"MASTER"}


@pytest.mark.lab(nodes=2)
def test_dual_stack_loses_both_when_one_family_has_no_source(lab):
    lab.start_all([150, 100], addresses=[f"{VIP4}/24", f"{VIP6}/64"])
    lab[1].ip("addr", "del", f"{lab[1].address4}/24", "dev", "eth0")
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over both")
    lab.wait(lambda: lab[1].ours() == [], "nothing is left behind")
    lab.wait(lambda: lab[2].holds(VIP4) and lab[2].holds(VIP6), "the peer has both")


@pytest.mark.lab(nodes=2)
def test_unicast(lab):
    for node, peer, priority in ((lab[1], lab[2], 150), (lab[2], lab[1], 100)):
        node.start(config.instance(priority=priority, unicast_peers=peer.address4))
    lab.wait_master(lab[1])
    capture = lab.capture()
    lab[1].stop()
    lab.wait_master(lab[2])
    lab.wait(lambda: capture.adverts("n2", destination=lab[1].address4), "the other one adverts")
    assert capture.adverts(destination="224.0.0.18") == []


@pytest.mark.lab(nodes=2)
def test_unicast_ignores_strangers(lab):
    for node, peer, priority in ((lab[1], lab[2], 150), (lab[2], lab[1], 100)):
        node.start(config.instance(priority=priority, unicast_peers=peer.address4))
    lab.wait_master(lab[1])
    lab.client.ip("neigh", "replace", lab[1].address4, "lladdr", lab[1].mac, "dev", "eth0")
    before = lab[1].router()["drops"]["not_a_peer"]
    message = wire.vrrp_message(lab.client.address4, lab[1].address4, priority=254)
    frame = bytearray(wire.frame(lab.client.mac, lab.client.address4, message, lab[1].address4))
    frame[0:6] = wire.mac_bytes(lab[1].mac)
    lab.inject(bytes(frame))
    lab.wait(lambda: lab[1].router()["drops"]["not_a_peer"] == before + 1, "it is counted")
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("own, address, family, group", [
    pytest.param("address4", f"{VIP4}/24", "ipv4", "224.0.0.18", id="ipv4"),
    pytest.param("address6", f"{VIP6}/64", "ipv6", "ff02::12", id="ipv6"),
])
def test_unicast_ttl_and_what_is_accepted_of_it(lab, own, address, family, group):
    """The window is the receiver's; a second instance on the same socket still sends with 255."""
    other = config.instance("other", vrid=52, addresses="10.77.0.201/24" if family == "ipv4"
                            else "fd77::201/64")

    def web(peer, **keys):
        return config.instance(unicast_peers=getattr(peer, own), addresses=address, **keys)

    lab[1].start(web(lab[2], priority=150, unicast_ttl=64), other)
    lab[2].start(web(lab[1], unicast_min_ttl=64, unicast_max_ttl=64), other)
    lab.wait_master(lab[1])
    capture = lab.capture()
    lab.wait(lambda: len(capture.adverts("n1", vrid=51)) > 3, "adverts")
    assert {f.ttl for f in capture.adverts("n1", destination=getattr(lab[2], own))} == {64}
    assert {f.ttl for f in capture.adverts(destination=group)} == {255}
    assert lab[2].router(family)["drops"]["ip_ttl_error"] == 0
    lab[2].write(web(lab[1], unicast_max_ttl=63), other)
    lab[2].reload()
    lab[2].wait_state("MASTER")
    assert lab[2].router(family)["drops"]["ip_ttl_error"] > 0


@pytest.mark.lab(nodes=2)
def test_version_2(lab):
    lab.start_all([150, 100], version=2, advert_interval="1s")
    capture = lab.capture()
    lab.wait(lambda: capture.adverts("n1", version=2), "a version 2 advert")
    lab[1].stop()
    lab.wait_master(lab[2])


@pytest.mark.lab(nodes=2)
def test_mixed_intervals_follow_the_master(lab):
    lab[1].start(config.instance(priority=150, advert_interval="200ms"))
    lab[2].start(config.instance(priority=100, advert_interval="100ms"))
    lab.wait_master(lab[1])
    lab.wait(lambda: lab[2].router()["advert_interval_ms"] == 200, "the interval is learned")
    assert lab[2].router()["warnings"]["interval_mismatch"] > 0
    lab.never(lambda: lab[2].state() == "MASTER", "it fell out of step", 1.5)
