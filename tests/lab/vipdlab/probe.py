"""A client that asks the virtual address again and again: what was lost, and who answered."""

import json
import os
import select
import subprocess
import sys

from .netns import die_with_parent

HERE = os.path.dirname(__file__)
PORT = 7077


class ProbeResult:
    """interval_s: how far the probes were to be apart."""

    def __init__(self, sent, answers, interval_s):
        self.sent, self._interval_s = sent, interval_s  # send times
        self.answers = {int(n): (who, when) for n, (who, when) in answers.items()}

    @property
    def lost(self):
        """Numbers of the probes that nobody answered."""
        return [n for n in range(len(self.sent)) if n not in self.answers]

    @property
    def answered_by(self):
        """Names of the nodes in the order in which they took turns."""
        order = []
        for number in sorted(self.answers):
            who = self.answers[number][0]
            if not order or order[-1] != who:
                order.append(who)
        return order

    def went(self, *names):
        """True if they took turns in that order; two neighbours may have answered by turns
        meanwhile: while both hold a virtual MAC, the switch goes by who sent last."""
        rest = iter(self.answered_by)
        return all(name in rest for name in names) and self.answered_by[-1] == names[-1]

    @property
    def gaps(self):
        """(send time of the first lost probe, seconds until the next answered one, or until that was
        due: it may have been late itself)."""
        found, first, last = [], None, None
        for number, when in enumerate(self.sent):
            if number in self.answers:
                if first is not None:
                    found.append((first, min(when, last + self._interval_s) - first))
                first = None
                continue
            first, last = when if first is None else first, when
        if first is not None:
            found.append((first, last - first))
        return found

    @property
    def longest_gap_ms(self):
        return max((length * 1000 for _, length in self.gaps), default=0)

    def __str__(self):
        gaps = ", ".join(f"{length * 1000:.0f} ms" for _, length in self.gaps)
        return (f"{len(self.sent)} probes, {len(self.lost)} lost (gaps: {gaps or 'none'}), "
                f"answered by {' then '.join(self.answered_by) or 'nobody'}")


class Probe:
    def __init__(self, namespace, address, interval_ms=2):
        self._process = subprocess.Popen(
            ["ip", "netns", "exec", namespace, sys.executable, f"{HERE}/probe_client.py", address,
             str(PORT), str(interval_ms)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        self._interval_s = interval_ms / 1000

    @property
    def pid(self):
        return self._process.pid

    def wait_answered(self, timeout=10):
        ready, _, _ = select.select([self._process.stdout], [], [], timeout)
        if not ready or self._process.stdout.readline() != "answered\n":
            raise AssertionError(f"no answer to the probe within {timeout} s")
        return self

    def stop(self):
        """Ends it and returns the ProbeResult."""
        self._process.stdin.close()
        self._process.stdin = None
        text, _ = self._process.communicate(timeout=20)
        data = json.loads(text.splitlines()[-1])
        return ProbeResult(data["sent"], data["answers"], self._interval_s)

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


def start_echo(nodes):
    """One process that answers on all nodes."""
    process = subprocess.Popen(
        [sys.executable, f"{HERE}/echo.py", str(PORT)]
        + [f"{node.namespace}={node.name}" for node in nodes],
        stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    ready, _, _ = select.select([process.stdout], [], [], 10)
    if not ready or process.stdout.readline() != "ready\n":
        process.kill()
        process.wait()
        raise RuntimeError("the echo server did not start")
    return process
