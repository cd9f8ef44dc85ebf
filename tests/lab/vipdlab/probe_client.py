"""Sends numbered UDP probes at a fixed spacing: `probe_client.py ADDRESS PORT INTERVAL_MS`.

Run as a program in the client's namespace. Says "answered" at the first answer; when stdin closes,
it waits a moment for stragglers and prints one JSON object.
"""

import json
import select
import socket
import struct
import sys
import time

STRAGGLERS_S = 0.5


def receive(sock, answers):
    while True:
        try:
            data = sock.recv(2048)
        except BlockingIOError:
            return
        except OSError:
            continue
        if len(data) > 8:
            number = struct.unpack_from("!Q", data)[0]
            if not answers:
                print("answered", flush=True)
            answers.setdefault(number, (data[8:].decode(), time.time()))


def main():
    address, port, interval = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 1000
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.setblocking(False)
    sent, answers = [], {}
    watched = [sock, sys.stdin]
    due = time.time()
    end = None
    while end is None or time.time() < end:
        now = time.time()
        if end is None and now >= due:
            try:
                sock.sendto(struct.pack("!Q", len(sent)), (address, port))
            except OSError:
                pass  # unreachable at this moment: counted as lost
            sent.append(now)
            # A late wake-up does not lead to a burst.
            due = max(due + interval, now)
        wait = (due if end is None else end) - time.time()
        # Not poll(), which waits for whole milliseconds.
        ready, _, _ = select.select(watched, [], [], max(0, wait))
        if sock in ready:
            receive(sock, answers)
        if sys.stdin in ready:
            watched.remove(sys.stdin)
            end = time.time() + STRAGGLERS_S
    print(json.dumps({"sent": sent, "answers": {n: a for n, a in answers.items()}}), flush=True)


if __name__ == "__main__":
    main()
