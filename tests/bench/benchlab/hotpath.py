"""Measure 6: what one advert takes: instructions of the program itself, and allocations.

Instructions are counted by callgrind, in user space, of one role at a time, while the other one
runs as it always does. System calls are in measure 3.
"""

import glob
import re
import shutil
import subprocess
import time

from vipdlab.cost import Allocations

from .frame import Unmeasured
from .many import ROLES, Many
from .results import at_most

NAME = "hot path"
INTERVAL_MS = 100
CALLGRIND = ("valgrind", "--tool=callgrind", "--instr-atstart=no", "--quiet")
# keepalived is started by another program, and what it forks does the work.
FOLLOW = {"vipd": (), "keepalived": ("--trace-children=yes",)}
SETTLE_S = 3
WATCH_S = 4


def wait_roles(agents):
    """Both run and are at rest, with the patience that valgrind needs for its start."""
    for role in ROLES:
        agents.lab.wait(lambda role=role: agents.runs(role), f"the {role} answers", 90, 0.5)
    agents.lab.wait(agents.is_settled, f"{agents.product}: the pair is at rest", 90, 0.5)


def control(pids, *order):
    subprocess.run(["callgrind_control", *order, *map(str, pids)], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


def counted(directory):
    """Instructions of all processes up to their first dump."""
    total = 0
    for path in glob.glob(f"{directory}/callgrind.*.1"):
        with open(path, encoding="utf-8", errors="replace") as file:
            total += sum(int(n) for n in re.findall(r"^(?:summary|totals): (\d+)", file.read(),
                                                    re.M)[:1])
    return total


def instructions(product, role, count, seconds, run):
    """Of one role, for each advert on the wire."""
    with Many(product, count, INTERVAL_MS) as agents:
        machine = agents.machines[role]
        watched = (*CALLGRIND, *FOLLOW[product],
                   f"--callgrind-out-file={machine.directory}/callgrind.%p")
        for each in ROLES:
            agents.spawn(each, watched if each == role else ())
        wait_roles(agents)
        time.sleep(SETTLE_S)
        run.window()
        pids = agents.pids(role)
        before = agents.sent()
        control(pids, "-i", "on")
        time.sleep(seconds)
        control(pids, "-d")
        adverts = agents.sent() - before
        run.close()
        agents.stop()
        total = counted(machine.directory)
        if not total or not adverts:
            raise Unmeasured(f"{total} instructions, {adverts} adverts")
        run.add("instructions per advert", total / adverts, "1", case=f"{run.case}, {role}")


def allocations(role, count, run):
    """Of the thread that adverts, while leases are renewed as they are by default."""
    with Many("vipd", count, INTERVAL_MS) as agents:
        machine = agents.machines[role]
        counter = Allocations(machine)
        for each in ROLES:
            agents.spawn(each, env=counter.env if each == role else None)
        wait_roles(agents)
        time.sleep(SETTLE_S)
        run.window()
        before, sent = counter.count(), agents.sent()
        time.sleep(WATCH_S)
        allocated, adverts = counter.count() - before, agents.sent() - sent
        run.close()
        run.add("allocations", allocated, f"in {WATCH_S} s", at_most(0, on="max"),
                case=f"{run.case}, {role}")
        run.add("adverts meanwhile", adverts, "1", case=f"{run.case}, {role}")


def case_of(plan):
    return f"{plan.hot_instances} x {INTERVAL_MS} ms"


def measure(bench):
    plan = bench.plan
    for role in ROLES:
        def one_turn(product, run, role=role):
            instructions(product, role, plan.hot_instances, plan.callgrind_seconds, run)

        if plan.callgrind_seconds and shutil.which("callgrind_control"):
            bench.alternate(NAME, case_of(plan), 1, one_turn, float("inf"))
        if plan.callgrind_seconds:
            bench.once(NAME, case_of(plan), 0, "vipd",
                       lambda _, run, role=role: allocations(role, plan.hot_instances, run),
                       float("inf"))


def expected(plan):
    if not plan.callgrind_seconds:
        return []
    return [(f"{case_of(plan)}, {role}", "vipd") for role in ROLES]
