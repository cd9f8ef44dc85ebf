"""Addresses as keepalived's files have them: excluded ones of both families, on other devices, with
labels; and instances without any. vipd and Debian's keepalived as one cluster, in both roles."""

import pytest

from vipdlab import config, importing
from vipdlab.config import VIP4, VIP6

OTHER4 = "198.51.100.10"
EVERYTHING = [VIP4, VIP6, OTHER4]

KEEPALIVED = f"""
    virtual_ipaddress_excluded {{
        {VIP6}/64
        {OTHER4}/24 dev eth1 label eth1:web
    }}
"""


def start_vipd(node, priority, **keys):
    node.start(config.instance(
        priority=priority, version=2, advert_interval="1s", addresses=f"{VIP4}/24",
        extra_addresses=[f"{VIP6}/64", f"{OTHER4}/24 dev eth1 label eth1:web"], **keys))


def start_keepalived(peer, priority, extra=KEEPALIVED):
    peer.start(config.keepalived(family=4, version=2, interval_s=1, priority=priority,
                                 extra=extra))


def has_all(node):
    return all(node.holds(address) for address in EVERYTHING)


def has_none(node):
    return not any(node.holds(address) for address in EVERYTHING)


@pytest.mark.lab(nodes=1, keepalived=1)
def test_vipd_hands_excluded_addresses_over_to_keepalived_and_takes_them_back(lab):
    for machine in (lab[1], lab[2]):
        machine.add_device()
    start_vipd(lab[1], 150)
    start_keepalived(lab[2], 100)
    lab[1].wait_state("MASTER")
    lab.wait(lambda: has_all(lab[1]), "vipd holds them all")
    lab.never(lambda: not has_none(lab[2]), "keepalived does not follow our adverts", 5)
    lab[1].stop()
    lab.wait(lambda: has_all(lab[2]) and has_none(lab[1]), "keepalived took them all over")
    start_vipd(lab[1], 150)
    lab[1].wait_state("MASTER")
    lab.wait(lambda: has_all(lab[1]) and has_none(lab[2]), "vipd has them again")
    drops = lab[1].router()["drops"]
    assert sum(drops.values()) == 0, drops
    assert lab[1].router()["warnings"]["address_list_mismatch"] == 0


@pytest.mark.lab(nodes=1, keepalived=1)
def test_vipd_follows_keepalived_with_excluded_addresses(lab):
    for machine in (lab[1], lab[2]):
        machine.add_device()
    ports = [f"{machine.name}-eth1" for machine in (lab[1], lab[2])]
    start_keepalived(lab[2], 150)
    lab.wait(lambda: has_all(lab[2]), "keepalived is MASTER")
    start_vipd(lab[1], 100)
    lab.wait(lambda: (lab[1].instance()["master"] or {}).get("priority") == 150, "vipd follows")
    lab.never(lambda: not has_none(lab[1]), "vipd does not stay BACKUP", 5)
    capture = lab.capture(ports=ports)
    lab[2].kill()
    lab[1].wait_state("MASTER")
    lab.wait(lambda: has_all(lab[1]), "vipd took them all over")
    lab.wait(lambda: {VIP4, VIP6} <= capture.announced("n1"), "announced on eth0")
    lab.wait(lambda: capture.announced("n1-eth1") == {OTHER4}, "and there")
    # What the dead keepalived has left there is not ours to remove.
    lab[2].ip("addr", "flush", "dev", "eth1")
    start_keepalived(lab[2], 150)
    lab[1].wait_state("BACKUP")
    lab.wait(lambda: has_all(lab[2]) and has_none(lab[1]), "keepalived has them again")


@pytest.mark.lab(nodes=1, keepalived=1)
def test_without_addresses_both_follow_each_other(lab):
    """keepalived allows it in version 2 alone."""
    text = config.keepalived(family=4, version=2, interval_s=1, priority=100)
    text = text.replace(f"    virtual_ipaddress {{\n        {VIP4}/24\n    }}\n", "")
    assert "virtual_ipaddress" not in text
    lab[2].start(text)
    lab[1].start(config.instance(priority=150, version=2, advert_interval="1s", addresses=None))
    lab[1].wait_state("MASTER")
    lab[1].stop()
    lab[1].start(config.instance(priority=50, version=2, advert_interval="1s", addresses=None))
    lab.wait(lambda: (lab[1].instance()["master"] or {}).get("priority") == 100, "vipd follows")
    lab.never(lambda: lab[1].state() == "MASTER", "vipd does not stay BACKUP", 5)
    assert sum(lab[1].router()["drops"].values()) == 0


