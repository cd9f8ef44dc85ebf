"""vipctl doctor: each finding is provoked by building the fault, and a healthy pair has none."""

import ctypes
import json
import subprocess

import pytest

from vipdlab import config, netns
from vipdlab.config import VIP4, VIP6
from vipdlab.inject import repeating
from vipdlab.node import VIPCTL, environment
from vipdlab.wire import gratuitous_arp

LISTEN = "1s"


def call(node, *arguments, prefix=(), file=None, control=None, listen=LISTEN):
    """Runs `vipctl doctor` in the node's namespace."""
    command = ["ip", "netns", "exec", node.namespace, *prefix, VIPCTL, "--control",
               control or node.control, "doctor", "--config", file or node.config, "--listen",
               listen, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, env=environment(),
                          check=False)
    for mark in ("Sanitizer", "runtime error:"):
        assert mark not in done.stderr, done.stderr
    return done


def doctor(node, *arguments, **keys):
    """The findings as JSON: a list of dictionaries."""
    done = call(node, "--json", *arguments, **keys)
    assert done.returncode in (0, 1), done.stderr
    result = json.loads(done.stdout)
    assert (done.returncode == 1) == (result["errors"] + result["warnings"] > 0)
    return result["findings"]


def find(findings, code):
    return [f for f in findings if f["code"] == code]


def only(findings, code, severity, mention="", obj=None):
    """The single finding of that code, after looking at its fields."""
    found = find(findings, code)
    assert len(found) == 1, findings
    assert found[0]["severity"] == severity and mention in found[0]["seen"], found
    assert obj is None or found[0]["object"] == obj, found
    assert severity == "not-checked" or found[0]["fix"], found
    return found[0]


def bad(findings):
    return [f for f in findings if f["severity"] in ("error", "warning", "not-checked")]


def wait_link_local(node):
    """The kernel makes the link-local address some time after the link has come up."""
    node.lab.wait(lambda: node.holds(node.link_local), f"{node.name} has its link-local address")


DUAL = {"addresses": [f"{VIP4}/24", f"{VIP6}/64"]}


# ---- Healthy nodes

def test_a_healthy_pair_has_nothing_worse_than_notes(lab):
    lab.start_all([150, 100], **DUAL)
    for node in lab.nodes:
        assert not bad(doctor(node, listen="3s"))
    done = call(lab[1], "--verbose")
    assert done.returncode == 0
    assert "0 errors" in done.stdout.splitlines()[-1]
    assert "nobody's adverts contradict the configuration" in done.stdout
    assert "\033" not in done.stdout


def test_healthy_with_virtual_mac_and_unicast(lab):
    lab.start_all([150, 100], mac="virtual", **DUAL)
    for node in lab.nodes:
        assert not bad(doctor(node))
    for node in lab.nodes:
        assert node.stop() == 0
    for node, peer, priority in ((lab[1], lab[2], 150), (lab[2], lab[1], 100)):
        node.start(config.instance(priority=priority, unicast_peers=peer.address4))
    lab.wait_master(lab[1])
    for node in lab.nodes:
        assert not bad(doctor(node))


def test_json_has_the_same_fields_for_every_finding(lab):
    lab[1].write(config.instance(interface="eth7"))
    result = json.loads(call(lab[1], "--json", "--verbose").stdout)
    assert result["version"] == 1
    counts = {"error": "errors", "warning": "warnings", "not-checked": "not_checked",
              "note": "notes", "ok": "good"}
    for severity, key in counts.items():
        assert result[key] == sum(f["severity"] == severity for f in result["findings"])
    for finding in result["findings"]:
        assert set(finding) == {"severity", "code", "object", "seen", "fix"}
    ranks = [["error", "warning", "not-checked", "note", "ok"].index(f["severity"])
             for f in result["findings"]]
    assert ranks == sorted(ranks)


# ---- Interfaces and addresses, without a running vipd

