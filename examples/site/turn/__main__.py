"""Brings the site up, keeps people busy on it, breaks everything once, and writes the report."""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time

from . import figures, hosts, limits, report
from .faults import TIERS, all_faults
from .limits import bounded
from .people import People
from .progress import Progress, quiet_end
from .story import FAILURES, Story

PER_SECOND, PER_SECOND_QUICK = 25, 10
QUIET_S = 2.0  # before the first fault
SAMPLE_S = 0.02
VERSIONS = (("vipctl", "--version"), ("haproxy", "-v"), ("nginx", "-v"), ("mariadbd", "--version"),
            ("redis-server", "--version"), ("prometheus", "--version"))


def arguments():
    parser = argparse.ArgumentParser(prog="examples/site/run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a shorter turn: fewer faults")
    parser.add_argument("--json", action="store_true",
                        help="print the figures as JSON (progress goes to standard error)")
    parser.add_argument("--limit", type=float, default=limits.TURN_S, metavar="SECONDS",
                        help="how long it may take: faults for which the time is not enough are "
                             f"left out ({limits.TURN_S})")
    parser.add_argument("--output", default="report.html", metavar="FILE",
                        help="where the report goes (report.html)")
    parser.add_argument("--keep", action="store_true",
                        help="leave the site up at the end until Enter or Ctrl-C")
    parser.add_argument("--clean", action="store_true",
                        help="take down what a killed run has left, and exit")
    return parser.parse_args()


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except FileNotFoundError:
        return ""
    line = (done.stdout + done.stderr).split("\n", maxsplit=1)[0]
    return line.partition(" - http")[0].strip()  # the report names nobody else's pages


def versions():
    programs = [(hosts.VIPCTL, *VERSIONS[0][1:]), *VERSIONS[1:]]
    return [line for line in map(first_line, programs) if line]


def machine():
    return f"{os.cpu_count()} processors, Linux {platform.release()}"


def holders(samplers):
    return {address: [[when, sorted(names)] for when, names in sampler.changes]
            for address, sampler in samplers.items()}


def bring_up(site, progress):
    with bounded(limits.RAISE_S):
        for text, action in site.steps():
            with progress.step(text):
                action()


def look_back(site, people, story, turn):
    """What is left to be seen, as far as there is time for it."""
    turn.update(requests=people.requests(), lost=story.lost, looked_at=[], held_at_the_end={},
                monitored="Nobody has asked Prometheus")
    try:
        with bounded(limits.END_S):
            turn["requests"] = requests = list(people.end())
            story.complete(requests)
            wanting, turn["looked_at"] = site.wanting(figures.acknowledged(requests))
            turn["lost"] = story.lost | wanting
            turn["held_at_the_end"] = site.held()
            turn["monitored"] = site.monitored()
    except FAILURES as error:
        story.complete(turn["requests"])
        return quiet_end(error)
    return f"{len(turn['lost'])} wanting"


def play(site, options, progress):
    """Returns the turn: all that the report is made of."""
    until = time.monotonic() + options.limit
    bring_up(site, progress)
    began = time.time()
    per_second = PER_SECOND_QUICK if options.quick else PER_SECOND
    people = People(site["client"], hosts.WEB_VIP, per_second, f"{site.stack.directory}/requests")
    samplers = {tier.address: site.sampler(tier.kind, tier.address, SAMPLE_S)
                for tier in TIERS if tier.address}
    turn = {"began": began, "quick": options.quick, "per_second": per_second,
            "machine": machine(), "versions": versions(),
            "addresses": {"web": hosts.WEB_VIP, "database": hosts.WRITER_VIP,
                          "cache": hosts.CACHE_VIP}}
    try:
        site.wait(lambda: people.well_since(began), "the client is served")
        time.sleep(QUIET_S)
        story = Story(site, people, progress, until - limits.END_S)
        story.tell([f for f in all_faults(site, people) if f.quick or not options.quick])
        with progress.step("every acknowledged write is looked for on both databases") as said:
            said.append(look_back(site, people, story, turn))
    finally:
        people.close()
    for text in story.diagnoses:
        print(text, file=sys.stderr)
    return {**turn, "ended": time.time(), "tiers": story.tiers, "faults": story.rows,
            "left_out": story.left_out, "holders": holders(samplers), "lost": sorted(turn["lost"])}


def as_json(turn):
    """Without the requests, of which the figures are made."""
    requests = turn["requests"]
    return json.dumps({**{key: turn[key] for key in turn if key not in ("requests", "holders")},
                       "requests": len(requests), "failed": sum(not r.well for r in requests),
                       "acknowledged": len(figures.acknowledged(requests))}, indent=2)


def print_table(turn):
    heads = ("COMPONENT", "FAULT", "LONGEST GAP", "FAILED REQUESTS", "WRITES LOST")
    rows = [heads] + [(f["tier"], f["fault"], f"{f['gap_ms']:.0f} ms",
                       f"{f['failed']} of {f['requests']}",
                       f"{len(f['lost'])} of {f['acknowledged']}") for f in turn["faults"]]
    rows += [(f["tier"], f["fault"], f["why"], "", "") for f in turn["left_out"]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    print()
    for row in rows:
        print("  ".join(c.ljust(w) if i < 2 else c.rjust(w)
                        for i, (c, w) in enumerate(zip(row, widths))).rstrip())
    print()


def tell(site, options, progress):
    """The turn and its report; the exit status."""
    turn = play(site, options, progress)
    with open(options.output, "w", encoding="utf-8") as file:
        file.write(report.page(turn))
    if options.json:
        print(as_json(turn))
    else:
        print_table(turn)
    progress.note(f"the report: {os.path.abspath(options.output)}")
    if options.keep:
        progress.note(f"the site stays up, at http://{hosts.WEB_VIP}/ in its client:\n   "
                      f"ip netns exec {site['client'].namespace} bash\n   Enter takes it down.")
        sys.stdin.readline()
    return 1 if any(fault["stuck"] for fault in turn["faults"]) else 0


def main():
    options = arguments()
    if options.clean:
        print(f"{hosts.clean()} namespaces taken down")
        return 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda n, _: sys.exit(128 + n))
    progress = Progress(sys.stderr if options.json else sys.stdout)
    site = hosts.Site()
    try:
        return tell(site, options, progress)
    except KeyboardInterrupt:
        return 130
    except FAILURES as error:
        print(f"examples/site/run: {quiet_end(error)}\n{site.stack.diagnose()}", file=sys.stderr)
        return 1
    finally:
        site.close()


if __name__ == "__main__":
    sys.exit(main())
