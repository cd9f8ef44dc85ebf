"""Measure 5: start, reload and people at the control socket, with many instances.

How long vipd takes for what is asked of it, and how late any advert of any instance was meanwhile.
keepalived has neither status nor an end of its reload to wait for: of it there are the adverts.
"""

import concurrent.futures
import math
import signal
import socket
import struct
import time

from vipdlab import config

from . import many
from .frame import FAILURES
from .pairs import PAIRS
from .results import at_most

NAME = "scale"
INTERVAL_MS = 1000
QUIET_S = 2.5       # after what was done: two adverts of each instance
CALLS_S = 30        # no call begins later
PATIENCE_S = 30     # of whoever asks; the agent gives them a share of its time
STANDS_S = 0.05
LATE_ADVERT_MS = INTERVAL_MS / 10
ROLE = "master"
GET_STATUS = b'{"method":"io.vipd.GetStatus"}\0'
GET_ONE = b'{"method":"io.vipd.GetStatus","parameters":{"instance":"i0"}}\0'
TURNED_AWAY, TOO_LATE = "turned away", "too late"  # instead of an answer's milliseconds


class Adverts:
    """When each instance of the master sent its adverts."""

    def __init__(self, agents):
        self._machine = agents.machines[ROLE]
        self._ports = agents.ports[ROLE]
        self._capture = agents.lab.capture(ports=self._ports)

    def times(self, since=0.0, until=float("inf")):
        """{(port, vrid): [time, ...]}"""
        found = {}
        for frame in self._capture.adverts(since=since, until=until):
            if frame.port == self._machine.name or frame.port in self._ports:
                found.setdefault((frame.port, frame.vrid), []).append(frame.time)
        return found

    def count(self):
        return len(self.times())

    def missed(self):
        """Frames that were lost on the way to this program, since the last call."""
        return self._capture.missed()

    def latest_ms(self, since, until):
        """How late the latest of all was; one that had not come by the end counts until then."""
        times = self.times(since - INTERVAL_MS / 1000, until)
        gaps = [b - a for own in times.values() for a, b in zip(own, [*own[1:], until])]
        return max(0.0, max(gaps) * 1000 - INTERVAL_MS)

    def close(self):
        self._capture.close()


def started(agents, adverts, run):
    """From the start of the process to the first advert of the last instance."""
    run.window()
    began = time.time()
    agents.spawn(ROLE)
    agents.lab.wait(lambda: adverts.count() == agents.count,
                    f"adverts of {agents.count} instances", agents.patience_s, 0.5)
    run.close()
    last = max(own[0] for own in adverts.times().values())
    run.add("to all adverts", (last - began) * 1000, "ms")


def during(adverts, run, action):
    """What the action costs in milliseconds, and how late adverts were during and after it."""
    adverts.missed()
    run.window()
    began = time.time()
    took = action()
    time.sleep(QUIET_S)
    ended = time.time()
    run.close()
    missed = adverts.missed()
    if missed:
        run.spoilt = f"{missed} frames were not captured"
    run.add("advert late max", adverts.latest_ms(began, ended), "ms",
            at_most(LATE_ADVERT_MS, on="max"))
    return took


def timed(action):
    began = time.monotonic()
    action()
    return (time.monotonic() - began) * 1000


def reload_vipd(agents, **first_keys):
    machine = agents.machines[ROLE]
    sections = many.vipd_sections(agents.count, INTERVAL_MS, many.PRIORITIES[ROLE])
    if first_keys:
        sections[0] = config.instance(
            "i0", vrid=many.vrid(0), priority=many.PRIORITIES[ROLE], addresses=many.address(0),
            advert_interval=f"{INTERVAL_MS}ms", **first_keys)
    machine.write(*sections)

    def ask():
        done = machine.vipctl("reload", timeout=60)
        assert done.returncode == 0, done.stderr
    return timed(ask)


def reload_keepalived(agents, change=False):
    machine = agents.machines[ROLE]
    text = many.keepalived_text(agents.count, INTERVAL_MS, many.PRIORITIES[ROLE])
    if change:
        text = text.replace("    virtual_ipaddress {", "    garp_master_repeat 2\n"
                            "    virtual_ipaddress {", 1)
    with open(f"{machine.directory}/keepalived.conf", "w", encoding="utf-8") as file:
        file.write(text)
    machine.process.send_signal(signal.SIGHUP)


