"""The kernel's OOM killer, let loose on one process in a small memory cgroup."""

import os
import subprocess
import sys
import time

from vipdlab.netns import die_with_parent

LIMIT_BYTES = 24 << 20
# Eats memory that is nobody's resident set, so that it is not the hog which looks largest. Bounded,
# should the limit not hold.
HOG = """
import os, sys, time
with open(sys.argv[1] + "/cgroup.procs", "w") as file:
    file.write(str(os.getpid()))
eaten = os.memfd_create("eaten")
for _ in range(2000):
    os.write(eaten, bytes(65536))
time.sleep(60)
"""


class Unavailable(Exception):
    """No memory cgroup can be made here."""


def _parent():
    """(directory in which a memory cgroup can be made, its version)."""
    if os.path.exists("/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        return "/sys/fs/cgroup/memory", 1
    try:
        with open("/sys/fs/cgroup/cgroup.subtree_control", encoding="ascii") as file:
            if "memory" in file.read().split():
                return "/sys/fs/cgroup", 2
    except OSError:
        pass
    raise Unavailable("no memory controller under /sys/fs/cgroup")


def _write(path, value):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))


class MemoryGroup:
    """with MemoryGroup(name) as group: group.oom_kill(pid)"""

    def __init__(self, name):
        parent, self._version = _parent()
        self.path = f"{parent}/{name}"
        self._home = f"{parent}/cgroup.procs"

    def __enter__(self):
        try:
            os.mkdir(self.path)
            limit = "memory.limit_in_bytes" if self._version == 1 else "memory.max"
            _write(f"{self.path}/{limit}", LIMIT_BYTES)
        except OSError as error:
            self.__exit__()
            raise Unavailable(f"no memory cgroup can be made: {error}") from error
        return self

    def __exit__(self, *_):
        if not os.path.isdir(self.path):
            return
        with open(f"{self.path}/cgroup.procs", encoding="ascii") as file:
            for pid in file.read().split():
                _write(self._home, pid)
        deadline = time.monotonic() + 5
        while True:
            try:
                os.rmdir(self.path)
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def kills(self):
        """How many processes of the group the kernel has killed for want of memory."""
        name = "memory.oom_control" if self._version == 1 else "memory.events"
        with open(f"{self.path}/{name}", encoding="ascii") as file:
            counts = dict(line.split() for line in file)
        return int(counts["oom_kill"])

    def oom_kill(self, pid, timeout=10):
        """Puts the process into the group and uses the group's memory up. True when the kernel has
        killed it."""
        before = self.kills()
        _write(f"{self.path}/cgroup.procs", pid)
        _write(f"/proc/{pid}/oom_score_adj", 1000)  # the first to go
        hog = subprocess.Popen([sys.executable, "-c", HOG, self.path],
                               stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        try:
            deadline = time.monotonic() + timeout
            while self.kills() == before and time.monotonic() < deadline:
                time.sleep(0.001)
            return self.kills() > before
        finally:
            hog.kill()
            hog.wait()
