"""The people who use the site: readers and writers who never stop, and a line for every request.

Run in the client's namespace: client.py ADDRESS PER_SECOND, of each kind. A request begins when
its time has come, whatever became of those before it, each on a connection of its own; only when
MOST of a kind are under way is one left out. A request whose connection is refused or cut is sent
once more, as browsers do. A line of standard output is a request that has ended:
[began, ended, kind, well, status, sent, balancer, web, app, note]. It ends with its input.
"""

import hashlib
import http.client
import itertools
import json
import os
import random
import sys
import threading
import time

MOST = 64
TIMEOUT_S = 30
TRIES = 2
SESSION_FOR = 25  # requests, then the person logs in anew
RECENT = 400  # notes that are read again
SERVERS = ("X-Balancer", "X-Web", "X-App")


def body_of(note):
    return hashlib.sha256(note.encode()).hexdigest() + "\n"


class Session:
    """A cookie that serves a number of requests of one after the other."""

    def __init__(self):
        self.cookie, self.left = None, 0


class Client:
    def __init__(self, address, out):
        self.address, self.out = address, out
        self.lock, self.stored, self.sessions = threading.Lock(), [], []
        self.under_way = {"read": 0, "write": 0, "login": 0}
        self.numbers, self.run = itertools.count(1), os.urandom(3).hex()

    def _ask(self, method, path, body=None, cookie=None):
        """(status, text, headers)."""
        connection = http.client.HTTPConnection(self.address, 80, timeout=TIMEOUT_S)
        try:
            headers = {"Connection": "close", **({"Cookie": cookie} if cookie else {})}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers
        finally:
            connection.close()

    def _record(self, kind, note, wanted, method, path, **options):
        """Asks, writes the line; returns the headers of a good answer, or None."""
        began = time.time()
        for sent in range(1, TRIES + 1):
            try:
                status, text, headers = self._ask(method, path, **options)
                well = wanted(status, text)
                break
            except (OSError, http.client.HTTPException) as error:
                status, headers, well = type(error).__name__, {}, False
                if not isinstance(error, (ConnectionError, http.client.HTTPException)):
                    break  # waited long enough
        line = json.dumps([began, time.time(), kind, well, status, sent,
                           *(headers.get(name, "") for name in SERVERS), note])
        with self.lock:
            self.out.write(line + "\n")
            self.out.flush()
        return headers if well else None

    def _log_in(self, session):
        headers = self._record("login", "", lambda status, _: status == 201, "POST", "/sessions")
        if headers is not None:
            session.cookie, session.left = headers["Set-Cookie"], SESSION_FOR

    def _write(self, cookie):
        note = f"{self.run}-{next(self.numbers)}"
        done = self._record("write", note, lambda status, _: status == 201, "PUT",
                            f"/notes/{note}", body=body_of(note), cookie=cookie)
        if done is not None:
            with self.lock:
                self.stored.append(note)

    def _read(self, cookie):
        with self.lock:
            note = random.choice(self.stored[-RECENT:]) if self.stored else None
        if note:
            self._record("read", note, lambda status, text: (status, text) == (200, body_of(note)),
                         "GET", f"/notes/{note}", cookie=cookie)

    def _serve(self, kind):
        with self.lock:
            session = self.sessions.pop() if self.sessions else Session()
        try:
            if session.left <= 0:
                self._log_in(session)
            if session.left > 0:
                session.left -= 1
                (self._write if kind == "write" else self._read)(session.cookie)
        finally:
            with self.lock:
                self.sessions.append(session)
                self.under_way[kind] -= 1

    def begin(self, kind):
        with self.lock:
            if self.under_way[kind] >= MOST:
                return
            self.under_way[kind] += 1
        threading.Thread(target=self._serve, args=(kind,), daemon=True).start()

    def wait_idle(self, seconds):
        until = time.monotonic() + seconds
        while any(self.under_way.values()) and time.monotonic() < until:
            time.sleep(0.02)


def main():
    address, per_second = sys.argv[1], float(sys.argv[2])
    client, ended = Client(address, sys.stdout), threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    due, kinds = time.monotonic(), itertools.cycle(("write", "read"))
    while not ended.is_set():
        client.begin(next(kinds))
        due = max(due + 0.5 / per_second, time.monotonic() - 0.05)
        ended.wait(max(0, due - time.monotonic()))
    client.wait_idle(TIMEOUT_S + 1)


if __name__ == "__main__":
    main()
