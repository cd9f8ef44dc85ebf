"""Measure 3: what it costs to run: CPU, memory and system calls, master and backup.

CPU is /proc/PID/task/*/schedstat of all threads and processes of an agent; the kernel's work for a
packet counts for whoever's call or interrupt it happened in. System calls are counted by the kernel
(perf), where there is perf.
"""

import os
import shutil
import statistics
import subprocess
import time

from vipdlab.cost import pages_touched

from . import bare
from .frame import Figure, Unmeasured
from .many import ROLES, Many
from .results import BARE, PRODUCTS, Value, at_most, share

NAME = "cost"
# Announcements are repeated, captures opened, leases written; vipd's adverts come into phase, within
# eight of them.
SETTLE_S = 10
STANDS_S = 0.1  # what a stall costs an agent is small beside its work, ...
# ... but not beside that of one instance: while a machine stands still, whoever ran is said to have
# used the CPU. What is periodic comes within each slice: leases are renewed every two seconds.
SLICE_S = 2
BIG = (255, 100)
ALONE = (1, 1000)
PAGES_S = 1.02  # one advert of that
PAGES_TIMES = 3
RSS_MIB = 8
RSS_MIB_EACH = 1 / 1024
LINEAR = 1.2        # an advert of many costs at most so much of what one of fewer does ...
LINEAR_FROM = 50    # ... beyond what a process costs by itself


def cpu_ns(pids):
    total = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
    return total


def memory_mib(pids):
    sums = {"Rss": 0, "Pss": 0}
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                name = line.split(":")[0]
                if name in sums:
                    sums[name] += int(line.split()[1])
    return {name: kib / 1024 for name, kib in sums.items()}


def count_calls(pids, seconds):
    """System calls of these processes in that time, counted by the kernel."""
    done = subprocess.run(
        ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p", ",".join(map(str, pids)),
         "--", "sleep", str(seconds)], capture_output=True, text=True, check=False)
    first = done.stderr.split(",")[0].strip()
    return int(first) if done.returncode == 0 and first.isdigit() else None


def limits(count, interval_ms):
    """{name of a figure: its Limit}."""
    found = {"rss": at_most(RSS_MIB + RSS_MIB_EACH * count)}
    if (count, interval_ms) == BIG:
        found.update({"cpu": share(0.5), "pss": share(1), "syscalls per advert": at_most(0.2)})
    if (count, interval_ms) == ALONE:
        found["cpu"] = share(1)
    return found


def cpu_us(pids, seconds):
    """{role: us a second}, the median of slices; pids: {role: [...]}."""
    used = {role: [] for role in pids}
    for _ in range(max(round(seconds / SLICE_S), 1)):
        begin, began = {role: cpu_ns(pids[role]) for role in pids}, time.monotonic()
        time.sleep(min(seconds, SLICE_S))
        lasted = time.monotonic() - began
        for role in pids:
            used[role].append((cpu_ns(pids[role]) - begin[role]) / 1e3 / lasted)
    return {role: statistics.median(each) for role, each in used.items()}


def measure_pair(agents, seconds, calls_seconds):
    """Yields (name, role, value, unit) of a pair that is at rest."""
    pids = {role: agents.pids(role) for role in ROLES}
    sent, began = agents.sent(), time.monotonic()
    used = cpu_us(pids, seconds)
    adverts_per_s = (agents.sent() - sent) / (time.monotonic() - began)
    for role in ROLES:
        memory = memory_mib(pids[role])
        yield "cpu", role, used[role] / 1e6 * 60, "s/min"
        yield "cpu per advert", role, used[role] / max(adverts_per_s, 1 / seconds), "us"
        yield "rss", role, memory["Rss"], "MiB"
        yield "pss", role, memory["Pss"], "MiB"
    for role in ROLES if calls_seconds else ():
        sent = agents.sent()
        calls = count_calls(pids[role], calls_seconds)
        if calls is not None:
            yield "syscalls per advert", role, calls / max(agents.sent() - sent, 1), "1"


def measure_pages(agents):
    """Yields (name, role, value, unit): what is cold when an advert comes or goes."""
    pids = {role: agents.pids(role) for role in ROLES}
    seen = {role: [] for role in ROLES}
    for _ in range(PAGES_TIMES):
        for role in ROLES:
            seen[role].append(sum(sum(found.values())
                                  for found in pages_touched(pids[role], PAGES_S)))
    for role in ROLES:
        yield "pages an advert touches", role, statistics.median(seen[role]), "1"


def one_pair(product, count, interval_ms, seconds, settle_s, calls_seconds):
    """The figures of a fresh pair."""
    with Many(product, count, interval_ms) as agents:
        agents.start(settle_s)
        began = time.time()
        figures = list(measure_pair(agents, seconds, calls_seconds))
        if (count, interval_ms) == ALONE:
            figures += measure_pages(agents)
        ended = time.time()
        if not agents.is_settled():
            raise Unmeasured("it lost its elections meanwhile, which is not what is measured")
        agents.stop()
        return began, ended, figures


def measure(bench):
    calls_seconds = 2 if shutil.which("perf") else 0
    settle_s = min(SETTLE_S, bench.plan.cost_seconds)
    for (count, interval_ms), turns in bench.plan.cost_turns.items():
        bounds = limits(count, interval_ms)

        def one_turn(product, run, size=(count, interval_ms), bounds=bounds):
            run.begin, run.end, figures = one_pair(
                product, *size, bench.plan.cost_seconds, settle_s, calls_seconds)
            for name, role, value, unit in figures:
                run.add(name, value, unit, bounds.get(name), case=f"{run.case}, {role}")

        def bare_turn(_product, run):
            with bare.Pair(ALONE[1]) as pair:
                time.sleep(settle_s)
                run.window()
                used = cpu_us(pair.pids, bench.plan.cost_seconds)
                run.close()
                pair.check()
            for role, value in used.items():
                run.add("cpu", value / 1e6 * 60, "s/min", case=f"{run.case}, {role}")

        bench.alternate(NAME, f"{count} x {interval_ms} ms", turns, one_turn, STANDS_S)
        if (count, interval_ms) == ALONE:
            bench.alternate(NAME, f"{count} x {interval_ms} ms", turns, bare_turn, STANDS_S,
                            products=(BARE,))
    add_growth(bench.results, bench.plan.cost_turns)


def add_growth(results, sizes):
    """From each size to the next larger one of the same interval: is it linear?"""
    rows = {row.case: row for row in results.find(NAME, "cpu per advert")}
    ordered = sorted((interval_ms, count) for count, interval_ms in sizes if count >= LINEAR_FROM)
    for (before_ms, few), (interval_ms, many) in zip(ordered, ordered[1:]):
        for role in ROLES if before_ms == interval_ms else ():
            small, large = (rows.get(f"{count} x {interval_ms} ms, {role}")
                            for count in (few, many))
            for product in PRODUCTS if small and large else ():
                if small.median(product) and large.median(product):
                    value = large.median(product) / small.median(product)
                    results.add(Figure(NAME, f"{few} to {many} x {interval_ms} ms, {role}",
                                       "growth of cpu per advert", "1", value, at_most(LINEAR)),
                                product, Value(value, 0, 0.0, small.is_disturbed(product) or
                                               large.is_disturbed(product)))


def expected(plan):
    return [(f"{count} x {interval_ms} ms, {role}", product)
            for count, interval_ms in plan.cost_turns for role in ROLES
            for product in ("vipd", "keepalived")]
