"""What a thread runs from one wake-up to the next wait: the address of each instruction, by ptrace.

A count that no load of the machine changes: how much of a program has to be fetched anew for each
advert, when whatever else runs in the meantime has taken the caches.
"""

import ctypes
import os
import platform

PAGE_SIZE = 4096
LIMIT = 300_000  # instructions of one wake-up

# <sys/ptrace.h>, and struct user_regs_struct of x86-64.
SYSCALL, SINGLESTEP, GETREGS, DETACH, SEIZE, INTERRUPT = 24, 9, 12, 17, 0x4206, 0x4207
REGISTERS, RAX, RIP, ORIG_RAX = 27, 10, 16, 15
EPOLL_WAIT = 232
SYSCALL_CODE = b"\x0f\x05"

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def possible():
    return platform.machine() == "x86_64"


def _ptrace(request, tid, data=None):
    if libc.ptrace(request, tid, None, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request}")


class _Traced:
    """A thread that is stopped now and then, and goes on alone afterwards."""

    def __init__(self, tid):
        self.tid = tid
        self._registers = (ctypes.c_ulonglong * REGISTERS)()

    def __enter__(self):
        _ptrace(SEIZE, self.tid)
        _ptrace(INTERRUPT, self.tid)
        self._wait()
        return self

    def __exit__(self, *_):
        _ptrace(DETACH, self.tid)

    def _wait(self):
        _, status = os.waitpid(self.tid, 0x40000000)  # __WALL
        assert os.WIFSTOPPED(status), status

    def go_on(self, how):
        _ptrace(how, self.tid)
        self._wait()

    def registers(self):
        _ptrace(GETREGS, self.tid, self._registers)
        return self._registers

    def wait_for_return(self):
        """Until it has been woken: the end of a wait that was not in vain."""
        while True:
            self.go_on(SYSCALL)
            registers = self.registers()
            if registers[ORIG_RAX] == EPOLL_WAIT and 0 < registers[RAX] < 1000:
                return


def one_wake_up(tid):
    """The addresses of the instructions in order, to the next wait."""
    found = []
    with _Traced(tid) as thread, open(f"/proc/{tid}/mem", "rb", buffering=0) as memory:
        thread.wait_for_return()
        while len(found) < LIMIT:
            registers = thread.registers()
            found.append(registers[RIP])
            if registers[RAX] == EPOLL_WAIT and \
                    os.pread(memory.fileno(), 2, found[-1]) == SYSCALL_CODE:
                break
            thread.go_on(SINGLESTEP)
    return found


def pages(addresses, size=PAGE_SIZE):
    return {address // size for address in addresses}


def own(pid, addresses):
    """Those that are the program's own, not its libraries'."""
    program = os.path.realpath(f"/proc/{pid}/exe")
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        rows = [line.split() for line in file if line.rstrip().endswith(program)]
    ranges = [tuple(int(part, 16) for part in row[0].split("-")) for row in rows]
    return [a for a in addresses if any(begin <= a < end for begin, end in ranges)]
