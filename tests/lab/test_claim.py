"""A node that cannot add its addresses does not keep others from serving; many of them are
announced as they come to be there."""

import collections
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


def tamper(lab, how):
    """What strace can do to all requests of the thread that writes addresses, until the process
    ends that is returned."""
    def writers():
        return [task for task in pathlib.Path(f"/proc/{lab[1].process.pid}/task").iterdir()
                if (task / "comm").read_text(encoding="utf-8").strip() == "vipd-kernel"]

    def is_traced():
        return "TracerPid:\t0\n" not in (writer / "status").read_text(encoding="utf-8")
    writer = lab.wait(writers, "its writer runs")[0]
    process = lab.keep(subprocess.Popen(
        ["strace", "-qqq", "-o", "/dev/null", "-p", writer.name, "-e", f"inject=sendto:{how}"],
        preexec_fn=netns.die_with_parent))
    lab.wait(is_traced, "strace is there", 30)
    return process


def refuse(lab):
    """All that is to be written is refused, until the process ends that is returned; waits until
    the node has tried some times."""
    lab[1].ip("link", "set", "eth0", "down")
    lab[1].start(config.instance())
    lab[1].wait_state("INIT")
    refusing = tamper(lab, "error=EPERM")
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


@pytest.mark.lab(nodes=2)
def test_a_master_that_loses_all_and_gets_none_back_lets_go(lab):
    """No renewal is taken any more: when the lease is over nobody would answer for the address."""
    lab.start_all([150, 100], lease="2s")
    lab.wait(lambda: lab[1].holds(VIP4), "it serves")
    refusing = tamper(lab, "error=EPERM")
    lab.wait(lambda: is_held(lab[1]), "it has let go", 40)
    lab.wait(lambda: lab[2].holds(VIP4), "the other one serves", 20)
    lab.wait(lambda: lab[1].state() == "INIT" and refusals(lab[1]) >= 2, "it tries again", 40)
    assert lab[2].state() == "MASTER" and not lab[1].holds(VIP4)
    refusing.terminate()
    refusing.wait(20)
    lab.wait(lambda: lab[1].state() == "MASTER" and lab[1].holds(VIP4), "it serves again", 60)


MANY = 1000
SEND_S = 0.3    # what strace makes of each request; eight of them at least come after the first
SPREAD_S = 1.2  # half of that
INTERVAL_MS = 1000  # the rival adverts ten times as often, as well as an ordinary thread can
LISTED = {4: f"{VIP4}/24", 6: "fe80::77:200/64"}
FURTHER = {4: "10.79.{}.{}/32", 6: "fd79::{}:{}/128"}


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("family", (4, 6))
def test_many_are_announced_while_others_are_still_to_come(lab, family):
    """Each once. The kernel is slow, so that it can be seen."""
    listed = LISTED[family]
    further = [FURTHER[family].format(i // 250, i % 250 + 1) for i in range(MANY - 1)]
    capture = lab.capture()
    rival = lab.injector().build(family=family, priority=200, addresses=[listed.split("/")[0]],
                                 interval_ms=INTERVAL_MS)
    with lab.injecting(rival):
        lab[1].start(config.instance(addresses=listed, extra_addresses=further, announce_repeat=0,
                                     advert_interval=f"{INTERVAL_MS}ms"))
        slow = tamper(lab, f"delay_enter={SEND_S * 1e6:.0f}")
        assert lab[1].state() == "BACKUP"
    lab.wait(lambda: len(capture.announced("n1")) >= MANY, "all are announced", 60)
    slow.terminate()
    slow.wait(20)
    frames = [f for f in capture.frames("n1") if f.gratuitous]
    assert set(collections.Counter(f.target for f in frames).values()) == {1}
    assert frames[-1].time - frames[0].time > SPREAD_S, "as they came to be there"
    assert lab[1].state() == "MASTER"
