"""examples/site: a shorter turn of it keeps its promises, and the report can be read."""

import json
import os
import re
import subprocess
import sys

import pytest

from stacklab.host import SOURCE
from vipdlab.node import BUILD

sys.path.insert(0, f"{SOURCE}/examples/site")

from turn import figures, picture, report  # noqa: E402

RUN = f"{SOURCE}/examples/site/run"
PLANNED_GAP_MS, UNPLANNED_GAP_MS = 20_000, 45_000
BEGAN = 1_000_000.0


def chromium(page, *options, profile):
    return subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         f"--user-data-dir={profile}", "--enable-logging=stderr", "--v=0", *options,
         f"file://{page}"],
        capture_output=True, text=True, timeout=90, check=True)


def check_page(page, tmp_path, faults):
    """Opens it as a person would: everything is there, nothing complains, nothing is fetched."""
    done = chromium(page, "--dump-dom", profile=tmp_path / "profile")
    assert "CONSOLE" not in done.stderr, done.stderr
    dom = done.stdout
    assert dom.count('<td class="fault">') == faults
    assert dom.count("<svg ") == len(set(re.findall(r'aria-label="Timeline: ([^"]+)"', dom))) > 0
    assert not re.search(r'(?:src|href)="(?!data:)', dom)
    assert "http://" not in dom and "https://" not in dom and "url(" not in dom


def check_schemes(page, tmp_path):
    """It is drawn, and otherwise in the dark."""
    for scheme in ("light", "dark"):
        image = tmp_path / f"{scheme}.png"
        chromium(page, f"--screenshot={image}", "--window-size=1280,2400",
                 f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}",
                 profile=tmp_path / scheme)
        assert image.stat().st_size > 20_000
    assert (tmp_path / "light.png").read_bytes() != (tmp_path / "dark.png").read_bytes()


def request(began, kind="write", well=True, took=0.01, note=None, sent=1):
    return figures.Request(BEGAN + began, BEGAN + began + took, kind, well,
                           201 if well else "ConnectionResetError", sent, "lb1", "web1", "app1",
                           note or f"n{began}")


def sample():
    """Twelve seconds: a hand-over that costs nothing, and a breakdown of two."""
    requests = []
    for number in range(120):
        began = number / 10
        broken = 7 <= began < 9
        requests.append(request(began, "write" if number % 2 else "read", not broken))
    rows = []
    for number, (text, planned, begin, end) in enumerate(
            (("drained & resumed", True, 1, 4), ("<killed>", False, 6, 11)), 1):
        rows.append({"number": number, "tier": "Database", "fault": text, "planned": planned,
                     "node": "db1", "begin": BEGAN + begin, "at": BEGAN + begin + 1,
                     "mended": BEGAN + end - 1, "end": BEGAN + end, "lost": [],
                     **figures.row(requests, BEGAN + begin, BEGAN + end)})
    tier = {"name": "Database", "address": "192.0.2.20", "server": None, "nodes": ["db1", "db2"],
            "about": "A pair.", "begin": BEGAN + 1, "end": BEGAN + 11}
    return {"began": BEGAN, "ended": BEGAN + 12, "quick": True, "per_second": 5,
            "machine": "a machine", "versions": ["one 1.0"], "monitored": "nothing",
            "addresses": {"web": "192.0.2.10", "database": "192.0.2.20", "cache": "192.0.2.30"},
            "tiers": [tier], "faults": rows, "requests": requests, "lost": [],
            "holders": {"192.0.2.20": [[BEGAN, ["db1"]], [BEGAN + 2, ["db2"]]]}}


def test_figures_of_a_breakdown():
    turn = sample()
    planned, broken = turn["faults"]
    assert planned["failed"] == 0 and broken["failed"] == 20
    assert broken["failed_as"] == ["10 x read: ConnectionResetError",
                                   "10 x write: ConnectionResetError"]
    # The last write before it ended at 6.91, the first one after it at 9.11.
    assert broken["gap_ms"] == pytest.approx(2200, abs=1)
    assert planned["gap_ms"] < 300


def test_lost_is_what_was_acknowledged_and_is_not_there():
    requests = [request(1, note="a"), request(2, note="b"), request(3, note="c", well=False),
                request(4, "read", note="d")]
    assert figures.missing(requests, BEGAN + 10, {"a"}) == {"b"}
    assert figures.missing(requests, BEGAN + 1.5, set()) == {"a"}


def test_who_had_the_address():
    changes = [[1, ["db1"]], [5, ["db1", "db2"]], [6, ["db2"]], [8, []], [9, ["db2"]]]
    assert picture.held(changes, "db1", 10) == [(1, 6)]
    assert picture.held(changes, "db2", 10) == [(5, 8), (9, 10)]


def test_report_of_recorded_figures(tmp_path):
    page = tmp_path / "report.html"
    page.write_text(report.page(sample()), encoding="utf-8")
    assert "&lt;killed&gt;" in page.read_text(encoding="utf-8")
    check_page(page, tmp_path, faults=2)
    check_schemes(page, tmp_path)


@pytest.mark.limit(400)
def test_a_shorter_turn(tmp_path):
    page = tmp_path / "report.html"
    done = subprocess.run([RUN, "--no-build", "--quick", "--json", "--output", page],
                          capture_output=True, text=True, timeout=380, check=False,
                          env={**os.environ, "VIPD_BUILD": BUILD})
    assert done.returncode == 0, done.stderr[-20_000:]
    print(done.stderr)
    turn = json.loads(done.stdout)
    for fault in turn["faults"]:
        bound = PLANNED_GAP_MS if fault["planned"] else UNPLANNED_GAP_MS
        assert fault["gap_ms"] < bound, fault
        assert fault["lost"] == [], fault
        assert fault["failed"] == 0 or not fault["planned"], fault
    assert turn["lost"] == []
    assert turn["acknowledged"] > 100
    assert {len(names) for names in turn["held_at_the_end"].values()} == {1}, turn
    check_page(page, tmp_path, faults=len(turn["faults"]))
