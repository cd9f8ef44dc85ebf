"""vipctl import: damaged, endless and large files; what it cannot read and must not overwrite."""

import json

import pytest

from vipdlab.importing import (COMPLETE, DAMAGED, USAGE, convert, instance, keys_of, lost, run,
                               sections)

DAMAGED_FILES = {
    "one missing before the next": ("vrrp_instance A {\n virtual_ipaddress {\n 192.0.2.1\n }\n"
                                    + instance(""), ":5: found 'vrrp_instance VI_1', expected the"
                                    " '}' of 'vrrp_instance A' in line 1"),
    "a template": ("vrrp_instance a {\n    state {{ state }}\n}\n", ":2: found '{{', a placeholder"),
    "a lone one": ("{\n", ":1: found '{', expected a keyword before it"),
    "an open quote": ('global_defs {\n router_id "a\n}\n', ":2: found a quote that is never"),
    "binary": (b"\x7fELF\x02\x01\x01" + bytes(range(1, 256)) * 40, ":1: found a control character"),
    "endless definition": ("$A=${B}\n$B=${A}\nglobal_defs {\n router_id ${A}\n}\n", ":4: the def"),
    "a definition that grows": ("$A=x${A}${A}\nrouter_id ${A}\n", ":2: the definitions"),
    "a block that grows": ("$A= \\\n${A} \\\n${A}\n$A\n", ":4: definitions, sequences"),
    "too many repetitions": ("~SEQ(A, 0, 1000000) x\n", ":1: more repetitions"),
    "sequences of sequences": ("~SEQ(A, 60000) ~SEQ(B, 60000) x\n", ":1: found more than 500000"),
    "no end of a sequence": ("~SEQ(A, 1, 5 x\n", ":1: expected ~SEQ("),
    "a step that leads away": ("~SEQ(A, 1, -1, 5) x\n", ":1: expected ~SEQ("),
    "lists of other lengths": ("~LST({A, B}, {1, 2}, {3}) x\n", ":1: expected ~LST("),
    "a deep one": ("x {\n" * 100, ":33: found a block more than 32 deep"),
    "a long line": ("x" * 70000, ":1: found a line of more than 64 KiB"),
}


@pytest.mark.limit(30)
@pytest.mark.parametrize("name", DAMAGED_FILES)
def test_damaged_files(write, name):
    text, expected = DAMAGED_FILES[name]
    path = write(text)
    done = run("import", path)
    assert done.returncode == DAMAGED and done.stdout == ""
    assert done.stderr.startswith(f"vipctl: {path}{expected}"), done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("text, said", [
    (instance("").rstrip("}\n"), (5, "'virtual_ipaddress'", "function")),
    (instance("").rstrip("}\n") + "\n}\n", (1, "'vrrp_instance", "function")),
    (instance("") + "}\n", (9, "}", "cosmetic")),
])
def test_braces_that_keepalived_does_without(write, text, said):
    """It starts with a message; so does this, with the same addresses."""
    report = convert(write(text))
    assert keys_of(report)["addresses"] == "192.0.2.1/24"
    found = [(i["line"], i["text"].split()[0], i["danger"]) for i in report["items"]]
    assert said in found


@pytest.mark.parametrize("first, danger", [("global_defs {\n router_id a\n}\n", "function"),
                                           ("# lb1\n", "cosmetic"), ("\n", "cosmetic")])
def test_a_byte_order_mark(write, first, danger):
    report = convert(write(b"\xef\xbb\xbf" + (first + instance("")).encode()))
    assert "instance VI_1" in sections(report["config"])
    assert [i["danger"] for i in report["items"] if "byte-order" in i["text"]] == [danger]


@pytest.mark.limit(30)
@pytest.mark.parametrize("text", ["include keepalived.conf\n", "include *.conf\n",
                                  "include ./*\ninclude *\n"])
def test_endless_includes(write, text):
    write(text, "b.conf")
    done = run("import", write(text, "keepalived.conf"))
    assert done.returncode == DAMAGED
    assert "include" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["", "# nothing\n", "root:x:0:0:root:/root:/bin/bash\n",
                                  "[instance web]\ninterface = eth0\n"])
def test_what_is_not_keepalived_s_is_said_to_be(write, text):
    done = run("import", write(text))
    assert done.returncode == DAMAGED and "nothing of a keepalived configuration" in done.stderr


def test_files_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        done = run("import", path)
        assert done.returncode == USAGE and str(path) in done.stderr
    (tmp_path / "nul").write_bytes(b"global_defs {\n\0}\n")
    assert run("import", tmp_path / "nul").returncode == USAGE


@pytest.mark.parametrize("arguments", [["--nonsense"], ["a", "b"], ["--force", "a"],
                                       ["--plan", "-o", "b", "a"]])
def test_usage(arguments):
    done = run("import", *arguments)
    assert done.returncode == USAGE and "usage: vipctl import" in done.stderr


def test_output_is_not_overwritten_unless_asked_for(write, tmp_path):
    path, output = write(instance("version 3")), tmp_path / "vipd.conf"
    output.write_text("# as the package has it\n\n; [instance web]\n")
    assert run("import", path, "-o", output).returncode == COMPLETE
    first = output.read_text()
    assert run("check", output).returncode == 0
    output.write_text("mine")
    done = run("import", path, "-o", output)
    assert done.returncode == USAGE and "--force" in done.stderr
    assert output.read_text() == "mine"
    done = run("import", path, "-o", output, "--force", "--json")
    assert done.returncode == COMPLETE
    assert output.read_text() == first == json.loads(done.stdout)["config"]
    assert run("import", path, "-o", tmp_path / "no" / "vipd.conf").returncode == USAGE


@pytest.mark.limit(120)
def test_a_large_configuration(write):
    text = "".join(instance(f"    priority {i % 200 + 1}", f"VI_{i}").replace("eth0", f"e{i}")
                   .replace("192.0.2.1/24", f"10.{i // 250}.{i % 250}.1/24") for i in range(4000))
    report = convert(write(text))
    assert len(sections(report["config"])) == 4000
    assert lost(report) == []


@pytest.mark.limit(120)
def test_many_refused_instances_do_not_take_long(write):
    text = "".join(instance("", f"VI_{i}") for i in range(1000))
    report = convert(write(text))
    assert list(sections(report["config"])) == ["instance VI_0"]


@pytest.mark.limit(120)
def test_more_than_vipd_takes_is_told(write):
    text = "".join(instance("", f"VI_{i}").replace("eth0", f"e{i}")
                   .replace("192.0.2.1/24", f"10.{i >> 8}.{i & 255}.1") for i in range(4100))
    report = convert(write(text))
    assert len(sections(report["config"])) == 4096 and len(lost(report)) == 4
    text = "\n".join(f"10.{i >> 8}.{i & 255}.1" for i in range(4100))
    report = convert(write(instance("").replace("192.0.2.1/24", text)))
    assert keys_of(report)["addresses"].count(",") == 4094 and len(lost(report)) == 5
    tracked = "track_interface {\n" + "\n".join(f"e{i}" for i in range(5000)) + "\n}"
    convert(write(instance(tracked)))
