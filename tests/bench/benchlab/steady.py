"""Measure 4: how late adverts are, and how often the address moves though nobody failed.

Adverts every 10 ms, by the kernel's time stamps on the switch; idle, and with what keeps a machine
busy. Both products with the real-time priority that vipd's unit gives, and beside each other: what the
machine does in those minutes it does to both.
"""

import contextlib
import sys
import time

from vipdlab import strain

from . import pairs
from .results import at_most, share

NAME = "steadiness"
INTERVAL_MS = 10
# What the control may be late before a turn without pressure is no verdict.
STANDS_S = 0.003
# Under pressure it is what the machine cannot help: a stall as long as this deposes anybody.
STANDS_PRESSED_S = pairs.master_down_ms(INTERVAL_MS) / 1000 - INTERVAL_MS / 1000
CPUS_TIMES = 2
HOGS_MIB = 256

_MEMORY = f"""
import mmap
while True:
    area = mmap.mmap(-1, {HOGS_MIB} << 20)
    for at in range(0, len(area), 4096):
        area[at] = 1
    area.close()
"""
_DISK = """
import os, tempfile
with tempfile.TemporaryFile() as file:
    while True:
        file.seek(0)
        for _ in range(64):
            file.write(bytes(1 << 20))
        file.flush()
        os.fsync(file.fileno())
"""
_FORK = """
import os
while True:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
"""
_FLOOD = """
import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    try:
        sock.sendto(bytes(64), (sys.argv[1], 9))
    except OSError:
        pass
"""


def python(text, *words):
    return [sys.executable, "-c", text, *words]


def flooded(pair):
    """To a port of each node that nobody listens at: its kernel answers each datagram."""
    inside = ["ip", "netns", "exec", pair.lab.client.namespace]
    return [[*inside, *python(_FLOOD, node.address4)] for node in pair.nodes]


def pressure(kind, both, seconds):
    """The strain.Load of that kind."""
    count = CPUS_TIMES * strain.cpus()
    commands = {
        "idle": [],
        "cpu": [["sh", "-c", "while :; do :; done"]] * count,
        "memory": [python(_MEMORY)] * strain.cpus(),
        "disk": [python(_DISK)] * strain.cpus(),
        "fork": [python(_FORK)] * count,
        "softirq": [command for pair in both.values() for command in flooded(pair)],
    }[kind]
    return strain.Load(*commands, seconds_max=round(seconds) + 30)


def lateness_ms(adverts):
    """How much later than an interval after its predecessor each advert was."""
    times = [frame.time for frame in adverts]
    return sorted(max(0.0, (b - a) * 1000 - INTERVAL_MS) for a, b in zip(times, times[1:]))


def share_of(ordered, part):
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def moves(frames):
    """How often another node than before was the sender of the adverts. By priority 0 and 1 a vipd
    that does not hold the address tells something to the one who does."""
    ports = [frame.port for frame in frames if frame.priority > 1]
    return sum(a != b for a, b in zip(ports, ports[1:]))


def keep(run, product, frames, limit):
    """The figures of one product from its adverts."""
    # Until it moves for the first time, lest a move counts as a late advert.
    own = [f for f in frames if f.port == frames[0].port]
    late = lateness_ms(own)
    run.add("late p50", share_of(late, 0.5), "ms", product=product)
    run.add("late p99.9", share_of(late, 0.999), "ms", product=product)
    run.add("late max", late[-1], "ms", product=product)
    # There and back is one.
    run.add("false take-overs", (moves(frames) + 1) // 2, "1", limit, product)


def one_turn(kind, seconds, run):
    with contextlib.ExitStack() as stack:
        both = {product: stack.enter_context(pairs.make(product, INTERVAL_MS))
                for product in pairs.PAIRS}
        captures = {product: pair.lab.capture() for product, pair in both.items()}
        with pressure(kind, both, seconds):
            time.sleep(0.5)
            run.window()
            time.sleep(seconds)
            run.close()
        limit = at_most(0, on="max") if kind == "idle" else share(1)
        for product, capture in captures.items():
            frames = capture.adverts(since=run.begin, until=run.end)
            assert len(frames) > seconds, f"{product}: {len(frames)} adverts"
            keep(run, product, frames, limit)


def measure(bench):
    for kind in bench.plan.steady_pressures:
        def turn(_product, run, kind=kind):
            one_turn(kind, bench.plan.steady_seconds, run)
        bench.alternate(NAME, f"{INTERVAL_MS} ms, {kind}", bench.plan.steady_turns, turn,
                        STANDS_S if kind == "idle" else STANDS_PRESSED_S, products=("both",))


def expected(plan):
    return [(f"{INTERVAL_MS} ms, {kind}", product) for kind in plan.steady_pressures
            for product in pairs.PAIRS]
