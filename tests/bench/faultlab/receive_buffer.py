"""The netlink sockets of another process: made small, so that they truly overrun."""

import ctypes
import os
import re
import socket

SYS_PIDFD_GETFD = 438  # the same number on every architecture
SMALLEST_BYTES = 1     # the kernel raises it to the least it allows

_libc = ctypes.CDLL(None, use_errno=True)


def _table(pid):
    """inode -> (groups, drops) of the routing sockets in the process's namespace."""
    found = {}
    with open(f"/proc/{pid}/net/netlink", encoding="ascii") as file:
        for line in file.readlines()[1:]:
            _, protocol, _, groups, _, _, _, _, drops, inode = line.split()
            if int(protocol) == 0:
                found[int(inode)] = (int(groups, 16), int(drops))
    return found


def _listening(pid):
    """(fd, drops) of the process's sockets that hear of changes."""
    table = _table(pid)
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            match = re.match(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            continue
        groups, drops = table.get(int(match.group(1)), (0, 0)) if match else (0, 0)
        if groups:
            yield int(fd), drops


def shrink(pid):
    """Makes the receive buffers as small as the kernel allows. Returns how many there are."""
    pidfd = os.pidfd_open(pid)
    count = 0
    try:
        for fd, _ in _listening(pid):
            copy = _libc.syscall(SYS_PIDFD_GETFD, pidfd, fd, 0)
            if copy < 0:
                raise OSError(ctypes.get_errno(), f"pidfd_getfd of {pid}:{fd}")
            with socket.socket(fileno=copy) as shared:
                shared.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALLEST_BYTES)
            count += 1
    finally:
        os.close(pidfd)
    return count


def drops(pid):
    """How many notifications the process has lost."""
    return sum(lost for _, lost in _listening(pid))
