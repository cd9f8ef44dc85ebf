"""What an advert costs: system calls and allocations, at 255 instances with 100 ms, in both roles;
and with one instance the pages it touches.

Ratios and counts only: how long it takes is tests/bench/cost's subject.
"""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from vipdlab import config, hot_path
from vipdlab.cost import (Allocations, count_calls, frames, held, many, pages_touched, wake_ups)
from vipdlab.node import sanitized

COUNT = 255
# By strace, which slows what it watches: more is due at a time then.
CALLS_PER_ADVERT = 0.2
WATCH_S = 4
# A late advert is out of phase, and those after it for up to eight intervals: one stretch in which
# nothing else held the machine is enough.
STRETCHES = 6
# Of an advert a second, a lease renewal among them or not; a page that is cold costs 1.6 us.
PAGES_OF_TEXT = 12
PAGES_OWN = {"MASTER": 52, "BACKUP": 44}
# Called at least so often for each advert: leases are renewed with every second one.
OF_EACH_ADVERT = 1 / 3

pytestmark = [pytest.mark.alone,
              pytest.mark.skipif(sanitized(), reason="a sanitizer's own calls and allocations")]


def start_pair(lab, env=(None, None), **keys):
    """The first is MASTER of all, the second BACKUP; both are past what a start does."""
    master, backup = lab[1], lab[2]
    for node, priority, expected, environment in ((master, 150, COUNT, env[0]),
                                                  (backup, 100, 0, env[1])):
        node.write(*many(COUNT, priority, **keys))
        node.spawn(env=environment)
        lab.wait(lambda n=node: n.status() is not None, f"{node.name} answers", 40)
        lab.wait(lambda n=node, e=expected: held(n) == e, f"{node.name} holds {expected}", 60)
    lab.wait(lambda: all(i["state"] == "BACKUP" for i in backup.status()["instances"]),
             "the second is BACKUP of all", 40)
    time.sleep(3)  # announcements are repeated, captures opened
    return master, backup


@pytest.mark.lab(nodes=2)
def test_an_advert_costs_a_fraction_of_a_system_call(lab):
    master, backup = start_pair(lab)
    for node, direction in ((master, "sent"), (backup, "received")):
        seen = []
        while len(seen) < STRETCHES and not any(ratio <= CALLS_PER_ADVERT for ratio, *_ in seen):
            before = frames(node, direction)
            calls = count_calls(node, WATCH_S)
            adverts = frames(node, direction) - before
            assert adverts > COUNT, f"{node.name}: {adverts} adverts"
            seen.append((sum(calls.values()) / adverts, adverts, calls))
        assert seen[-1][0] <= CALLS_PER_ADVERT, f"{node.name}: {seen}"


@pytest.mark.lab(nodes=2)
def test_an_advert_is_one_wake_up(lab):
    """At 1 s, of all threads: once for each advert, and the thread that renews the MASTER's leases
    for every second one. Who waits for a lock is woken once more."""
    for node, priority in ((lab[1], 150), (lab[2], 100)):
        node.start(config.instance(priority=priority, advert_interval="1s"))
    lab.wait_master(lab[1])
    time.sleep(5)  # announcements are repeated, the election's timers put off
    for node, direction, bound in ((lab[1], "sent", 2.2), (lab[2], "received", 1.4)):
        frames_before, before = frames(node, direction), wake_ups(node)
        time.sleep(3 * WATCH_S)
        woken, adverts = wake_ups(node) - before, frames(node, direction) - frames_before
        assert adverts >= 2 * WATCH_S, f"{node.name}: {adverts} adverts"
        assert woken <= bound * adverts + 3, f"{node.name}: {woken} wake-ups, {adverts} adverts"


def is_own(name):
    """No library's: of those other programs make pages look touched."""
    return name.startswith(("vipd ", "[heap]", "[stack]", "rw-p"))


@pytest.mark.lab(nodes=2)
def test_an_advert_touches_few_pages(lab):
    """What it takes lies side by side (agent/hot_path.ld)."""
    for node, priority in ((lab[1], 150), (lab[2], 100)):
        node.start(config.instance(priority=priority, advert_interval="1s"))
    lab.wait_master(lab[1])
    time.sleep(5)  # announcements are repeated, the election's timers put off
    for node, role in ((lab[1], "MASTER"), (lab[2], "BACKUP")):
        seen = []
        while len(seen) < 2 * STRETCHES and not any(
                text <= PAGES_OF_TEXT and own <= PAGES_OWN[role] for text, own, _ in seen):
            found, = pages_touched([node.process.pid], 1.5)
            seen.append((found.get("vipd r-xp", 0),
                         sum(n for name, n in found.items() if is_own(name)), found))
        assert seen[-1][0] <= PAGES_OF_TEXT, \
            f"{role}: write agent/hot_path.ld anew (tests/lab/hot_path): {seen}"
        assert seen[-1][1] <= PAGES_OWN[role], f"{role}: {seen}"


@pytest.mark.skipif(not shutil.which("callgrind_control"), reason="there is no valgrind")
@pytest.mark.parametrize("role", hot_path.ROLES)
@pytest.mark.lab(nodes=2)
@pytest.mark.limit(240)
def test_what_runs_for_each_advert_is_listed(lab, role):
    node = hot_path.start(lab, role)
    left, direction = None, "sent" if role == "MASTER" else "received"
    for _ in range(STRETCHES // 2):
        before = frames(node, direction)
        calls = hot_path.watch(node, 2 * WATCH_S)
        adverts = frames(node, direction) - before
        assert len(calls) > 50, f"callgrind knows the functions: {calls}"
        missing = set(hot_path.unlisted(calls, OF_EACH_ADVERT * adverts))
        left = missing if left is None else left & missing
        if adverts >= WATCH_S and not left:
            return
    assert not left, "run tests/lab/hot_path, which writes agent/hot_path.ld anew"


@pytest.mark.lab(nodes=1)
def test_a_reload_that_changes_nothing_asks_little(lab):
    """What is due is looked for by the clock meanwhile, not once for each instance."""
    node = lab[1]
    node.write(*many(COUNT, 150, advert_interval="1s"))
    node.spawn()
    lab.wait(lambda: held(node) == COUNT, "it holds all", 120)
    time.sleep(3)  # announcements are repeated
    with ThreadPoolExecutor(1) as watcher:
        counted = watcher.submit(count_calls, node, WATCH_S)
        time.sleep(1)
        assert f"{COUNT} untouched" in node.vipctl("reload").stdout
        calls = counted.result()
    assert calls.get("recvmmsg", 0) < COUNT, calls


@pytest.mark.lab(nodes=2)
def test_nothing_periodic_allocates(lab):
    """Neither adverts sent or received, nor leases renewed, nor announcements refreshed."""
    counters = [Allocations(node) for node in lab.nodes]
    nodes = start_pair(lab, [c.env for c in counters], announce_refresh="1s", lease="3s")
    for node, counter, direction in zip(nodes, counters, ("sent", "received")):
        assert counter.count() > 1000, "it counts"
        frames_before, before = frames(node, direction), counter.count()
        time.sleep(WATCH_S)
        allocated, adverts = counter.count() - before, frames(node, direction) - frames_before
        assert adverts > COUNT, f"{node.name}: {adverts} adverts"
        assert allocated == 0, f"{node.name}: {allocated} allocations, {adverts} adverts"
