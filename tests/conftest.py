"""Fixtures for the suites that run in namespaces: the lab, a limit for each test, diagnoses."""

import os
import signal
import sys

import pytest

for folder in ("", "bench", "lab"):
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), folder))

from disturbed import Disturbed  # noqa: E402
from vipdlab import netns  # noqa: E402
from vipdlab.lab import Lab  # noqa: E402
from vipdlab.node import PATIENCE  # noqa: E402

LIMIT_S = 60
SKIPPED_FOR_MESON = 77


def is_root():
    return os.geteuid() == 0


def pytest_configure(config):
    # SIGTERM must run the finalizers, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if is_root():
        config.pluginmanager.register(Disturbed())


def pytest_sessionstart():
    if is_root():
        netns.sweep()


def pytest_sessionfinish(session):
    if not is_root() and os.environ.get("VIPD_MESON_TEST"):
        session.exitstatus = SKIPPED_FOR_MESON


def pytest_collection_modifyitems(items):
    if not is_root():
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root for network namespaces"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    marker = item.get_closest_marker("limit")
    seconds = (marker.args[0] if marker else LIMIT_S) * PATIENCE

    def expired(*_):
        raise TimeoutError(f"the test took more than {seconds} s")

    previous = signal.signal(signal.SIGALRM, expired)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for lab in item.funcargs.values():
            if isinstance(lab, Lab):
                report.sections.append(("lab", lab.diagnose()))


@pytest.fixture
def make_lab():
    """Builds labs; a vipd that does not end cleanly afterwards fails the test."""
    labs = []

    def make(**topology):
        labs.append(Lab(**topology))
        return labs[-1]

    yield make
    complaints = [text for lab in labs for text in lab.close()]
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def lab(request, make_lab):
    marker = request.node.get_closest_marker("lab")
    return make_lab(**(marker.kwargs if marker else {}))
