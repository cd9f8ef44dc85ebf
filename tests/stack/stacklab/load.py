"""A client that never stops: it keeps the time, the outcome and the server of every request."""

import collections
import json
import threading
import time

CLIENT = "/mnt/tests/stack/stacklab/load_client.py"

Request = collections.namedtuple("Request", "begun took good tries server status error")


class Result:
    """Requests of a period, in the order in which they began."""

    def __init__(self, requests):
        self.requests = sorted(requests, key=lambda r: r.begun)

    @property
    def failed(self):
        """Those that got no good answer, whatever was tried."""
        return [r for r in self.requests if not r.good]

    @property
    def repeated(self):
        """Good ones whose first connection was lost: they were sent again on a new one."""
        return [r for r in self.requests if r.good and r.tries > 1]

    @property
    def servers(self):
        """How many were answered by whom."""
        return collections.Counter(r.server for r in self.requests if r.good)

    @property
    def longest_gap_s(self):
        """The longest time between two good answers, from the begin to the end of the period."""
        ends = sorted(r.begun + r.took for r in self.requests if r.good)
        if not ends:
            return float("inf")
        return max((b - a for a, b in zip([self.requests[0].begun, *ends], ends)), default=0.0)

    @property
    def slowest_s(self):
        """The longest time that a good answer took."""
        return max((r.took for r in self.requests if r.good), default=0.0)

    def __str__(self):
        errors = collections.Counter(r.error or r.status for r in self.failed)
        return (f"{len(self.requests)} requests, {len(self.failed)} failed {dict(errors)}, "
                f"{len(self.repeated)} repeated, longest gap {self.longest_gap_s * 1000:.0f} ms, "
                f"slowest {self.slowest_s * 1000:.0f} ms, answered by {dict(self.servers)}")


class Load:
    """GETs `url` every interval_ms on a connection of its own, whether or not those before it have
    been answered (at most 200 are on the way).
    addresses: asked by turns instead of the URL's name, as with several in the DNS;
    ca: path inside of the certificate to trust; headers: a dict;
    tries: how often a request whose connection is refused, reset or cut is sent in all;
    timeout_s: for the whole of a request. Good is 200. The server is what the header X-Served-By
    says, or else the body up to its first white space."""

    def __init__(self, host, url, addresses=(), ca=None, headers=None, interval_ms=20, tries=2,
                 timeout_s=5):
        self._host, self._all, self._timeout_s = host, [], timeout_s
        self._complete_until = 0.0  # all requests that began before are in _all
        self._process = host.popen(
            "python3", CLIENT, json.dumps({
                "url": url, "addresses": list(addresses), "ca": ca, "headers": headers or {},
                "interval_s": interval_ms / 1000, "tries": tries, "timeout_s": timeout_s}),
            stdout=-1, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            *request, self._complete_until = json.loads(line)
            self._all.append(Request(*request))

    def wait_served(self, timeout=20):
        """Waits for a good answer to a request that began after now."""
        now = self.mark()
        self._host.lab.wait(lambda: any(r.good and r.begun >= now for r in self._all[-50:]),
                            f"an answer to {self._host.name}'s requests", timeout)
        return self

    @staticmethod
    def mark():
        """Now, for since()."""
        return time.monotonic()

    def since(self, mark, until=None):
        """The Result of what began after the mark; waits for the answers to all of it."""
        until = until or time.monotonic()
        deadline = time.monotonic() + self._timeout_s + 10
        while self._complete_until < until and self._reader.is_alive():
            assert time.monotonic() < deadline, "the client stands still"
            time.sleep(0.02)
        return Result([r for r in self._all if mark <= r.begun < until])

    def stop(self):
        """Ends it, when what is on the way has been answered; returns the Result of everything."""
        self._process.send_signal(2)
        self._process.wait(self._timeout_s + 15)
        self._reader.join(10)
        return Result(self._all)

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
