"""What the thread that adverts asks of the kernel (strace), and which of it could make it wait."""

import os
import re
import signal
import subprocess

from . import netns

_TRACED = ("sendto,sendmsg,sendmmsg,socket,setsockopt,connect,ioctl,mmap,close,%file,getdents64,"
           "write,writev,pwrite64,fsync,fdatasync,sync,syncfs,ftruncate,fallocate,flock,poll,"
           "ppoll,select,pselect6,nanosleep,clock_nanosleep,wait4,waitid")
_LINE = re.compile(r"(\d+) +(\w+)\((.*)")
_END = re.compile(r"(\d+) +<\.\.\. (\w+ resumed)>(.*)")  # of a call during which others called
_FD = re.compile(r"(\d+)<(.*?)>(?:[,)\s]|$)")
# Asked of the routing tables, which do not need the lock that all other requests take.
_UNLOCKED = {"RTM_GETROUTE"}
# strace cannot always tell that a socket is rtnetlink's.
_TYPES = {"0x10": "RTM_NEWLINK", "0x11": "RTM_DELLINK", "0x12": "RTM_GETLINK",
          "0x13": "RTM_SETLINK", "0x14": "RTM_NEWADDR", "0x15": "RTM_DELADDR",
          "0x16": "RTM_GETADDR", "0x1a": "RTM_GETROUTE"}
_RTNL_OPTIONS = re.compile(r"\b(IPV?6?_(ADD|DROP|JOIN|LEAVE)_(MEMBERSHIP|GROUP|SOURCE_MEMBERSHIP)"
                           r"|MCAST_\w+|PACKET_(RX_RING|TX_RING|ADD_MEMBERSHIP|FANOUT))\b")
_LOOKUP = re.compile(r"htons\(53\)|nscd|systemd\.resolve|/resolve/|/userdb/")
_FILES = {"open", "openat", "openat2", "creat", "stat", "lstat", "newfstatat", "statx", "access",
          "faccessat", "faccessat2", "readlink", "readlinkat", "rename", "renameat", "renameat2",
          "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "link", "linkat", "symlink",
          "symlinkat", "chmod", "fchmodat", "chown", "fchownat", "truncate", "statfs", "utimensat",
          "getdents64", "fsync", "fdatasync", "sync", "syncfs", "ftruncate", "fallocate"}
_WRITES = {"write", "writev", "pwrite64"}
_SLEEPS = {"nanosleep", "clock_nanosleep"}
_STDERR = "2"


class Call:
    """One line of strace."""

    def __init__(self, text):
        found = _LINE.match(text) or _END.match(text)
        self.text = text.strip()
        self.thread, self.name, self.arguments = (
            (int(found[1]), found[2], found[3]) if found else (0, "", ""))
        fd = _FD.match(self.arguments)
        self.fd, self.what = (fd[1], fd[2]) if fd else ("", "")

    def _netlink(self):
        types = {_TYPES.get(t, t) for t in re.findall(r"nlmsg_type=(\w+)", self.arguments)}
        asked = types - _UNLOCKED if types else {"a request that strace cannot read"}
        return f"asks rtnetlink: {', '.join(sorted(asked))}" if asked else None

    def _file(self):
        paths = re.findall(r'"([^"]*)"', self.arguments) + [p for p in [self.what] if p]
        # An empty path with a descriptor: fstat.
        if self.name == "newfstatat" and '""' in self.arguments:
            return None
        if paths and all(p.startswith("/proc/sys/") for p in paths):
            return None
        return f"touches a file: {self.name} {' '.join(p for p in paths if p)}"

    def _sleep(self):
        if self.name in ("wait4", "waitid"):
            return None if "WNOHANG" in self.arguments else "waits for a process"
        if self.name == "flock":
            return None if "LOCK_NB" in self.arguments else "waits for a lock"
        if self.name in _SLEEPS:
            return "sleeps"
        still = re.search(r"(, 0|\{tv_sec=0, tv_[un]sec=0\}.*)\)? *(=|<unfinished|$)",
                          self.arguments)
        return None if still else f"waits in {self.name}"

    def waits(self, own=()):
        """How this call could make its thread wait, or None. `own`: descriptors of sockets that the
        thread has opened itself, so that they are in no group."""
        if self.name.startswith("send") and self.what.startswith("NETLINK:["):
            return self._netlink()
        if self.name == "setsockopt" and _RTNL_OPTIONS.search(self.arguments):
            return f"setsockopt {_RTNL_OPTIONS.search(self.arguments)[0]}"
        if self.name == "ioctl" and "SIOC" in self.arguments:
            return "asks a network interface by ioctl"
        if self.name == "mmap" and re.search(r"\d+<(PACKET|socket)", self.arguments):
            return "maps a packet ring"
        if self.name == "close" and self.what.startswith(("PACKET", "RAW")) and self.fd not in own:
            return f"closes a socket: {self.what}"
        if self.name == "connect" and _LOOKUP.search(self.arguments):
            return "asks a name service"
        if self.name in _FILES:
            return self._file()
        if self.name in _WRITES and self.what.startswith("/") and self.fd != _STDERR and \
                not self.what.startswith(("/dev/", "/proc/sys/")):
            return f"writes to a file: {self.what}"
        if self.name in _SLEEPS | {"wait4", "waitid", "flock", "poll", "ppoll", "select",
                                   "pselect6"}:
            return self._sleep()
        return None


def waiting(calls):
    """(how, call) of those calls of one thread that could have made it wait."""
    own, found = set(), []
    for call in calls:
        opened = re.search(r"= (\d+)<(PACKET|RAW)", call.text)
        if call.name in ("socket", "socket resumed") and opened:
            own.add(opened[1])
        how = call.waits(own)
        if how:
            found.append((how, call))
        if call.name == "close":
            own.discard(call.fd)
    return found


class Calls:
    """Watches the node's vipd: with Calls(node) as calls: ...; calls.of_loop, calls.of_others."""

    def __init__(self, node):
        self._pid = node.process.pid
        self._namespace = node.namespace
        self._path = f"{node.directory}/calls"
        self._process = None
        self.of_loop, self.of_others = [], []

    def _attached(self):
        tasks = os.listdir(f"/proc/{self._pid}/task")
        states = []
        for task in tasks:
            with open(f"/proc/{self._pid}/task/{task}/status", encoding="ascii") as file:
                states.append(re.search(r"TracerPid:\t(\d+)", file.read())[1])
        return states and "0" not in states

    def start(self, lab):
        # Inside, for strace asks the kernel of its own namespace what a socket is.
        self._process = subprocess.Popen(
            ["ip", "netns", "exec", self._namespace, "strace", "-f", "-yy", "-s", "256", "-qqq",
             "-e", f"trace={_TRACED}", "-e", "signal=none", "-o", self._path,
             "-p", str(self._pid)],
            stdin=subprocess.DEVNULL, preexec_fn=netns.die_with_parent)
        lab.wait(self._attached, "strace is attached to every thread")
        return self

    def stop(self):
        """Ends it and reads what it saw."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)
        with open(self._path, encoding="utf-8", errors="replace") as file:
            calls = [Call(line) for line in file]
        self.of_loop = [c for c in calls if c.thread == self._pid]
        self.of_others = [c for c in calls if c.thread not in (0, self._pid)]
        return self

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
