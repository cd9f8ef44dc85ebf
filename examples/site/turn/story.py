"""One fault after the other under the eyes of the client, and what each of them cost.

A fault has a bounded time to be over. One that is not is mended once more; when that does not help
either it is stuck, the rest of its tier is left out, and the report says so.
"""

import subprocess
import time

import pymysql

from . import figures, limits
from .faults import TIERS
from .limits import Overdue, bounded

SETTLE_S = 0.8  # before a fault and after it is mended
AWAY_S = 1.5  # a fault lasts at least so long after the site goes on without
LONG_S = 20  # a fault that took longer says what it waited for
WAIT_S = 600  # of a single wait: that of its fault ends it
FAILURES = (AssertionError, OSError, RuntimeError, subprocess.SubprocessError, pymysql.MySQLError)


class Course:
    """One fault as it goes: its host, its moments, and how long each of its parts took."""

    def __init__(self):
        self.begin, self.at, self.mended = time.time(), None, None
        self.host, self.parts = None, []
        self.unfinished, self.stuck, self.late = "", False, False

    def part(self, text):
        """Another one begins."""
        self.parts.append((text, time.monotonic()))

    def seconds(self):
        """[(part, how long it took)], the last one until now."""
        ends = [began for _, began in self.parts[1:]] + [time.monotonic()]
        return [[text, round(end - began, 1)] for (text, began), end in zip(self.parts, ends)]

    @property
    def longest(self):
        return max(self.seconds(), key=lambda part: part[1])


class Story:
    """until: of time.monotonic(), when no fault goes on any more."""

    def __init__(self, site, people, progress, until):
        self.site, self.people, self.progress, self.until = site, people, progress, until
        self.rows, self.tiers, self.lost = [], [], set()
        self.left_out, self.diagnoses = [], []
        self._no_more = ""  # why no fault of any tier is begun

    def tell(self, faults):
        for tier in TIERS:
            begin = time.time()
            self._tell_tier([fault for fault in faults if fault.tier == tier.name])
            self.tiers.append({"name": tier.name, "address": tier.address, "server": tier.server,
                               "nodes": [h.name for h in self.site.pair(tier.kind)],
                               "about": tier.about, "begin": begin, "end": time.time()})
        self.tiers = [t for t in self.tiers if any(r["tier"] == t["name"] for r in self.rows)]

    def _tell_tier(self, faults):
        why = ""
        for fault in faults:
            if self._left() < limits.LEAST_S and not self._no_more:
                self._no_more = "the time was over"
            why = self._no_more or why
            if why:
                self.left_out.append({"tier": fault.tier, "fault": fault.text, "why": why})
                self.progress.note(f"{fault.tier}: {fault.text}: left out, {why}")
            else:
                why = self._one(fault)

    def _left(self):
        return self.until - time.monotonic()

    def _wait(self, condition, what):
        self.site.wait(condition, what, WAIT_S)

    def _one(self, fault):
        """Why no other of its tier is to be begun; "" when all is well."""
        why, course = "", Course()
        with self.progress.step(f"{fault.tier}: {fault.text}") as said:
            seconds = min(limits.FAULT_S, self._left())
            try:
                with bounded(seconds):
                    self._play(fault, course)
            except FAILURES as error:
                why = self._unfinished(fault, course, error, seconds < limits.FAULT_S)
            row = self._row(fault, course)
            said.append(f"{row['gap_ms']:.0f} ms, {row['failed']} of {row['requests']} requests "
                        f"failed, {len(row['lost'])} writes lost")
            if course.unfinished:
                said.append(f"{how_it_ended(row)}: {course.unfinished}")
            elif row["seconds"] > LONG_S:
                said.append("{} took {:.0f} s".format(*course.longest))
        return why

    def _play(self, fault, course):
        course.part("everything at rest")
        time.sleep(SETTLE_S)
        self._wait(fault.victim, "there is a victim")
        course.host = host = fault.victim()
        self._wait(lambda: fault.ready(host), "it may happen")
        course.at = time.time()
        course.part("the fault itself")
        fault.act(host)
        course.part("the site going on without it")
        self._wait(lambda: fault.gone(host, course.at), "the site goes on")
        course.part("the client being served")
        self._served(time.time())
        time.sleep(AWAY_S)
        self._mend(fault, course)
        time.sleep(SETTLE_S)

    def _mend(self, fault, course):
        host, began = course.host, time.time()
        course.part("mending it")
        fault.mend(host)
        course.part("all being well again")
        self._wait(lambda: fault.well(host, began), "all is well again")
        course.part("the client being served after it")
        self._served(time.time())
        course.mended = time.time()
        course.part("the end of it")

    def _served(self, since):
        self._wait(lambda: self.people.well_since(since), "the client is served")

    def _unfinished(self, fault, course, error, no_time):
        """Notes what it waited for, and tries to mend it. As _one()."""
        course.unfinished = f"{course.parts[-1][0]}: {first_line(error)}"
        if no_time and isinstance(error, Overdue):
            self._no_more = "the time was over"
            return self._no_more
        for host in self.site.pair(course.host.name[:-1]) if course.host else ():
            self.diagnoses.append(host.diagnose())
        try:
            with bounded(min(limits.MEND_S, self._left())):
                if course.host is None:
                    raise Overdue("there was nobody to be mended")
                self._mend(fault, course)
            course.late = True
            return ""
        except FAILURES:
            course.stuck = True
            self._look_whether_served()
            return f"the tier did not come back after \"{fault.text}\""

    def _look_whether_served(self):
        try:
            with bounded(limits.LEAST_S):
                self._served(time.time())
        except FAILURES:
            self._no_more = "the site did not come back"

    def _row(self, fault, course):
        end = time.time()
        at = course.at or end
        lost = self._lost_until(end)
        requests = list(self.people.requests())
        self.rows.append({
            "number": len(self.rows) + 1, "tier": fault.tier, "fault": fault.text,
            "planned": fault.planned, "node": course.host.name if course.host else "",
            "begin": course.begin, "at": at, "mended": course.mended or end, "end": end,
            "seconds": round(end - course.begin, 1), "parts": course.seconds(),
            "unfinished": course.unfinished, "stuck": course.stuck, "late": course.late,
            "lost": sorted(lost),
            **figures.row(requests, course.begin, end)})
        return self.rows[-1]

    def _lost_until(self, end):
        """Acknowledged until then, and not there; the end of the turn looks again."""
        try:
            with bounded(limits.LEAST_S):
                stored = self.site.stored_notes()
        except FAILURES:
            return set()
        lost = figures.missing(list(self.people.requests()), end, stored) - self.lost
        self.lost |= lost
        return lost

    def complete(self, requests):
        """The figures again, now that those have ended too that were under way."""
        for row in self.rows:
            row.update(figures.row(requests, row["begin"], row["end"]))


def how_it_ended(row):
    """Of a fault that was not over in its time."""
    if row["stuck"]:
        return "did not come back"
    return "came back late" if row["late"] else "the time was over"


def first_line(error):
    return (str(error) or type(error).__name__).splitlines()[0]
