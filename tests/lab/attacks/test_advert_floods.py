"""Adverts as fast as one CPU of the attacker sends them."""

import time

import pytest

from faultlab.holders import Holders, longest_none
from vipdlab import attacks, line_rate, strain
from vipdlab.config import INTERVAL_MS, VIP4
from vipdlab.watch import widest_gap

SECONDS = 3
# The filter counts the strangers of a second, 32 of them, and looks again each 10 s.
READ_MAX = 500
# Two sockets, either woken 100 times in 100 ms at the most: after that it is looked at each 2 ms.
WOKEN_MAX = 2500
# Of what is on the wire beside the flood: adverts, ARP, and what IPv6 says of itself.
WATCHED_MAX = 2000


def loop_of(node):
    """Seconds on a CPU, and how often it came there."""
    pid = node.process.pid
    with open(f"/proc/{pid}/task/{pid}/schedstat", encoding="ascii") as file:
        ran, _, times = map(int, file.read().split())
    return ran / 1e9, times


def dropped(node):
    return sum(node.router()["drops"].values())


def transitions(lab):
    return [node.router()["counters"]["master-transitions"] for node in lab.nodes]


def signed_pair(lab, tmp_path):
    key = tmp_path / "key"
    key.write_text("5a" * 32 + "\n")
    key.chmod(0o600)
    lab.start_all([150, 100], auth_key=f"1:{key}")
    return attacks.Scene(lab)


def flood(lab, frames):
    """Returns how many there were, how many each loop has read, and how often it woke."""
    before = [(*loop_of(node), dropped(node)) for node in lab.nodes]
    counts = {}
    with line_rate.flooding(lab, frames, counts):
        time.sleep(SECONDS)
    after = [(*loop_of(node), dropped(node)) for node in lab.nodes]
    shares, woken, read = zip(*([b - a for a, b in zip(*pair)] for pair in zip(before, after)))
    print(f"{counts['sent'] / counts['seconds']:,.0f} frames a second; share of a CPU "
          f"{[round(share / counts['seconds'], 2) for share in shares]}; read {read} of "
          f"{counts['sent']}, woken {woken}")
    assert max(woken) < WOKEN_MAX * counts["seconds"] + counts["sent"] / 10, (woken, counts)
    return counts["sent"], read, woken


def adverts_beside(capture, sent, since):
    """Those of n1. That the flood is kept out of the capture, and that it lost nothing, is asked for
    first: a reader who is late would miss adverts that were on the wire."""
    kept, missed = capture.counts()
    assert (kept < WATCHED_MAX < sent, missed) == (True, 0), (kept, missed, sent)
    return capture.adverts("n1", since=since)


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("name", ["a flood of priority 255 and 0 with our VRID",
                                  "a flood with all other VRIDs"])
def test_a_flood_at_line_rate_moves_nothing(lab, tmp_path, name):
    """auth-mode = enforce. Expected: adverts of both nodes keep their deadlines (nobody takes over,
    nobody lets go), whatever floods; what has VRIDs that are not ours costs no wake-up."""
    scene = signed_pair(lab, tmp_path)
    frames = attacks.flood_named(name).frames(scene)
    ours = "our VRID" in name
    had, capture, sampler = transitions(lab), lab.capture(skip="client"), lab.sampler()
    began = time.time()
    with strain.Control() as control:
        sent, read, woken = flood(lab, frames)
    assert transitions(lab) == had and sampler.sequence() == [{"n1"}]
    adverts = adverts_beside(capture, sent, began)
    assert capture.adverts("n2", since=began) == [], "it believes in the master"
    assert widest_gap(adverts) < 3 * INTERVAL_MS / 1000 + 2 * control.worst_s
    assert ours or max(read) < READ_MAX < sent, (read, sent)
    assert ours or max(woken) < READ_MAX + sent / 10, (woken, sent)


@pytest.mark.lab(nodes=2)
def test_without_signatures_a_flood_of_faulty_ones_moves_nothing(lab):
    """Expected: nobody takes over and nobody lets go; each is read and counted, none believed."""
    lab.start_all([150, 100])
    had, capture, sampler = transitions(lab), lab.capture(skip="client"), lab.sampler()
    attack = attacks.flood_named("a flood of faulty adverts with our VRID")
    frames = attack.frames(attacks.Scene(lab))
    began = time.time()
    with strain.Control() as control:
        sent, read, _ = flood(lab, frames)
    assert transitions(lab) == had and sampler.sequence() == [{"n1"}]
    assert widest_gap(adverts_beside(capture, sent, began)) < \
        3 * INTERVAL_MS / 1000 + 2 * control.worst_s
    assert min(read) > READ_MAX, read


@pytest.mark.lab(nodes=2)
def test_without_signatures_a_stream_of_255_ends_with_its_end(lab):
    """Expected: as with any VRRP the stream is the master, as long as it lasts; after it the first
    node is MASTER within its Master_Down_Interval and a second, and its history names who sent."""
    lab.start_all([150, 100])
    scene = attacks.Scene(lab)
    with line_rate.flooding(lab, [scene.advert(priority=255)]):
        lab.wait(lambda: [node.state() for node in lab.nodes] == ["BACKUP"] * 2,
                 "both follow it", 30)
    ended = time.time()
    holders = Holders(lab.nodes, VIP4)
    with strain.Control() as control:
        lab.wait_master(lab[1], timeout=30)
    holders.close()
    none_s = longest_none(holders.spans(since=ended))
    print(f"nobody for {none_s:.3f} s after its end")
    assert none_s < (3 + 106 / 256) * INTERVAL_MS / 1000 + 1 + 5 * control.worst_s
    yielded = [e for e in lab[1].history() if e["reason"] == "higher-priority"][-1]
    assert yielded["evidence"]["peer"] == scene.attacker.address4