LINK_FAULTS = [
    ({"interface": "eth7"}, [], "interface-missing", "error", "eth7"),
    ({}, [["link", "set", "eth0", "down"]], "interface-down", "error", "eth0"),
    ({}, [["link", "set", "eth0", "multicast", "off"]], "no-multicast", "error", "eth0"),
    ({}, [["addr", "flush", "dev", "eth0"]], "no-primary-address", "error", "web"),
    ({"addresses": VIP6 + "/64"}, [["-6", "addr", "flush", "dev", "eth0"]],
     "no-primary-address", "error", "web"),
    ({"source": "10.77.0.77"}, [], "source-missing", "error", "web"),
    ({}, [["addr", "add", f"{VIP4}/24", "dev", "eth0"]], "address-permanent", "error", "web"),
    ({}, [["addr", "add", f"{VIP4}/32", "dev", "lo"]], "address-permanent", "error", "web"),
    ({"addresses": "10.99.0.1/24"}, [], "address-off-link", "warning", "web"),
    ({"addresses": "10.77.0.200/16"}, [], "prefix-mismatch", "warning", "web"),
    ({"addresses": DUAL["addresses"]}, [["link", "set", "eth0", "mtu", "1200"]], "mtu-too-small",
     "error", "web"),
    ({"addresses": [f"10.77.0.{i}/24" for i in range(100, 250)]},
     [["link", "set", "eth0", "mtu", "500"]], "adverts-list-not-all", "note", "web"),
    ({"unicast_peers": "10.77.0.1"}, [], "peer-is-this-node", "error", "web"),
    ({"unicast_peers": "10.88.0.1"}, [], "peer-off-link", "note", "web"),
]


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("keys,commands,code,severity,obj", LINK_FAULTS,
                         ids=[f"{f[2]}-{i}" for i, f in enumerate(LINK_FAULTS)])
def test_interfaces_and_addresses(lab, keys, commands, code, severity, obj):
    node = lab[1]
    node.write(config.instance(**keys))
    for command in commands:
        node.ip(*command)
    only(doctor(node, listen="0"), code, severity, obj=obj)


@pytest.mark.lab(nodes=1)
def test_no_carrier(lab):
    lab[1].write(config.instance())
    lab[1].carrier_off()
    only(doctor(lab[1], listen="0"), "no-carrier", "error", obj="eth0")


@pytest.mark.lab(nodes=1)
def test_a_bridge_that_snoops_without_a_querier(lab):
    node = lab[1]
    node.write(config.instance(interface="br7"))
    node.ip("link", "add", "br7", "type", "bridge", "mcast_snooping", "1")
    node.ip("link", "set", "br7", "up")
    only(doctor(node, listen="0"), "snooping-without-querier", "note", obj="br7")
    node.ip("link", "set", "br7", "type", "bridge", "mcast_querier", "1")
    assert not find(doctor(node, listen="0"), "snooping-without-querier")


# ---- On the wire

LOCAL6 = "fe80::200:5eff:fe00:233"  # follows from VRID 51

WIRE_FAULTS = [
    ({}, {"addresses": ["10.77.0.99"]}, "vrid-stranger", "error", "10.77.0.99"),
    ({}, {"version": 2, "interval_ms": 1000}, "peer-version", "error", "VRRPv2"),
    ({"version": 2, "advert_interval": "1s"}, {"version": 2, "interval_ms": 1000, "auth_type": 1},
     "peer-auth", "error", "type 1"),
    ({}, {"interval_ms": 500}, "peer-interval", "warning", "500ms"),
    ({"version": 2, "advert_interval": "1s"}, {"version": 2, "interval_ms": 2000}, "peer-interval",
     "error", "2s"),
    ({}, {"addresses": [VIP4, "10.77.0.99"]}, "peer-addresses", "warning", "10.77.0.99 only there"),
    ({"addresses": [f"{VIP4}/24", "10.77.0.99/24"]}, {}, "peer-addresses", "warning",
     "10.77.0.99 only here"),
    ({"checksum": "rfc9568"}, {}, "peer-checksum", "warning", "ipv4-pseudo-header"),
    ({"checksum": "rfc5798", "strict": "yes"}, {"message_only": True}, "peer-checksum", "error",
     "message-only"),
    ({"unicast_peers": "10.77.0.2"}, {}, "advert-refused", "error", "bad_destination"),
    ({"unicast_peers": "10.77.0.2"}, {"destination": "10.77.0.1"}, "advert-refused", "error",
     "not_a_peer"),
    ({}, {"ttl": 64}, "advert-refused", "error", "ip_ttl_error"),
    ({}, {"spoil_checksum": True}, "advert-refused", "error", "checksum_error"),
    ({}, {"truncate": 9}, "advert-refused", "error", "length_error"),
    ({}, {"source": "10.77.0.1"}, "advert-own-address", "error", "02:77:00:00:00:64"),
    ({"addresses": VIP6 + "/64"}, {"family": 6, "addresses": ["fe80::9", "fd77::99"]},
     "vrid-stranger", "error", "fd77::99"),
    ({"addresses": VIP6 + "/64"}, {"family": 6, "addresses": [LOCAL6, VIP6], "interval_ms": 200}, "peer-interval", "warning",
     "200ms"),
]


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("keys,fields,code,severity,mention", WIRE_FAULTS,
                         ids=[f"{f[2]}-{i}" for i, f in enumerate(WIRE_FAULTS)])
