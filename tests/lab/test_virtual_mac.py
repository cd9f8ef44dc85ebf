"""The virtual router MAC on a macvlan: taken along, cleaned up, and never answered for twice."""

import time

import pytest

from vipdlab import config, wire
from vipdlab.config import VIP4, VIP6

MAC4, MAC6 = wire.virtual_mac(4, 51), wire.virtual_mac(6, 51)


def ours(node):
    """Names of vipd's links on the node."""
    lines = node.ip("-br", "link").stdout.splitlines()
    return [line.split("@")[0] for line in lines if line.startswith("vipd")]


def own_name(node):
    """What vipd calls its link for VRID 51 on eth0."""
    return f"vipd{node.run('cat', '/sys/class/net/eth0/ifindex').stdout.strip()}.51"


def arp_settings(node):
    return [node.run("cat", f"/proc/sys/net/ipv4/conf/eth0/{key}").stdout.strip()
            for key in ("arp_ignore", "arp_announce")]


@pytest.mark.lab(nodes=2)
def test_virtual_mac(lab):
    lab.start_all([150, 100], mac="virtual")
    capture, probe = lab.capture(), lab.probe()
    assert lab.client.neighbour_mac(VIP4) == MAC4
    lab[1].stop()
    lab.wait_master(lab[2])
    time.sleep(0.3)
    result = probe.stop()
    assert result.went("n1", "n2"), str(result)
    assert lab.client.neighbour_mac(VIP4) == MAC4, "the MAC moved, the client noticed nothing"
    assert {f.source_mac for f in capture.adverts("n2")} == {MAC4}
    assert "vipd" not in lab[1].ip("-br", "link").stdout, "the macvlan is gone with the agent"
    for key, busy in (("arp_ignore", "1"), ("arp_announce", "2")):
        path = f"/proc/sys/net/ipv4/conf/eth0/{key}"
        assert lab[2].run("cat", path).stdout.strip() == busy
        assert lab[1].run("cat", path).stdout.strip() == "0", f"{key} is as it was before"


@pytest.mark.lab(nodes=2)
def test_the_switch_hears_of_the_virtual_mac_once_more(lab):
    """With the last answer of the other node, sent behind the announcement, it goes back to its port;
    so between the first announcement and the next, which have both addresses, there is one more."""
    other = "10.77.0.201"
    lab.start_all([150, 100], mac="virtual", addresses=[f"{VIP4}/24", f"{other}/24"])
    capture = lab.capture()
    lab[1].stop()
    lab.wait_master(lab[2])

    def told(address):
        return sum(f.gratuitous and f.target == address for f in capture.frames("n2"))
    lab.wait(lambda: told(other) >= 2, "the first announcement was repeated")
    lab.wait(lambda: told(VIP4) == told(other) + 1, "one of the addresses was told once more")


@pytest.mark.lab(nodes=2)
def test_virtual_mac_backup_is_silent_and_the_parent_does_not_answer(lab):
    lab.start_all([150, 100], mac="virtual", addresses=[f"{VIP4}/24", f"{VIP6}/64"])
    capture = lab.capture()
    for address in (VIP4, VIP6):
        lab.client.ip("neigh", "flush", "dev", "eth0")
        lab.probe(address).stop()
    answers = [f for f in capture.frames() if f.kind == "arp" and f.source == VIP4]
    assert answers and {f.target_mac for f in answers} == {MAC4}
    assert not [f for f in capture.frames("n2") if f.source_mac.startswith("00:00:5e")]


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("how", ["deleted", "renamed"])
def test_a_foreign_link_of_our_name_is_waited_for(lab, how):
    node = lab[1]
    node.ip("link", "add", "vipd0", "type", "bridge")
    node.ip("link", "set", "vipd0", "name", own_name(node))
    node.start(config.instance(priority=150, mac="virtual"))
    assert node.state() == "INIT"
    lab.never(lambda: node.state() != "INIT", "it used a link that is not its own", 2.5)
    assert node.log_text().count("cannot make the virtual MAC's link") == 1
    if how == "deleted":
        node.ip("link", "del", own_name(node))
    else:
        node.ip("link", "set", own_name(node), "name", "other")
    node.wait_state("MASTER")
    assert node.holds(VIP4) and ours(node)


@pytest.mark.lab(nodes=1)
def test_a_foreign_link_in_the_place_of_ours_is_waited_for(lab):
    lab.start_all([150], mac="virtual")
    name = own_name(lab[1])
    lab[1].freeze()
    lab[1].ip("link", "del", name)
    lab[1].ip("link", "add", name, "type", "bridge")
    lab[1].thaw()
    lab[1].wait_state("INIT")
    lab[1].ip("link", "del", name)
    lab[1].wait_state("MASTER")
    assert lab[1].holds(VIP4) and ours(lab[1])


