"""Which functions of vipd run for an advert (callgrind), and the list that lays them side by side."""

import collections
import glob
import os
import re
import subprocess
import time

from . import config
from .node import VIPD

TOP = os.path.abspath(f"{os.path.dirname(__file__)}/../../..")
LIST = f"{TOP}/agent/hot_path.ld"
ENTRY = re.compile(r"^ *\*(\S+)\.o\(\.text\.(\w+) ", re.M)
ROLES = ("BACKUP", "MASTER")
SETTLE_S = 6


def unpack(names, text):
    """callgrind writes a name once: "(7) name", from then on "(7)"."""
    number, name = re.match(r"\((\d+)\)(?: (.*))?$", text).groups()
    if name is not None:
        names[number] = name
    return names[number]


def parse(lines, program):
    """{(source file, function): calls} of that program. What only went on running has 0 calls."""
    names = collections.defaultdict(dict)  # of objects, files, functions
    at = {"ob": "", "fl": "", "fn": ""}
    called = {"ob": "", "fl": ""}
    calls = collections.Counter()
    for line in lines:
        kind, _, text = line.strip().partition("=")
        if kind in at:
            at[kind] = unpack(names[kind], text)
            if kind == "fn":
                called = {"ob": at["ob"], "fl": at["fl"]}
                if at["ob"] == program:
                    calls[at["fl"], at["fn"].split("'")[0].split(".")[0]] += 0
        elif kind in ("cob", "cfi", "cfl"):
            called["ob" if kind == "cob" else "fl"] = \
                unpack(names["ob" if kind == "cob" else "fl"], text)
        elif kind in ("fi", "fe"):
            unpack(names["fl"], text)
        elif kind == "cfn":
            name = unpack(names["fn"], text).split("'")[0].split(".")[0]
            to = called["ob"], called["fl"], name
        elif kind == "calls":
            if to[0] == program:
                calls[to[1:]] += int(text.split()[0])
            called = {"ob": at["ob"], "fl": at["fl"]}
    return calls


def source_of(path):
    """As the repository names it; None: none of its sources."""
    found = re.search(r"(?:^|/)((?:agent|lib)/[\w/]+\.c)$", path)
    return found and found[1]


def object_of(source):
    """As meson names it in its library: wire_inbox.c of agent/wire/inbox.c."""
    return source.split("/", 1)[1].replace("/", "_")


def start(lab, watched, **keys):
    """A pair at rest, of which callgrind watches one, but does not count yet."""
    for node, role, priority in ((lab[1], "MASTER", 150), (lab[2], "BACKUP", 100)):
        node.write(config.instance(priority=priority, **{"advert_interval": "1s", **keys}))
        prefix = ("valgrind", "--tool=callgrind", "--instr-atstart=no", "--quiet",
                  f"--callgrind-out-file={node.directory}/callgrind") if role == watched else ()
        node.spawn(prefix=prefix)
        lab.wait(lambda n=node, r=role: n.state() == r, f"{node.name} is {role}", 90)
    time.sleep(SETTLE_S)
    return lab[1 + ROLES[::-1].index(watched)]


def watch(node, seconds):
    """{(source, function): calls} of that time."""
    for path in glob.glob(f"{node.directory}/callgrind*"):
        os.unlink(path)
    for order, wait_s in (("-i on", seconds), ("-d", 0), ("-i off", 0), ("-z", 0)):
        subprocess.run(["callgrind_control", *order.split(), str(node.process.pid)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        time.sleep(wait_s)
    path, = glob.glob(f"{node.directory}/callgrind.*")
    with open(path, encoding="utf-8", errors="replace") as file:
        calls = parse(file, os.path.realpath(VIPD))
    found = collections.Counter()
    for (path, name), count in calls.items():
        if source_of(path):
            found[source_of(path), name] += count
    return found


def listed():
    """{(object, function)}"""
    with open(LIST, encoding="utf-8") as file:
        return set(ENTRY.findall(file.read()))


def unlisted(calls, least):
    """Functions that were called that often and are not in the list."""
    known = listed()
    return sorted(f"{source}: {name}" for (source, name), count in calls.items()
                  if count >= least and (object_of(source), name) not in known)


HEAD = """/*
 * The functions that run when nothing happens but adverts, side by side: an advert a second finds
 * every page cold, and pays for each that it touches. Without this file vipd is as right, only
 * slower. Names that are not there do no harm; whoever adds a function that runs for each advert
 * has the list written anew by tests/lab/hot_path, which asks callgrind. One section has all of the
 * text: of a second one debuggers may know nothing.
 */
SECTIONS
{
  .text : ALIGN(4096)
  {
"""
FOOT = """    /* all others, as the linker has them */
    *(.text.unlikely .text.*_unlikely .text.unlikely.*)
    *(.text.exit .text.exit.*)
    *(.text.startup .text.startup.*)
    *(.text .stub .text.*)
  }
}
INSERT BEFORE .fini;
"""


def write(groups):
    """groups: {title: {(source, function)}}, in the order in which they shall lie in memory."""
    with open(LIST, "w", encoding="utf-8") as file:
        file.write(HEAD)
        for title, functions in groups.items():
            file.write(f"    /* {title} */\n")
            for source, name in sorted(functions):
                file.write(f"    *{object_of(source)}.o(.text.{name} .text.{name}.*)\n")
        file.write(FOOT)
