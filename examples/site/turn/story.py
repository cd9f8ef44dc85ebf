"""One fault after the other under the eyes of the client, and what each of them cost."""

import time

from . import figures
from .faults import TIERS

SETTLE_S = 0.8  # before a fault and after it is mended
AWAY_S = 1.5  # a fault lasts at least so long after the site goes on without
GONE_S, WELL_S, SERVED_S = 90, 90, 60


class Story:
    def __init__(self, site, people, progress):
        self.site, self.people, self.progress = site, people, progress
        self.rows, self.tiers, self.lost = [], [], set()

    def tell(self, faults):
        for tier in TIERS:
            begin = time.time()
            for fault in faults:
                if fault.tier == tier.name:
                    self._one(fault)
            self.tiers.append({"name": tier.name, "address": tier.address, "server": tier.server,
                               "nodes": [h.name for h in self.site.pair(tier.kind)],
                               "about": tier.about, "begin": begin, "end": time.time()})
        self.tiers = [t for t in self.tiers if any(r["tier"] == t["name"] for r in self.rows)]

    def _wait(self, condition, what, seconds):
        self.site.wait(condition, what, seconds)

    def _served(self, since, what):
        self._wait(lambda: self.people.well_since(since), f"the client is served after {what}",
                   SERVED_S)

    def _one(self, fault):
        text = f"{fault.tier}: {fault.text}"
        with self.progress.step(text) as said:
            begin = time.time()
            time.sleep(SETTLE_S)
            self._wait(fault.victim, f"there is a victim for {text}", WELL_S)
            host = fault.victim()
            self._wait(lambda: fault.ready(host), f"{text} may happen", WELL_S)
            at = time.time()
            fault.act(host)
            self._wait(lambda: fault.gone(host, at), f"the site goes on after {text}", GONE_S)
            self._served(time.time(), text)
            time.sleep(AWAY_S)
            mended = time.time()
            fault.mend(host)
            self._wait(lambda: fault.well(host, mended), f"all is well again after {text}", WELL_S)
            self._served(time.time(), f"the end of {text}")
            mended = time.time()
            time.sleep(SETTLE_S)
            row = self._row(fault, host.name, begin, at, mended)
            said.append(f"{row['gap_ms']:.0f} ms, {row['failed']} of {row['requests']} requests "
                        f"failed, {len(row['lost'])} writes lost")

    def _row(self, fault, node, begin, at, mended):
        end = time.time()
        requests = list(self.people.requests())
        lost = figures.missing(requests, end, self.site.stored_notes()) - self.lost
        self.lost |= lost
        self.rows.append({"number": len(self.rows) + 1, "tier": fault.tier, "fault": fault.text,
                          "planned": fault.planned, "node": node, "begin": begin, "at": at,
                          "mended": mended, "end": end, "lost": sorted(lost),
                          **figures.row(requests, begin, end)})
        return self.rows[-1]

    def complete(self, requests):
        """The figures again, now that those have ended too that were under way."""
        for row in self.rows:
            row.update(figures.row(requests, row["begin"], row["end"]))
