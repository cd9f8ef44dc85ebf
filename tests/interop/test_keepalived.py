"""vipd and Debian's keepalived as one cluster, in both roles."""

import re

import pytest

from vipdlab import config, wire
from vipdlab.config import VIP4, VIP6

CASES = [
    pytest.param(4, 3, 0.1, id="v3-ipv4"),
    pytest.param(6, 3, 0.1, id="v3-ipv6"),
    pytest.param(4, 2, 1, id="v2-ipv4"),
]


def start_vipd(node, family, version, interval_s, priority, **keys):
    addresses = f"{VIP4}/24" if family == 4 else ["fe80::77:200/64", f"{VIP6}/64"]
    node.start(config.instance(priority=priority, version=version, addresses=addresses,
                               advert_interval=f"{int(interval_s * 1000)}ms", **keys))


def start_keepalived(peer, family, version, interval_s, priority, **more):
    peer.start(config.keepalived(family=family, version=version, interval_s=interval_s,
                                 priority=priority, **more))


def follows(node, priority):
    """A condition: the node is led by somebody of that priority."""
    return lambda: (node.instance()["master"] or {}).get("priority") == priority


# What keepalived says of adverts it does not like.
COMPLAINTS = re.compile(r"invalid|mismatch|wrong|malformed|different|expected|error|less than|"
                        r"not match|unexpected|discard|ignor|bogus|incorrect", re.IGNORECASE)


def complaints(peer):
    return [line for line in peer.log_text().splitlines() if COMPLAINTS.search(line)]


def vip_of(family):
    return VIP4 if family == 4 else VIP6


def drops(node, family):
    return sum(node.router(f"ipv{family}")["drops"].values())


@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("family, version, interval_s", CASES)
def test_vipd_is_master_and_hands_over_to_keepalived(lab, family, version, interval_s):
    vip = vip_of(family)
    start_vipd(lab[1], family, version, interval_s, 150)
    start_keepalived(lab[2], family, version, interval_s, 100)
    lab[1].wait_state("MASTER")
    lab.never(lambda: lab[2].holds(vip), "keepalived does not follow our adverts",
              5 * interval_s)
    assert complaints(lab[2]) == []
    probe = lab.probe(vip)
    lab[1].stop()
    lab.wait(lambda: lab[2].holds(vip), "keepalived took over")
    result = probe.stop()
    assert result.answered_by == ["n1", "n2"], str(result)


@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("family, version, interval_s", CASES)
def test_vipd_follows_keepalived_takes_over_and_gives_back(lab, family, version, interval_s):
    vip = vip_of(family)
    start_keepalived(lab[2], family, version, interval_s, 150)
    lab.wait(lambda: lab[2].holds(vip), "keepalived is MASTER")
    start_vipd(lab[1], family, version, interval_s, 100)
    lab.wait(follows(lab[1], 150), "vipd follows")
    lab.never(lambda: lab[1].state() == "MASTER", "vipd does not stay BACKUP", 5 * interval_s)
    assert drops(lab[1], family) == 0
    assert sum(lab[1].router(f"ipv{family}")["warnings"].values()) == 0
    lab[2].kill()
    lab[1].wait_state("MASTER")
    # Its child may get to resign before it is killed as well.
    assert lab[1].instance()["last_transition"]["reason"] in ("no-response", "priority")
    start_keepalived(lab[2], family, version, interval_s, 150)
    lab[1].wait_state("BACKUP")
    lab.wait(lambda: lab[2].holds(vip) and not lab[1].holds(vip), "one holder")


@pytest.mark.lab(nodes=1, keepalived=1)
def test_keepalived_that_resigns_is_succeeded_at_once(lab):
    start_keepalived(lab[2], 4, 3, 1, 150)
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived is MASTER")
    start_vipd(lab[1], 4, 3, 1, 100)
    lab.wait(follows(lab[1], 150), "vipd follows")
    lab[2].stop()
    lab[1].wait_state("MASTER")
    assert lab[1].instance()["last_transition"]["reason"] == "priority"