@pytest.mark.lab(nodes=2)
def test_dual_stack_hand_over_and_back(lab):
    lab.start_all([150, 100], mac="virtual", addresses=[f"{VIP4}/24", f"{VIP6}/64"])
    probes = [lab.probe(VIP4), lab.probe(VIP6)]
    lab.stop_and_start(lab[1], lab[2])
    for result in [probe.stop() for probe in probes]:
        assert result.went("n1", "n2", "n1"), str(result)
    assert [e["to"] for e in lab[2].history()] == ["BACKUP", "MASTER", "BACKUP"]
    assert lab.client.neighbour_mac(VIP4) == MAC4
    assert lab.client.neighbour_mac(VIP6) == MAC6


@pytest.mark.lab(nodes=2)
def test_what_a_killed_agent_left_is_gone_after_release(lab):
    lab.start_all([150, 100], mac="virtual", lease="60s")
    lab[1].kill()
    assert ours(lab[1]) and lab[1].holds(VIP4)
    assert lab[1].release().returncode == 0
    assert ours(lab[1]) == [] and not lab[1].holds(VIP4)
    assert arp_settings(lab[1]) == ["0", "0"]
    lab.wait_master(lab[2])


@pytest.mark.lab(nodes=2)
def test_restart_after_a_kill_remembers_the_settings_from_before(lab):
    lab[1].run("sysctl", "-qw", "net.ipv4.conf.eth0.arp_announce=1")
    lab.start_all([150, 100], mac="virtual", lease="60s")
    assert arp_settings(lab[1]) == ["1", "2"]
    lab[1].kill()
    lab.wait_master(lab[2])
    lab[1].start()
    lab.wait_master(lab[1])
    assert len(ours(lab[1])) == 1
    lab[1].stop()
    assert ours(lab[1]) == [] and arp_settings(lab[1]) == ["0", "1"]


@pytest.mark.lab(nodes=2)
def test_link_down_and_up(lab):
    lab.start_all([150, 100], mac="virtual")
    lab[1].link_down()
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
    lab.wait(lambda: lab[1].ours() == [], "the first has let go")
    lab[1].link_up()
    lab.wait_master(lab[1])
    assert lab.probe().stop().answered_by == ["n1"]
    assert lab.client.neighbour_mac(VIP4) == MAC4


@pytest.mark.lab(nodes=2)
def test_interface_deleted_and_made_again(lab):
    lab.start_all([150, 100], mac="virtual")
    lab[1].delete_interface()
    lab[1].wait_state("INIT")
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
    lab[1].create_interface()
    lab.wait_master(lab[1])
    assert len(ours(lab[1])) == 1 and lab[1].holds(VIP4)


@pytest.mark.lab(nodes=1)
def test_its_link_deleted_by_somebody_comes_back(lab):
    lab.start_all([150], mac="virtual")
    lab[1].ip("link", "del", ours(lab[1])[0])
    lab.wait(lambda: ours(lab[1]) and lab[1].holds(VIP4), "it is made and held again",
             5)
    lab[1].wait_state("MASTER")
    probe = lab.probe()
    assert probe.stop().answered_by == ["n1"]


@pytest.mark.lab(nodes=1)
def test_a_reload_that_drops_one_leaves_the_other(lab):
    other = config.instance("db", vrid=52, addresses="10.77.0.201/24", mac="virtual")
    web = config.instance(mac="virtual")
    lab[1].start(web, other)
    lab[1].wait_state("MASTER").wait_state("MASTER", "db")
    sampler = lab.sampler()
    lab[1].write(web)
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: len(ours(lab[1])) == 1, "the link of the removed instance is gone")
    assert arp_settings(lab[1]) == ["1", "2"], "the other still needs them"
    assert sampler.sequence() == [{"n1"}]


UNICAST = [
    pytest.param("address4", VIP4, f"{VIP4}/24", MAC4, id="ipv4"),
    pytest.param("address6", VIP6, f"{VIP6}/64", MAC6, id="ipv6"),
]


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("own, vip, address, mac", UNICAST)
def test_unicast_adverts_come_from_the_interface(lab, own, vip, address, mac):
    """The strictest reverse path filter is on: the virtual addresses must not draw the way back to
    the peers onto the macvlan."""
    for node, peer, priority in ((lab[1], lab[2], 150), (lab[2], lab[1], 100)):
        node.run("sysctl", "-qw", "net.ipv4.conf.eth0.rp_filter=1")
        node.start(config.instance(priority=priority, mac="virtual", addresses=address,
                                   unicast_peers=getattr(peer, own)))
    lab.wait_master(lab[1])
    capture, probe = lab.capture(), lab.probe(vip)
    assert lab.client.neighbour_mac(vip) == mac
    lab.stop_and_start(lab[1], lab[2])
    result = probe.stop()
    assert result.went("n1", "n2", "n1"), str(result)
    assert lab.client.neighbour_mac(vip) == mac, "the MAC moved, the client noticed nothing"
    for node, peer in ((lab[1], lab[2]), (lab[2], lab[1])):
        sent = capture.adverts(node.name, destination=getattr(peer, own))
        assert {(f.source_mac, f.source) for f in sent} == {(node.mac, getattr(node, own))}
    assert capture.adverts(destination="224.0.0.18") + capture.adverts(destination="ff02::12") == []
    for node in (lab[1], lab[2]):
        assert sum(node.router(f"ipv{4 if vip == VIP4 else 6}")["drops"].values()) == 0
