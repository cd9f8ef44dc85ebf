"""One fault on one pair: start, settle, watch, break, mend, settle, add up."""

import time
from dataclasses import dataclass

from vipdlab.config import INTERVAL_MS, VIP4

from . import holders

INTERVAL_S = INTERVAL_MS / 1000
# RFC 9568 6.1: three intervals and the skew of the second node (priority 100).
MASTER_DOWN_S = INTERVAL_S * (3 + (256 - 100) / 256)
PROBE_MS = 2
QUIET_S = 0.5


@dataclass
class Outcome:
    """Seconds. two_s counts a moment of make-before-break like any other."""
    fault: str
    product: str
    lasted_s: float
    none_s: float
    two_s: float
    client_s: float
    healed: bool
    coarsest_s: float  # longest time between two samples
    spans: list        # holders.Span
    facts: dict        # what the fault has found out about itself

    @property
    def timeline(self):
        return holders.timeline(self.spans)

    def ever_held(self, machine):
        return any(machine.name in span.holders for span in self.spans)

    def as_dict(self):
        values = {key: value for key, value in vars(self).items() if key != "spans"}
        start = self.spans[0].start
        values["spans"] = [{"from_s": span.start - start, "seconds": span.seconds,
                            "holders": sorted(span.holders)} for span in self.spans]
        return values

    def __str__(self):
        return (f"{self.fault}: nobody {self.none_s:.3f} s, two {self.two_s:.3f} s, client "
                f"{self.client_s:.3f} s, {'' if self.healed else 'not '}as before\n"
                f"{self.timeline}")


class Scene:
    """What a fault gets to work with. `pace` scales how long it lasts."""

    def __init__(self, pair, pace=1.0):
        self.pair, self.lab, self.pace = pair, pair.lab, pace
        self.first, self.second = pair.nodes
        self.holders = self.probe = None
        self.facts = {}

    @property
    def lease_s(self):
        return self.pair.lease_s

    def sleep(self, seconds):
        time.sleep(seconds)

    def last(self, seconds):
        """The time for which a fault stays."""
        time.sleep(seconds * self.pace)

    def cut_off(self, machine):
        self.holders.reachable(machine, False)

    def connected(self, machine):
        self.holders.reachable(machine, True)

    def settled(self, timeout):
        """True once the first node alone has held the address for a while."""
        deadline = time.monotonic() + timeout
        quiet = time.monotonic() + QUIET_S
        while time.monotonic() < deadline:
            if self.holders.now() != {self.first.name}:
                quiet = time.monotonic() + QUIET_S
            elif time.monotonic() > quiet:
                return True
            time.sleep(0.01)
        return False

    def begin(self, small_disk=False):
        """Both run, the first holds the address, the client is served."""
        self.pair.small_disk = small_disk
        self.pair.start()
        self.holders = holders.Holders(self.pair.nodes, VIP4)
        if not self.settled(15):
            raise AssertionError(f"{self.pair.name}: the first node does not hold the address: "
                                 f"{sorted(self.holders.now())}")
        self.probe = self.lab.probe(VIP4, PROBE_MS)
        return self

    def play(self, fault, heal_timeout=15):
        """Runs the fault and returns its Outcome."""
        started = time.time()
        fault.act(self)
        lasted = time.time() - started
        healed = self.settled(heal_timeout)
        result = self.probe.stop()
        spans = self.holders.spans(since=started)
        coarsest = self.holders.coarsest
        self.close()
        return Outcome(
            fault=fault.name, product=self.pair.name, lasted_s=lasted,
            none_s=holders.longest_none(spans), two_s=holders.longest_two(spans),
            client_s=max((length for when, length in result.gaps if when >= started - 0.1),
                         default=0.0),
            healed=healed, coarsest_s=coarsest, spans=spans, facts=self.facts)

    def close(self):
        if self.holders is not None:
            self.holders.close()
