"""What tests print becomes the tables of the READMEs (tests/stack/figures), in the place for it."""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import types

import pytest

from stacklab import measured, readme
from stacklab.examples import BACK, EXAMPLES
from stacklab.host import SOURCE
from stacklab.load import Request, Result
from stacklab.writer import Row, Writer


def row(line, example="nginx-pair"):
    found = measured.read_line(example, line)
    assert found is not None, line
    return found


def requests(what, *times, good=True, tries=1):
    answers = [Request(when, 0.01, good, tries, "web1", 200, "") for when in times]
    return f"{what}: {Result(answers)}"


def test_what_is_one_event_for_the_reader_is_one_row():
    lines = ["test_nginx_pair.py::test_x " + requests("drain", 0, 0.1),
             requests("resume", 0, 0.5, tries=2), requests("nginx back", 0, 0.2),
             requests("node back", 0, 2.0), requests("nginx killed", 0, good=False)]
    rows = [row(line) for line in lines]
    rows[1].disturbed = True
    example = EXAMPLES["nginx-pair"]
    assert measured.table(measured.put_together(rows, example.names), example.columns) == [
        "|  | longest gap | failed requests | sent again |", "| --- | --- | --- | --- |",
        "| drain, resume (planned) * | 500 ms | 0 of 4 | 2 |",
        "| nginx killed | never again | 1 of 1 | 0 |",
        f"| {BACK} | 2.0 s | 0 of 4 | 0 |"]


@pytest.mark.parametrize("example, line, cells", [
    ("mariadb-primary", "mariadb-primary: drain: 1498 rows, 2 acknowledged ones lost, longest gap "
     "5.50 s, 4.7 s of it for the promotion", ["drain", "5.5 s", "4.7 s", "2 of 1,498"]),
    ("redis-sentinel", "redis-sentinel: SENTINEL FAILOVER: longest gap 0.62 s",
     ["SENTINEL FAILOVER", "620 ms"]),
    ("redis-sentinel", "redis-sentinel: 0 of 1322 acknowledged keys lost",
     ["all of it", "0 of 1,322"]),
    ("firewall", "fw1 dead: 20 of 20 connections live, longest silence 0.340 s",
     ["fw1 dead", "20 of 20", "340 ms"]),
    ("firewall", "fw1 back: 19 of 20 live, longest 0.81", ["fw1 back", "19 of 20", "810 ms"])])
def test_other_lines(example, line, cells):
    found = row(line, example)
    assert [found.what, *map(str, found.cells.values())] == cells


def test_an_event_has_one_row_for_its_requests_and_its_connections():
    rows = [row(requests("drain", 0, 0.1)),
            row("drain: 20 of 20 connections live, longest silence 0.2 s")]
    whole, = measured.put_together(rows, {})
    assert set(whole.cells) >= {measured.GAP, measured.ALIVE}


def test_what_else_is_printed_is_no_row():
    for line in ("", "PASSED [ 50%]", "node2: drain: done", "test_x.py::test_y PASSED",
                 "3 passed, 2 deselected in 20.1s"):
        assert measured.read_line("nginx-pair", line) is None


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_readme_has_one_place_for_it(example):
    with open(f"{SOURCE}/examples/{example}/README.md", encoding="utf-8") as file:
        text = file.read()
    assert readme.has_block(text)
    changed = readme.with_block(text, ["| new \\1 |"])
    assert readme.has_block(changed) and "\n| new \\1 |\n" in changed
    head, tail = text.index(readme.BEGIN), len(text) - text.index(readme.END)
    assert changed[:head] == text[:head] and changed[-tail:] == text[-tail:]


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_has_a_test(example):
    assert os.path.exists(f"{SOURCE}/tests/stack/test_{example.replace('-', '_')}.py")


def test_the_gap_of_a_writer_begins_with_what_was_acknowledged_before_the_fault():
    writer = types.SimpleNamespace(rows=[Row(n, ended, ended, 1)
                                         for n, ended in enumerate((1.0, 9.0, 10.0, 14.5, 14.6))])
    assert Writer.longest_gap_s(writer, 10.2) == 4.5
    assert Writer.longest_gap_s(writer) == 8.0
    assert Writer.longest_gap_s(writer, 20) == float("inf")


def test_a_turn_of_the_site_is_a_table(monkeypatch):
    loader = importlib.machinery.SourceFileLoader("figures_script", f"{SOURCE}/tests/stack/figures")
    script = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(script)
    fault = {"tier": "Cache", "fault": "killed", "gap_ms": 1234.5, "failed": 2, "requests": 80,
             "again": 1, "lost": ["n1"], "acknowledged": 40, "begin": 1.0, "end": 5.0}
    turn = {"faults": [fault], "failed": 2, "requests": 1000, "lost": ["n1"], "acknowledged": 500,
            "began": 0.0, "ended": 10.0, "left_out": []}
    child = types.SimpleNamespace(returncode=0, wait=lambda seconds: 0)

    def process(command):
        child.stdout = io.StringIO(json.dumps(turn))
        return contextlib.nullcontext(child)
    monkeypatch.setattr(script, "process", process)
    monkeypatch.setattr(script, "CONTROL_S", 0)
    run = script.Run(head="here")
    script.run_site(run, types.SimpleNamespace(was_late=lambda begin, end: True))
    assert run.good and script.block("site", run)[:5] == [
        "here", "", "|  | longest gap | failed requests | sent again | acknowledged writes lost |",
        "| --- | --- | --- | --- | --- |", "| Cache: killed * | 1.2 s | 2 of 80 | 1 | 1 of 40 |"]
    assert "2 of 1,000 requests failed in all, 1 of 500" in run.after

    # One that was not over in its time, or was left out, is not measured to its end.
    turn["left_out"] = [{"tier": "Cache", "fault": "last", "why": "the time was over"}]
    fault["unfinished"] = "mending it: not within 75 s"
    script.run_site(run, types.SimpleNamespace(was_late=lambda begin, end: True))
    assert not run.good
    assert run.why == "Cache: killed: mending it: not within 75 s; Cache: last: the time was over"