def test_adverts_that_contradict_the_configuration(lab, keys, fields, code, severity, mention):
    lab[1].write(config.instance(**keys))
    wait_link_local(lab[1])
    with repeating(lambda: lab.advert(**fields)):
        findings = doctor(lab[1])
    finding = only(findings, code, severity, mention, obj="web")
    assert fields.get("source", lab.client.link_local if "family" in fields
                      else lab.client.address4) in finding["seen"]
    assert [f for f in bad(findings) if f["code"] != code] == [] or code == "peer-checksum"


@pytest.mark.lab(nodes=1)
def test_adverts_that_are_no_contradiction(lab):
    lab[1].write(config.instance(**DUAL))
    wait_link_local(lab[1])

    def send():
        lab.advert()
        lab.advert(message_only=True)
        lab.advert(vrid=52, addresses=["10.77.0.99"])
        lab.advert(family=6, addresses=[LOCAL6, VIP6])
    with repeating(send):
        assert not bad(doctor(lab[1]))


@pytest.mark.lab(nodes=1)
def test_adverts_that_come_back(lab):
    node = lab.start_all([150])[1]
    frame = lab.injector(node).build()
    with repeating(lambda: lab.inject(frame)):
        only(doctor(node, listen="3s"), "advert-looped", "error", node.address4, obj="web")


@pytest.mark.lab(nodes=1)
def test_two_masters(lab):
    node = lab.start_all([150])[1]
    with repeating(lambda: lab.advert(priority=100)):
        only(doctor(node, listen="3s"), "two-masters", "error", lab.client.address4, obj="web")


def test_no_advert_is_heard_as_backup(lab):
    lab.start_all([150, 100], advert_interval="1s")
    lab[1].cut()
    findings = doctor(lab[2], listen="2s")
    lab[1].heal()
    only(findings, "no-advert-heard", "warning", obj="web")


def test_adverts_lost_on_this_node(lab):
    lab.start_all([150, 100])
    node = lab[2]
    node.run("nft", "table inet t { chain c { type filter hook prerouting priority -300;"
                    " ip protocol vrrp drop; }; }")
    node.wait_state("MASTER")
    findings = doctor(node, listen="3s")
    only(findings, "advert-lost-here", "error", "IPv4", obj="web")
    only(findings, "two-masters", "error", lab[1].address4)


def test_a_peer_behind_a_deaf_firewall_is_no_foreign_holder(lab):
    """vipd does not hear it and takes its MAC for a stranger's; doctor has heard its adverts."""
    lab.start_all([150, 100])
    node = lab[2]
    firewall(node, "inet", DROP_IN + " ct state established,related accept; icmp type echo-request"
             " accept; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept")
    node.wait_state("MASTER")
    frame = gratuitous_arp(lab[1].mac, VIP4)

    def named():
        lab.inject(frame, lab[1])
        return (node.router()["foreign_holder"] or {}).get("mac") == lab[1].mac
    lab.wait(named, "vipd takes the peer for a foreign holder", interval=0.1)
    findings = doctor(node, listen="3s")
    assert not [f for f in find(findings, "foreign-holder") if lab[1].mac in f["seen"]], findings
    only(findings, "two-masters", "error", lab[1].address4)
    assert find(findings, "firewall-drops")
    # Where nothing is listened to, nobody can tell: it is said with what is known.
    only(doctor(node, listen="0"), "foreign-holder", "error", "peers that are heard", obj="web")


