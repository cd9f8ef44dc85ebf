"""Run as a program inside a namespace: when addresses appear, are announced, and adverts pass eth0.

`claim_watch.py INSTALLED ANNOUNCED` says "ready", then "complete" after so many of each, and prints
one JSON object when stdin closes: "installed" and "announced" (address -> first time), "adverts"
and "heard" ([time, vrid, priority] sent and received).
It never sleeps in a socket: whom a notification wakes would be paid for by who causes it. Nor does it
read while any come: on two processors that is paid for by who keeps both busy, and not by the bare loop.
How much waits in the socket, looked at now and then, says when each came.
"""

import bisect
import ipaddress
import json
import os
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))

from vipdlab import wire  # noqa: E402
from vipdlab.watch import ETH_P_ALL, PACKET_OUTGOING, SO_RCVBUFFORCE, SO_TIMESTAMPNS  # noqa: E402

RTMGRP_IFADDR = 0x10 | 0x100  # IPv4 and IPv6
RTM_NEWADDR = 20
IFA_ADDRESS, IFA_LOCAL = 1, 2
SO_MEMINFO = 55
WORD = struct.Struct("=I")  # the first: octets that wait to be read
BUFFER_BYTES = 256 << 20
STEP_S = 0.0001
MANY, MANY_STEP_S = 1000, 0.0005  # each look takes the processor from somebody for 30 us
IDLE_STEPS = 100
FRAMES_AFTER_STEPS = 20


def open_netlink():
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    sock.bind((0, RTMGRP_IFADDR))
    sock.setblocking(False)
    return sock


def open_packet():
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.bind(("eth0", ETH_P_ALL))
    sock.setblocking(False)
    return sock


def drain(sock, into):
    """Frames that have come, with the time at which they were seen."""
    try:
        while True:
            into.append((time.time(), sock.recvmsg(2048, 128)))
    except BlockingIOError:
        pass


class Waiting:
    """Datagrams that are left in their socket until there is time to read them."""

    def __init__(self, sock):
        self._sock = sock
        self._grown = []  # (octets that waited, when that was seen first)

    def _octets(self):
        return WORD.unpack(self._sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, WORD.size))[0]

    def look(self):
        """True: more has come since the last time."""
        octets = self._octets()
        if octets <= (self._grown[-1][0] if self._grown else 0):
            return False
        self._grown.append((octets, time.time()))
        return True

    def read(self):
        """(when it was seen to have come, datagram) of each."""
        end, size, before = 0, 1, self._octets()
        try:
            while True:
                data, after = self._sock.recv(1 << 16), self._octets()
                # One that came meanwhile hides how large this one was: as the last one.
                size = before - after if before > after else size
                end, before = end + size, after
                place = bisect.bisect_left(self._grown, (end,))
                yield (self._grown[place][1] if place < len(self._grown) else time.time()), data
        except BlockingIOError:
            self._grown.clear()


def added(data):
    """Addresses of the notifications of one read."""
    offset = 0
    while offset + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, offset)
        if kind == RTM_NEWADDR:
            at, end, found = offset + 24, offset + length, {}
            while at + 4 <= end:
                size, name = struct.unpack_from("=HH", data, at)
                found[name] = data[at + 4:at + size]
                at += max((size + 3) & ~3, 4)
            octets = found.get(IFA_LOCAL) or found.get(IFA_ADDRESS)
            yield str(ipaddress.ip_address(octets))
        offset += max((length + 3) & ~3, 16)


def stamp(control, seen):
    for level, kind, value in control:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", value[:16])
            return seconds + nanoseconds / 1e9
    return seen


class Summary:
    """What was seen, read while nothing comes in."""

    def __init__(self, notifications):
        self.notifications, self.frames = notifications, []
        self.out = {"installed": {}, "announced": {}, "adverts": [], "heard": []}

    def read(self):
        for when, data in self.notifications.read():
            for address in added(data):
                self.out["installed"].setdefault(address, when)
        for seen, (data, control, _, where) in self.frames:
            when = stamp(control, seen)
            frame = wire.read(data, when, "eth0")
            sent = where[2] == PACKET_OUTGOING
            if frame.kind == "vrrp":
                self.out["adverts" if sent else "heard"].append((when, frame.vrid, frame.priority))
            elif sent and frame.gratuitous:
                self.out["announced"].setdefault(frame.target, when)
        self.frames.clear()

    def has(self, installed, announced):
        return len(self.out["installed"]) >= installed and len(self.out["announced"]) >= announced


def main():
    wanted = [int(text) for text in sys.argv[1:3]]
    notifications, packet = Waiting(open_netlink()), open_packet()
    summary, idle, unread, told = Summary(notifications), 0, False, False
    step_s = MANY_STEP_S if wanted[0] >= MANY else STEP_S
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        before = len(summary.frames)
        come = notifications.look()
        if idle >= FRAMES_AFTER_STEPS:
            drain(packet, summary.frames)
        come = come or len(summary.frames) > before
        idle, unread = (0, True) if come else (idle + 1, unread)
        if unread and idle >= IDLE_STEPS:
            unread = False
            summary.read()
            if not told and summary.has(*wanted):
                told = True
                print("complete", flush=True)
        time.sleep(step_s)
    summary.read()
    print(json.dumps(summary.out), flush=True)


if __name__ == "__main__":
    main()
