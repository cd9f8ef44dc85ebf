"""Interfaces that cannot do what an instance asks of them; what needs other modules than every kernel
has is in tests/vm."""

import pytest

from vipdlab import config, doctor
from vipdlab.config import VIP4
from vipdlab.node import VIPCTL

NO_MACS = "tun0 has no MACs: `mac = virtual` cannot be had there"


def make_tun(node):
    node.ip("tuntap", "add", "mode", "tun", "name", "tun0")
    node.ip("addr", "add", "198.51.100.1/24", "dev", "tun0")
    node.ip("link", "set", "tun0", "up")


@pytest.mark.lab(nodes=1)
def test_an_interface_that_cannot_is_not_taken_and_the_reason_is_told(lab):
    node = lab[1]
    make_tun(node)
    node.start(config.instance(interface="tun0", mac="virtual", addresses="198.51.100.200/24"))
    instance = node.instance()
    assert instance["state"] == "INIT"
    assert "unusable-interface" in instance["held_by"]
    assert "no-primary-address" not in instance["held_by"]
    assert [w["text"] for w in instance["warnings"]] == [NO_MACS]
    assert node.log_text().count(f"{NO_MACS}: it takes no part") == 1
    assert "cannot watch" not in node.log_text()
    for verb in (["status", "web"], ["why", "web"]):
        assert NO_MACS in " ".join(node.vipctl(*verb).stdout.split())
    assert [(e["reason"], e["text"]) for e in node.history("notice")] == [
        ("unusable-interface", NO_MACS)]
    doctor.only(doctor.doctor(node), "interface-unusable", "error", NO_MACS)
    checked = node.run(VIPCTL, "check", node.config)
    assert f"note: [instance web] interface: {NO_MACS}" in checked.stderr


@pytest.mark.lab(nodes=1)
def test_an_interface_that_can_after_all_is_taken(lab):
    node = lab[1]
    node.ip("link", "add", "link", "eth0", "name", "mv0", "type", "macvlan", "mode", "private")
    node.ip("addr", "add", "10.77.0.201/24", "dev", "mv0")
    node.ip("link", "set", "mv0", "up")
    node.start(config.instance(interface="mv0", mac="virtual"))
    assert node.instance()["held_by"] == ["unusable-interface"]
    node.ip("link", "set", "mv0", "type", "macvlan", "mode", "bridge")
    node.wait_state("MASTER")
    assert not node.instance()["warnings"]
    node.ip("link", "set", "mv0", "type", "macvlan", "mode", "private")
    node.wait_state("INIT")
    assert not node.holds(VIP4)
    assert node.history()[-1]["reason"] == "unusable-interface"
