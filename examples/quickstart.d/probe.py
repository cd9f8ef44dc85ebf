"""UDP probes to the address, one every millisecond: where was it, and was it ever away?

Run in the client's namespace: probe.py ADDRESS. Answers each line on standard input with a line of
JSON: "served" asks whether there are answers at present, "period" what happened since it was asked
last. One thread, so that nothing else of ours delays a probe.
"""

import json
import os
import select
import socket
import struct
import sys
import time

SPACING_S = 0.001
LATE_S = 0.3  # an answer that takes longer than this counts as lost
SERVED_S = 0.1  # an answer within this time: it is served


class Probe:
    def __init__(self, address):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sock.setblocking(False)
        self.sock.connect((address, 7))
        self.sent, self.answers, self.first = [], {}, 0
        self.due, self.answered_at = time.monotonic(), 0.0

    def _send(self):
        number = len(self.sent)
        self.sent.append(time.monotonic())
        try:
            self.sock.send(struct.pack("!Q", number))
        except OSError:
            pass  # unreachable at the moment: lost
        self.due = max(self.due + SPACING_S, time.monotonic())

    def _receive(self):
        while True:
            try:
                data = self.sock.recv(2048)
            except OSError:
                return
            self.answered_at = time.monotonic()
            self.answers[struct.unpack_from("!Q", data)[0]] = data[8:].decode()

    def run(self, until_readable=None, until=float("inf")):
        """Probes until the file has something to read, or until the time."""
        watched = [self.sock] + ([until_readable] if until_readable else [])
        while time.monotonic() < until:
            ready = select.select(watched, [], [], max(0, self.due - time.monotonic()))[0]
            self._receive()
            if until_readable in ready:
                return
            if time.monotonic() >= self.due:
                self._send()

    def served(self):
        return {"served": time.monotonic() - self.answered_at < SERVED_S}

    def period(self):
        """What happened to the probes since the last call. `spacing_ms` is the longest time
        between two of them, the error of the gap; `gap_open`: there was no answer at the end."""
        end = len(self.sent)
        self.run(until=time.monotonic() + LATE_S)
        first, self.first = self.first, end
        gap_s, lost, begin, holders = 0.0, 0, None, []
        for number in range(first, end):
            holder = self.answers.pop(number, None)
            if holder is None:
                lost += 1
                begin = self.sent[number] if begin is None else begin
            elif begin is not None:
                gap_s, begin = max(gap_s, self.sent[number] - begin), None
            if holder is not None and holders[-1:] != [holder]:
                holders.append(holder)
        if begin is not None:
            gap_s = max(gap_s, self.sent[end - 1] - begin)
        times = self.sent[first:end]
        spacing_s = max((b - a for a, b in zip(times, times[1:])), default=0.0)
        return {"probes": end - first, "probes_lost": lost, "gap_ms": round(gap_s * 1000, 1),
                "gap_open": begin is not None, "spacing_ms": round(spacing_s * 1000, 1), "answered_by": holders}


def main():
    try:  # other programs on a busy machine must not look like gaps, nor hide them
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError as error:
        print(f"without real-time priority: {error}", file=sys.stderr)
    probe = Probe(sys.argv[1])
    while True:
        probe.run(until_readable=sys.stdin)
        line = sys.stdin.readline()
        if not line:
            return
        answer = probe.served() if line == "served\n" else probe.period()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
