"""What a running vipd asks of the kernel and of the allocator for each advert."""

import os
import re
import signal
import struct
import subprocess
import time

from . import config, netns
from .node import BUILD

COUNTER = f"{BUILD}/tests/lab/allocations/libcount_allocations.so"


def many(count, priority, **keys):
    """Sections of `count` instances with an address each."""
    return [config.instance(f"i{i}", vrid=i + 1, priority=priority, addresses=f"10.78.0.{i + 1}/32",
                            **keys) for i in range(count)]


def held(node):
    return sum(a.address.startswith("10.78.") for a in node.addresses())


def frames(node, direction="sent"):
    """Frames that eth0 has sent or received."""
    with open(f"/proc/{node.process.pid}/net/dev", encoding="ascii") as file:
        fields = re.search(r"eth0:\s*(.*)", file.read())[1].split()
    return int(fields[9 if direction == "sent" else 1])


def wake_ups(node):
    """How often its threads have waited for something, and got it."""
    tasks = f"/proc/{node.process.pid}/task"
    total = 0
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/status", encoding="ascii") as file:
            total += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(), re.M)[1])
    return total


def pages(path):
    """{what is mapped and how: pages touched} of a smaps; "[heap] rw-p", "vipd r-xp", "rw-p"."""
    found, name = {}, None
    with open(path, encoding="ascii") as file:
        for line in file:
            fields = line.split()
            if not fields[0].endswith(":"):
                name = " ".join([*(os.path.basename(f) for f in fields[5:6]), fields[1]])
            elif fields[0] == "Referenced:" and int(fields[1]):
                found[name] = found.get(name, 0) + int(fields[1]) * 1024 // os.sysconf("SC_PAGESIZE")
    return found


def pages_touched(pids, seconds):
    """[what pages() says] of what each of them touches in that time.

    Of a library's pages the kernel also counts those that other programs have just let go of.
    """
    for pid in pids:
        with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("1")
    time.sleep(seconds)
    return [pages(f"/proc/{pid}/smaps") for pid in pids]


class Allocations:
    """For a vipd that is started with allocations.env: how often its loop has allocated."""

    def __init__(self, node):
        self._path = f"{node.directory}/allocations"
        self.env = {**os.environ, "LD_PRELOAD": COUNTER, "COUNT_ALLOCATIONS": self._path}

    def count(self):
        with open(self._path, "rb") as file:
            return struct.unpack("=Q", file.read(8))[0]


def count_calls(node, seconds):
    """{name: how many} of the system calls of all threads in that time, by strace -c."""
    command = ["timeout", "-s", "INT", str(seconds), "strace", "-f", "-c", "-qq", "-p",
               str(node.process.pid)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=seconds + 30, check=False, preexec_fn=netns.die_with_parent)
    rows = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", done.stderr, re.M)
    assert rows and done.returncode in (0, 124, -signal.SIGINT), done.stderr
    return {name: int(count) for count, name in rows if name != "total"}