@pytest.mark.lab(nodes=1)
def test_adverts_that_do_not_leave(lab):
    node = lab.start_all([150])[1]
    node.run("nft", "table inet t { chain c { type filter hook postrouting priority 300;"
                    " ip protocol vrrp drop; }; }")
    only(doctor(node), "advert-not-sent", "error", "IPv4", obj="web")


@pytest.mark.lab(nodes=1)
def test_a_flood_of_senders_is_summed_up(lab):
    lab[1].write(config.instance())
    frames = [lab.injector().build(source=f"10.77.{i // 250 + 1}.{i % 250}",
                                   addresses=["10.77.0.99"]) for i in range(4000)]

    def send():
        for frame in frames:
            lab.inject(frame)
    with repeating(send):
        findings = doctor(lab[1], listen="4s")
    assert {f["object"] for f in find(findings, "advert-flood")} == {"web", "eth0"}
    assert 10 < len(find(findings, "vrid-stranger")) < 50


@pytest.mark.lab(nodes=1)
def test_listening_may_be_left_out_and_needs_a_privilege(lab):
    lab[1].write(config.instance())
    only(doctor(lab[1], listen="0"), "wire", "not-checked")
    prefix = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"]
    only(doctor(lab[1], prefix=prefix), "wire", "not-checked", obj="eth0")
    assert call(lab[1], listen="2m").returncode == 2


# ---- The firewall

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
                            ("echo hello", "no JSON"), ("yes | tr -d '\\n'", "too large")):
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


# ---- Settings of the kernel

def twin(node):
    """A second interface in the same network."""
    node.ip("link", "add", "eth1", "type", "veth", "peer", "name", "eth2")
    node.ip("link", "set", "eth2", "up")
    node.ip("link", "set", "eth1", "up")
    node.ip("addr", "add", "10.77.0.201/24", "dev", "eth1")


SETTINGS = [
    ({"net__ipv4__conf__eth0__arp_ignore": 8}, {}, "arp-ignore", "error", "any address"),
    ({"net__ipv4__conf__eth0__arp_ignore": 2}, {"addresses": VIP4 + "/32"}, "arp-ignore", "error",
     "/32"),
    ({"net__ipv4__conf__all__rp_filter": 1}, {"mac": "virtual"}, "rp-filter", "warning", "all"),
    ({"net__ipv4__conf__eth0__drop_gratuitous_arp": 1}, {}, "drop-gratuitous-arp", "note", "eth0"),
    ({"net__ipv6__conf__eth0__disable_ipv6": 1}, {"addresses": VIP6 + "/64"}, "ipv6-disabled",
     "error", "eth0"),
    ({"net__ipv6__conf__eth0__accept_dad": 2}, {"addresses": VIP6 + "/64"}, "accept-dad", "note",
     "eth0"),
]


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("settings,keys,code,severity,mention", SETTINGS,
                         ids=[s[2] + str(i) for i, s in enumerate(SETTINGS)])
def test_settings(lab, settings, keys, code, severity, mention):
    node = lab[1].write(config.instance(**keys))
    assert not find(doctor(node, listen="0"), code)
    netns.sysctl(node.namespace, **settings)
    only(doctor(node, listen="0"), code, severity, mention, obj="web")


