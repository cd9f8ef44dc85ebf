"""Who answers for an address, asked of the kernel every millisecond, and for how long.

A raw socket can be bound again and again, and binding says at once whether the address is local:
some microseconds, however many other addresses the node has.
"""

import errno
import socket
import threading
import time
from dataclasses import dataclass

from vipdlab import netns

UNUSED_PROTOCOL = 253  # RFC 3692: nothing is received


@dataclass(frozen=True)
class Span:
    """A time in which the same reachable nodes held the address."""
    start: float
    end: float
    holders: frozenset

    @property
    def seconds(self):
        return self.end - self.start


class Holders:
    """Samples in a thread until close(). A node that a fault cuts off from everybody is told with
    reachable(): it may hold what it likes, nobody hears it."""

    def __init__(self, machines, address, interval=0.001):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._address = address
        self._interval = interval
        self._sockets = {m.name: netns.inside(m.namespace, lambda: socket.socket(
            family, socket.SOCK_RAW, UNUSED_PROTOCOL)) for m in machines}
        self._held = [(time.time(), self._look())]
        self._cut = [(0.0, frozenset())]
        self._end = None
        self._last = time.time()
        self._lock = threading.Lock()
        self.coarsest = 0.0  # longest time between two samples: no figure is better than that
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _holds(self, sock):
        try:
            sock.bind((self._address, 0))
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            return False
        return True

    def _look(self):
        return frozenset(name for name, sock in self._sockets.items() if self._holds(sock))

    def _sample(self):
        """The nodes are asked one after the other, and somebody else may run meanwhile: what is new
        counts when it is seen twice in a row."""
        with self._lock:
            if self._stop.is_set():
                return
            last = before = self._held[-1][1]
            seen, now = self._look(), time.time()
            while seen not in (before, last):
                now, before = time.time(), seen
                seen = self._look()
            self.coarsest = max(self.coarsest, now - self._last)
            self._last = now
            if seen != last:
                self._held.append((now, seen))

    def _run(self):
        while not self._stop.wait(self._interval):
            self._sample()

    def close(self):
        if self._end is None:
            self._end = time.time()
            self._stop.set()
            self._thread.join(5)
            for sock in self._sockets.values():
                sock.close()

    def now(self):
        """Names of the nodes that hold it, cut off or not."""
        self._sample()
        return self._held[-1][1]

    def reachable(self, machine, yes):
        """From this moment on the node can, or cannot, be reached by anybody."""
        cut = self._cut[-1][1]
        self._cut.append((time.time(), cut - {machine.name} if yes else cut | {machine.name}))

    def spans(self, since=0.0, until=None):
        """The times with the same reachable holders, in order, without overlap."""
        self._sample()
        until = until or self._end or time.time()
        edges = sorted({when for when, _ in self._held + self._cut if since < when < until})
        found = []
        for start, end in zip([since, *edges], [*edges, until]):
            holders = _at(self._held, start) - _at(self._cut, start)
            if found and found[-1].holders == holders:
                found[-1] = Span(found[-1].start, end, holders)
            else:
                found.append(Span(start, end, holders))
        return found


def _at(changes, when):
    """The value that held at that moment."""
    value = changes[0][1]
    for since, new in changes:
        if since > when:
            break
        value = new
    return value


def longest(spans, wanted):
    """Length of the longest run of spans whose number of holders is wanted(), seconds."""
    best = run = 0.0
    for span in spans:
        run = run + span.seconds if wanted(len(span.holders)) else 0.0
        best = max(best, run)
    return best


def longest_none(spans):
    return longest(spans, lambda count: count == 0)


def longest_two(spans):
    return longest(spans, lambda count: count >= 2)


def timeline(spans):
    """Text, one span a line, times from the first one."""
    if not spans:
        return "nothing was sampled"
    return "\n".join(f"{s.start - spans[0].start:9.3f} s  {s.seconds:8.3f} s  "
                     f"{' and '.join(sorted(s.holders)) or 'nobody'}" for s in spans)
