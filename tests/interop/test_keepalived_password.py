"""VRRPv2 with a password: vipd and Debian's keepalived as one cluster, in both roles."""

import pytest

from vipdlab import config
from vipdlab.config import VIP4

SECRET = "hush-hush"  # nine: one more than is used


def start_vipd(node, priority, **keys):
    node.start(config.instance(priority=priority, version=2, advert_interval="1s", **keys))


def start_keepalived(peer, priority, password=SECRET):
    extra = f"authentication {{\n auth_type PASS\n auth_pass {password}\n}}" if password else ""
    peer.start(config.keepalived(version=2, interval_s=1, priority=priority, extra=extra))


def follows(node, priority):
    return lambda: (node.instance()["master"] or {}).get("priority") == priority


def shown(node):
    """Everything in which a password could be shown."""
    return "".join([node.log_text(), node.vipctl("status", "web").stdout,
                    node.vipctl("status", "--json").stdout, node.vipctl("history").stdout])


@pytest.mark.lab(nodes=1, keepalived=1)
def test_vipd_is_master_and_hands_over_to_keepalived(lab, tmp_path):
    secret = tmp_path / "password"
    secret.write_text(SECRET + "\n")
    start_vipd(lab[1], 150, password_file=secret)
    start_keepalived(lab[2], 100)
    lab[1].wait_state("MASTER")
    lab.never(lambda: lab[2].holds(VIP4), "keepalived drops our adverts", 6)
    probe = lab.probe()
    lab[1].stop()
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived took over")
    assert probe.stop().answered_by == ["n1", "n2"]
    assert "hush" not in shown(lab[1])


@pytest.mark.lab(nodes=1, keepalived=1)
def test_vipd_follows_keepalived_and_takes_over(lab):
    start_keepalived(lab[2], 150)
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived is MASTER")
    start_vipd(lab[1], 100, password=SECRET)
    lab.wait(follows(lab[1], 150), "vipd follows")
    lab.never(lambda: lab[1].state() == "MASTER", "vipd drops its adverts", 6)
    assert sum(lab[1].router()["drops"].values()) == 0
    lab[2].stop()
    lab[1].wait_state("MASTER")
    assert lab[1].instance()["last_transition"]["reason"] == "priority"
    assert "hush" not in shown(lab[1])


@pytest.mark.limit(120)
@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("ours, theirs, drop, said", [
    (None, SECRET, "auth_type_error", "sends a password (keepalived: auth_pass), this node"),
    (SECRET, None, "auth_missing", "sends no password, this node expects one"),
    (SECRET, "hush-hus", None, None),
    (SECRET, "hush", "auth_failure", "sends another password than this node"),
])
def test_each_difference_is_counted_and_named(lab, ours, theirs, drop, said):
    start_keepalived(lab[2], 150, theirs)
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived is MASTER")
    start_vipd(lab[1], 100, password=ours)
    if drop is None:
        lab.wait(follows(lab[1], 150), "only 8 octets count")
        return
    lab[1].wait_state("MASTER")
    lab.wait(lambda: lab[1].router()["drops"][drop] > 0, "it is counted")
    lab.wait(lambda: f"{lab[2].address4} {said}" in lab[1].log_text(), "it is said", 20)
    found = [w for w in lab[1].instance()["warnings"] if w["kind"] == "refused-peer"]
    assert [w["drop"] for w in found] == [drop]
    assert "hush" not in shown(lab[1])
