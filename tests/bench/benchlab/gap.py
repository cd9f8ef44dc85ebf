"""Measure 1: what a client misses when the address moves, and how long a move takes.

A probe every half millisecond, by a client with a real neighbour cache. What is planned is to lose
none. What is not is judged from the last advert of the first node to the second's first answer.
"""

import os
import time
from dataclasses import dataclass
from typing import Callable

from vipdlab.config import VIP4
from vipdlab.watch import Capture

from . import pairs
from .frame import FAILURES
from .results import at_most

NAME = "gap"
BEFORE_S = 0.15
TAIL_S = 0.15
PLANNED_STANDS_S = 0.005
PAIRS_MAX = 3


def stop(pair):
    pair.stop_node(pair.first)


def start(pair):
    pair.start_node(pair.first)


def restart(pair):
    pair.stop_node(pair.first)
    pair.start_node(pair.first)


def kill(pair):
    pair.first.kill()


def rise(pair):
    pair.clear()
    pair.start_node(pair.first)


def link_down(pair):
    pair.first.link_down()


def link_up(pair):
    pair.first.link_up()


def cut(pair):
    pair.first.cut()


def heal(pair):
    pair.first.heal()


def nothing(_):
    """Nothing is to be mended."""


@dataclass(frozen=True)
class Move:
    """What is done, who holds the address then, and how all is as before."""
    name: str
    act: Callable
    to_second: bool
    mend: Callable = nothing
    planned: bool = True
    heard: bool = True  # the first node can still be asked whether it has let go


MOVES = (
    Move("reload", lambda pair: pair.reload(), False),
    Move("restart", restart, False),
    Move("drain", lambda pair: pair.drain(), True, lambda pair: pair.resume()),
    Move("stop", stop, True),
    Move("fail-back", start, False),
    Move("killed", kill, True, rise, planned=False, heard=False),
    Move("interface down", link_down, True, link_up, planned=False, heard=False),
    Move("dead node", cut, True, heal, planned=False, heard=False),
)


def stands_s(move, interval_ms):
    """How late the control may be: what the limit itself allows beyond the bound."""
    if move.planned:
        return PLANNED_STANDS_S
    return 0.001 + 0.05 * pairs.master_down_ms(interval_ms) / 1000


def watch(pair, move):
    """The ProbeResult of one move."""
    probe = pair.lab.probe(VIP4, pairs.PROBE_MS)
    for pid in (probe.pid, pair.lab.echo.pid):
        os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(pairs.PROBE_PRIORITY))
    time.sleep(BEFORE_S)
    began = time.time()
    move.act(pair)
    pair.settle(pair.second if move.to_second else pair.first, reachable=move.heard)
    time.sleep(TAIL_S)
    return began, probe.stop()


def take_over_ms(capture, first_mac, result, began):
    """From the last advert of the first node that reached the second to the latter's first answer.
    None: it has not answered."""
    answered = [(result.sent[n], who) for n, (who, _) in sorted(result.answers.items())]
    first_of_second = next((sent for sent, who in answered if who == "n2" and sent > began), None)
    if first_of_second is None:
        return None
    adverts = [f for f in capture.adverts(until=first_of_second) if f.source_mac == first_mac]
    return (first_of_second - adverts[-1].time) * 1000 if adverts else None


def one_move(pair, move, run, capture):
    """Adds the figures of one move on a pair that is at rest."""
    run.window()
    began, result = watch(pair, move)
    run.close()
    run.add("lost", len(result.lost), "probes", at_most(0, on="max") if move.planned else None)
    run.add("longest gap", result.longest_gap_ms, "ms")
    if not move.planned:
        taken = take_over_ms(capture, pair.first.mac, result, began)
        assert taken is not None, f"{move.name}: the second node has not answered"
        bound = pairs.master_down_ms(pair.interval_ms)
        run.add("from the last advert", taken, "ms", at_most(bound * 1.05 + 1))


class Sequence:
    """All moves on one pair, one after the other; a move that the machine spoilt is repeated. After
    one that came to nothing a fresh pair goes on with it."""

    def __init__(self, bench, product, interval_ms, turn):
        self.bench, self.product, self.interval_ms, self.turn = bench, product, interval_ms, turn
        self._left = list(MOVES)

    def play(self):
        for _ in range(PAIRS_MAX):
            try:
                self._play_on_one_pair()
                return
            except FAILURES as error:
                self.bench.say(f"{self._label(self._left[0])}: again with a fresh pair: {error}")
        self.bench.results.missing += [self._label(move) for move in self._left]

    def _label(self, move):
        return f"{NAME}: {self.interval_ms} ms, {move.name}, {self.product}, turn {self.turn + 1}"

    def _play_on_one_pair(self):
        with pairs.make(self.product, self.interval_ms) as pair:
            capture = Capture(pair.second.namespace, ["eth0"])
            try:
                while self._left:
                    self._play(pair, self._left[0], capture)
                    self._left.pop(0)
            finally:
                capture.close()

    def _play(self, pair, move, capture):
        def one_turn(_, run):
            self._reset(pair, move)
            one_move(pair, move, run, capture)
            move.mend(pair)
            # After a stop the next move starts it again.
            if move.name != "stop":
                pair.settle(pair.first)

        self.bench.once(NAME, f"{self.interval_ms} ms, {move.name}", self.turn, self.product,
                        one_turn, stands_s(move, self.interval_ms), again_after_failure=False)

    @staticmethod
    def _reset(pair, move):
        """As the move wants it, also when it is tried again."""
        if move.name == "fail-back":
            if pair.first.process is not None:
                pair.stop_node(pair.first)
            pair.settle(pair.second)
        elif pair.first.process is None:
            pair.start_node(pair.first)
            pair.settle(pair.first)


def lossy(results, turns):
    """Planned moves in which vipd lost a probe in each of at least so many turns that the machine
    did not spoil."""
    return [row.case for row in results.find(NAME, "lost")
            if row.limit is not None and not row.is_disturbed("vipd") and
            len(row.undisturbed("vipd")) >= turns and min(row.undisturbed("vipd")) > 0]


def broken(results):
    """Those of which it cannot be said that a single loss was the prober's own."""
    return lossy(results, 2)


def measure(bench):
    for interval_ms, turns in bench.plan.gap_turns.items():
        for turn in range(turns):
            for product in pairs.PAIRS:
                if bench.has_time(f"{NAME}: {interval_ms} ms, {product}, turn {turn + 1}"):
                    Sequence(bench, product, interval_ms, turn).play()
        if turns == 1 and any(case.startswith(f"{interval_ms} ms,")
                              for case in lossy(bench.results, 1)):
            Sequence(bench, "vipd", interval_ms, turns).play()


def expected(plan):
    """(case, product) of every row there must be."""
    return [(f"{interval_ms} ms, {move.name}", product) for interval_ms in plan.gap_turns
            for move in MOVES for product in pairs.PAIRS]