@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("checksum", ["auto", "rfc5798"])
def test_keepalived_takes_our_checksum(lab, checksum):
    """It drops the message-only form (which no build of it here can send, so that the lab's
    test_forms_of_the_checksum covers it): two masters would show a wrong choice."""
    start_vipd(lab[1], 4, 3, 0.1, 150, checksum=checksum)
    start_keepalived(lab[2], 4, 3, 0.1, 100)
    lab[1].wait_state("MASTER")
    lab.never(lambda: lab[2].holds(VIP4), "keepalived drops our adverts", 1.5)


@pytest.mark.lab(nodes=1, keepalived=1)
def test_keepalived_drops_the_message_only_checksum_and_says_so(lab):
    """Why `checksum = auto` does not begin with RFC 9568's form."""
    start_vipd(lab[1], 4, 3, 0.1, 150, checksum="rfc9568")
    lab[1].wait_state("MASTER")
    start_keepalived(lab[2], 4, 3, 0.1, 100)
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived does not hear us")
    lab.wait(lambda: complaints(lab[2]), "it complains")


@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("family, version, interval_s", CASES)
def test_vipd_takes_over_from_a_living_keepalived_and_the_reverse(lab, family, version,
                                                                  interval_s):
    vip = vip_of(family)
    start_keepalived(lab[2], family, version, interval_s, 100)
    lab.wait(lambda: lab[2].holds(vip), "keepalived is MASTER")
    start_vipd(lab[1], family, version, interval_s, 150)
    lab[1].wait_state("MASTER")
    assert lab[1].instance()["last_transition"]["reason"] == "preempted"
    lab.wait(lambda: not lab[2].holds(vip), "keepalived gave it up")
    lab[2].stop()
    start_keepalived(lab[2], family, version, interval_s, 200)
    lab.wait(lambda: lab[2].holds(vip) and not lab[1].holds(vip), "keepalived took it")
    assert lab[1].instance()["last_transition"]["reason"] == "higher-priority"


@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("higher", ["vipd", "keepalived"])
def test_tie_goes_to_the_higher_address(lab, higher):
    source = "10.77.0.50" if higher == "vipd" else lab[1].address4
    lab[1].ip("addr", "replace", f"{source}/24", "dev", "eth0")
    start_vipd(lab[1], 4, 3, 0.1, 100, source=source)
    lab[1].wait_state("MASTER")
    lab[1].cut()
    start_keepalived(lab[2], 4, 3, 0.1, 100)
    lab.wait(lambda: lab[2].holds(VIP4), "a split makes two masters")
    lab[1].heal()
    winner, loser = (lab[1], lab[2]) if higher == "vipd" else (lab[2], lab[1])
    lab.wait(lambda: winner.holds(VIP4) and not loser.holds(VIP4), "the higher address won")
    lab.never(lambda: loser.holds(VIP4), "it did not last", 1)
    assert lab[1].state() == ("MASTER" if higher == "vipd" else "BACKUP")


@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("family, version, interval_s", CASES)
def test_unicast(lab, family, version, interval_s):
    """Over IPv6 keepalived's unicast goes between link-local addresses here."""
    vip = vip_of(family)
    ours, theirs = ((n.address4 if family == 4 else n.link_local) for n in (lab[1], lab[2]))
    peers = f"unicast_src_ip {theirs}\n    unicast_peer {{\n        {ours}\n    }}"
    capture = lab.capture()
    start_keepalived(lab[2], family, version, interval_s, 150, extra=peers)
    lab.wait(lambda: lab[2].holds(vip), "keepalived is MASTER")
    start_vipd(lab[1], family, version, interval_s, 100, unicast_peers=theirs)
    lab.wait(follows(lab[1], 150), "vipd follows")
    lab.never(lambda: lab[1].state() == "MASTER", "vipd does not stay BACKUP", 5 * interval_s)
    assert drops(lab[1], family) == 0
    lab[2].kill()
    lab[1].wait_state("MASTER")
    start_keepalived(lab[2], family, version, interval_s, 50, extra=peers)
    lab.never(lambda: lab[2].holds(vip), "keepalived drops our adverts", 5 * interval_s)
    assert complaints(lab[2]) == []
    lab[1].stop()
    lab.wait(lambda: lab[2].holds(vip), "keepalived took over")
    assert capture.adverts("n1", destination="224.0.0.18" if family == 4 else "ff02::12") == []


