"""vipctl doctor: rules that drop adverts are named, and the fix it gives helps."""

import pytest

from vipdlab import config
from vipdlab.config import VIP4, VIP6
from vipdlab.doctor import DUAL, doctor, find, only
from vipdlab.inject import repeating
from vipdlab.wire import gratuitous_arp

DROP_IN = "type filter hook input priority 0; policy drop;"
FIREWALL_FAULTS = [
    ("inet", DROP_IN + " ct state established,related accept; iifname lo accept;"
     " tcp dport 22 accept", {}, "firewall-drops", "error", "its policy"),
    ("ip", "type filter hook input priority 0; ip protocol vrrp counter drop", {},
     "firewall-drops", "error", "the rule with handle"),
    ("inet", "type filter hook input priority 0; meta pkttype multicast drop", {},
     "firewall-drops", "error", "chain c"),
    ("inet", "type filter hook output priority 0; policy drop; meta l4proto { tcp, udp } accept",
     {}, "firewall-drops", "error", "to 224.0.0.18"),
    ("ip", DROP_IN + " ip saddr 10.77.0.0/28 accept", {}, "firewall-may-drop", "warning",
     "anybody in 10.77.0.1/24"),
    ("ip", DROP_IN + " limit rate 5/second accept", {}, "firewall-may-drop", "warning", "policy"),
    ("ip6", DROP_IN + " icmpv6 type nd-neighbor-solicit accept", {"addresses": VIP6 + "/64"},
     "firewall-drops", "error", "IPv6 adverts"),
    ("inet", "type filter hook prerouting priority -300; ip saddr 10.77.0.2 drop",
     {"unicast_peers": "10.77.0.2"}, "firewall-drops", "error", "from 10.77.0.2"),
    ("inet", "type filter hook output priority 0; oifname eth0 accept; ip protocol vrrp drop",
     {"mac": "virtual"}, "firewall-drops", "error", "to 224.0.0.18"),
    ("netdev", "type filter hook ingress device eth0 priority 0; ip protocol vrrp drop", {},
     None, None, "table netdev t"),
]
FIREWALL_GOOD = [
    ("inet", DROP_IN + " meta l4proto vrrp accept"),
    ("inet", DROP_IN + " ip daddr 224.0.0.18 accept; ip6 daddr ff02::12 accept"),
    ("ip", DROP_IN + " ip saddr 10.77.0.0/24 ip protocol 112 accept"),
    ("inet", "type filter hook input priority 0; tcp dport 22 drop; udp dport 53 drop"),
    ("arp", DROP_IN),
    ("inet", "type filter hook forward priority 0; policy drop;"),
    ("inet", "type filter hook input priority 0; iifname { lo, eth0 } jump d;"
     " fib daddr type multicast accept; drop"),
]


def firewall(node, family, chain):
    node.run("nft", f"add table {family} t {{ chain d {{ }}; chain c {{ {chain}; }}; }}")


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("family,chain,keys,code,severity,mention", FIREWALL_FAULTS,
                         ids=[str(i) for i in range(len(FIREWALL_FAULTS))])
def test_a_firewall_that_drops_adverts(lab, family, chain, keys, code, severity, mention):
    node = lab[1].write(config.instance(**keys))
    firewall(node, family, chain)
    findings = doctor(node, listen="0")
    found = [f for f in findings if f["code"].startswith("firewall-")]
    assert len(found) == 1, findings
    assert code is None or (found[0]["code"], found[0]["severity"]) == (code, severity)
    assert mention in found[0]["seen"]
    # The fix is a command that helps.
    command = found[0]["fix"].split(";")[0]
    assert "meta l4proto 112 accept" in command, "the name is not known everywhere"
    node.run("sh", "-c", command)
    assert not [f for f in doctor(node, listen="0") if f["code"].startswith("firewall")]


@pytest.mark.lab(nodes=1)
def test_a_firewall_that_lets_adverts_pass(lab):
    node = lab[1].write(config.instance(**DUAL))
    for family, chain in FIREWALL_GOOD:
        if family == "ip":
            chain += "; ip protocol vrrp accept"
        firewall(node, family, chain)
        assert not [f for f in doctor(node, listen="0") if f["code"].startswith("firewall")], chain
        node.run("nft", "flush ruleset")


@pytest.mark.lab(nodes=1)
def test_peers_that_are_heard_are_the_ones_that_count(lab):
    """A rule for part of the network: whether it is enough shows when the peer is known."""
    node = lab[1].write(config.instance())
    firewall(node, "ip", DROP_IN + f" ip saddr {lab.client.address4} accept")
    only(doctor(node, listen="0"), "firewall-may-drop", "warning")
    with repeating(lab.advert):
        assert not [f for f in doctor(node) if f["code"].startswith("firewall")]


@pytest.mark.lab(nodes=1)
def test_a_firewall_that_cannot_be_looked_at(lab, tmp_path):
    node = lab[1].write(config.instance())
    hidden = ["sh", "-c", "mount --bind /dev/null /usr/sbin/nft && exec \"$@\"", "sh"]
    only(doctor(node, listen="0", prefix=hidden), "firewall", "not-checked", "Permission denied")
    fake = tmp_path / "nft"
    for script, mention in (("exec sleep 60", "does not end"), ("echo no >&2; exit 3", "nft: no"),
                            ("echo hello", "no JSON"), ("exec cat /dev/zero", "too large")):
        fake.write_text(f"#!/bin/sh\n{script}\n")
        fake.chmod(0o755)
        faked = ["sh", "-c", f"mount --bind {fake} /usr/sbin/nft && exec \"$@\"", "sh"]
        only(doctor(node, listen="0", prefix=faked), "firewall", "not-checked", mention)
    prefix = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"]
    only(doctor(node, listen="0", prefix=prefix), "firewall", "not-checked", "nft")
    names = tmp_path / "proc/net/ip_tables_names"
    names.parent.mkdir(parents=True)
    names.write_text("filter\n")
    findings = doctor(node, "--root", str(tmp_path), listen="0")
    only(findings, "iptables-legacy", "not-checked", "ip_tables_names")


def test_a_peer_behind_a_deaf_firewall_is_no_foreign_holder(lab):
    """vipd does not hear it, and yet knows it by its MAC; doctor finds the rule that is the cause."""
    lab.start_all([150, 100])
    node = lab[2]
    firewall(node, "inet", DROP_IN + " ct state established,related accept; icmp type echo-request"
             " accept; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept")
    node.wait_state("MASTER")
    frame = gratuitous_arp(lab[1].mac, VIP4)

    def named():
        lab.inject(frame, lab[1])
        return "refused-peer" in [w["kind"] for w in node.instance()["warnings"]]
    lab.wait(named, "vipd names the peer", interval=0.1)
    assert node.router()["foreign_holder"] is None
    findings = doctor(node, listen="3s")
    assert not [f for f in find(findings, "foreign-holder") if lab[1].mac in f["seen"]], findings
    only(findings, "two-masters", "error", lab[1].address4)
    assert only(findings, "firewall-drops", "error")["because"] is None
    assert only(findings, "two-masters", "error")["because"] == "firewall-drops"
    # Where nothing is listened to, vipd has still heard who it is.
    found = only(doctor(node, listen="0"), "refused-peer", "error", "router of this cluster")
    assert found["object"] == "web" and found["because"] == "firewall-drops"
