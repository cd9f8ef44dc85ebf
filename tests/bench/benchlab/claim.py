"""Measure 2: how long it takes to have and to announce many addresses, beside a bare netlink loop.

The node is BACKUP of somebody who then falls silent: the clock starts when three of the intervals
that he claimed and the node's skew are over. (Who resigns may hold the addresses until he hears of
a successor, so of a planned move nothing is announced before all is there.) The bare loop sends the
kernel the same messages and no others.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import time

from vipdlab import config, netns
from vipdlab.lab import Lab

from .frame import Unmeasured
from .pairs import PROBE_PRIORITY, REALTIME
from .results import BARE, PRODUCTS, at_most, share

NAME = "claim"
HERE = os.path.dirname(os.path.abspath(__file__))
FIRST_VRID = 51
PER_INSTANCE = 4000     # vipd takes 4,096 in one
PRIORITY = 253          # a short skew, and not the owner's priority
RIVAL_INTERVAL_MS = 300  # what the rival says that it does ...
RIVAL_EVERY_S = 0.1     # ... and it is never late
INTERVAL_MS = 100
DOWN_S = RIVAL_INTERVAL_MS / 1000 * (3 + (256 - PRIORITY) / 256)
BARE_LIFETIME_S = 120  # none ends before the last is there
LISTED = {4: "10.78.0.{}/32", 6: "fe80::78:{}/64"}
AFTER_S = 0.3
PATIENCE_S = 30
PER_PATIENT_S = 100
MANY, FEW_EXTRA_MS = 1000, 1
LATE_ADVERT_MS = 1.5 * INTERVAL_MS
SHORT_LEASE_MAX = 2800  # IPv6 addresses on one interface


def shares(count):
    """How many addresses each instance has."""
    found = []
    while count:
        found.append(min(count, PER_INSTANCE))
        count -= found[-1]
    return found


def plan_of(family, count):
    """[(vrid, listed address, further addresses)]"""
    made, number = [], 0
    for place, size in enumerate(shares(count)):
        extra = [extra_address(family, number + i) for i in range(size - 1)]
        number += size - 1
        made.append((FIRST_VRID + place, LISTED[family].format(place + 1), extra))
    return made


def extra_address(family, number):
    if family == 4:
        return f"10.{79 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}/32"
    return f"fd78::{number // 65536 + 1:x}:{number % 65536:x}/128"


def lease_of(plan):
    """As `vipctl check` wants it: the kernel takes longer to renew thousands of IPv6 addresses than
    the default of 5 s lasts."""
    sixes = sum(1 + len(extra) for _, listed, extra in plan if ":" in listed)
    return "120s" if sixes > SHORT_LEASE_MAX else None


def start_vipd(node, plan):
    node.start(*[config.instance(f"i{vrid}", vrid=vrid, priority=PRIORITY, addresses=listed,
                                 extra_addresses=extra or None,
                                 advert_interval=f"{INTERVAL_MS}ms", lease=lease_of(plan))
                 for vrid, listed, extra in plan])


def start_keepalived(node, family, plan):
    blocks = []
    for vrid, listed, extra in plan:
        more = "virtual_ipaddress_excluded {\n" + "\n".join(extra) + "\n}" if extra else ""
        blocks.append(config.keepalived_instance(
            f"i{vrid}", family=family, vrid=vrid, priority=PRIORITY, addresses=[listed],
            interval_s=INTERVAL_MS / 1000, extra=more))
    node.start(config.keepalived(*blocks), prefix=REALTIME, detail=False)


class Watch:
    """claim_watch.py in a namespace."""

    def __init__(self, lab, namespace, installed, announced=0):
        self._patience_s = PATIENCE_S + installed / PER_PATIENT_S
        self._process = lab.keep(subprocess.Popen(
            ["ip", "netns", "exec", namespace, sys.executable, f"{HERE}/claim_watch.py",
             str(installed), str(announced)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=netns.die_with_parent))
        if self._process.stdout.readline() != "ready\n":
            raise RuntimeError("the watcher of claims did not start")
        os.sched_setscheduler(self._process.pid, os.SCHED_FIFO, os.sched_param(PROBE_PRIORITY))

    def stop(self):
        """What it has seen by the time at which all was there, and a moment later."""
        ready, _, _ = select.select([self._process.stdout], [], [], self._patience_s)
        if not ready or self._process.stdout.readline() != "complete\n":
            raise Unmeasured(f"not all was claimed and announced within {self._patience_s:.0f} s")
        time.sleep(AFTER_S)
        text, _ = self._process.communicate("\n", timeout=60)
        return json.loads(text)


class Rival:
    """Adverts of the client for all VRIDs, with a priority that the node yields to."""

    def __init__(self, lab, family, plan):
        self._lab, self._family, self._plan = lab, family, plan

    def frames(self):
        injector = self._lab.injector()
        return [injector.build(family=self._family, vrid=vrid, priority=PRIORITY + 1,
                               addresses=[listed.split("/")[0]], interval_ms=RIVAL_INTERVAL_MS)
                for vrid, listed, _ in self._plan]

    @contextlib.contextmanager
    def reigning(self):
        with contextlib.ExitStack() as stack:
            for frame in self.frames():
                stack.enter_context(self._lab.injecting(frame, RIVAL_EVERY_S))
            yield


def everything(plan):
    return {text.split("/")[0] for _, listed, extra in plan for text in (listed, *extra)}


def claim(product, family, count, run):
    """One claim of a fresh node."""
    plan = plan_of(family, count)
    wanted = everything(plan)
    with contextlib.closing(Lab(nodes=product == "vipd", keepalived=product != "vipd")) as lab:
        node = lab[1]
        rival = Rival(lab, family, plan)
        with rival.reigning():
            if product == "vipd":
                start_vipd(node, plan)
            else:
                start_keepalived(node, family, plan)
            time.sleep(4 * INTERVAL_MS / 1000)
            if wanted & {a.address for a in node.addresses()}:
                raise Unmeasured("it was MASTER before its time")
            watch = Watch(lab, node.namespace, len(wanted), len(wanted))
            time.sleep(2 * RIVAL_EVERY_S)
        run.window()
        seen = watch.stop()
        run.close()
        judge(run, seen, wanted)


def install_limit(count):
    """With few addresses it is hearing and deciding that takes its time."""
    return share(1.15, BARE, plus=0 if count >= MANY else FEW_EXTRA_MS)


def judge(run, seen, wanted):
    """The figures of what the watcher saw."""
    last_heard = {vrid: when for when, vrid, _ in sorted(seen["heard"])}
    missing = wanted - set(seen["installed"]) | wanted - set(seen["announced"])
    if not last_heard or missing:
        raise Unmeasured(f"{len(missing)} addresses were not seen to be claimed and announced")
    began = min(last_heard.values()) + DOWN_S
    installed = max(seen["installed"][address] for address in wanted)
    announced = [seen["announced"][address] for address in wanted]
    adverts = sorted(when for when, vrid, _ in seen["adverts"] if vrid == FIRST_VRID)
    gaps = [b - a for a, b in zip(adverts, adverts[1:])]
    run.add("last installed", (installed - began) * 1000, "ms", install_limit(len(wanted)))
    run.add("first announced", (min(announced) - began) * 1000, "ms")
    if len(wanted) >= MANY:
        run.add("first announced after last installed", (min(announced) - installed) * 1000, "ms",
                at_most(0))
    run.add("last announced", (max(announced) - began) * 1000, "ms")
    run.add("announced after installed", (max(announced) - installed) * 1000, "ms", at_most(3))
    run.add("first advert", (adverts[0] - began) * 1000, "ms")
    run.add("widest gap of adverts", max(gaps, default=0) * 1000, "ms",
            at_most(LATE_ADVERT_MS, on="max"))


def bare(family, count, run):
    """The kernel's part alone."""
    wanted = everything(plan_of(family, count))
    texts = [text for _, listed, extra in plan_of(family, count) for text in (listed, *extra)]
    with contextlib.closing(Lab(nodes=1)) as lab:
        watch = Watch(lab, lab[1].namespace, len(wanted))
        run.window()
        done = netns.run("ip", "netns", "exec", lab[1].namespace, *REALTIME, sys.executable,
                         f"{HERE}/claim_bare.py", BARE_LIFETIME_S, text_in="\n".join(texts),
                         timeout=90)
        seen = watch.stop()
        run.close()
    began = float(done.stdout)
    if wanted - set(seen["installed"]):
        raise Unmeasured("the bare loop has not installed all")
    installed = max(seen["installed"][address] for address in wanted)
    run.add("last installed", (installed - began) * 1000, "ms", install_limit(count))


def case_of(family, count):
    return f"{count:,} IPv{family} address{'es' if count > 1 else ''}"


def measure(bench):
    for count, turns in bench.plan.claim_turns.items():
        for family in (4, 6):
            def one_turn(product, run, family=family, count=count):
                if product == BARE:
                    bare(family, count, run)
                else:
                    claim(product, family, count, run)
            bench.alternate(NAME, case_of(family, count), turns, one_turn, 0.002 + count * 5e-6,
                            (*PRODUCTS, BARE))


def expected(plan):
    return [(case_of(family, count), product) for count in plan.claim_turns for family in (4, 6)
            for product in (*PRODUCTS, BARE)]
