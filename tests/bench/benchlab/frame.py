"""The frame of a bench: products by turns, what the machine spoilt again, progress.

A measure is a function(bench) which calls bench.alternate() with what one turn of one product is:
a function(product, run) that gives its figures to run.add(). In alternate() a turn counts as spoilt
when the control was later within run's window than the measure can stand; it is then repeated, a
bounded number of times, and at last kept and marked.
"""

import contextlib
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass

from .results import PRODUCTS, Limit, Value

TRIES = 3


@dataclass(frozen=True)
class Figure:
    """One figure of one turn."""
    measure: str
    case: str
    name: str
    unit: str
    value: float
    limit: Limit = None
    product: str = ""  # where it is not that of the turn


class Run:
    """One turn of one product: its window in time and its figures."""

    def __init__(self, measure, case):
        self.measure, self.case = measure, case
        self.figures = []
        self.spoilt = ""  # why it is no verdict, whatever the control says
        self.begin, self.end = time.time(), None

    def window(self):
        """From here on the control counts."""
        self.begin = time.time()

    def close(self):
        """It counts no longer."""
        if self.end is None:
            self.end = time.time()

    def add(self, name, value, unit, limit=None, product="", case=None):
        self.figures.append(Figure(self.measure, case or self.case, name, unit, value, limit,
                                   product))


class Unmeasured(Exception):
    """A turn that came to nothing, with the reason; not worth a traceback."""


# What a turn may fail of.
FAILURES = (AssertionError, OSError, RuntimeError, subprocess.SubprocessError, Unmeasured)


class Overdue(Exception):
    """A measure has been ended: whatever it waited for, nobody waits longer."""


@contextlib.contextmanager
def bounded(seconds):
    """Raises Overdue in there when it takes longer."""
    def expired(*_):
        raise Overdue(f"ended after {seconds:.0f} s")

    previous = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def first_line(error):
    return (str(error) or repr(error)).splitlines()[0]


class Bench:
    """What a measure gets: plan.Plan, the control, the results."""

    def __init__(self, plan, control, results):
        self.plan, self.control, self.results = plan, control, results
        self._begun = time.monotonic()
        self._measure_begun = self._begun
        self._repeating_s = 0.0

    def begin_measure(self):
        """Each has the time that the plan gives, and may repeat as much as it allows."""
        self._measure_begun = time.monotonic()
        self._repeating_s = 0.0

    def has_time(self, label):
        """Whether the measure may begin one more turn; else that one is missing."""
        had_s = time.monotonic() - self._measure_begun
        if had_s < self.plan.measure_s and self.left_s > 0:
            return True
        self.say(f"{label}: left out, the measure has had its {had_s:.0f} s")
        self.results.missing.append(f"{label}: left out, the measure had no time for it")
        return False

    @property
    def elapsed_s(self):
        return time.monotonic() - self._begun

    @property
    def left_s(self):
        """Until all of it is ended."""
        return self.plan.end_s - self.elapsed_s

    def say(self, text):
        print(f"[{self.elapsed_s:4.0f} s] {text}", file=sys.stderr, flush=True)

    def may_repeat(self):
        return self._repeating_s < self.plan.repeat_s

    def alternate(self, measure, case, turns, one_turn, stands_s, products=PRODUCTS):
        """A B A B. stands_s: how late the control may have been."""
        for turn in range(turns):
            for product in products:
                if self.has_time(f"{measure}: {case}, {product}, turn {turn + 1}"):
                    self.once(measure, case, turn, product, one_turn, stands_s)

    def once(self, measure, case, turn, product, one_turn, stands_s, again_after_failure=True):
        """One turn. Without again_after_failure what it raises goes on to the caller."""
        label = f"{measure}: {case}, {product}, turn {turn + 1}"
        for attempt in range(TRIES):
            last = attempt == TRIES - 1 or not self.may_repeat()
            run, began = Run(measure, case), time.monotonic()
            try:
                one_turn(product, run)
            except FAILURES as error:
                if not again_after_failure:
                    raise
                # One more try however late it is: a row that is missing fails the bench.
                last = attempt == TRIES - 1 or (attempt > 0 and last)
                self._failed(label, error, last)
                if last:
                    return
                self._repeating_s += time.monotonic() - began
                continue
            run.close()
            late_s = self.control.late_s(run.begin, run.end)
            if late_s > stands_s:
                run.spoilt = f"the control was {late_s * 1000:.1f} ms late"
            if not run.spoilt or last:
                self._keep(label, run, product, turn, late_s)
                return
            self.say(f"{label}: {run.spoilt}: again")
            self._repeating_s += time.monotonic() - began

    def _failed(self, label, error, last):
        self.say(f"{label}: {'not measured' if last else 'again'}: {first_line(error)}")
        if not isinstance(error, (Unmeasured, AssertionError)):
            traceback.print_exception(error)
        if last:
            self.results.missing.append(f"{label}: {first_line(error)}")

    def _keep(self, label, run, product, turn, late_s):
        for figure in run.figures:
            self.results.add(figure, figure.product or product,
                             Value(figure.value, turn, late_s * 1000, bool(run.spoilt)))
        mark = f" (marked: {run.spoilt})" if run.spoilt else ""
        shown = ", ".join(f"{f.name} {f.value:.4g} {f.unit}" for f in run.figures[:4])
        self.say(f"{label}: {shown}{mark}")
