"""Watching from outside: what is on the wire and who holds an address, with times.

Both run in a thread of the test process; times are time.time(), as in the probe. On a busy machine
that thread is behind: who asks takes in himself what there is until then.
"""

import collections
import ctypes
import select
import socket
import struct
import threading
import time

from . import netns, wire
from .rtnl import AddressReader

SO_TIMESTAMPNS = 35
SO_RCVBUFFORCE = 33
SO_ATTACH_FILTER = 26
ETH_P_ALL = 3
PACKET_OUTGOING = 4
PACKET_TYPE, INTERFACE_INDEX = 0xFFFFF004, 0xFFFFF008  # SKF_AD_OFF + SKF_AD_...
PACKET_STATISTICS = 6
SOL_PACKET = 263
FRAMES_MAX = 500_000


def _filter(skipped):
    """Drops in the kernel what is not watched, so that a flood does not push out what is: frames
    that leave the switch (each has entered it before), UDP (the probes), those of the interfaces
    to skip."""
    # Jump offsets count from the next instruction.
    keep_or_drop = [
        (0x28, 0, 0, 12),
        (0x15, 2, 0, 0x0800),   # IPv4 -> 5
        (0x15, 3, 0, 0x86DD),   # IPv6 -> 7
        (0x06, 0, 0, 0xFFFF),   # keep
        (0x30, 0, 0, 23),
        (0x15, 2, 3, 17),       # -> 9 drop, else 10 keep
        (0x30, 0, 0, 20),
        (0x15, 0, 1, 17),       # -> 9 drop, else 10 keep
        (0x06, 0, 0, 0),
        (0x06, 0, 0, 0xFFFF),
    ]
    drop = 8
    looked = [(0x15, len(skipped) - i - 1 + drop, 0, index) for i, index in enumerate(skipped)]
    code = [(0x28, 0, 0, PACKET_TYPE), (0x15, 1 + len(looked) + drop, 0, PACKET_OUTGOING),
            (0x20, 0, 0, INTERFACE_INDEX), *looked, *keep_or_drop]
    return b"".join(struct.pack("=HBBI", *c) for c in code), len(code)


def _skipped(skip):
    """Indexes of the port to skip and of the bridges, which are given once more what has come in at
    any port; of the namespace of who calls."""
    return [index for index, name in socket.if_nameindex() if name == skip or name.startswith("br")]


class Capture:
    """All frames (but UDP, and those of the port to skip) as they enter the switch, with the port
    they came from."""

    def __init__(self, namespace, ports, skip=None):
        self._ports = set(ports)
        self._raw = collections.deque(maxlen=FRAMES_MAX)
        self._stop = threading.Event()
        self._socket = netns.inside(namespace, lambda: socket.socket(
            socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        program, length = _filter(netns.inside(namespace, lambda: _skipped(skip)))
        self._program = ctypes.create_string_buffer(program)
        self._socket.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER,
            struct.pack("HL", length, ctypes.addressof(self._program)))
        self._socket.setblocking(False)
        self._lock = threading.Lock()  # what is received is kept before anyone else receives
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN)
        while not self._stop.is_set():
            if waiting.poll(50):
                self._take_in()

    def _take_in(self):
        """All that the kernel has delivered until now: not more, for it may never end."""
        now = time.time()
        with self._lock:
            while not self._stop.is_set() and self._take_one() < now:
                pass

    def _take_one(self):
        """Keeps the next frame, if it is one to be kept; returns its time. There is none: infinity."""
        try:
            data, control, _, where = self._socket.recvmsg(65536, 256)
        except OSError:  # one that is told of an interface that goes down, too
            return float("inf")
        when = time.time()
        for level, kind, value in control:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("qq", value[:16])
                when = seconds + nanoseconds / 1e9
        port, _, direction = where[:3]
        if direction != PACKET_OUTGOING and port in self._ports:
            self._raw.append((when, port, data))
        return when

    def _kept(self):
        """All until now: (time, port, octets)."""
        self._take_in()
        return list(self._raw)

    def close(self):
        self._take_in()
        self._stop.set()
        self._thread.join(2)
        self._socket.close()

    def counts(self):
        """How many frames the filter has kept, and for how many of them the kernel had no room;
        since the last call."""
        return struct.unpack("II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))

    def missed(self):
        """How many frames the kernel had no room for, since the last call."""
        return self.counts()[1]

    def frames(self, port=None, kind=None, since=0.0, until=float("inf"), **fields):
        """Frames so far that match: frames(port='n1', kind='vrrp', vrid=51, priority=0)."""
        found = []
        for when, where, data in self._kept():
            if not since <= when <= until or (port and where != port):
                continue
            frame = wire.read(data, when, where)
            if kind and frame.kind != kind:
                continue
            if all(getattr(frame, k) == v for k, v in fields.items()):
                found.append(frame)
        return found

    def adverts(self, port=None, **fields):
        return self.frames(port=port, kind="vrrp", **fields)

    def octets(self, port=None):
        """The adverts so far as they were on the wire."""
        return [data for when, where, data in self._kept() if (port is None or where == port) and
                wire.read(data, when, where).kind == "vrrp"]

    def announced(self, port=None, since=0.0):
        """Addresses announced by gratuitous ARP or unsolicited NA."""
        return {f.target for f in self.frames(port=port, since=since) if f.gratuitous}


def widest_gap(frames):
    """Longest time between two neighbouring frames, seconds."""
    times = [f.time for f in frames]
    return max((b - a for a, b in zip(times, times[1:])), default=0.0)


class Sampler:
    """Who holds an address, read about every `interval` seconds on all nodes."""

    def __init__(self, nodes, address, interval=0.001):
        self._address = address
        self._interval = interval
        self._readers = {node.name: AddressReader(node.namespace) for node in nodes}
        self._spans = []  # [first seen, last seen, frozenset of node names]
        self._lock = threading.Lock()
        self.samples = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _holders(self):
        """The nodes are read one after the other: if somebody else runs meanwhile, a hand-over can
        look like a time with no holder, or with two."""
        return frozenset(name for name, reader in self._readers.items()
                         if any(a.address == self._address for a in reader.read()))

    def _sample(self):
        """One sample. What is new counts when it is seen twice in a row: then it was so in between."""
        with self._lock:
            if self._stop.is_set():
                return
            last = self._spans[-1][2] if self._spans else None
            begun = time.time()
            holders, before = self._holders(), last
            while holders not in (before, last):
                before, begun = holders, time.time()
                holders = self._holders()
            self.samples += 1
            if holders == last:
                self._spans[-1][1] = begun
            else:
                self._spans.append([begun, begun, holders])

    def _run(self):
        while not self._stop.wait(self._interval):
            self._sample()

    def close(self):
        self._stop.set()
        self._thread.join(5)
        for reader in self._readers.values():
            reader.close()

    @property
    def changes(self):
        """[(time, frozenset of node names)], oldest first, the present one included."""
        self._sample()
        return [(first, holders) for first, _, holders in self._spans]

    def lengths(self):
        """[(frozenset of node names, seconds)], oldest first: for so long it was so at least. Until
        it was seen to be otherwise may be longer, on a machine that is busy with something else."""
        self._sample()
        return [(holders, last - first) for first, last, holders in self._spans]

    def sequence(self):
        """The sets of holders in the order in which they were seen."""
        return [set(holders) for _, holders in self.changes]
