"""vipctl doctor: what it hears, and what it misses, on the wire."""

import pytest

from vipdlab import config
from vipdlab.config import VIP4, VIP6
from vipdlab.doctor import DUAL, bad, call, doctor, find, only, wait_link_local
from vipdlab.inject import repeating

LOCAL6 = "fe80::200:5eff:fe00:233"  # follows from VRID 51

V2 = {"version": 2, "advert_interval": "1s"}
V2_SENT = {"version": 2, "interval_ms": 1000}
WIRE_FAULTS = [
    ({}, {"addresses": ["10.77.0.99"]}, "vrid-stranger", "error", "10.77.0.99"),
    ({}, {"version": 2, "interval_ms": 1000}, "peer-version", "error", "VRRPv2"),
    (V2, {**V2_SENT, "auth_type": 1}, "peer-auth", "error",
     "sends a password, this node expects none"),
    ({**V2, "password": "hush"}, V2_SENT, "peer-auth", "error",
     "sends no password, this node expects one"),
    ({**V2, "password": "hush"}, {**V2_SENT, "auth_type": 1, "auth_data": b"other"}, "peer-auth",
     "error", "sends another password"),
    ({**V2, "password": "hush"}, {**V2_SENT, "auth_type": 2, "auth_data": b"hush"}, "peer-auth",
     "error", "in a way that vipd does not know"),
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
    ({"addresses": VIP6 + "/64"}, {"family": 6, "addresses": [LOCAL6, VIP6], "interval_ms": 200},
     "peer-interval", "warning", "200ms"),
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
    assert "hush" not in str(findings)
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
    # It stays BACKUP for so long that doctor may be slow.
    lab[2].write(config.instance(priority=100, advert_interval="1s", dead_factor=20, linger="1s"))
    assert lab[2].reload().returncode == 0
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
