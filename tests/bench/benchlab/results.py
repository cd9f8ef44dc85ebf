"""What was measured: rows of values by product, and how far each is from its limit."""

import statistics
from dataclasses import dataclass, field

PRODUCTS = ("vipd", "keepalived")
BARE = "bare"  # a bare loop of system calls, where there is one to compare with


@dataclass(frozen=True)
class Limit:
    """For vipd: at most `factor` times the median of `of`, and `plus`. `on`: what is judged."""
    plus: float = 0.0
    factor: float = 0.0
    of: str = ""
    on: str = "median"

    @property
    def text(self):
        share = f"{self.factor:g} x {self.of}" if self.of else ""
        plus = f"{self.plus:.4g}" if self.plus or not share else ""
        return " + ".join(part for part in (share, plus) if part)


def at_most(value, on="median"):
    return Limit(plus=value, on=on)


def share(factor, of="keepalived", plus=0.0):
    return Limit(plus=plus, factor=factor, of=of)


@dataclass
class Value:
    value: float
    turn: int
    late_ms: float    # of the control, in that time
    disturbed: bool   # more than this measure can stand


@dataclass
class Row:
    """One figure of one case: gap | 100 ms, stop | lost."""
    measure: str
    case: str
    name: str
    unit: str
    limit: Limit = None
    values: dict = field(default_factory=dict)  # product -> [Value]

    def undisturbed(self, product):
        """Those that count: all of them when none was undisturbed."""
        every = self.values.get(product, [])
        return [v.value for v in every if not v.disturbed] or [v.value for v in every]

    def is_disturbed(self, product):
        every = self.values.get(product, [])
        return bool(every) and all(v.disturbed for v in every)

    def median(self, product):
        counted = self.undisturbed(product)
        return statistics.median(counted) if counted else None

    def maximum(self, product):
        return max(self.undisturbed(product), default=None)

    @property
    def ratio(self):
        ours, theirs = self.median("vipd"), self.median("keepalived")
        return ours / theirs if ours is not None and theirs else None

    @property
    def bound(self):
        """The limit as a value of this run; None: there is none, or nothing to derive it from."""
        if self.limit is None:
            return None
        if not self.limit.of:
            return self.limit.plus
        base = self.median(self.limit.of)
        return None if base is None else self.limit.factor * base + self.limit.plus

    @property
    def judged(self):
        """vipd's value that the limit is for."""
        return self.maximum("vipd") if self.limit and self.limit.on == "max" else \
            self.median("vipd")

    @property
    def distance(self):
        """How much was left to the limit; negative: that much above it."""
        ours = self.judged
        return None if self.bound is None or ours is None else self.bound - ours

    def as_dict(self):
        products = {}
        for product, values in self.values.items():
            products[product] = {"median": self.median(product), "max": self.maximum(product),
                                 "disturbed": self.is_disturbed(product),
                                 "values": [vars(v) for v in values]}
        limit = self.limit and {"text": self.limit.text, "judged": self.limit.on,
                                "value": self.bound, "distance": self.distance}
        return {"measure": self.measure, "case": self.case, "name": self.name, "unit": self.unit,
                "products": products, "ratio": self.ratio, "limit": limit}


class Results:
    """All rows in the order in which they were first seen."""

    def __init__(self):
        self._rows = {}
        self.missing = []  # texts: what could not be measured

    @property
    def rows(self):
        return list(self._rows.values())

    def add(self, figure, product, value):
        """figure: a frame.Figure; value: a Value."""
        key = (figure.measure, figure.case, figure.name)
        row = self._rows.setdefault(key, Row(*key, figure.unit, figure.limit))
        row.values.setdefault(product, []).append(value)

    def find(self, measure, name=None):
        return [row for row in self.rows
                if row.measure == measure and name in (None, row.name)]
