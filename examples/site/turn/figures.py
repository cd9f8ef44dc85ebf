"""What the requests say: how long a client went without, what failed, what was lost."""

import collections
import json
from dataclasses import dataclass

KINDS = ("read", "write")


@dataclass(frozen=True)
class Request:
    began: float
    ended: float
    kind: str
    well: bool
    status: object
    sent: int
    balancer: str
    web: str
    app: str
    note: str

    @property
    def seconds(self):
        return self.ended - self.began


def parse(lines):
    """Requests, from whole lines of client.py."""
    return [Request(*json.loads(line)) for line in lines]


def longest_gap(requests, begin, end):
    """(from, to, kind): the longest time in which nobody got a good answer to a question of that
    kind, of those times that reach into begin..end."""
    worst = (begin, begin, KINDS[0])
    for kind in KINDS:
        times = [r.ended for r in requests if r.kind == kind and r.well]
        before = max((t for t in times if t < begin), default=begin)
        times = [before, *sorted(t for t in times if begin <= t <= end), end]
        worst = max(worst, *((earlier, later, kind) for earlier, later in zip(times, times[1:])),
                    key=lambda gap: gap[1] - gap[0])
    return worst


def longest_answer(requests, begin, end):
    return max((r.seconds for r in requests if r.well and begin <= r.began <= end), default=0.0)


def failed(requests, begin, end):
    return [r for r in requests if not r.well and begin <= r.began <= end]


def acknowledged(requests, begin=0.0, end=float("inf")):
    """The notes whose writers were told `stored`."""
    return {r.note for r in requests if r.kind == "write" and r.well and begin <= r.ended <= end}


def missing(requests, end, stored):
    """The acknowledged writes, until `end`, which the database has not."""
    return acknowledged(requests, end=end) - stored


def row(requests, begin, end):
    """The figures of one fault."""
    gap_from, gap_to, kind = longest_gap(requests, begin, end)
    bad = failed(requests, begin, end)
    reasons = collections.Counter(f"{r.kind}: {r.status}" for r in bad)
    return {"gap_ms": round((gap_to - gap_from) * 1000, 1), "gap_kind": kind,
            "gap_at": [gap_from, gap_to],
            "slowest_ms": round(longest_answer(requests, begin, end) * 1000, 1),
            "requests": sum(begin <= r.began <= end for r in requests),
            "failed": len(bad),
            "failed_as": [f"{count} x {reason}" for reason, count in reasons.most_common()],
            "again": sum(r.well and r.sent > 1 and begin <= r.began <= end for r in requests),
            "acknowledged": len(acknowledged(requests, begin, end))}