@pytest.mark.lab(nodes=1, keepalived=1)
def test_unicast_without_an_interface(lab):
    """On our side: keepalived 2.2.7 knows the words, and says "Unknown interface!"."""
    ours, theirs = lab[1].address4, lab[2].address4
    block = config.keepalived_instance(
        interval_s=0.1, priority=150,
        extra=f"unicast_src_ip {theirs}\n    unicast_peer {{\n        {ours}\n    }}")
    lab[2].start(config.keepalived(block))
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived is MASTER")
    start_vipd(lab[1], 4, 3, 0.1, 100, interface=None, unicast_peers=theirs)
    lab.wait(follows(lab[1], 150), "vipd follows")
    assert lab[1].instance()["interface"] == "eth0"
    lab.never(lambda: lab[1].state() == "MASTER", "vipd does not stay BACKUP", 1)
    lab[2].stop()
    lab[1].wait_state("MASTER")
    lab[2].start(config.keepalived(block.replace("priority 150", "priority 50")))
    lab.never(lambda: lab[2].holds(VIP4), "keepalived drops our adverts", 1)


@pytest.mark.lab(nodes=1, keepalived=1)
def test_unicast_ttl_both_ways(lab):
    """Each sends with another TTL than 255 and holds the other to that very one."""
    ours, theirs = lab[1].address4, lab[2].address4
    peers = (f"unicast_src_ip {theirs}\n    unicast_ttl 33\n"
             f"    unicast_peer {{\n        {ours} min_ttl 64 max_ttl 64\n    }}")
    keys = {"unicast_peers": theirs, "unicast_ttl": 64, "unicast_min_ttl": 33,
            "unicast_max_ttl": 33}
    start_keepalived(lab[2], 4, 3, 0.1, 150, extra=peers)
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived is MASTER")
    start_vipd(lab[1], 4, 3, 0.1, 100, **keys)
    lab.wait(follows(lab[1], 150), "vipd follows")
    lab.never(lambda: lab[1].state() == "MASTER", "vipd does not stay BACKUP", 0.5)
    assert drops(lab[1], 4) == 0
    lab[2].stop()
    lab[1].wait_state("MASTER")
    start_keepalived(lab[2], 4, 3, 0.1, 50, extra=peers)
    lab.never(lambda: lab[2].holds(VIP4), "keepalived drops our adverts", 1)
    assert complaints(lab[2]) == []


@pytest.mark.lab(nodes=2, keepalived=1)
@pytest.mark.parametrize("version, interval_s", [(3, 0.1), (2, 1)])
def test_one_vrid_twice_on_the_interface_of_keepalived(lab, version, interval_s):
    """keepalived has two unicast clusters of one VRID, with vipd as the other node of each; vipd
    on the first has a third one beside it, of itself and the second."""
    other, third = "10.77.0.201", "10.77.0.202"
    theirs = lab[3].address4

    def block(name, peer, priority, address):
        return config.keepalived_instance(
            name, version=version, interval_s=interval_s, priority=priority,
            addresses=[f"{address}/24"],
            extra=f"unicast_src_ip {theirs}\n    unicast_peer {{\n        {peer}\n    }}")

    def instance(name, peer, priority, address):
        return config.instance(name, version=version, advert_interval=f"{interval_s * 1000:g}ms",
                               priority=priority, addresses=f"{address}/24", unicast_peers=peer)

    lab[3].start(config.keepalived(block("A", lab[1].address4, 150, VIP4),
                                   block("B", lab[2].address4, 50, other)))
    lab[1].start(instance("web", theirs, 100, VIP4),
                 instance("own", lab[2].address4, 150, third))
    lab[2].start(instance("web", theirs, 100, other),
                 instance("own", lab[1].address4, 100, third))

    def settled():
        return (lab[3].holds(VIP4) and not lab[3].holds(other) and lab[1].ours() == [third] and
                lab[2].ours() == [other])

    lab.wait(settled, "one holder of each")
    lab.never(lambda: not settled(), "it stays so", 5 * interval_s)
    assert drops(lab[1], 4) == 0 and drops(lab[2], 4) == 0
    lab[3].kill()
    lab[1].wait_state("MASTER")
    assert lab[2].holds(other) and lab[1].holds(VIP4)


