"""The least that one instance can cost: a program that only sends, and one that only hears."""

import subprocess
import time

from vipdlab.lab import Lab
from vipdlab.node import BUILD

from .frame import Unmeasured
from .many import ROLES
from .pairs import REALTIME

PROGRAM = f"{BUILD}/tests/bench/bare/bare_advert"


def woken(pid):
    """How often it has waited."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file
                    if line.startswith("voluntary_ctxt_switches"))


class Pair:
    """`with Pair(interval_ms) as pair`: pair.pids as those of Many, by role."""

    def __init__(self, interval_ms):
        self.interval_ms = interval_ms
        self.lab = Lab(nodes=2)
        self._processes = {}

    def __enter__(self):
        orders = {"master": ("send", "eth0", str(self.interval_ms)), "backup": ("hear", "eth0")}
        try:
            for role, machine in zip(ROLES, self.lab.nodes):
                self._processes[role] = subprocess.Popen(
                    ["ip", "netns", "exec", machine.namespace, *REALTIME, PROGRAM, *orders[role]])
        except BaseException:
            self.__exit__()
            raise
        self._began = time.monotonic()
        return self

    def __exit__(self, *_):
        for process in self._processes.values():
            process.kill()
            process.wait()
        self.lab.close()

    @property
    def pids(self):
        return {role: [process.pid] for role, process in self._processes.items()}

    def check(self):
        """Both did what they are for, about as often as they should have."""
        due = (time.monotonic() - self._began) * 1000 / self.interval_ms
        for role, process in self._processes.items():
            times = woken(process.pid) if process.poll() is None else 0
            if not due / 2 < times < 2 * due + 10:
                raise Unmeasured(f"the bare {role} was woken {times} times of {due:.0f}")
