"""vipctl wait: a script goes on when an instance has come to a state, and not before."""

import subprocess

import pytest

from vipdlab import config
from vipdlab.config import VIP4
from vipdlab.node import VIPCTL


def waiting(lab, node, *arguments):
    """vipctl wait, which goes on while the test does."""
    return lab.keep(subprocess.Popen(
        ["ip", "netns", "exec", node.namespace, VIPCTL, "--control", node.control, "wait",
         *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))


def outcome(process):
    out, err = process.communicate(timeout=90)
    return process.returncode, out, err


@pytest.mark.lab(nodes=2)
def test_it_ends_when_the_state_is_reached(lab):
    lab.start_all([150, 100])
    here, there = waiting(lab, lab[1], "web"), waiting(lab, lab[2], "--timeout", "60s", "--all")
    gone = waiting(lab, lab[1], "--state", "init,BACKUP", "--timeout", "60s", "--quiet", "web")
    assert outcome(here) == (0, "web: MASTER\n", "")
    assert there.poll() is None and gone.poll() is None
    assert lab[1].vipctl("drain", "web").returncode == 0
    assert outcome(there) == (0, "web: MASTER\n", "")
    assert outcome(gone) == (0, "", "")
    code, out, err = outcome(waiting(lab, lab[1], "--timeout", "50ms", "web"))
    assert (code, out) == (1, "") and "web is INIT, and was not MASTER within 50 ms" in err, err
    code, _, err = outcome(waiting(lab, lab[1], "nobody"))
    assert code == 1 and "there is no instance 'nobody'" in err


@pytest.mark.lab(nodes=1)
def test_a_master_that_waits_for_its_command_is_not_there_yet(lab):
    node = lab[1]
    early = waiting(lab, node, "--timeout", "60s", "web")
    go = f"{node.directory}/go"
    program = f"{node.directory}/before"
    with open(program, "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\nwhile [ ! -e {go} ]; do sleep 0.02; done\n")
    subprocess.run(["chmod", "755", program], check=True)
    node.start(config.instance(before_master=program))
    lab.wait(lambda: (node.instance() or {}).get("waiting"), "it waits for its command")
    code, _, err = outcome(waiting(lab, node, "--timeout", "50ms", "web"))
    assert code == 1 and "web is MASTER, waiting for its command" in err, err
    assert early.poll() is None, "begun before vipd was, and not over yet"
    with open(go, "w", encoding="ascii"):
        pass
    assert outcome(early)[:2] == (0, "web: MASTER\n") and node.holds(VIP4)
    node.stop()
    assert outcome(waiting(lab, node, "--timeout", "50ms", "web"))[0] == 3