@pytest.mark.lab(nodes=1, keepalived=1)
def test_virtual_mac_on_both(lab):
    start_vipd(lab[1], 4, 3, 0.1, 150, mac="virtual")
    lab[1].wait_state("MASTER")
    start_keepalived(lab[2], 4, 3, 0.1, 100, extra="use_vmac")
    lab.never(lambda: lab[2].holds(VIP4), "keepalived does not follow our adverts", 1)
    probe = lab.probe()
    mac = wire.virtual_mac(4, 51)
    assert lab.client.neighbour_mac(VIP4) == mac
    lab[1].stop()
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived took over")
    lab[1].start()
    lab[1].wait_state("MASTER")
    lab.wait(lambda: not lab[2].holds(VIP4), "keepalived gave it up")
    assert probe.stop().went("n1", "n2", "n1")
    assert lab.client.neighbour_mac(VIP4) == mac


@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("version, interval_s", [(3, 0.1), (2, 1)])
def test_unicast_with_the_virtual_mac(lab, version, interval_s):
    """As VyOS writes it: addresses on a macvlan, adverts between the interfaces' own addresses."""
    ours, theirs = lab[1].address4, lab[2].address4
    extra = (f"use_vmac\n    vmac_xmit_base\n    unicast_src_ip {theirs}\n"
             f"    unicast_peer {{\n        {ours}\n    }}")
    mac = wire.virtual_mac(4, 51)
    start_keepalived(lab[2], 4, version, interval_s, 100, extra=extra)
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived is MASTER")
    start_vipd(lab[1], 4, version, interval_s, 150, mac="virtual", unicast_peers=theirs)
    lab[1].wait_state("MASTER")
    lab.wait(lambda: not lab[2].holds(VIP4), "keepalived gave it up")
    lab.never(lambda: lab[2].holds(VIP4), "keepalived does not follow our adverts", 5 * interval_s)
    assert complaints(lab[2]) == []
    capture, probe = lab.capture(), lab.probe()
    assert lab.client.neighbour_mac(VIP4) == mac
    lab[1].stop()
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived took over")
    lab[1].start()
    lab[1].wait_state("MASTER")
    lab.wait(lambda: not lab[2].holds(VIP4), "keepalived gave it up")
    # Its last frame may have told the switch again that the MAC is there: announcements repeat.
    lab.wait(lambda: lab.probe().stop().answered_by == ["n1"], "the switch knows", interval=0.2)
    result = probe.stop()
    assert result.went("n1", "n2", "n1"), str(result)
    assert lab.client.neighbour_mac(VIP4) == mac
    assert {f.source_mac for f in capture.adverts("n1")} == {lab[1].mac}
    assert drops(lab[1], 4) == 0


@pytest.mark.lab(nodes=1, keepalived=1)
def test_one_dual_stack_instance_against_two_of_keepalived(lab):
    lab[1].start(config.instance(priority=150,
                                 addresses=[f"{VIP4}/24", "fe80::77:200/64", f"{VIP6}/64"]))
    lab[1].wait_state("MASTER")
    lab[2].start(config.keepalived(config.keepalived_instance("four", family=4),
                                   config.keepalived_instance("six", family=6)))

    def held(node):
        return [node.holds(VIP4), node.holds(VIP6)]
    lab.never(lambda: any(held(lab[2])), "keepalived does not follow", 1)
    lab[1].stop()
    lab.wait(lambda: held(lab[2]) == [True, True], "keepalived took over both")
    lab[1].start()
    lab.wait(lambda: held(lab[1]) == [True, True] and held(lab[2]) == [False, False],
             "vipd took back both")
    assert drops(lab[1], 4) == drops(lab[1], 6) == 0


@pytest.mark.lab(nodes=1, keepalived=1)
def test_a_lone_wish_for_another_interval_is_learned(lab):
    start_keepalived(lab[2], 4, 3, 0.3, 150)
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived is MASTER")
    start_vipd(lab[1], 4, 3, 0.1, 100)
    lab.wait(lambda: lab[1].router()["advert_interval_ms"] == 300, "the interval is learned")
    lab.never(lambda: lab[1].state() == "MASTER", "vipd fell out of step", 1.5)
