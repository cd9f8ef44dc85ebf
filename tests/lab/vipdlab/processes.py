"""Processes of this machine, found by what a test gave them."""

import os


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
