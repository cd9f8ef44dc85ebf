"""agent/hot_path.ld names functions that there are: one that was renamed lies elsewhere again."""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests" / "lab"))

from vipdlab import hot_path  # noqa: E402


def test_each_function_is_where_the_list_says():
    sources = {hot_path.object_of(str(path.relative_to(TOP))): path.read_text(encoding="utf-8")
               for top in ("agent", "lib") for path in (TOP / top).rglob("*.c")}
    assert len(hot_path.listed()) > 100
    gone = sorted(f"{file}: {name}" for file, name in hot_path.listed()
                  if not re.search(rf"^[a-z][\w *]*\b{name}\(", sources.get(file, ""), re.M))
    assert not gone, "no such functions: write it anew by tests/lab/hot_path"


def test_callgrinds_names_are_unpacked():
    text = """ob=(1) /b/agent/vipd
fl=(1) ../agent/wire/inbox.c
fn=(1) inbox_read
10 5
cfi=(2) ../lib/packet/packet.c
cfn=(2) judge.isra.0
calls=3 7
10 40
cob=(2) /lib/libc.so.6
cfi=(3) ???
cfn=(3) recvmmsg
calls=1 0
10 9
fn=(4) on_readable'2
12 1
"""
    assert hot_path.parse(text.splitlines(), "/b/agent/vipd") == {
        ("../agent/wire/inbox.c", "inbox_read"): 0, ("../lib/packet/packet.c", "judge"): 3,
        ("../agent/wire/inbox.c", "on_readable"): 0}
    assert hot_path.source_of("../agent/wire/inbox.c") == "agent/wire/inbox.c"
    assert hot_path.object_of("agent/wire/inbox.c") == "wire_inbox.c"
    assert hot_path.source_of("/usr/src/glibc/malloc.c") is None
