"""The client's process (client.py), and what its lines say so far."""

import subprocess

from . import figures

PROGRAM = "/mnt/examples/site/turn/client.py"
END_S = 60


class People:
    def __init__(self, host, address, per_second, path):
        self.per_second, self.path = per_second, path
        self._file = open(path, "w+", encoding="utf-8")
        self._process = host.popen("/usr/bin/python3", PROGRAM, address, str(per_second),
                                   stdin=subprocess.PIPE, stdout=self._file)
        self._reader = open(path, "rb")
        self._read = (0, [])  # so far in the file, and the requests until there

    def requests(self):
        """All that have ended so far, in that order. Whoever interrupts this loses none."""
        at, found = self._read
        self._reader.seek(at)
        data = self._reader.read()
        whole = data[:data.rfind(b"\n") + 1]
        if whole:
            self._read = (at + len(whole), found + figures.parse(whole.splitlines()))
        return self._read[1]

    def well_since(self, when, count=3):
        """True when so many of each kind that began since then were answered well."""
        late = [r for r in self.requests() if r.well and r.began >= when]
        return all(sum(r.kind == kind for r in late) >= count for kind in figures.KINDS)

    def answered_by(self, server, name, since):
        return any(r.well and r.began >= since and getattr(r, server) == name
                   for r in reversed(self.requests()))

    def end(self):
        """No more requests; returns all there were when the last has ended."""
        if self._process.poll() is None:
            self._process.stdin.close()
            self._process.stdin = None
            self._process.wait(END_S)
        return self.requests()

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._file.close()
        self._reader.close()