@pytest.mark.lab(nodes=1)
def test_a_second_interface_in_the_same_network(lab):
    node = lab[1].write(config.instance())
    twin(node)
    findings = doctor(node, listen="0")
    only(findings, "arp-flux", "warning", "eth1 is in the same network")
    assert not find(findings, "rp-filter")
    netns.sysctl(node.namespace, net__ipv4__conf__all__arp_ignore=1,
                 net__ipv4__conf__eth0__rp_filter=1)
    findings = doctor(node, listen="0")
    only(findings, "rp-filter", "warning", "eth1")
    assert not find(findings, "arp-flux")


@pytest.mark.lab(nodes=1)
def test_a_unicast_peer_whose_way_back_is_another_one(lab):
    node = lab[1].write(config.instance(unicast_peers="10.88.0.9"))
    node.ip("link", "add", "eth1", "type", "veth", "peer", "name", "eth2")
    node.ip("link", "set", "eth1", "up")
    node.ip("addr", "add", "10.88.0.1/24", "dev", "eth1")
    assert not find(doctor(node, listen="0"), "rp-filter")
    netns.sysctl(node.namespace, net__ipv4__conf__eth0__rp_filter=1)
    only(doctor(node, listen="0"), "rp-filter", "warning", "10.88.0.9 leads over eth1", obj="web")
    node.ip("route", "add", "10.88.0.9", "dev", "eth0")
    assert not find(doctor(node, listen="0"), "rp-filter")


@pytest.mark.lab(nodes=1)
def test_arp_settings_taken_back_under_a_virtual_mac(lab):
    node = lab.start_all([150], mac="virtual")[1]
    assert not bad(doctor(node))
    netns.sysctl(node.namespace, net__ipv4__conf__eth0__arp_announce=0)
    only(doctor(node), "arp-announce", "warning", "eth0")
    netns.sysctl(node.namespace, net__ipv4__conf__eth0__arp_ignore=0)
    only(doctor(node), "arp-ignore", "warning", "eth0")


@pytest.mark.lab(nodes=1)
def test_promotion_of_secondaries_taken_back(lab):
    node = lab.start_all([150])[1]
    assert not find(doctor(node), "promote-secondaries")
    netns.sysctl(node.namespace, net__ipv4__conf__eth0__promote_secondaries=0)
    only(doctor(node), "promote-secondaries", "note", "eth0", obj="web")


@pytest.mark.lab(nodes=1)
def test_strict_rp_filter_under_a_virtual_mac_does_bite(lab):
    """What the finding says is so: the client gets no answer any more."""
    node = lab.start_all([150], mac="virtual")[1]
    ping = ["ping", "-c1", "-W1", VIP4]
    assert lab.client.run(*ping, check=False).returncode == 0
    netns.sysctl(node.namespace, net__ipv4__conf__all__rp_filter=1)
    assert lab.client.run(*ping, check=False).returncode != 0
    only(doctor(node), "rp-filter", "warning", "virtual MAC")


@pytest.mark.lab(nodes=1)
def test_a_service_bound_to_a_virtual_address(lab):
    node = lab.start_all([150], **DUAL)[1]
    listening = "import socket,time\n" \
        f"a=socket.create_server(('{VIP4}', 8080))\n" \
        f"b=socket.create_server(('{VIP6}', 8081), family=socket.AF_INET6)\n" \
        "print('up', flush=True); time.sleep(60)"
    service = lab.keep(subprocess.Popen(
        ["ip", "netns", "exec", node.namespace, "/usr/bin/python3", "-c", listening],
        stdout=subprocess.PIPE, text=True))
    assert service.stdout.readline() == "up\n"
    found = find(doctor(node), "nonlocal-bind")
    assert [f["seen"].split(",")[0] for f in found] == [
        f"a service listens on {VIP4} port 8080", f"a service listens on {VIP6} port 8081"]
    netns.sysctl(node.namespace, net__ipv4__ip_nonlocal_bind=1, net__ipv6__ip_nonlocal_bind=1)
    assert not find(doctor(node), "nonlocal-bind")


