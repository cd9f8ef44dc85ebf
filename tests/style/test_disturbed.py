"""What is excused on a busy machine: only what the control was late for is run again, or may be late."""

import os
import subprocess
import sys
import time

from types import SimpleNamespace

import pytest

TESTS = os.path.join(os.path.dirname(__file__), "..")
sys.path[:0] = [TESTS, os.path.join(TESTS, "lab")]

from vipdlab.calm import assert_steady  # noqa: E402

CONFTEST = """
import sys
sys.path.insert(0, {tests!r})
from disturbed import Disturbed
def pytest_configure(config):
    config.pluginmanager.register(Disturbed())
"""

# Fails until it was run as often as the file beside it has lines to take away.
TEST = """
import os
def test_it():
    path = os.path.join(os.path.dirname(__file__), "failures")
    with open(path) as file:
        left = file.read().split()
    with open(path, "w") as file:
        file.write(" ".join(left[1:]))
    assert not left
"""


def outcome(folder, failures, late_ms, *options):
    """Runs a test that fails so often while the control is so late."""
    (folder / "conftest.py").write_text(CONFTEST.format(tests=os.path.abspath(TESTS)))
    (folder / "test_it.py").write_text(TEST)
    (folder / "failures").write_text("x " * failures)
    now = round(time.time())
    (folder / "load").write_text("".join(f"{now + i} 1.0 {late_ms}\n" for i in range(60)))
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(folder)],
        env={**os.environ, "VIPD_LOAD": str(folder / "load")},
        capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_what_failed_while_the_machine_stood_still_is_run_again(tmp_path, options):
    done = outcome(tmp_path, 1, 300.0, *options)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout and "300 ms late" in done.stdout


def test_what_failed_on_a_quiet_machine_failed(tmp_path):
    done = outcome(tmp_path, 1, 1.0)
    assert done.returncode == 1 and "1 failed" in done.stdout


def test_what_fails_each_time_failed(tmp_path):
    done = outcome(tmp_path, 10, 300.0)
    assert done.returncode == 1 and "300, 300, 300, 300 ms late" in done.stdout


@pytest.mark.parametrize("late_ms, fits", [(1, False), (95, False), (105, True)])
def test_an_advert_is_excused_for_twice_as_late_as_the_timer_was(tmp_path, monkeypatch, late_ms, fits):
    now = round(time.time())
    rows = [(now - 40, 999), (now - 20, 1), (now - 19, late_ms), (now - 10, 999)]
    (tmp_path / "load").write_text("".join(f"{at} 1.0 {late}\n" for at, late in rows))
    monkeypatch.setenv("VIPD_LOAD", str(tmp_path / "load"))
    adverts = [SimpleNamespace(time=now - 20 + after) for after in (0, 0.1, 0.6)]
    assert_steady(adverts, 0.51)
    if fits:
        assert_steady(adverts, 0.3)
    else:
        with pytest.raises(AssertionError, match="0.500 s without an advert"):
            assert_steady(adverts, 0.3)
