"""tests/failures: which tests of a stage failed, and the end of what each said."""

import json
import os
import subprocess

FAILURES = os.path.join(os.path.dirname(__file__), "..", "failures")

PYTEST = """\
=================================== FAILURES ===================================
________________________________ test_one[c-d] _________________________________
[gw0] linux -- Python 3.11.2 /usr/bin/python3

>       assert v == "a b"
E       AssertionError: not that
{noise}
_________________________________ TestC.test_m _________________________________
E       assert 0
=========================== short test summary info ============================
FAILED test_x.py::test_one[c-d] - AssertionError: not that
FAILED test_x.py::TestC::test_m - assert 0
ERROR test_x.py::test_fix - RuntimeError: x
"""
NOISE = "\n".join(f"line {n}" for n in range(100))


def say(verb, path, text):
    path.write_text(text, encoding="utf-8")
    return subprocess.run([FAILURES, verb, str(path)], check=True, capture_output=True,
                          text=True).stdout.splitlines()


def test_each_test_of_pytest_has_its_own_lines(tmp_path):
    text = PYTEST.format(noise=NOISE)
    names = ["test_x.py::test_one[c-d]", "test_x.py::TestC::test_m", "test_x.py::test_fix"]

    assert say("names", tmp_path / "said", text) == names
    said = say("tails", tmp_path / "said", text)
    first = said[1:said.index(names[1])]
    assert len(first) == 15
    assert first[0] == "    E       AssertionError: not that"
    assert first[-1] == "    line 99"
    assert said[said.index(names[1]) + 1] == "    E       assert 0"


def test_of_mesons_log_only_what_failed(tmp_path):
    results = [
        {"name": "good", "result": "OK", "stdout": "[  ERROR   ] --- no"},
        {"name": "slices", "result": "FAIL",
         "stdout": "[ RUN      ] one\n[       OK ] one\n[ RUN      ] two\n[  FAILED  ] two\n",
         "stderr": "[  ERROR   ] --- 1 != 2\n" + NOISE},
        {"name": "robust", "result": "TIMEOUT", "stdout": "[ RUN      ] no_text_does_harm\n"},
        {"name": "lab", "result": "FAIL", "stdout": PYTEST.format(noise="")},
    ]
    text = "".join(json.dumps(result) + "\n" for result in results)

    assert say("names", tmp_path / "testlog.json", text) == [
        "slices (two)", "robust, timeout (no_text_does_harm)", "lab: test_x.py::test_one[c-d]",
        "lab: test_x.py::TestC::test_m", "lab: test_x.py::test_fix"]
    said = say("tails", tmp_path / "testlog.json", text)
    assert said[1] == "    [  ERROR   ] --- 1 != 2"
    assert said[15] == "    line 99"


def test_a_stage_without_tests_has_its_last_lines(tmp_path):
    text = "lib/x.c:3:4: error: wrong\n" + NOISE

    assert not say("names", tmp_path / "said", text)
    said = say("tails", tmp_path / "said", text)
    assert len(said) == 15
    assert said[0] == "    lib/x.c:3:4: error: wrong"


def test_what_is_not_there_is_nothing():
    assert subprocess.run([FAILURES, "tails", "/nonexistent"], check=True,
                          capture_output=True).stdout == b""
