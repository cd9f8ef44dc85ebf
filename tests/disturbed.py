"""Repeats a test that failed while the machine stood still.

The control is tests/load: a bare real-time timer on each CPU. Only when one of them was late itself
is a failure no verdict on vipd; then the test is run again, whole, and what it says at last counts.
"""

import importlib.machinery
import importlib.util
import os
import subprocess
import tempfile
import time

import pytest
from _pytest.runner import runtestprotocol

LOAD = os.path.join(os.path.dirname(__file__), "load")
LATE_MS = 20
TRIES = int(os.environ.get("VIPD_TRIES", "4"))  # tests/stack/figures repeats by itself
RECORD_S = 1.5  # a line a second
LATE_ROW_S = 1  # a line that tells of a late timer is late itself
ROUNDED_S = 0.5


def load_module():
    """tests/load, whose name is no module's."""
    loader = importlib.machinery.SourceFileLoader("vipd_tests_load", LOAD)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class LateTimers:
    """What the record of this run says of a time."""

    def __init__(self):
        self._read = load_module().read

    def worst_s(self, begun, ended):
        """How late a bare timer was at worst, on any CPU. Waits until the record has it."""
        time.sleep(max(0, ended + RECORD_S - time.time()))
        rows = self._read(os.environ["VIPD_LOAD"], begun - ROUNDED_S, ended + LATE_ROW_S)
        return max((row[2] for row in rows), default=0.0) / 1000


class Disturbed:
    """The plugin. The first process records, those that run tests read."""

    def __init__(self):
        self._recorder = None
        self._own = None
        self._repeated = []
        self._timers = LateTimers()
        if "VIPD_LOAD" not in os.environ:
            handle, self._own = tempfile.mkstemp(prefix="vipd-load-")
            os.close(handle)
            os.environ["VIPD_LOAD"] = self._own
            self._recorder = subprocess.Popen([LOAD, "record", self._own])

    def pytest_unconfigure(self):
        """Ends the recorder, where it is ours."""
        if self._recorder:
            self._recorder.terminate()
            self._recorder.wait(10)
            os.unlink(self._own)
            del os.environ["VIPD_LOAD"]

    @pytest.hookimpl
    def pytest_runtest_protocol(self, item, nextitem):
        """As pytest runs a test, and again while the machine is to blame."""
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        late = []
        for _ in range(TRIES):
            begun = time.time()
            item._initrequest()
            reports = runtestprotocol(item, nextitem=nextitem, log=False)
            if not any(report.failed for report in reports):
                break
            late.append(1000 * self._timers.worst_s(begun, time.time()))
            if late[-1] <= LATE_MS:
                break
        for report in reports:
            if report.when == "call" and late:
                report.user_properties.append(("disturbed_ms", late))
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def pytest_runtest_logreport(self, report):
        """Remembers what was repeated, in the process that prints."""
        late = dict(report.user_properties).get("disturbed_ms")
        if report.when == "call" and late and (report.passed or len(late) > 1):
            self._repeated.append((report.nodeid, late))

    def pytest_terminal_summary(self, terminalreporter):
        """Says it: a promise that was tried again is no secret."""
        for nodeid, late in self._repeated:
            times = ", ".join(f"{ms:.0f}" for ms in late)
            terminalreporter.write_line(
                f"repeated: {nodeid} (failed while a bare real-time timer was {times} ms late)")