NEUTRON = """global_defs {
    notification_email_from neutron@openstack.local
    router_id neutron
}
vrrp_instance VR_1 {
    state BACKUP
    interface eth0
    virtual_router_id 1
    priority 50
    garp_master_delay 60
    nopreempt
    advert_int 2
    track_interface {
        eth0
    }
    virtual_ipaddress {
        169.254.0.1/24 dev eth0
    }
    virtual_ipaddress_excluded {
        10.0.0.1/24 dev qr-1 scope global no_track
        203.0.113.5/24 dev qg-1 scope global no_track
        fe80::f816:3eff:fe00:1/64 dev qr-1 scope link no_track
    }
}
vrrp_sync_group VG_1 {
    group {
        VR_1
    }
}
"""


@pytest.mark.lab(nodes=1, keepalived=1)
def test_a_neutron_router_moves_between_keepalived_and_vipd(lab):
    addresses = ["169.254.0.1", "10.0.0.1", "203.0.113.5", "fe80::f816:3eff:fe00:1"]
    for machine in (lab[1], lab[2]):
        machine.add_device("qr-1")
        machine.add_device("qg-1")
    lab[2].start(NEUTRON)
    lab.wait(lambda: all(lab[2].holds(a) for a in addresses), "keepalived is the router", 20)
    lab[1].start(
        config.instance("VR_1", vrid=1, priority=50, version=2, preempt="no",
                        advert_interval="2s", addresses="169.254.0.1/24 dev eth0",
                        extra_addresses=["10.0.0.1/24 dev qr-1 scope global",
                                         "203.0.113.5/24 dev qg-1 scope global",
                                         "fe80::f816:3eff:fe00:1/64 dev qr-1 scope link"]),
        config.section("group VG_1", {"instances": "VR_1"}))
    lab.wait(lambda: (lab[1].instance("VR_1")["master"] or {}).get("priority") == 50,
             "vipd follows")
    assert lab[1].ours() == []
    lab[2].stop()
    lab[1].wait_state("MASTER", "VR_1")
    lab.wait(lambda: lab[1].ours() == sorted(addresses), "vipd is the router")
    lab[2].start(NEUTRON)
    lab.never(lambda: lab[2].holds("10.0.0.1"), "no preemption", 5)
    lab[1].stop()
    lab.wait(lambda: all(lab[2].holds(a) for a in addresses), "keepalived is it again", 20)
    assert lab[1].ours() == []


@pytest.mark.lab(nodes=1, keepalived=1)
def test_a_device_that_goes_down_is_a_fault_for_both(lab, tmp_path):
    """keepalived tracks the devices of its addresses, and vipd with what import makes of its file."""
    def text(priority):
        return config.keepalived(priority=priority, extra=KEEPALIVED.replace(f"{VIP6}/64", ""))

    def eth1(machine, state):
        machine.ip("link", "set", "eth1", state)
    for machine in (lab[1], lab[2]):
        machine.add_device()
    path = tmp_path / "keepalived.conf"
    path.write_text(text(150), encoding="utf-8")
    done = importing.run("import", "-o", lab[1].config, "--force", path)
    assert done.returncode == importing.COMPLETE, done.stderr
    lab[1].start()
    lab[2].start(text(100))
    lab[1].wait_state("MASTER", "VI_1")
    eth1(lab[1], "down")
    lab[1].wait_state("INIT", "VI_1")
    lab.wait(lambda: lab[2].holds(VIP4) and not lab[1].holds(VIP4), "keepalived took over")
    eth1(lab[1], "up")
    lab[1].wait_state("MASTER", "VI_1")
    lab[1].stop()
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived took over again")
    eth1(lab[2], "down")
    lab.wait(lambda: not lab[2].holds(VIP4), "keepalived is in FAULT")
