"""What the examples' tests print (measure.py and the like), made to the rows of a table.

A line is about one event ("drain") and has some cells; the lines of an event, and of events that an
Example says are one ("each of them back"), are put together: counts are added, times are the worst.
"""

import re
from dataclasses import dataclass, field

# Columns in the order in which tables have them.
GAP, PROMOTION, FAILED, AGAIN = "longest gap", "for the promotion", "failed requests", "sent again"
SLOWEST, BY = "slowest answer", "answered by"
ALIVE, SILENCE = "open connections that live", "their longest silence"
LOST = "acknowledged writes lost"
COLUMNS = (GAP, PROMOTION, FAILED, AGAIN, SLOWEST, BY, ALIVE, SILENCE, LOST)

_REQUESTS = re.compile(r"(?P<what>.+): (?P<of>\d+) requests, (?P<failed>\d+) failed .*?, "
                       r"(?P<again>\d+) repeated, longest gap (?P<gap>\d+|inf) ms, "
                       r"slowest (?P<slowest>\d+) ms, answered by \{(?P<by>.*)\}$")
_WRITES = re.compile(r"(?P<what>.+): (?P<of>\d+) (?:rows|keys), (?P<lost>\d+) acknowledged ones "
                     r"lost, longest gap (?P<gap>[\d.]+) s, (?P<promotion>[\d.]+) s of it for the "
                     r"promotion$")
_GAPS = re.compile(r"(?P<what>.+): longest gap (?P<gap>[\d.]+) s$")
_LOSSES = re.compile(r"(?P<lost>\d+) of (?P<of>\d+) acknowledged \w+ lost$")
_CONNECTIONS = re.compile(r"(?P<what>.+): (?P<alive>\d+) of (?P<of>\d+) (?:connections )?live, "
                          r"longest (?:silence )?(?P<silence>[\d.]+)")
_BY = re.compile(r"'([^']+)': (\d+)")


@dataclass(frozen=True)
class Worst:
    """A time in seconds."""
    seconds: float

    def __add__(self, other):
        return Worst(max(self.seconds, other.seconds))

    def __str__(self):
        if self.seconds == float("inf"):
            return "never again"
        return f"{self.seconds * 1000:.0f} ms" if self.seconds < 1 else f"{self.seconds:.1f} s"


@dataclass(frozen=True)
class Part:
    """So many of so many."""
    count: int
    of: int

    def __add__(self, other):
        return Part(self.count + other.count, self.of + other.of)

    def __str__(self):
        return f"{self.count} of {self.of:,}"


@dataclass(frozen=True)
class LastOf(Part):
    """Of all until then."""

    def __add__(self, other):
        return LastOf(max(self.count, other.count), max(self.of, other.of))


@dataclass(frozen=True)
class Count:
    count: int

    def __add__(self, other):
        return Count(self.count + other.count)

    def __str__(self):
        return str(self.count)


@dataclass(frozen=True)
class Servers:
    counts: tuple

    def __add__(self, other):
        both = dict(self.counts)
        for name, count in other.counts:
            both[name] = both.get(name, 0) + count
        return Servers(tuple(sorted(both.items())))

    def __str__(self):
        return ", ".join(f"{name}: {count}" for name, count in sorted(self.counts))


@dataclass
class Row:
    """One event, or several that are one for the reader."""
    what: str
    cells: dict
    disturbed: bool = False


@dataclass(frozen=True)
class Example:
    """Which tests measure it (pytest -k; the others of the file only assert), what its events are
    called in the README, in that order (several may have one name), and which columns there are
    (None: all that there is something for)."""
    tests: str = ""
    names: dict = field(default_factory=dict)
    columns: tuple = None


def _requests(found):
    by = tuple(sorted((name, int(count)) for name, count in _BY.findall(found["by"])))
    return {GAP: Worst(float(found["gap"]) / 1000), SLOWEST: Worst(float(found["slowest"]) / 1000),
            FAILED: Part(int(found["failed"]), int(found["of"])),
            AGAIN: Count(int(found["again"])), BY: Servers(by)}


def _writes(found):
    return {GAP: Worst(float(found["gap"])), PROMOTION: Worst(float(found["promotion"])),
            LOST: LastOf(int(found["lost"]), int(found["of"]))}


def _gaps(found):
    return {GAP: Worst(float(found["gap"]))}


def _losses(found):
    return {LOST: Part(int(found["lost"]), int(found["of"]))}


def _connections(found):
    return {ALIVE: Part(int(found["alive"]), int(found["of"])),
            SILENCE: Worst(float(found["silence"]))}


_KINDS = ((_REQUESTS, _requests), (_WRITES, _writes), (_GAPS, _gaps), (_LOSSES, _losses),
          (_CONNECTIONS, _connections))


def read_line(example, line):
    """The Row of a line that a test of this example has printed; None: it is none of those."""
    # With pytest -v the first line of a test stands behind its name.
    text = re.sub(r"^\S+\.py::\S+ ", "", line.strip()).removeprefix(f"{example}: ")
    for pattern, cells in _KINDS:
        found = pattern.match(text)
        if found:
            return Row(found.groupdict().get("what", "all of it"), cells(found))
    return None


def put_together(rows, names):
    """The rows as the README has them."""
    places = {name: place for place, name in enumerate(names.values())}
    found = {}
    for row in rows:
        what = names.get(row.what, row.what)
        if what not in found:
            found[what] = Row(what, {})
        whole = found[what]
        whole.disturbed = whole.disturbed or row.disturbed
        for column, cell in row.cells.items():
            whole.cells[column] = whole.cells[column] + cell if column in whole.cells else cell
    return sorted(found.values(), key=lambda row: places.get(row.what, len(places)))


def table(rows, columns=None):
    """Markdown, its lines; what was disturbed is marked."""
    used = [column for column in COLUMNS
            if column in (columns or COLUMNS) and any(column in row.cells for row in rows)]
    lines = [["", *used], ["---"] * (len(used) + 1)]
    lines += [[row.what + (" *" if row.disturbed else ""),
               *(str(row.cells.get(column, "")) for column in used)] for row in rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]
