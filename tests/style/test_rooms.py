"""The checker of rooms can fail: one mistake at a time is built into a tiny house that is right."""

import json
import shutil
import subprocess
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

CHECKER = Path(__file__).with_name("rooms")
ROOMS = "[agent]\n.\nleft right\nbase\n[tools]\n.\n[lib]\ntop\nbottom\n.\n"
# Every arrow runs downwards, and agent/ and tools/ both use lib/.
HOUSE = {
    "agent/main.c": '#include "agent/left/left.h"\n#include "agent/right/right.h"\n'
                    "int main(void)\n{\n    return left() + right();\n}\n",
    "agent/left/left.h": "/* Left. */\nint left(void);\n",
    "agent/left/left.c": '#include "agent/left/left.h"\n#include "agent/base/base.h"\n'
                         "int left(void)\n{\n    return base();\n}\n",
    "agent/right/right.h": "/* Right. */\nint right(void);\n",
    "agent/right/right.c": '#include "agent/right/right.h"\n#include "lib/top/top.h"\n'
                           "int right(void)\n{\n    return top();\n}\n",
    "agent/base/base.h": "/* Base. */\nint base(void);\n",
    "agent/base/base.c": '#include "agent/base/base.h"\nint base(void)\n{\n    return 1;\n}\n',
    "tools/tool.c": '#include "lib/top/top.h"\nint main(void)\n{\n    return top();\n}\n',
    "lib/top/top.h": "/* Top. */\nint top(void);\n",
    "lib/top/top.c": '#include "lib/top/top.h"\n#include "lib/bottom/bottom.h"\n'
                     "int top(void)\n{\n    return BOTTOM;\n}\n",
    "lib/bottom/bottom.h": "/* Bottom. */\n#define BOTTOM 1\n",
}


class House:
    """A repository with that house, and with the checker where it looks for its own."""

    def __init__(self, top):
        self.top = top
        for path, text in HOUSE.items():
            self.write(path, text)
        self.write("tests/style/rooms.list", ROOMS)
        shutil.copy(CHECKER, top / "tests/style/rooms")
        subprocess.run(["git", "init", "-q", top], check=True, timeout=20)

    def write(self, path, text):
        (self.top / path).parent.mkdir(parents=True, exist_ok=True)
        (self.top / path).write_text(text)

    def begin(self, path, line):
        """Puts a line before a file's others."""
        self.write(path, line + "\n" + (self.top / path).read_text())

    def end(self, path, text):
        self.write(path, (self.top / path).read_text() + text)

    def build(self):
        """Compiles every source; the directory says so as meson's does."""
        units = []
        for source in sorted(self.top.glob("*/**/*.c")):
            name = str(source.relative_to(self.top))
            unit = {"directory": str(self.top), "file": name, "output": name + ".o"}
            subprocess.run(["cc", "-I.", "-c", name, "-o", unit["output"]], cwd=self.top,
                           check=True, timeout=20)
            units.append(unit)
        self.write("compile_commands.json", json.dumps(units))
        return self.top

    def check(self, build=None):
        """The complaints."""
        loader = SourceFileLoader("rooms", str(self.top / "tests/style/rooms"))
        rooms = module_from_spec(spec_from_loader("rooms", loader))
        loader.exec_module(rooms)
        return list(rooms.complaints(build))


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def refused(house, *words, build=None):
    """There is one complaint and it has these words."""
    complaints = house.check(build)
    assert len(complaints) == 1
    for word in words:
        assert word in complaints[0]


def test_a_right_house_passes(house):
    assert house.check() == []
    assert house.check(house.build()) == []


def test_the_exit_status_and_the_last_line(house):
    def run():
        done = subprocess.run([house.top / "tests/style/rooms"], capture_output=True, text=True,
                              timeout=20, check=False)
        return done.returncode, done.stdout, done.stderr
    assert run() == (0, "rooms: 0 complaints\n", "")
    house.write("agent/base/bare.h", "\n")
    status, said, _ = run()
    assert status == 1 and said.splitlines()[-1] == "rooms: 1 complaint"
    assert said.startswith("agent/base/bare.h: ")


@pytest.mark.parametrize("user, used, why", [
    ("agent/base/base.c", "agent/right/right.h", "runs upwards"),
    ("lib/bottom/bottom.h", "lib/limits.h", None),
    ("lib/limits.h", "lib/bottom/bottom.h", "runs upwards"),
    ("agent/left/left.c", "agent/right/right.h", "neighbours do not know each other"),
    ("lib/top/top.c", "agent/base/base.h", "lib does not know agent"),
    ("tools/tool.c", "agent/base/base.h", "tools does not know agent"),
    ("agent/attic/attic.c", "agent/base/base.h", "agent/attic is no room of rooms.list"),
])
def test_includes_run_downwards(house, user, used, why):
    house.write("lib/limits.h", "/* Limits. */\n")
    house.write("agent/attic/attic.c", "int attic;\n")
    assert house.check() == []
    house.end(user, f'#include "{used}"\n')
    if why is None:
        assert house.check() == []
    else:
        refused(house, f"{user} includes {used}: {why}")


def test_a_circle_by_includes(house):
    """Within one room, where no direction is wrong."""
    house.write("agent/base/one.h", '/* One. */\n#include "agent/base/two.h"\n')
    house.write("agent/base/two.h", "/* Two. */\n")
    house.write("agent/base/two.c", '#include "agent/base/two.h"\n')
    assert house.check() == []
    # A source counts with its header.
    house.end("agent/base/two.c", '#include "agent/base/one.h"\n')
    refused(house, "a circle of 2 files by includes", "agent/base/one -> agent/base/two",
            "agent/base/two -> agent/base/one")


def test_a_circle_by_calls_that_no_include_shows(house):
    house.write("agent/base/both.h", "/* Both. */\nint one(int);\nint two(int);\n")
    for name, other in (("one", "two"), ("two", "one")):
        house.write(f"agent/base/{name}.c", f'#include "agent/base/both.h"\nint {name}(int i)\n'
                    f"{{\n    return i == 0 ? 0 : {other}(i - 1);\n}}\n")
    assert house.check() == []
    refused(house, "a circle of 2 files by calls", "agent/base/one.c -> agent/base/two.c: two",
            "agent/base/two.c -> agent/base/one.c: one", build=house.build())


@pytest.mark.parametrize("path, begin, line", [
    ("agent/base/long.c", "", ";\n"), ("lib/long.h", "/* Long. */\n", "\n"),
    ("tests/lab/test_long.py", "", "\n")])
def test_length(house, path, begin, line):
    house.write(path, begin + line * (450 - begin.count("\n")))
    assert house.check() == []
    house.end(path, line)
    refused(house, f"{path}: 451 lines")


def test_a_header_without_an_opening_comment(house):
    house.begin("agent/base/base.h", "#include <stdint.h>")
    refused(house, "agent/base/base.h: begins without a comment")


@pytest.mark.parametrize("line", ["int left(void);", "struct a *make(int a,\n               int b);",
                                  "extern int count;", "    extern int left(void);"])
def test_what_is_declared_outside_of_a_header(house, line):
    house.begin("agent/base/base.c", line)
    refused(house, "agent/base/base.c: declared outside of a header", line.split("(")[0].strip())


@pytest.mark.parametrize("line", ["static int own(int a);", "typedef int (*handler)(void);",
                                  "#define CALL(x) \\\n    x();"])
def test_what_a_source_may_declare(house, line):
    house.begin("agent/base/base.c", line)
    assert house.check() == []
