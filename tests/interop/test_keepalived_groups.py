"""Other multicast groups than the RFC's, with Debian's keepalived, in both roles."""

import pytest

from vipdlab import config
from vipdlab.config import VIP4, VIP6

GROUPS = {4: "224.0.0.77", 6: "ff02::77"}


def start_vipd(node, family, priority):
    addresses = f"{VIP4}/24" if family == 4 else ["fe80::77:200/64", f"{VIP6}/64"]
    node.start(config.instance(priority=priority, addresses=addresses,
                               multicast_group=GROUPS[family]),
               config.instance("usual", vrid=60, addresses="10.77.0.160/24"))


def start_keepalived(peer, family, priority):
    peer.start(config.keepalived(
        f"global_defs {{\n    vrrp_mcast_group{family} {GROUPS[family]}\n}}",
        config.keepalived_instance(family=family, priority=priority)))


def groups(node, family):
    """The VRRP groups that the node's eth0 is a member of."""
    text = node.ip(f"-{family}", "maddress", "show", "dev", "eth0").stdout
    known = {"224.0.0.18", "ff02::12", *GROUPS.values()}
    return {word for word in text.split() if word in known}


@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("family", [4, 6])
def test_vipd_is_master_and_hands_over_to_keepalived(lab, family):
    vip = VIP4 if family == 4 else VIP6
    capture = lab.capture()
    start_vipd(lab[1], family, 150)
    start_keepalived(lab[2], family, 100)
    lab[1].wait_state("MASTER")
    lab.never(lambda: lab[2].holds(vip), "keepalived does not hear us", 1)
    assert {advert.destination for advert in capture.adverts("n1", vrid=51)} == {GROUPS[family]}
    assert groups(lab[1], 4) == ({"224.0.0.18", GROUPS[4]} if family == 4 else {"224.0.0.18"})
    assert groups(lab[1], 6) == ({GROUPS[6]} if family == 6 else set())
    lab[1].stop()
    lab.wait(lambda: lab[2].holds(vip), "keepalived took over")


@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("family", [4, 6])
def test_vipd_follows_keepalived_and_takes_over(lab, family):
    vip = VIP4 if family == 4 else VIP6
    start_keepalived(lab[2], family, 150)
    lab.wait(lambda: lab[2].holds(vip), "keepalived is MASTER")
    start_vipd(lab[1], family, 100)
    lab.wait(lambda: (lab[1].instance()["master"] or {}).get("priority") == 150, "vipd follows")
    lab.never(lambda: lab[1].state() == "MASTER", "vipd does not stay BACKUP", 1)
    assert sum(lab[1].router(f"ipv{family}")["drops"].values()) == 0
    lab[2].stop()
    lab[1].wait_state("MASTER")


@pytest.mark.lab(nodes=2)
def test_a_reload_changes_the_group(lab):
    keys = {"priority": 150, "announce_repeat": 0}
    for node in lab.nodes:
        node.start(config.instance(**keys))
    lab[1].wait_state("MASTER")
    for node in lab.nodes:
        node.write(config.instance(multicast_group=GROUPS[4], **keys))
        assert node.reload().returncode == 0
    lab.wait(lambda: sum(node.state() == "MASTER" for node in lab.nodes) == 1, "one is master")
    for node in lab.nodes:
        lab.wait(lambda n=node: groups(n, 4) == {GROUPS[4]}, "the other group was left")
