"""The lab's own watchers on a machine that is busy: that they are late is not said of the agents."""

import signal
import threading
import time

import pytest

from vipdlab.config import VIP4
from vipdlab.probe import ProbeResult
from vipdlab.settled import follows_state
from vipdlab.watch import Capture, Sampler
from vipdlab.wire import gratuitous_arp


@pytest.mark.lab(nodes=1)
def test_who_asks_a_capture_takes_in_what_its_thread_has_not_read(lab, monkeypatch):
    monkeypatch.setattr(Capture, "_read", lambda capture: None)
    capture = lab.capture()
    lab.inject(gratuitous_arp(lab.client.mac, VIP4))
    lab.wait(lambda: VIP4 in capture.announced("client"), "it is there", 5)


def sampler_of(monkeypatch, *seen):
    """One that finds these holders, one after the other."""
    monkeypatch.setattr(Sampler, "_run", lambda sampler: None)
    sampler, looks = Sampler([], VIP4), iter(seen)
    sampler._holders = lambda: frozenset(next(looks))
    return sampler


def test_a_hand_over_between_the_looks_at_two_nodes_is_no_time_without_a_holder(monkeypatch):
    sampler = sampler_of(monkeypatch, {"n1"}, {"n1"}, set(), {"n2"}, {"n2"})
    assert [sampler.sequence(), sampler.sequence()] == [[{"n1"}], [{"n1"}, {"n2"}]]


def test_a_time_without_a_holder_is_one(monkeypatch):
    sampler = sampler_of(monkeypatch, {"n1"}, {"n1"}, set(), set(), {"n2"}, {"n2"})
    assert [len(sampler.changes) for _ in range(3)] == [1, 2, 3]
    assert sampler._spans[1][2] == frozenset()


def test_how_long_it_was_so_is_not_until_it_was_looked_at_again(monkeypatch):
    sampler = sampler_of(monkeypatch, {"n1"}, {"n1"}, {"n1"}, {"n2"}, {"n2"}, {"n2"})
    began = time.time()
    assert sampler.changes and sampler.changes
    ended = time.time()
    time.sleep(0.1)
    (first, seconds), (second, _) = sampler.lengths()
    assert (first, second) == ({"n1"}, {"n2"}) and seconds <= ended - began


def test_a_probe_that_was_late_itself_makes_no_gap_longer():
    result = ProbeResult([0.0, 0.002, 0.004, 0.3], {0: ("n1", 0.1), 3: ("n1", 0.4)}, 0.002)
    assert result.lost == [1, 2] and result.gaps == [(0.002, pytest.approx(0.004))]


@pytest.mark.lab(nodes=1)
def test_who_answers_late_has_answered(lab):
    lab.start_all([150])
    probe = lab.probe()
    lab.echo.send_signal(signal.SIGSTOP)
    goes_on = threading.Timer(1.5, lab.echo.send_signal, (signal.SIGCONT,))
    goes_on.start()
    try:
        result = probe.stop()
    finally:
        goes_on.join()
    assert result.lost == [], str(result)


@pytest.mark.lab(nodes=1)
def test_what_is_found_out_too_late_never_says_nothing(lab):
    lab.never(lambda: time.sleep(0.3) or True, "it was not so in time", 0.1)
    with pytest.raises(AssertionError, match="it was so"):
        lab.never(lambda: True, "it was so", 5)


@pytest.mark.parametrize("follows, state, changed", [
    (True, "MASTER", {"held": True, "owner": "vipd"}), (False, "MASTER", {}),
    (True, "MASTER", {"waits": "no-device"}), (False, "BACKUP", {"held": True, "owner": "vipd"}),
    (True, "BACKUP", {"held": True, "owner": "other"}), (True, "INIT", {})])
def test_what_the_kernel_has_still_to_do_for_a_state(follows, state, changed):
    address = {"held": False, "owner": None, "waits": None, **changed}
    instance = {"state": state, "lingering": False, "waiting": None, "addresses": [address]}
    assert follows_state(instance) is follows
    assert follows_state({**instance, "lingering": True}) and follows_state(None)
