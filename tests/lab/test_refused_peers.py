"""A router of the cluster that is not heard, or not accepted, is no stranger: what is the matter is
said, and nothing is given up to it or defended against it."""

import pytest

from vipdlab import config
from vipdlab.config import VIP4
from vipdlab.doctor import doctor, find, only

KEYS = {"conflict_quiet": "2s", "announce_refresh": "1s", "lease": "1s"}


def warning(node, kind="refused-peer"):
    return next((w for w in node.instance()["warnings"] if w["kind"] == kind), None)


def no_stranger(lab):
    for node in lab.nodes:
        conflict = node.router()["conflict"]
        assert conflict["conflicts"] == 0 and conflict["defences"] == 0, conflict
        assert "not one of us" not in node.log_text()
        assert node.state() == "MASTER", "nothing is given up for it"


@pytest.mark.limit(120)
@pytest.mark.lab(nodes=2)
def test_another_version_is_said(lab):
    keys = {**KEYS, "advert_interval": "1s", "on_conflict": "release"}
    lab[1].start(config.instance(priority=150, **keys))
    lab[2].start(config.instance(priority=100, version=2, **keys))
    for node, theirs, ours in ((lab[1], 2, 3), (lab[2], 3, 2)):
        node.wait_state("MASTER")
        peer = lab[2 if node is lab[1] else 1].address4
        said = f"{peer} speaks VRRP version {theirs}, this node version {ours}"
        found = lab.wait(lambda n=node: warning(n), "it is named", 10)
        assert found["text"].startswith(said) and found["drop"] == "version_error"
        lab.wait(lambda n=node: f"both hold {VIP4}" in (warning(n) or {"text": ""})["text"],
                 "and that it holds the address", 20)
        assert said in node.log_text() and said in node.vipctl("status").stdout
        assert node.vipctl("status", "--check").returncode == 2
    findings = doctor(lab[1], listen="0")
    only(findings, "refused-peer", "error", f"{lab[2].address4} speaks VRRP version 2", "web")
    assert find(findings, "foreign-holder") == []
    no_stranger(lab)


@pytest.mark.lab(nodes=2)
def test_a_split_by_firewall_names_the_peer(lab):
    lab.start_all([150, 100], on_conflict="release", **KEYS)
    lab.wait(lambda: lab[2].router()["counters"]["advertisement-rcvd"] > 5, "they hear each other")
    for node in lab.nodes:
        node.run("nft", "table inet t { chain c { type filter hook input priority 0;"
                        " ip protocol 112 drop; }; }")
    lab[2].wait_state("MASTER")
    found = lab.wait(lambda: warning(lab[2]), "the former peer is named", 20)
    assert found["peer"] == lab[1].address4 and found["drop"] is None
    assert "a router of this cluster" in found["text"] and f"both hold {VIP4}" in found["text"]
    no_stranger(lab)
    for node in lab.nodes:
        node.run("nft", "flush ruleset")
    lab[2].wait_state("BACKUP")
    lab.wait(lambda: warning(lab[2]) is None, "it is over", 20)
