"""IPv6 alone: take-over, preemption, unicast, a source that comes late, bad adverts, DAD."""

import pytest

from vipdlab import config
from vipdlab.config import VIP4, VIP6
from vipdlab.rtnl import IFA_F_TENTATIVE

ADDRESS = f"{VIP6}/64"

FAULTS = {
    "ip_ttl_error": {"ttl": 64},
    "checksum_error": {"spoil_checksum": True},
    "packet_length_error": {"count": 3},
    "version_error": {"version": 2, "interval_ms": 1000},
    "invalid_type": {"kind": 7},
    "no_addresses": {"addresses": []},
    "zero_interval": {"interval_ms": 0},
}


@pytest.mark.lab(nodes=2)
def test_kill_9(lab):
    lab.start_all([150, 100], addresses=ADDRESS, lease="2s")
    lab[1].kill()
    lab.wait_master(lab[2])
    probe = lab.probe(VIP6)
    lab.wait(lambda: not lab[1].ours(), "the lease of the dead agent ran out", 6)
    assert probe.stop().answered_by[-1] == "n2"


@pytest.mark.lab(nodes=2, dad=True)
def test_preemption_with_dad_left_on(lab):
    lab[1].start(config.instance(priority=100, addresses=ADDRESS))
    lab[1].wait_state("MASTER")
    # The client's own: until it may use it, nobody answers it (470 ms were seen).
    lab.wait(lambda: "tentative" not in lab.client.ip("-6", "addr", "show", "dev", "eth0").stdout,
             "the client has an address")
    probe = lab.probe(VIP6)
    lab[2].start(config.instance(priority=150, addresses=ADDRESS))
    lab.wait_master(lab[2])
    held = [a for a in lab[2].addresses() if a.ours]
    assert held and not any(a.flags & IFA_F_TENTATIVE for a in held)
    result = probe.stop()
    assert result.longest_gap_ms < config.IPV6_GAP_MS, str(result)
    assert result.answered_by == ["n1", "n2"]


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("kind", ["address6", "link_local"])
def test_unicast(lab, kind):
    for node, peer, priority in ((lab[1], lab[2], 150), (lab[2], lab[1], 100)):
        node.start(config.instance(priority=priority, addresses=ADDRESS,
                                   unicast_peers=getattr(peer, kind)))
    lab.wait_master(lab[1])
    capture = lab.capture()
    lab[1].stop()
    lab.wait_master(lab[2])
    sent = lab.wait(lambda: capture.adverts("n2", destination=getattr(lab[1], kind)),
                    "the other one adverts")
    assert capture.adverts(destination="ff02::12") == []
    assert {f.source for f in sent} == {getattr(lab[2], kind)}


@pytest.mark.lab(nodes=2)
def test_a_source_that_will_not_last_is_said_to_unicast_peers(lab):
    """The privacy address of the day: tomorrow's is not among those that the peers list."""
    lab[1].ip("addr", "del", f"{lab[1].address6}/64", "dev", "eth0")
    lab[1].ip("addr", "add", f"{lab[1].address6}/64", "dev", "eth0", "preferred_lft", "0", "nodad")
    lab[1].ip("addr", "del", f"{lab[1].link_local}/64", "dev", "eth0")
    lab[1].start(config.instance(addresses=ADDRESS, unicast_peers=lab[2].address6))
    lab[1].wait_state("MASTER")
    assert f"sends from {lab[1].address6}, which is deprecated" in lab[1].log_text()
    # One that stays is better, and nothing is said of it.
    lab[1].ip("addr", "add", "fd77::1:1/64", "dev", "eth0", "nodad")
    capture = lab.capture()
    lab.wait(lambda: {f.source for f in capture.adverts("n1")[-1:]} == {"fd77::1:1"},
             "it adverts from that")
    assert lab[1].log_text().count(", which is ") == 1


@pytest.mark.lab(nodes=1)
def test_waits_for_a_link_local_address_to_send_from(lab):
    lab[1].ip("addr", "del", f"{lab[1].link_local}/64", "dev", "eth0")
    lab[1].start(config.instance(addresses=ADDRESS))
    assert lab[1].state() == "INIT"
    assert "no-primary-address" in lab[1].instance()["held_by"]
    lab[1].ip("addr", "add", f"{lab[1].link_local}/64", "dev", "eth0", "nodad")
    lab[1].wait_state("MASTER")


@pytest.mark.lab(nodes=2)
def test_each_fault_is_counted_under_its_name_and_moves_nothing(lab):
    lab.start_all([150, 100], addresses=ADDRESS)
    for reason, fault in FAULTS.items():
        lab.advert(family=6, priority=254, **fault)
        for node in lab.nodes:
            lab.wait(lambda n=node, r=reason: n.router("ipv6")["drops"][r] == 1,
                     f"{reason} is counted by {node.name}")
    assert [n.state() for n in lab.nodes] == ["MASTER", "BACKUP"]
    assert all(sum(n.router("ipv6")["drops"].values()) == len(FAULTS) for n in lab.nodes)


@pytest.mark.lab(nodes=2)
def test_a_bad_advert_of_one_family_does_not_count_in_the_other(lab):
    lab.start_all([150, 100], addresses=[f"{VIP4}/24", ADDRESS])
    lab.advert(family=6, priority=254, spoil_checksum=True)
    lab.wait(lambda: lab[1].router("ipv6")["drops"]["checksum_error"] == 1, "it is counted")
    assert lab[1].router("ipv4")["drops"]["checksum_error"] == 0
    assert lab[1].state() == "MASTER"
