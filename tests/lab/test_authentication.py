"""Adverts that are signed: a cluster gets there node by node without a second holder, and what is
unsigned, forged or sent again is dropped and counted."""

import pytest

from vipdlab import config

PRIORITIES = (150, 100)


def key_file(tmp_path, name, octet):
    path = tmp_path / name
    path.write_text(f"{octet:02x}" * 32 + "\n")
    return path


def transitions(lab):
    return [node.router()["counters"]["master-transitions"] for node in lab.nodes]


def changed(node, priority, keys):
    node.write(config.instance(priority=priority, **keys))
    done = node.reload()
    assert done.returncode == 0, done.stderr


def follows(lab):
    return (lab[2].instance()["master"] or {}).get("priority") == 150


def started(lab, keys):
    for node, priority in zip(lab.nodes, PRIORITIES):
        node.start(config.instance(priority=priority, **keys))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: follows(lab), "it follows")


def received(node):
    return node.router()["counters"]["advertisement-rcvd"]


@pytest.mark.limit(120)
@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_node_by_node_costs_nothing(lab, tmp_path, family):
    """Each step in the wrong order too: the master first."""
    key, new = key_file(tmp_path, "a.key", 1), key_file(tmp_path, "b.key", 2)
    more = {"addresses": [f"{config.VIP6}/64"]} if family == "ipv6" else {}
    steps = [{"auth_key": f"1:{key}", "auth_mode": "receive-only"},
             {"auth_key": f"1:{key}", "auth_mode": "permissive"},
             {"auth_key": f"1:{key}", "auth_mode": "enforce"},
             {"auth_key": f"1:{key}, 2:{new}"},
             {"auth_key": f"2:{new}, 1:{key}"},
             {"auth_key": f"2:{new}"}]
    started(lab, more)
    had = transitions(lab)
    sampler = lab.sampler()
    for step in steps:
        for node, priority in zip(lab.nodes, PRIORITIES):
            changed(node, priority, {**more, **step})
            seen = received(lab[2])
            lab.wait(lambda: received(lab[2]) > seen + 5, "it goes on to hear")
    assert sampler.sequence() == [{"n1"}] and transitions(lab) == had
    peers = lab[2].router()["authentication"]["peers"]
    assert peers[0]["last"] == "ok" and peers[0]["key_id"] == 2


@pytest.mark.lab(nodes=2)
def test_from_nothing_to_enforce_the_backup_first(lab, tmp_path):
    key = key_file(tmp_path, "a.key", 1)
    started(lab, {})
    had = transitions(lab)
    sampler = lab.sampler()
    for node, priority in ((lab[2], 100), (lab[1], 150)):
        changed(node, priority, {"auth_key": f"1:{key}"})
        seen = received(lab[2])
        lab.wait(lambda: received(lab[2]) > seen + 5, "it goes on to hear")
    assert sampler.sequence() == [{"n1"}] and transitions(lab) == had
    assert "reload the master last" in lab[2].log_text()
