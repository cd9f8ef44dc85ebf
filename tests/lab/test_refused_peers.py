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


def key_file(tmp_path, name, octet):
    path = tmp_path / name
    path.write_text(f"{octet:02x}" * 32 + "\n")
    path.chmod(0o600)
    return path


# What both nodes have of signatures, and what the first says of the second: drop, cause, mend.
SIGNATURES = {
    "no key here": ({}, {"auth_key": "1:{a}"}, "auth_ext_unexpected",
                    "signs its adverts, and this node has no auth-key", "receive-only at first"),
    "unsigned there": ({"auth_key": "1:{a}"}, {"auth_key": "1:{a}", "auth_mode": "receive-only"},
                       "auth_ext_missing", "sends unsigned adverts", "permissive here"),
    "another id": ({"auth_key": "1:{a}"}, {"auth_key": "2:{a}"}, "auth_ext_unknown_key",
                   "signs with a key id that no auth-key here has", "the same keys"),
    "another key": ({"auth_key": "1:{a}"}, {"auth_key": "1:{b}"}, "auth_ext_invalid_hmac",
                    "signs with another key", "sha256sum"),
}


@pytest.mark.limit(120)
@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("case", SIGNATURES)
def test_signatures_that_do_not_fit_are_said_everywhere(lab, tmp_path, case):
    """In the warning, the log, the history, per sender in the status, and by doctor."""
    here, there, drop, cause, mend = SIGNATURES[case]
    files = {"a": key_file(tmp_path, "a.key", 1), "b": key_file(tmp_path, "b.key", 2)}
    for node, priority, keys in ((lab[1], 150, here), (lab[2], 100, there)):
        keys = {name: value.format(**files) for name, value in keys.items()}
        # The second one does not hear the first, or does not need to: it is MASTER as well.
        node.start(config.instance(priority=priority, preempt="yes", **KEYS, **keys))
    if case == "unsigned there":
        # It follows the first, which signs: so the first has to be gone for it to speak at all.
        lab[1].stop()
        lab[2].wait_state("MASTER")
        lab[1].start()
    lab[1].wait_state("MASTER")
    found = lab.wait(lambda: warning(lab[1]), "it is named", 20)
    assert found["drop"] == drop and found["text"].startswith(f"{lab[2].address4} ")
    assert cause in found["text"] and mend in found["text"], found
    assert cause in lab[1].log_text() and mend in lab[1].log_text()
    assert cause in lab[1].vipctl("history").stdout
    drops = lab[1].router()["drops"]
    assert drops[drop] > 0 and drops["packet_length_error"] == 0
    shown = lab[1].vipctl("status", "web").stdout
    assert cause in shown and mend in shown, shown
    findings = doctor(lab[1])
    assert mend in only(findings, "refused-peer", "error", cause, "web")["fix"]
    if find(findings, "peer-auth"):
        assert mend in only(findings, "peer-auth", "error", cause, "web")["fix"]
