"""The control: bare real-time timers beside the agents, one on each CPU, while a bench runs.

How late such a timer is nobody can help: the machine itself stood still. A run in which it was late
is no verdict on an agent. As a program: `control.py FILE CPU` writes a line "end late" (seconds)
for each wake-up that was late by more than a quarter of a millisecond, until its parent is gone.
"""

import os
import subprocess
import sys
import time

STEP_S = 0.002
WORTH_NOTING_S = 0.00025
PRIORITY = 60  # above the agents: what they do to each other is theirs


class Control:
    """with Control(directory) as control: ...; control.late_s(begin, end)"""

    def __init__(self, directory):
        self._path = f"{directory}/control"
        self._processes = []

    def __enter__(self):
        with open(self._path, "w", encoding="ascii"):
            pass
        for cpu in sorted(os.sched_getaffinity(0)):
            self._processes.append(subprocess.Popen(
                [sys.executable, os.path.abspath(__file__), self._path, str(cpu)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True))
        for process in self._processes:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("the control did not start")
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.kill()
            process.communicate()

    def late_s(self, begin, end):
        """How late it was at worst between these times (time.time())."""
        time.sleep(2 * STEP_S)
        worst = 0.0
        with open(self._path, encoding="ascii") as file:
            for line in file:
                words = line.split()
                if len(words) != 2 or not line.endswith("\n"):
                    continue
                woke, late = float(words[0]), float(words[1])
                if woke >= begin and woke - late <= end:
                    worst = max(worst, late)
        return worst


def main(path, cpu):
    parent = os.getppid()
    os.sched_setaffinity(0, {int(cpu)})
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except PermissionError:
        pass  # an ordinary timer, which is late more often
    print("ready", flush=True)
    with open(path, "a", encoding="ascii", buffering=1) as file:
        while os.getppid() == parent:
            due = time.monotonic() + STEP_S
            time.sleep(STEP_S)
            late = time.monotonic() - due
            if late > WORTH_NOTING_S:
                file.write(f"{time.time():.6f} {late:.6f}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