def ask(path, question):
    """One client: the milliseconds until it had the whole answer, or what became of it."""
    began = time.monotonic()
    try:
        with socket.socket(socket.AF_UNIX) as client:
            # Blocking, as a program does it: it waits for a place in the queue of the listener.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO,
                              struct.pack("@qq", PATIENCE_S, 0))
            client.connect(path)
            client.settimeout(PATIENCE_S)
            client.sendall(question)
            last = b""
            while not last.endswith(b"\0"):
                last = client.recv(1 << 20)
                if not last:
                    return TURNED_AWAY
                if time.monotonic() - began > PATIENCE_S:
                    return TOO_LATE
    except (TimeoutError, BlockingIOError):
        return TOO_LATE
    except OSError:
        return TURNED_AWAY
    return (time.monotonic() - began) * 1000


def one_by_one(path, question, calls):
    taken, began = [], time.monotonic()
    while len(taken) < calls and time.monotonic() - began < CALLS_S:
        taken.append(ask(path, question))
    return taken


def at_once(path, question, clients):
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        return list(pool.map(ask, [path] * clients, [question] * clients))


def percentile(values, share):
    """The least value that at least so many of all do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def add_answers(run, taken):
    """How many were answered, and after how long; how many were not."""
    answered = [ms for ms in taken if ms not in (TURNED_AWAY, TOO_LATE)]
    run.add("answered", len(answered), "1")
    run.add("turned away", taken.count(TURNED_AWAY), "1")
    run.add(f"not answered within {PATIENCE_S} s", taken.count(TOO_LATE), "1")
    if answered:
        run.add("answer p50", percentile(answered, 0.5), "ms")
        run.add("answer p99", percentile(answered, 0.99), "ms")
        run.add("answer max", max(answered), "ms")


def cases(count, clients):
    """(case, products)"""
    both = tuple(PAIRS)
    return [(f"{count:,} instances, start", both), (f"{count:,} instances, unchanged reload", both),
            (f"{count:,} instances, one key changed", both),
            (f"{count:,} instances, status of one", ("vipd",)),
            (f"{count:,} instances, status of all", ("vipd",)),
            (f"{count:,} instances, {clients} clients at once for one", ("vipd",)),
            (f"{count:,} instances, {clients} clients at once for all", ("vipd",))]


class Sequence:
    """All that is done to one agent, one after the other."""

    def __init__(self, bench, product, count, turn):
        self.bench, self.product, self.count, self.turn = bench, product, count, turn
        self.clients, self.calls = bench.plan.many_clients, bench.plan.many_calls

    def play(self):
        with many.Many(self.product, self.count, INTERVAL_MS) as agents:
            adverts = Adverts(agents)
            try:
                for (case, products), act in zip(cases(self.count, self.clients), self._acts()):
                    if self.product in products:
                        self._once(case, lambda _, run, act=act: act(agents, adverts, run))
            finally:
                adverts.close()

    def _once(self, case, one_turn):
        # A start cannot be had again with the same processes, however late the control was.
        starts = case.endswith("start")
        self.bench.once(NAME, case, self.turn, self.product, one_turn,
                        float("inf") if starts else STANDS_S, again_after_failure=not starts)

    def _acts(self):
        return (started, self._reload, self._change,
                self._asking(lambda path: one_by_one(path, GET_ONE, self.calls)),
                self._asking(lambda path: one_by_one(path, GET_STATUS, self.calls)),
                self._asking(lambda path: at_once(path, GET_ONE, self.clients)),
                self._asking(lambda path: at_once(path, GET_STATUS, self.clients)))

    def _reload(self, agents, adverts, run, change=False):
        if self.product == "keepalived":
            during(adverts, run, lambda: reload_keepalived(agents, change))
            return
        keys = {"announce_repeat": 3 + self.turn} if change else {}
        run.add("answer", during(adverts, run, lambda: reload_vipd(agents, **keys)), "ms")

    def _change(self, agents, adverts, run):
        self._reload(agents, adverts, run, change=True)

    def _asking(self, how):
        def act(agents, adverts, run):
            time.sleep(self.bench.plan.many_rest_s)
            path = agents.machines[ROLE].control
            add_answers(run, during(adverts, run, lambda: how(path)))
        return act


def play(bench, product, count, turn):
    """The sequence; once more with fresh processes when they did not start."""
    label = f"{NAME}: {count:,} instances, {product}, turn {turn + 1}"
    for last in (False, True):
        try:
            Sequence(bench, product, count, turn).play()
            return
        except FAILURES as error:
            bench.say(f"{label}: {'not measured' if last else 'again'}: {error}")
    bench.results.missing.append(label)


def measure(bench):
    for count, turns in bench.plan.many_turns.items():
        for turn in range(turns):
            for product in PAIRS:
                if bench.has_time(f"{NAME}: {count:,} instances, {product}, turn {turn + 1}"):
                    play(bench, product, count, turn)


def expected(plan):
    return [(case, product) for count in plan.many_turns
            for case, products in cases(count, plan.many_clients) for product in products]
