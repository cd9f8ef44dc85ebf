"""A pair of nodes of one product, at any advert interval, and what can be done to it.

The first node has priority 150 and is to hold the address whenever it can. Both products run with
real-time priority: vipd takes it as its unit allows, keepalived is given the same.
"""

import signal
import time

from vipdlab import config
from vipdlab.config import VIP4
from vipdlab.lab import Lab

PRIORITIES = (150, 100)
DRAINED = 50
REALTIME = ("chrt", "-f", "20")
PROBE_MS = 0.5
PROBE_PRIORITY = 30  # above the agents: a probe that was not sent is no probe that was lost


def skew_ms(interval_ms, priority=PRIORITIES[1]):
    """RFC 9568 6.1."""
    return interval_ms * (256 - priority) / 256


def master_down_ms(interval_ms, priority=PRIORITIES[1]):
    return 3 * interval_ms + skew_ms(interval_ms, priority)


class Pair:
    """`with make(product, interval) as pair`: both run and the first serves."""

    def __init__(self, lab, nodes, interval_ms):
        self.lab, self.nodes, self.interval_ms = lab, nodes, interval_ms
        self.first, self.second = nodes

    def __enter__(self):
        try:
            for node in self.nodes:
                self.start_node(node)
            self.settle(self.first)
        except BaseException:
            self.lab.close()
            raise
        return self

    def __exit__(self, *_):
        self.lab.close()

    def priority(self, node):
        return PRIORITIES[self.nodes.index(node)]

    def alone(self, holder):
        """It holds the address and the other does not."""
        other = self.second if holder is self.first else self.first
        return holder.holds(VIP4) and not other.holds(VIP4)

    def settle(self, holder, reachable=True, timeout=30):
        """Until that node alone has held the address for an interval and a bit; one that nobody
        hears may hold it."""
        quiet_s = 0.2 + self.interval_ms / 1000
        deadline, since = time.monotonic() + timeout, None
        while True:
            now = time.monotonic()
            good = self.alone(holder) if reachable else holder.holds(VIP4)
            since = (since or now) if good else None
            if since is not None and now - since >= quiet_s:
                return
            assert now < deadline, f"{holder.name} does not hold the address after {timeout} s"
            time.sleep(0.01)


class VipdPair(Pair):
    name = "vipd"

    def __init__(self, interval_ms):
        lab = Lab(nodes=2)
        super().__init__(lab, lab.nodes, interval_ms)

    def _write(self, node, **keys):
        node.write(config.instance(priority=self.priority(node),
                                   advert_interval=f"{self.interval_ms}ms", **keys))

    def start_node(self, node):
        self._write(node)
        node.start()

    def stop_node(self, node):
        assert node.stop() == 0

    def drain(self):
        self._ctl("drain", "web")

    def resume(self):
        self._ctl("resume", "web")

    def _ctl(self, *words):
        done = self.first.vipctl(*words, timeout=30)
        assert done.returncode == 0, done.stderr + done.stdout

    def reload(self):
        self._write(self.first, announce_repeat=3)
        done = self.first.reload()
        assert done.returncode == 0, done.stderr

    def clear(self):
        """After a kill, what its service does."""
        self.first.release()


class KeepalivedPair(Pair):
    name = "keepalived"

    def __init__(self, interval_ms):
        lab = Lab(nodes=0, keepalived=2)
        super().__init__(lab, lab.peers, interval_ms)

    def _text(self, priority):
        return config.keepalived(priority=priority, interval_s=self.interval_ms / 1000)

    def _signal(self, priority):
        with open(f"{self.first.directory}/keepalived.conf", "w", encoding="utf-8") as file:
            file.write(self._text(priority))
        self.first.process.send_signal(signal.SIGHUP)

    def start_node(self, node):
        node.start(self._text(self.priority(node)), prefix=REALTIME, detail=False)

    def stop_node(self, node):
        node.stop()

    def drain(self):
        """It has no such order: a lower priority and a reload come nearest."""
        self._signal(DRAINED)

    def resume(self):
        self._signal(PRIORITIES[0])

    def reload(self):
        self.resume()

    def clear(self):
        """It removes what a dead one left when it starts."""


PAIRS = {kind.name: kind for kind in (VipdPair, KeepalivedPair)}


def make(product, interval_ms):
    return PAIRS[product](interval_ms)
