"""A process inside a host's namespaces, as if it were a child of ours."""

import os
import signal
import subprocess
import time

from vipdlab import netns


class Process(subprocess.Popen):
    """Its pid is that of nsenter, which waits for the program proper and ends as that does;
    signals go to the program."""

    def __init__(self, holder, command, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        super().__init__(enter(holder) + [str(c) for c in command],
                         preexec_fn=netns.die_with_parent, **options)

    def inner(self):
        """The pid of the program, as seen from outside."""
        deadline = time.monotonic() + 5
        while self.poll() is None and time.monotonic() < deadline:
            with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as file:
                children = file.read().split()
            if children:
                return int(children[0])
            time.sleep(0.005)
        return None

    def send_signal(self, sig):
        pid = self.inner()
        if pid is None:
            return
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            pass
        if sig in (signal.SIGCONT, signal.SIGKILL) and self.poll() is None:
            os.kill(self.pid, signal.SIGCONT)  # nsenter stops when the program does

    def end(self, number=signal.SIGTERM, timeout=20):
        """Sends that signal, waits, and kills what does not end. Returns the exit code."""
        self.send_signal(number)
        try:
            return self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.wait(5)


def enter(holder):
    """The command that runs another one inside the namespaces of the process `holder`."""
    return ["nsenter", "--target", str(holder), "--mount", "--uts", "--ipc", "--net", "--pid",
            "--wdns=/", "--"]
