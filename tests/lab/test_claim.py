"""A node that cannot add its addresses does not keep others from serving."""

import pathlib
import subprocess
import time

import pytest

from vipdlab import config, netns
from vipdlab.config import VIP4
from vipdlab.node import NO_NET_ADMIN


def transitions(node, reason):
    return [entry for entry in node.history() if entry.get("reason") == reason]


def refusals(node):
    """How often it was refused, whether that was told or not."""
    instance = node.instance()
    return instance["transitions"]["cannot-claim"] if instance is not None else 0


def refused_notices(node):
    return [entry for entry in node.history("notice") if entry["reason"] == "refused"]


def is_held(node):
    instance = node.instance()
    return instance is not None and instance["held_by"] == ["cannot-claim"]


@pytest.mark.lab(nodes=2)
def test_who_gets_none_of_its_addresses_leaves_them_to_a_healthy_peer(lab):
    lab[2].start(config.instance(priority=100))
    lab.wait(lambda: lab[2].holds(VIP4), "the healthy one serves")
    probe, capture = lab.probe(), lab.capture()
    lab[1].write(config.instance(priority=150))
    lab[1].spawn(prefix=NO_NET_ADMIN)
    lab.wait(lambda: is_held(lab[1]), "it cannot claim")
    assert lab[1].state() == "INIT"
    text = transitions(lab[1], "cannot-claim")[0]["text"]
    assert text == "none of the addresses could be added here: Operation not permitted"
    # It never said that it was MASTER: nobody has yielded, and no host was told otherwise.
    assert capture.adverts("n1") == [] or {f.priority for f in capture.adverts("n1")} == {0}
    assert VIP4 not in capture.announced("n1")
    lab.wait(lambda: refusals(lab[1]) >= 3, "it tries again")
    time.sleep(1)
    assert refusals(lab[1]) <= 4, "and not all the time"
    # Told when it began, and not at each attempt.
    assert [t["reason"] for t in lab[1].history()][-1] == "cannot-claim"
    assert len(transitions(lab[1], "cannot-claim")) == 1
    assert lab[1].log_text().count("could not be claimed") == 1
    assert lab[1].log_text().count("none of the addresses could be added") == 1
    assert lab[2].state() == "MASTER"
    result = probe.stop()
    assert result.lost == [] and result.answered_by == ["n2"], str(result)


@pytest.mark.lab(nodes=1)
def test_it_serves_when_what_was_in_the_way_has_gone(lab):
    lab[1].write(config.instance())
    lab[1].spawn(prefix=NO_NET_ADMIN)
    lab.wait(lambda: is_held(lab[1]), "it cannot claim")
    lab[1].stop()
    lab[1].start()
    lab.wait(lambda: lab[1].holds(VIP4), "it serves")
    assert lab[1].instance()["warnings"] == []


def refuse(lab):
    """Every request of the thread that writes addresses is refused, until the process ends that is
    returned; waits until the node has tried some times."""
    def writer():
        tasks = pathlib.Path(f"/proc/{lab[1].process.pid}/task").iterdir()
        return [task.name for task in tasks
                if (task / "comm").read_text(encoding="utf-8").strip() == "vipd-kernel"]
    lab[1].start(config.instance())
    lab.wait(writer, "its writer runs")
    refusing = subprocess.Popen(["strace", "-qqq", "-o", "/dev/null", "-p", writer()[0],
                                 "-e", "inject=sendto:error=EPERM"],
                                preexec_fn=netns.die_with_parent)
    lab[1].ip("link", "set", "eth0", "down")
    lab[1].wait_state("INIT")
    lab[1].ip("link", "set", "eth0", "up")
    lab.wait(lambda: refusals(lab[1]) >= 3, "it tries again", 40)
    return refusing


@pytest.mark.lab(nodes=1)
def test_refusals_are_told_at_their_beginning_and_at_their_end(lab):
    refusing = refuse(lab)
    refusing.terminate()
    refusing.wait(20)
    lab.wait(lambda: lab[1].state() == "MASTER" and refused_notices(lab[1]),
             "it serves, and says so", 60)
    times = refusals(lab[1])
    [end] = refused_notices(lab[1])
    assert end["text"].startswith(f"{times} times in "), end
    assert end["text"].endswith(": none of the addresses could be added here: "
                                "Operation not permitted"), end
    moves = lab[1].history()
    assert len(transitions(lab[1], "cannot-claim")) == 1, moves
    assert [t["to"] for t in moves[-3:]] == ["INIT", "BACKUP", "MASTER"], moves
    assert moves[-2]["reason"] == "claim-retried" and moves[-2]["at"] <= moves[-1]["at"]
    text = lab[1].log_text()
    assert text.count(end["text"]) == 1, text
    assert text.count("could not be claimed") == text.count("cannot add ") == 1, text


@pytest.mark.lab(nodes=1)
def test_whoever_stops_has_told_how_often_it_was_refused(lab):
    refusing = refuse(lab)
    lab[1].stop()
    refusing.wait(20)
    assert " times in " in lab[1].log_text(), lab[1].log_text()


@pytest.mark.lab(nodes=2)
def test_who_comes_back_to_a_better_master_is_told_to(lab):
    """It stays BACKUP: that is no attempt any more."""
    refusing = refuse(lab)
    lab[2].start(config.instance(priority=200))
    lab.wait(lambda: refused_notices(lab[1]), "the end is told", 60)
    assert lab[1].history()[-1]["to"] == "BACKUP"
    assert lab[1].state() == "BACKUP"
    refusing.terminate()
    refusing.wait(20)
