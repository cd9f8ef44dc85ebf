"""Health checks: each type against the real thing, what they do to the election, and that nothing
a check does delays an advert."""

import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from vipdlab import config, netns
from vipdlab.config import VIP4
from vipdlab.watch import widest_gap


def check_of(node, name, instance="web"):
    """The check as the status of an instance has it."""
    found = node.instance(instance) or {"checks": []}
    return next((c for c in found["checks"] if c["name"] == name), None)


def wait_check(lab, node, name, state, timeout=10):
    return lab.wait(lambda: (check_of(node, name) or {}).get("state") == state,
                    f"check {name} is {state} on {node.name}", timeout)


def write(path, text=""):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def script(node, name, text):
    path = f"{node.directory}/{name}"
    write(path, "#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def effective(node):
    return node.instance()["effective_priority"]


@pytest.mark.lab(nodes=2)
def test_a_failing_check_with_weight_hands_over_without_a_gap(lab):
    flag = f"{lab[1].directory}/healthy"
    write(flag)
    lab[1].start(config.instance(priority=150, track="app"),
                 config.check("app", "file", path=flag, weight=-60))
    lab[2].start(config.instance(priority=100))
    lab.wait_master(lab[1])
    assert lab[1].instance()["priority_text"] == "150"
    probe = lab.probe()
    os.remove(flag)
    lab.wait_master(lab[2])
    instance = lab[1].instance()
    assert instance["effective_priority"] == 90 and instance["base_priority"] == 150
    assert instance["priority_text"] == "150 - 60 (app) = 90"
    assert instance["last_transition"]["reason"] == "higher-priority"
    assert "150 - 60 (app) = 90" in instance["last_transition"]["text"]
    write(flag)
    lab.wait_master(lab[1])
    result = probe.stop()
    assert result.lost == [], str(result)
    assert effective(lab[1]) == 150


@pytest.mark.lab(nodes=2)
def test_a_failing_check_without_weight_withdraws_the_node_without_a_gap(lab):
    flag = f"{lab[1].directory}/maintenance"
    lab[1].start(config.instance(priority=150, track="app"),
                 config.check("app", "file", path=flag, content="absent"))
    lab[2].start(config.instance(priority=100))
    lab.wait_master(lab[1])
    probe = lab.probe()
    write(flag)
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
    instance = lab[1].instance()
    assert instance["state"] == "INIT" and instance["held_by"] == ["check-failed"]
    last = instance["last_transition"]
    assert last["reason"] == "check-failed"
    assert "check app failed" in last["text"] and f"{flag} is there" in last["text"]
    lab.wait(lambda: not lab[1].holds(VIP4), "the address is released")
    os.remove(flag)
    lab.wait_master(lab[1])
    reasons = [t["reason"] for t in lab[1].history()]
    assert "check-passed" in reasons
    result = probe.stop()
    assert result.lost == [], str(result)
    assert "check app is failing" in lab[1].log_text()
    assert "check app is passing" in lab[1].log_text()
