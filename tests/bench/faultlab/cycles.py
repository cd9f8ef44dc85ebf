"""Random kills, stops, cuts and flaps of either node, one after the other, from a seed.

After each the pair must be as before within a bound; who held the address meanwhile is looked at
sample by sample, and a client asks it all the time.
"""

import random
import time
from dataclasses import dataclass

from vipdlab.config import VIP4

from . import holders
from .scene import MASTER_DOWN_S

# A loaded machine and the kernel's own clock for lifetimes (whole seconds).
SLACK_S = 2.0
PROBE_MS = 5
STALL_S = 0.2


@dataclass
class Cycle:
    number: int
    action: str
    node: str
    start: float
    end: float
    none_s: float
    two_s: float
    two_bound_s: float
    settled: bool
    timeline: str
    stall_s: float         # longest time between two samples
    client_s: float = 0.0  # known when all cycles are done

    @property
    def complaints(self):
        found = []
        if not self.settled:
            found.append("not as before in time")
        if self.none_s > MASTER_DOWN_S + SLACK_S:
            found.append(f"nobody held it for {self.none_s:.3f} s")
        if self.two_s > self.two_bound_s:
            found.append(f"two held it for {self.two_s:.3f} s")
        if self.client_s > MASTER_DOWN_S + SLACK_S:
            found.append(f"a client was not served for {self.client_s:.3f} s")
        return found

    def __str__(self):
        faults = "; ".join(self.complaints)
        if self.stall_s > STALL_S:
            faults = f"(the machine stood still for {self.stall_s:.3f} s) {faults}"
        return (f"cycle {self.number}: {self.action} on {self.node}: nobody {self.none_s:.3f} s, "
                f"two {self.two_s:.3f} s (allowed {self.two_bound_s:.1f} s)"
                f"{': ' + faults if faults else ''}")


def kill(pair, node, watched, chance):
    pair.kill(node)
    time.sleep(chance.uniform(0, 1.5 * pair.lease_s))
    pair.start_node(node)


def stop(pair, node, watched, chance):
    pair.freeze(node)
    time.sleep(chance.uniform(0, 1.5 * pair.lease_s))
    pair.thaw(node)


def restart(pair, node, watched, chance):
    pair.stop_node(node)
    time.sleep(chance.uniform(0, 0.5))
    pair.start_node(node)


def flap(pair, node, watched, chance):
    for _ in range(chance.randint(1, 3)):
        node.link_down()
        watched.reachable(node, False)
        time.sleep(chance.uniform(0, 3 * MASTER_DOWN_S))
        watched.reachable(node, True)
        node.link_up()
        time.sleep(chance.uniform(0, MASTER_DOWN_S))


def cut(pair, node, watched, chance):
    node.cut()
    watched.reachable(node, False)
    time.sleep(chance.uniform(0, 3 * MASTER_DOWN_S))
    watched.reachable(node, True)
    node.heal()


ACTIONS = (kill, stop, restart, flap, cut)


class Cycles:
    """Runs them; `done` has what was seen of each."""

    def __init__(self, pair, seed):
        self.pair, self.seed = pair, seed
        self._chance = random.Random(seed)
        self.done = []

    def _settled(self, watched, timeout):
        """True once the first node alone holds it and has for a moment."""
        deadline = time.monotonic() + timeout
        quiet = None
        while time.monotonic() < deadline:
            if watched.now() != {self.pair.first.name}:
                quiet = None
            elif quiet is None:
                quiet = time.monotonic() + 0.25
            elif time.monotonic() > quiet:
                return True
            time.sleep(0.005)
        return False

    def _cycle(self, number, watched):
        action = self._chance.choice(ACTIONS)
        # The holder more often: nothing depends on the other one.
        node = self._chance.choice((self.pair.first, self.pair.first, self.pair.second))
        outlives = action in (kill, stop)
        watched.coarsest = 0.0
        start = time.time()
        action(self.pair, node, watched, self._chance)
        settled = self._settled(watched, self.pair.lease_s + MASTER_DOWN_S + 4 * SLACK_S)
        end = time.time()
        spans = watched.spans(start, end)
        return Cycle(number, action.__name__, node.name, start, end,
                     holders.longest_none(spans), holders.longest_two(spans),
                     (self.pair.lease_s if outlives else 0) + SLACK_S, settled,
                     holders.timeline(spans), watched.coarsest)

    def run(self, count, seen=lambda cycle: None):
        """Starts the pair and runs that many; seen() is called with each and may raise."""
        self.pair.start()
        watched = holders.Holders(self.pair.nodes, VIP4)
        try:
            if not self._settled(watched, 15):
                raise AssertionError("the first node does not hold the address")
            probe = self.pair.lab.probe(VIP4, PROBE_MS)
            for number in range(1, count + 1):
                cycle = self._cycle(number, watched)
                self.done.append(cycle)
                seen(cycle)
            self._note_gaps(probe.stop().gaps)
        finally:
            watched.close()
        return self

    def _note_gaps(self, gaps):
        for cycle in self.done:
            cycle.client_s = max((length for when, length in gaps
                                  if cycle.start <= when <= cycle.end), default=0.0)

    def report(self):
        """What failed with its timeline, what led to it, and how to have it again."""
        lines = [f"seed {self.seed}, {len(self.done)} cycles"]
        lines += [str(cycle) for cycle in self.done[-10:]]
        for cycle in self.done:
            if cycle.complaints:
                lines += [f"--- timeline of cycle {cycle.number}", cycle.timeline]
        return "\n".join(lines)
