"""Sends numbered UDP probes at a fixed spacing: `probe_client.py ADDRESS PORT INTERVAL_MS`.

Run as a program in the client's namespace. Says "answered" at the first answer; when stdin closes,
it waits for stragglers and prints one JSON object. Who answers may be behind on a busy machine, so it
is asked once more, again and again: with the answer to that the earlier ones have come, too.
"""

import json
import select
import socket
import struct
import sys
import time

SO_RCVBUFFORCE = 33
STRAGGLERS_S = 0.5
AGAIN_S = 0.1
BEHIND_S = 5  # most that who answers may be, and how long is waited where nobody does
ONCE_MORE = (1 << 64) - 1  # the number of no probe


def receive(sock, answers):
    """Takes all answers that are there; whether ONCE_MORE is among them."""
    once_more = False
    while True:
        try:
            data = sock.recv(2048)
        except BlockingIOError:
            return once_more
        except OSError:
            continue
        if len(data) <= 8:
            continue
        number = struct.unpack_from("!Q", data)[0]
        if number == ONCE_MORE:
            once_more = True
            continue
        if not answers:
            print("answered", flush=True)
        answers.setdefault(number, (data[8:].decode(), time.time()))


def send(sock, number, where):
    try:
        sock.sendto(struct.pack("!Q", number), where)
    except OSError:
        pass  # unreachable at this moment: counted as lost


def ask(sock, where, interval, answers):
    """Until stdin closes; the times of the probes."""
    sent, due = [], time.time()
    while True:
        now = time.time()
        if now >= due:
            send(sock, len(sent), where)
            sent.append(now)
            # A late wake-up does not lead to a burst.
            due = max(due + interval, now)
        # Not poll(), which waits for whole milliseconds.
        ready, _, _ = select.select([sock, sys.stdin], [], [], max(0, due - time.time()))
        if sock in ready:
            receive(sock, answers)
        if sys.stdin in ready:
            return sent


def wait_for_stragglers(sock, where, answers):
    now = due = time.time()
    end, until = now + BEHIND_S, now + STRAGGLERS_S
    while now < end:
        if now >= due:
            send(sock, ONCE_MORE, where)
            due = now + AGAIN_S
        ready, _, _ = select.select([sock], [], [], max(0, min(due, end) - time.time()))
        now = time.time()
        if ready and receive(sock, answers):
            end = min(end, max(until, now + AGAIN_S))


def main():
    where, interval = (sys.argv[1], int(sys.argv[2])), float(sys.argv[3]) / 1000
    family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
    sock.setblocking(False)
    answers = {}
    sent = ask(sock, where, interval, answers)
    wait_for_stragglers(sock, where, answers)
    print(json.dumps({"sent": sent, "answers": answers}), flush=True)


if __name__ == "__main__":
    main()
