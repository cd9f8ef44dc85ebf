"""Network namespaces: names that tell their owner, sockets inside them, and their removal."""

import ctypes
import os
import re
import signal
import subprocess
import threading
import time

CLONE_NEWNET = 0x40000000
MNT_DETACH = 2
PR_SET_PDEATHSIG = 1
RUN_DIR = "/run/netns"
# vipdlab{pid of the test process}-{lab number}-{node}: a sweep can tell whose owner is dead.
NAME = re.compile(r"^vipdlab(\d+)-\d+-\w+$")

_libc = ctypes.CDLL(None, use_errno=True)


def run(*command, check=True, text_in=None, timeout=30):
    """Runs a command and returns its CompletedProcess; output is part of the error."""
    done = subprocess.run([str(c) for c in command], input=text_in, capture_output=True, text=True,
                          timeout=timeout, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}\n"
                           f"{done.stdout}{done.stderr}")
    return done


def ip_batch(lines, namespace=None):
    """Runs ip commands, one a line, in one process."""
    where = ["-n", namespace] if namespace else []
    run("ip", *where, "-batch", "-", text_in="\n".join(lines) + "\n")


def die_with_parent():
    """For preexec_fn: the child does not outlive the test process, however that ends."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def inside(namespace, function):
    """Calls function() in the namespace, in a thread made for it. Sockets stay in there."""
    box = {}

    def body():
        try:
            fd = os.open(f"{RUN_DIR}/{namespace}", os.O_RDONLY | os.O_CLOEXEC)
            try:
                if _libc.setns(fd, CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), f"setns {namespace}")
            finally:
                os.close(fd)
            box["result"] = function()
        except BaseException as error:  # handed to the caller below
            box["error"] = error

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if "error" in box:
        raise box["error"]
    return box["result"]


def sysctl(namespace, **values):
    """Sets net sysctls; two underscores stand for a dot: net__ipv4__ip_forward=1."""
    def write():
        for key, value in values.items():
            with open("/proc/sys/" + key.replace("__", "/"), "w", encoding="ascii") as file:
                file.write(str(value))
    inside(namespace, write)


def names():
    try:
        return sorted(os.listdir(RUN_DIR))
    except FileNotFoundError:
        return []


def add(*namespaces):
    """Makes network namespaces."""
    ip_batch([f"netns add {name}" for name in namespaces])


def _pids(namespaces):
    """The processes in them. By hand: `ip netns pids` is a process for each namespace and reads
    all of /proc each time."""
    wanted = {(at.st_dev, at.st_ino)
              for at in (os.stat(f"{RUN_DIR}/{name}") for name in namespaces)}
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            at = os.stat(f"/proc/{pid}/ns/net")
        except OSError:
            continue  # it has ended
        if (at.st_dev, at.st_ino) in wanted:
            found.append(int(pid))
    return found


def remove(*namespaces):
    """Ends what still runs in the namespaces and deletes them. Never raises."""
    try:
        for _ in range(50):
            pids = _pids(namespaces)
            if not pids:
                break
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.02)
    except OSError as error:
        print(f"cannot end what runs in {' '.join(namespaces)}: {error}")
    for name in namespaces:
        # As `ip netns del` does it.
        _libc.umount2(f"{RUN_DIR}/{name}".encode(), MNT_DETACH)
        try:
            os.unlink(f"{RUN_DIR}/{name}")
        except OSError as error:
            print(f"cannot remove namespace {name}: {error}")


def sweep():
    """Removes namespaces of labs whose test process is gone."""
    for name in names():
        match = NAME.match(name)
        if match and not os.path.exists(f"/proc/{match.group(1)}"):
            remove(name)
