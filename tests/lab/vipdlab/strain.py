"""What makes a machine busy, and the control that tells how late a program was bound to be."""

import json
import os
import signal
import subprocess
import sys

from . import netns

NOBODY = "65534"
SECONDS_MAX = 60

# As vipd's loop: real-time priority, a timer, nothing else. How late it is nobody can help.
_BARE_TIMER = """
import json, os, select, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(20))
late, step, due = [], 0.002, time.monotonic() + 0.002
while not select.select([0], [], [], 0)[0]:
    time.sleep(max(0, due - time.monotonic()))
    now = time.monotonic()
    if now - due > 0.005:
        late.append((time.time(), now - due))
    due = now + step
print(json.dumps(late))
"""

# What any local user may do, and a container host does all day: the kernel's RTNL lock is taken for
# each veth pair, and for long when many go at once.
_CHURN = """
i=0
(while [ $i -lt {pairs} ]; do
    echo link add d$i group 5 type veth peer name e$i
    i=$((i+1))
done) | ip -batch -
ip link del group 5
"""


class Control:
    """Bare timers beside what is tested: with Control() as control: ...; control.worst_s

    One on each CPU: a kernel that is not preemptible keeps whoever is woken on a CPU waiting until
    it is done there, and nobody chooses where that is.
    """

    def __enter__(self):
        self.late = []
        self._processes = [
            subprocess.Popen([sys.executable, "-c", _BARE_TIMER, str(cpu)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             preexec_fn=netns.die_with_parent)
            for cpu in os.sched_getaffinity(0)]
        return self

    def __exit__(self, *_):
        for process in self._processes:
            output, _ = process.communicate("\n", timeout=10)
            self.late += json.loads(output)

    @property
    def worst_s(self):
        """How late it was at worst, in seconds."""
        return max((late for _, late in self.late), default=0.0)


class Load:
    """Processes that keep the machine busy, in a session of their own, ended with the block."""

    def __init__(self, *commands, seconds_max=SECONDS_MAX):
        self._commands = commands
        self._seconds_max = seconds_max
        self._processes = []

    def __enter__(self):
        for command in self._commands:
            self._processes.append(subprocess.Popen(
                ["timeout", "--signal=KILL", str(self._seconds_max), *command],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True, preexec_fn=netns.die_with_parent))
        return self

    def __exit__(self, *_):
        for process in self._processes:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait(30)


def cpus():
    return len(os.sched_getaffinity(0))


def rtnl(users=2, pairs=2000):
    """Unprivileged users who make and delete network links in namespaces of their own."""
    loop = (f"end=$(($(date +%s) + {SECONDS_MAX})); while [ $(date +%s) -lt $end ]; do "
            f"unshare -Urn --kill-child sh -c '{_CHURN.format(pairs=pairs)}'; done")
    return Load(*[["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                   "sh", "-c", loop] for _ in range(users)])


def hogs(count):
    """Busy loops of ordinary priority."""
    return Load(*[["sh", "-c", f"ulimit -t {SECONDS_MAX}; while :; do :; done"]
                  for _ in range(count)])
