"""The client: HTTP requests on new connections and UDP probes, all the time; a line of JSON each
time it is asked for one.

Run in the client's namespace: client.py ADDRESS. Each line on standard input ends a period; the
answer tells what happened in it.
"""

import http.client
import json
import socket
import struct
import sys
import threading
import time

HTTP_WORKERS, HTTP_SPACING_S, HTTP_TIMEOUT_S = 4, 0.02, 1.0
PROBE_SPACING_S, STRAGGLERS_S = 0.001, 0.3


class Requests:
    """Several workers, so that one that waits for a lost packet does not hide the others."""

    def __init__(self, address):
        self.address, self.lock, self.results = address, threading.Lock(), []
        for _ in range(HTTP_WORKERS):
            threading.Thread(target=self._work, daemon=True).start()

    def _work(self):
        while True:
            begin = time.monotonic()
            who = self._ask()
            with self.lock:
                self.results.append((begin, who))
            time.sleep(max(0, begin + HTTP_SPACING_S - time.monotonic()))

    def _ask(self):
        connection = http.client.HTTPConnection(self.address, 80, timeout=HTTP_TIMEOUT_S)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            text = answer.read().decode().strip()
            return text if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def take(self):
        with self.lock:
            taken, self.results = self.results, []
        return taken


class Probes:
    def __init__(self, address):
        self.target = (address, 7)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.lock, self.sent, self.answers = threading.Lock(), [], {}
        threading.Thread(target=self._send, daemon=True).start()
        threading.Thread(target=self._receive, daemon=True).start()

    def _send(self):
        due = time.monotonic()
        while True:
            with self.lock:
                number = len(self.sent)
                self.sent.append(time.monotonic())
            try:
                self.sock.sendto(struct.pack("!Q", number), self.target)
            except OSError:
                pass  # unreachable at the moment: lost
            due = max(due + PROBE_SPACING_S, time.monotonic())
            time.sleep(max(0, due - time.monotonic()))

    def _receive(self):
        while True:
            try:
                data = self.sock.recv(2048)
            except OSError:
                continue
            with self.lock:
                self.answers[struct.unpack_from("!Q", data)[0]] = data[8:].decode()

    def take(self, first):
        """Probes from number `first` on: (how many, lost, longest gap in ms, who answered)."""
        with self.lock:
            sent, answers = self.sent[first:], dict(self.answers)
        gap_ms, lost, begin, who = 0.0, 0, None, []
        for number, when in enumerate(sent, first):
            if number in answers:
                if begin is not None:
                    gap_ms = max(gap_ms, (when - begin) * 1000)
                begin = None
                if not who or who[-1] != answers[number]:
                    who.append(answers[number])
            else:
                lost += 1
                begin = when if begin is None else begin
        return len(sent), lost, gap_ms, who


def main():
    requests, probes = Requests(sys.argv[1]), Probes(sys.argv[1])
    first = 0
    for _ in sys.stdin:
        with probes.lock:
            end = len(probes.sent)
        time.sleep(STRAGGLERS_S)
        with probes.lock:
            probes.sent, tail = probes.sent[:end], len(probes.sent)
        count, lost, gap_ms, who = probes.take(first)
        with probes.lock:
            # Numbers go on; what was sent while waiting for stragglers belongs to the next period.
            probes.sent += [time.monotonic()] * (tail - len(probes.sent))
        first = tail
        results = requests.take()
        print(json.dumps({
            "probes": count, "probes_lost": lost, "gap_ms": round(gap_ms, 1), "answered_by": who,
            "requests": len(results), "requests_failed": sum(r[1] is None for r in results)}),
            flush=True)


if __name__ == "__main__":
    main()
