"""What vipd is to reach, in words, and how far it is from that: what stands above the table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """Of one figure of one measure; its value is each row's limit."""
    measure: str
    figure: str
    text: str


TARGETS = (
    Target("gap", "lost", "no probe is lost when it is planned"),
    Target("gap", "from the last advert", "a fault: three intervals and the skew, 5 % and 1 ms"),
    Target("claim", "last installed", "1.15 x a bare loop, below 1,000 addresses 1 ms more"),
    Target("claim", "first announced after last installed",
           "the first is announced before the last is installed"),
    Target("claim", "announced after installed", "the last: 3 ms after it is installed"),
    Target("claim", "widest gap of adverts", "no advert half an interval late during a claim"),
    Target("cost", "cpu", "half of keepalived's at 255 x 100 ms, all of it at 1 x 1 s"),
    Target("cost", "growth of cpu per advert", "linear: with more instances a fifth more at most"),
    Target("cost", "pss", "not above keepalived's at 255 x 100 ms"),
    Target("cost", "rss", "8 MiB and 1 KiB an instance"),
    Target("cost", "syscalls per advert", "0.2 at 255 x 100 ms"),
    Target("steadiness", "false take-overs", "none when idle, else no more than keepalived"),
    Target("scale", "advert late max", "no advert a tenth of its interval late, whatever is asked"),
    Target("hot path", "allocations", "none after the start"),
)


def rows_of(target, results):
    """Those that can be judged; those that the machine spoilt only when there are no others."""
    rows = [row for row in results.find(target.measure, target.figure)
            if row.distance is not None]
    return [row for row in rows if not row.is_disturbed("vipd")] or rows


def beyond(row):
    """How far from the limit, as a share of it; of a limit of nothing, the value itself."""
    return row.judged / row.bound if row.bound > 0 else row.judged - row.bound + 1


def furthest(rows):
    return max(rows, key=beyond)