@pytest.mark.lab(nodes=1, dad=True)
def test_a_duplicate_address(lab):
    node = lab[1].write(config.instance())
    for machine in (node, lab.client):
        lab.wait(lambda m=machine: not m.ip("-6", "addr", "show", "tentative").stdout.strip(),
                 f"the addresses of {machine.name} are usable")
    node.ip("addr", "add", f"{lab.client.address6}/64", "dev", "eth0")
    lab.wait(lambda: find(doctor(node, listen="0"), "duplicate-address"), "DAD has failed")
    only(doctor(node, listen="0"), "duplicate-address", "error", lab.client.address6, obj="eth0")


# ---- Network managers, below another root

def put(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def ifindex(node):
    return json.loads(node.ip("-j", "link", "show", "eth0").stdout)[0]["ifindex"]


@pytest.mark.lab(nodes=1)
def test_networkd(lab, tmp_path):
    node = lab[1].write(config.instance())

    def findings():
        return find(doctor(node, "--root", str(tmp_path), listen="0"), "networkd")
    network = "[Match]\nName=wlan0 eth*\n[Network]\nDHCP=yes\n"
    put(tmp_path, "etc/systemd/network/10-other.network", "[Match]\nName=eth1\n[Network]\n")
    put(tmp_path, "etc/systemd/network/20-eth.network", network)
    assert not findings()
    put(tmp_path, "run/systemd/netif/state", "OPER_STATE=routable\n")
    assert "20-eth.network" in findings()[0]["seen"] and findings()[0]["severity"] == "warning"
    link = f"run/systemd/netif/links/{ifindex(node)}"
    put(tmp_path, link, "ADMIN_STATE=unmanaged\n")
    assert not findings()
    put(tmp_path, link, "# private\nADMIN_STATE=configured\n"
        "NETWORK_FILE=/etc/systemd/network/10-other.network\n")
    assert "10-other.network" in findings()[0]["seen"]
    # What the fix says.
    put(tmp_path, "etc/systemd/network/10-other.network.d/vipd.conf",
        "[Network]\nKeepConfiguration=static\n")
    assert not findings()
    put(tmp_path, "etc/systemd/network/10-other.network.d/zz.conf",
        "[Network]\nKeepConfiguration=no\n")
    assert findings()


@pytest.mark.lab(nodes=1)
def test_networkmanager(lab, tmp_path):
    node = lab[1].write(config.instance())
    device = f"run/NetworkManager/devices/{ifindex(node)}"

    def findings():
        return find(doctor(node, "--root", str(tmp_path), listen="0"), "networkmanager")
    put(tmp_path, device, "[device]\nmanaged=false\n")
    assert not findings()
    put(tmp_path, device, "[device]\nmanaged=true\nconnection-uuid=1234\n")
    assert findings()[0]["severity"] == "note" and findings()[0]["object"] == "eth0"


# ---- vipd itself and the machine

@pytest.mark.lab(nodes=1)
def test_a_configuration_that_cannot_be_used(lab, tmp_path):
    node = lab[1]
    only(doctor(node, file=str(tmp_path / "none.conf")), "configuration-unreadable", "error",
         "none.conf")
    node.write(config.instance(priority=300))
    found = only(doctor(node), "configuration-invalid", "error", "300", obj="instance web")
    assert f"{node.config}:" in found["fix"]
    node.write(config.instance(advert_interval="10ms"), realtime="no")
    only(doctor(node), "configuration-advice", "note", "realtime", obj="instance web")


@pytest.mark.lab(nodes=1)
def test_a_configuration_that_is_not_loaded(lab):
    node = lab.start_all([150])[1]
    node.write(config.instance(priority=140), config.instance("new", vrid=52, addresses="10.77.0.9"))
    assert {f["object"] for f in find(doctor(node), "not-loaded")} == {"web", "new"}
    node.write(config.instance("new", vrid=52, addresses="10.77.0.9"))
    assert {f["object"] for f in find(doctor(node), "not-loaded")} == {"web", "new"}
    node.write("nonsense = 1")
    assert node.vipctl("reload").returncode == 1
    findings = doctor(node)
    only(findings, "reload-failed", "warning", "nonsense")
    assert find(findings, "configuration-invalid")


@pytest.mark.lab(nodes=1)
def test_the_running_configuration_is_found_by_asking(lab):
    node = lab.start_all([150])[1]
    done = node.run(VIPCTL, "--control", node.control, "doctor", "--json", "--listen", "0",
                    "--verbose", check=False)
    findings = json.loads(done.stdout)["findings"]
    assert not find(findings, "configuration-unreadable")
    assert find(findings, "interfaces")[0]["severity"] == "ok"


@pytest.mark.lab(nodes=1)
def test_not_running_and_hung(lab):
    node = lab[1].write(config.instance())
    only(doctor(node, listen="0"), "vipd-not-running", "note")
    node.start()
    assert not find(doctor(node, listen="0"), "vipd-not-running")
    node.freeze()
    try:
        only(doctor(node, listen="0"), "vipd-silent", "error")
    finally:
        node.thaw()


@pytest.mark.lab(nodes=1)
def test_a_held_instance(lab):
    node = lab.start_all([150])[1]
    node.link_down()
    only(doctor(node), "held", "warning", "link-down", obj="web")


@pytest.mark.lab(nodes=1)
def test_the_reason_of_a_hold_from_the_start_is_where_doctor_points(lab):
    node = lab[1].start(config.instance(track="app"),
                        config.check("app", "file", path=f"{lab.directory}/none"))
    lab.wait(lambda: node.instance()["held_by"], "the check has failed")
    assert not node.history(), "nothing was left, so there is no transition"
    fix = only(doctor(node), "held", "warning", "check-failed", obj="web")["fix"]
    assert fix.startswith("vipctl status web "), fix
    assert f"{lab.directory}/none" in node.vipctl("status", "web").stdout


@pytest.mark.lab(nodes=1)
def test_removed_addresses_and_foreign_holders(lab):
    node = lab.start_all([150])[1]
    node.ip("addr", "del", f"{VIP4}/24", "dev", "eth0")
    lab.wait(lambda: node.status()["repairs"] > 0, "the address is put back")
    frame = gratuitous_arp(lab.client.mac, VIP4)

    def named():
        lab.inject(frame)
        return node.router()["foreign_holder"]
    lab.wait(named, "the foreign holder is known", interval=0.1)
    findings = doctor(node)
    only(findings, "addresses-removed", "warning", "1")
    only(findings, "foreign-holder", "error", lab.client.mac, obj="web")


@pytest.mark.lab(nodes=1)
def test_another_namespace(lab):
    lab.start_all([150])
    found = only(doctor(lab.client, file=lab[1].config, control=lab[1].control),
                 "other-namespace", "error", str(lab[1].process.pid))
    assert f"/proc/{lab[1].process.pid}/ns/net" in found["fix"]


@pytest.mark.lab(nodes=1)
def test_capabilities_and_realtime(lab):
    node = lab[1].write(config.instance())
    node.spawn(prefix=["setpriv", "--bounding-set", "-net_admin,-sys_nice,-ipc_lock", "--inh-caps",
                       "-net_admin,-sys_nice,-ipc_lock", "prlimit", "--rtprio=0", "--memlock=0"])
    lab.wait(lambda: node.status() is not None, "vipd answers")
    findings = doctor(node)
    only(findings, "capability-missing", "error", "CAP_NET_ADMIN")
    only(findings, "no-realtime", "warning")
    # AddressSanitizer makes a success of every mlockall().
    if not node.status()["realtime"]["memory_locked"]:
        only(findings, "memory-not-locked", "note")


@pytest.mark.lab(nodes=1)
def test_the_machine(lab):
    node = lab[1].write(config.instance())
    findings = doctor(node, listen="0", prefix=["setarch", "--uname-2.6"])
    only(findings, "kernel-too-old", "error", "Linux 2.6")
    findings = doctor(node, listen="0")
    assert not find(findings, "kernel-too-old")
    assert bool(find(findings, "clock-unsynchronised")) == (not clock_is_synchronised())


def clock_is_synchronised():
    """adjtimex(2) as the kernel answers it here; the lab cannot change the machine's clock."""
    libc = ctypes.CDLL(None, use_errno=True)
    state = libc.adjtimex(ctypes.create_string_buffer(512))
    assert state >= 0
    return state != 5
