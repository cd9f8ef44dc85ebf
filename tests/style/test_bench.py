"""The frame of tests/bench: what the machine spoilt counts for nobody, and is not hidden either."""

import importlib.machinery
import importlib.util
import json
import pathlib
import subprocess
import sys
import time
import types
import xml.dom.minidom

import pytest

BENCH = pathlib.Path(__file__).resolve().parent.parent / "bench"
sys.path[:0] = [str(BENCH), str(BENCH.parent / "lab")]

from benchlab import claim_watch, cost, gap, plan, plots, report, scale, steady, targets  # noqa: E402
from benchlab.frame import Bench, Figure, Unmeasured  # noqa: E402
from benchlab.results import BARE, Results, Value, at_most, share  # noqa: E402


def load_run():
    """tests/bench/run, whose name is no module's."""
    loader = importlib.machinery.SourceFileLoader("vipd_bench_run", str(BENCH / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class FakeControl:
    """Late by these, one after the other."""

    def __init__(self, *late_s):
        self._late_s = list(late_s)

    def late_s(self, begin, end):
        assert begin <= end
        return self._late_s.pop(0)


def bench(*late_s, **keys):
    amount = plan.Plan(**{**vars(plan.QUICK), "repeat_s": 60, **keys})
    return Bench(amount, FakeControl(*late_s), Results())


def one_row(a_bench, values, turns=1):
    left = list(values)
    a_bench.alternate("gap", "a case", turns,
                      lambda product, run: run.add("lost", left.pop(0), "1", at_most(0, on="max")),
                      0.001, ("vipd",))
    return a_bench.results.rows[0]


def test_a_spoilt_turn_is_repeated_and_does_not_count():
    row = one_row(bench(0.5, 0.0), [7, 0])
    assert row.undisturbed("vipd") == [0] and not row.is_disturbed("vipd")
    assert row.distance == 0


def test_what_says_itself_that_it_is_spoilt_is_repeated():
    a_bench, left = bench(0.0, 0.0), ["3 frames were not captured", ""]

    def one_turn(_, run):
        run.spoilt = left.pop(0)
        run.add("lost", len(left), "1")
    a_bench.alternate("gap", "a case", 1, one_turn, 0.001, ("vipd",))
    assert left == [] and a_bench.results.rows[0].undisturbed("vipd") == [0]


def test_what_stays_spoilt_is_marked():
    row = one_row(bench(0.5, 0.5, 0.5), [7, 8, 9])
    assert row.is_disturbed("vipd") and row.maximum("vipd") == 9
    assert report.line(row)[3] == "9*"
    assert one_row(bench(0.5, repeat_s=0), [7]).is_disturbed("vipd"), "no time to repeat"


def test_beside_an_undisturbed_turn_a_spoilt_one_counts_for_nothing():
    a_bench = bench(0.5, 0.0, repeat_s=0)
    assert one_row(a_bench, [7, 0], turns=2).maximum("vipd") == 0
    assert gap.broken(a_bench.results) == []
    assert gap.lossy(a_bench.results, 1) == []


def test_one_loss_may_be_the_probers_own_and_two_are_not():
    a_bench = bench(0.0, 0.5, repeat_s=0)
    one_row(a_bench, [7, 7], turns=2)
    assert gap.lossy(a_bench.results, 1) == ["a case"]
    assert gap.broken(a_bench.results) == []
    a_bench = bench(0.0, 0.0)
    one_row(a_bench, [7, 1], turns=2)
    assert gap.broken(a_bench.results) == ["a case"]


def test_a_turn_that_comes_to_nothing_is_said():
    def nothing(product, run):
        raise Unmeasured("it rained")
    a_bench = bench()
    a_bench.alternate("gap", "a case", 1, nothing, 1, ("vipd",))
    assert a_bench.results.rows == []
    assert a_bench.results.missing == ["gap: a case, vipd, turn 1: it rained"]


@pytest.mark.parametrize("limit, bound", [
    (at_most(3), 3), (share(0.5), 5), (share(1.15, BARE), 2.3), (share(1, "nobody"), None)])
def test_a_limit_is_worth_what_the_others_measured(limit, bound):
    results = Results()
    for product, value in (("vipd", 4.0), ("keepalived", 10.0), (BARE, 2.0)):
        results.add(Figure("claim", "1 IPv4 address", "last installed", "ms", value, limit),
                    product, Value(value, 0, 0.0, False))
    row = results.rows[0]
    assert row.bound == (bound if bound is None else pytest.approx(bound))
    assert row.ratio == 0.4
    assert row.distance == (None if bound is None else pytest.approx(bound - 4))


def test_pictures_can_be_read(tmp_path):
    results = Results()
    for size in (1, 100):
        for product in ("vipd", "keepalived", BARE):
            results.add(Figure("claim", f"{size} IPv4 address{'es' if size > 1 else ''}",
                               "last installed", "ms", size / 3), product,
                        Value(size / 3, 0, 0.0, False))
    results.add(Figure("gap", "10 ms, stop", "longest gap", "ms", 0.0), "vipd",
                Value(0.0, 0, 0.0, False))
    assert plots.draw(results, tmp_path) == ["gap.svg", "claim.svg"]
    for name in ("gap.svg", "claim.svg"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "prefers-color-scheme: dark" in text and "var(--vipd)" in text
        xml.dom.minidom.parseString(text)


def test_a_measure_that_has_had_its_time_begins_no_turn():
    a_bench = bench(0.0, measure_s=0.01)
    a_bench.begin_measure()
    time.sleep(0.02)
    a_bench.alternate("gap", "a case", 2, pytest.fail, 0.001, ("vipd",))
    assert a_bench.results.missing == [f"gap: a case, vipd, turn {turn}: left out, the measure had "
                                       "no time for it" for turn in (1, 2)]


@pytest.mark.parametrize("act, text, times", [
    (lambda bench: time.sleep(60), "ended after 0 s", 1),
    (lambda bench: {}["x"], "'x'", 1),
    (lambda bench: pytest.fail("no"), None, None),
    (lambda bench: subprocess.run(["sleep", "60"], timeout=0.01, check=True), "timed out", 2)])
def test_a_measure_that_fails_is_missing_and_does_not_end_the_run(monkeypatch, act, text, times):
    run, calls = load_run(), []
    monkeypatch.setattr(run, "GRACE_S", 20 if times == 2 else 0.1)
    module = types.SimpleNamespace(NAME="gap",
                                   measure=lambda bench: (calls.append(bench), act(bench)))
    a_bench = bench(measure_s=0.1)
    if text is None:  # what is no Exception, as an interrupt, goes on
        with pytest.raises(BaseException):
            run.take(a_bench, module)
        return
    run.take(a_bench, module)
    assert len(calls) == times and len(a_bench.results.missing) == 1
    assert text in a_bench.results.missing[0]


def test_what_there_is_so_far_is_written(tmp_path):
    writer = load_run().Writer(str(tmp_path / "new"), plan.QUICK)
    a_bench = bench(0.0)
    a_bench.alternate("claim", "a case", 1, lambda _, run: run.add("first", 3, "ms"), 1, ("vipd",))
    written, text = writer.write(a_bench.results)
    assert "bench.json" in written and "a case" in text
    kept = json.loads((tmp_path / "new" / "bench.json").read_text(encoding="utf-8"))
    assert [row["case"] for row in kept["rows"]] == ["a case"]


def with_rows(*rows):
    """Results of (measure, case, figure, limit, vipd's value, whether it was disturbed)."""
    results = Results()
    for measure, case, name, limit, value, disturbed in rows:
        results.add(Figure(measure, case, name, "ms", value, limit), "vipd",
                    Value(value, 0, 0.0, disturbed))
    return results


def test_each_target_is_said_with_the_case_furthest_from_it():
    results = with_rows(
        ("claim", "10", "announced after installed", at_most(3), 2.0, False),
        ("claim", "10,000", "announced after installed", at_most(3), 15.0, False),
        ("claim", "1", "announced after installed", at_most(3), 99.0, True),
        ("gap", "10 ms, stop", "lost", at_most(0, on="max"), 0.0, False),
        ("gap", "10 ms, drain", "lost", at_most(0, on="max"), 2.0, False),
        ("scale", "start", "advert late max", at_most(100), 50.0, True))
    lines = {(t.measure, t.figure): report.target_line(t, results)[2:] for t in targets.TARGETS}
    assert lines["claim", "announced after installed"] == [
        "1 of 2", "10,000", "15 ms", "3 ms", "**12 above**"]
    assert lines["gap", "lost"][:3] == ["1 of 2", "10 ms, drain", "2 ms"]
    assert lines["scale", "advert late max"][2] == "50 ms*"
    assert lines["cost", "rss"][0] == "not measured"


def test_every_target_is_of_a_figure_that_there_is():
    files = {"steadiness": "steady", "hot path": "hotpath"}
    for target in targets.TARGETS:
        name = files.get(target.measure, target.measure)
        text = (BENCH / "benchlab" / f"{name}.py").read_text(encoding="utf-8")
        assert f'"{target.figure}"' in text, f"{name}.py has no {target.figure}"
    known = {target.figure for target in targets.TARGETS if target.measure == cost.NAME}
    assert set(cost.limits(*cost.BIG)) | set(cost.limits(*cost.ALONE)) <= known


def test_percentiles_of_answers():
    assert scale.percentile(range(1, 201), 0.99) == 198
    assert scale.percentile([7], 0.99) == 7
    taken, figures = [*[1.0] * 98, 5.0, scale.TURNED_AWAY, scale.TOO_LATE], {}
    scale.add_answers(types.SimpleNamespace(
        add=lambda name, value, unit: figures.update({name: value})), taken)
    assert figures == {"answered": 99, "turned away": 1, "not answered within 30 s": 1,
                       "answer p50": 1.0,
                       "answer p99": 5.0, "answer max": 5.0}


def test_growth_of_the_cost_of_an_advert():
    results = with_rows(*[
        ("cost", f"{size} x {ms} ms, master", "cpu per advert", None, value, False)
        for size, ms, value in ((1, 1000, 90.0), (1000, 1000, 10.0), (4000, 1000, 15.0),
                                (255, 100, 8.0))])
    cost.add_growth(results, {(1, 1000): 1, (4000, 1000): 1, (1000, 1000): 1, (255, 100): 1})
    row, = results.find("cost", "growth of cpu per advert")
    assert row.case == "1000 to 4000 x 1000 ms, master" and row.median("vipd") == 1.5
    assert row.distance == pytest.approx(-0.3)


def test_nothing_goes_on_when_the_time_of_all_is_over():
    a_bench = bench(0.0, end_s=0.05, measure_s=100)
    load_run().take(a_bench, types.SimpleNamespace(NAME="gap",
                                                   measure=lambda bench: time.sleep(60)))
    assert a_bench.results.missing == ["gap: ended after 0 s"]
    assert not a_bench.has_time("one more")
    for amount in plan.PLANS.values():
        assert amount.begin_until_s < amount.end_s
    assert plan.DEFAULT.end_s < 29 * 60


class FakeAgents:
    """One advert a second, for 1 ms of CPU each, by a clock that sleeping moves on; while the first
    of these seconds passes the machine stands still, for as long."""

    def __init__(self, monkeypatch, stalls_ns):
        self._now_s, self._stalls_ns, self._cpu_ns = 0.0, stalls_ns, 0
        monkeypatch.setattr(cost, "time", types.SimpleNamespace(sleep=self._sleep,
                                                                monotonic=lambda: self._now_s))
        monkeypatch.setattr(cost, "cpu_ns", lambda pids: self._cpu_ns)
        monkeypatch.setattr(cost, "memory_mib", lambda pids: {"Rss": 0, "Pss": 0})

    def _sleep(self, seconds):
        self._now_s += seconds
        self._cpu_ns += int(1e6 * seconds) + self._stalls_ns
        self._stalls_ns = 0

    def pids(self, role):
        return [role]

    def sent(self):
        return int(self._now_s)


@pytest.mark.parametrize("stalls_ns", [0, 10**7])
def test_that_a_machine_stood_still_once_is_no_cost(monkeypatch, stalls_ns):
    figures = list(cost.measure_pair(FakeAgents(monkeypatch, stalls_ns), 10, 0))
    for name, expected in (("cpu", 0.06), ("cpu per advert", 1000)):
        values = [value for of, _, value, _ in figures if of == name]
        assert values == pytest.approx([expected, expected])


def test_there_and_back_is_one_false_take_over():
    def advert(port, priority):
        return types.SimpleNamespace(port=port, priority=priority, time=0.0)

    first, other, hint = advert("n1", 150), advert("n2", 100), advert("n2", 1)
    assert steady.moves([first, first]) == 0
    assert steady.moves([first, hint, first]) == 0
    assert steady.moves([first, other, first, hint, first]) == 2


class FakeQueue:
    """A socket with datagrams of these sizes; another one comes while one is read."""

    def __init__(self):
        self.waiting, self.late = [], None

    def getsockopt(self, _level, _name, _size):
        return claim_watch.WORD.pack(sum(size for size, _ in self.waiting))

    def recv(self, _size):
        if not self.waiting:
            raise BlockingIOError
        _, name = self.waiting.pop(0)
        if self.late:
            self.waiting.append(self.late)
            self.late = None
        return name


def test_what_is_read_late_came_when_it_was_seen_to_wait():
    queue = FakeQueue()
    waiting = claim_watch.Waiting(queue)
    assert not waiting.look()
    queue.waiting += [(700, b"1"), (900, b"2")]
    assert waiting.look() and not waiting.look()
    between = time.time()
    queue.waiting += [(700, b"3")]
    assert waiting.look()
    after, queue.late = time.time(), (700, b"4")
    came = {name: when for when, name in waiting.read()}
    assert list(came) == [b"1", b"2", b"3", b"4"]
    assert came[b"1"] == came[b"2"] <= between <= came[b"3"] <= after <= came[b"4"]
    queue.waiting += [(700, b"5")]
    assert waiting.look() and [name for _, name in waiting.read()] == [b"5"]
