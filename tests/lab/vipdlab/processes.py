"""Processes of this machine: found by what a test gave them, and as punctual as vipd is."""

import functools
import os
import subprocess


def processes_with(mark, where="cmdline"):
    """Those whose command line (or "environ") has the mark."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/{where}", "rb") as file:
                if mark.encode() in file.read():
                    found.append(int(pid))
        except OSError:
            pass
    return found


@functools.cache
def realtime():
    """Before a command: it gets vipd's priority, where that is permitted."""
    chrt = ("chrt", "-f", "20")
    return chrt if subprocess.run([*chrt, "true"], capture_output=True, check=False).returncode == 0 \
        else ()
