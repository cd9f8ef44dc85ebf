"""vipctl take: mastership is asked for once, whatever priorities and preemption say."""

import re

import pytest

from vipdlab import config
from vipdlab.calm import assert_lossless
from vipdlab.config import VIP4
from vipdlab.node import NOT_SWITCHED


@pytest.mark.lab(nodes=2)
def test_take_with_preempt_off_loses_no_probe_and_stays(lab):
    lab[1].start(config.instance(priority=100))
    lab.wait(lambda: lab[1].state() == "MASTER", "the first is MASTER")
    lab[2].start(config.instance(priority=150, preempt="no"))
    lab.never(lambda: lab[2].state() == "MASTER", "it does not preempt", 1)
    capture = lab.capture()
    done = []

    def attempt():
        if lab[2].state() == "MASTER":
            assert lab[1].vipctl("take", "web").returncode == 0
        probe = lab.probe(interval_ms=1)
        done.append(lab[2].vipctl("take", "web"))
        lab.wait_master(lab[2])
        return probe.stop()
    result = assert_lossless(lab, attempt)
    assert result.answered_by == ["n1", "n2"]
    done = done[0]
    assert done.returncode == 0, done.stderr
    assert re.match(r"web: taken over from 10\.77\.0\.1 in [0-9.]+ \w+; this node has it now\n",
                    done.stdout), done.stdout
    lab.never(lambda: lab[2].state() != "MASTER", "it stays", 1)
    priorities = [f.priority for f in capture.adverts("n2")]
    assert priorities[0] == 254 and priorities[-1] == 150, priorities
    assert lab[2].history()[-1]["reason"] == "taken"


@pytest.mark.lab(nodes=2)
def test_a_lower_priority_takes_it_and_keeps_it_from_a_peer_that_does_not_preempt(lab):
    lab.start_all([150, 100], preempt="no")
    assert lab[2].vipctl("take", "web").returncode == 0
    lab.wait_master(lab[2])
    lab.never(lambda: lab[2].state() != "MASTER", "it stays", 1)
    # And back again.
    assert lab[1].vipctl("take", "web").returncode == 0
    lab.wait_master(lab[1])


@pytest.mark.lab(nodes=2)
def test_a_peer_that_takes_it_back_is_told_of(lab):
    lab.start_all([150, 100])

    def attempt():
        lab.wait_master(lab[1])
        probe = lab.probe(interval_ms=1)
        done = lab[2].vipctl("take", "web")
        assert done.returncode == NOT_SWITCHED
        assert done.stderr == ("web: 10.77.0.1 took it back: its priority 150 is above 100 and it "
                               "preempts\n")
        lab.wait_master(lab[1])
        return probe.stop()
    assert assert_lossless(lab, attempt).answered_by == ["n1", "n2", "n1"]


@pytest.mark.lab(nodes=2)
def test_from_an_owner_it_is_refused_and_nothing_happens(lab):
    lab[1].start(config.instance(priority=255))
    lab[2].start(config.instance(priority=100))
    lab.wait_master(lab[1])
    lab.wait(lambda: lab[2].instance()["master"], "its adverts are heard")
    done = lab[2].vipctl("take", "web")
    assert done.returncode == NOT_SWITCHED
    assert "10.77.0.1 owns the addresses (priority 255), it never yields" in done.stderr
    assert lab[2].state() == "BACKUP" and lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=2)
def test_what_is_master_already_or_cannot_be(lab):
    lab.start_all([150, 100])
    assert lab[1].vipctl("take", "web").stdout == "web: this node has it already\n"
    lab[2].vipctl("drain", "web")
    done = lab[2].vipctl("take", "web")
    assert done.returncode == NOT_SWITCHED and "it is drained here" in done.stderr
    lab[2].vipctl("resume", "web")
    lab[2].link_down()
    lab.wait(lambda: lab[2].state() == "INIT", "the link is down")
    done = lab[2].vipctl("take", "web")
    assert done.returncode == NOT_SWITCHED and "cannot take part now" in done.stderr


@pytest.mark.lab(nodes=2)
def test_both_families_are_taken_together(lab):
    lab.start_all([150, 100], preempt="no", addresses=[f"{VIP4}/24", f"{config.VIP6}/64"])
    assert lab[2].vipctl("take", "web").returncode == 0
    lab.wait_master(lab[2])
    assert lab[1].ours() == [] and len(lab[2].ours()) == 3


@pytest.mark.lab(nodes=1, keepalived=1)
def test_keepalived_yields(lab):
    lab[2].start(config.keepalived(priority=150, extra="nopreempt"))
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived is MASTER")
    lab[1].start(config.instance(priority=100, preempt="no"))

    def attempt():
        if lab[1].state() == "MASTER":
            lab[1].stop()
            lab.wait(lambda: lab[2].holds(VIP4), "keepalived is MASTER again")
            lab[1].start()
        lab.wait(lambda: (lab[1].instance()["master"] or {}).get("address") == "10.77.0.2",
                 "its adverts are heard")
        probe = lab.probe(interval_ms=1)
        done = lab[1].vipctl("take", "web")
        assert done.returncode == 0, done.stderr
        lab.wait(lambda: not lab[2].holds(VIP4), "keepalived has yielded")
        return probe.stop()
    assert assert_lossless(lab, attempt).answered_by == ["n2", "n1"]
