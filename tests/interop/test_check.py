"""vipctl check: its summary, its problems by line, its warnings, its JSON, and how it ends."""

import json
import os
import subprocess

import pytest

from vipdlab.node import VIPCTL

WEB = "[instance web]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.10/24, 2001:db8::10/64\n"
DB = "[instance db]\ninterface = eth0\nvrid = 52\naddresses = 192.0.2.11/24\n"


def check(*arguments):
    return subprocess.run([VIPCTL, "check", *map(str, arguments)], capture_output=True, text=True,
                          timeout=30, check=False)


def warned(done):
    """What is on standard error but for what is said of this machine's interfaces."""
    return "".join(line + "\n" for line in done.stderr.splitlines() if ": note: " not in line)


def test_an_interface_that_is_not_there_is_a_note(write):
    path = write(WEB + DB.replace("eth0", "nowhere0"))
    done = check(path)
    assert done.returncode == 0 and done.stdout.endswith("no problems\n")
    assert (f"{path}:5: note: [instance db] interface: there is no interface nowhere0 on this machine"
            in done.stderr.splitlines())
    note = [n for n in json.loads(check("--json", path).stdout)["notes"] if n["line"] == 5][0]
    assert (note["section"], note["key"]) == ("instance db", "interface")


def test_a_good_file_is_one_line(write):
    path = write(WEB + DB)
    done = check(path)
    assert (done.returncode, warned(done)) == (0, "")
    assert done.stdout == f"{path}: 2 instances, 3 addresses, no problems\n"


def test_one_of_each_is_not_plural(write):
    path = write(DB)
    assert check(path).stdout == f"{path}: 1 instance, 1 address, no problems\n"


def test_every_problem_has_its_line_in_order(write):
    path = write(WEB + "priorty = 3\n" + DB + "lease = 1\n[nod]\nvrid 5\n")
    done = check(path)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{path}:{n}" for n in (5, 10, 11, 12)]
    assert "did you mean 'priority'?" in lines[0]
    assert "without a unit" in lines[1]
    assert "did you mean 'node'?" in lines[2]


def test_warnings_change_nothing_but_are_told(write):
    path = write("\n" + DB + "lease = off\n")
    done = check(path)
    assert done.returncode == 0
    assert done.stdout == f"{path}: 1 instance, 1 address, no problems, 1 warning\n"
    assert warned(done).startswith(f"{path}:2: warning: [instance db] lease: off: ")


def test_a_directory_of_more_files_is_read_in_order_of_names(write, tmp_path):
    path = write(WEB)
    write(DB, "more/20.conf")
    write("[node]\nname = lb1\n", "more/10.conf")
    write("nonsense", "more/20.conf~")
    write("nonsense", "more/.hidden.conf")
    done = check("--config-dir", tmp_path / "more", path)
    assert done.returncode == 0
    assert done.stdout == f"{path} and 2 more files: 2 instances, 3 addresses, no problems\n"

    twice = write(DB, "more/30.conf")
    done = check("--config-dir", tmp_path / "more", path)
    assert done.returncode == 1
    assert done.stdout == (f"{twice}:1: [instance db]: a second time, the first is at "
                           f"{tmp_path}/more/20.conf:1\n")


def test_it_has_the_bounds_of_vipd(write, tmp_path):
    path = write(WEB)
    os.mkdir(tmp_path / "odd")
    os.mkfifo(tmp_path / "odd" / "a.conf")
    done = check("--config-dir", tmp_path / "odd", path)
    assert done.returncode == 2 and "a.conf: it is no regular file" in done.stdout
    for number in range(5):
        write("#" * (1024 * 1024 - 1) + "\n", f"more/{number}.conf")
    done = check("--config-dir", tmp_path / "more", path)
    assert done.returncode == 2 and "too large, all files together may have 4194304 octets" in done.stdout
    # A pipe that was named stays possible.
    done = subprocess.run(["bash", "-c", f'"$1" check <(cat "$2")', "-", VIPCTL, path], capture_output=True,
                          text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_directory_that_is_not_there_has_no_files(write, tmp_path):
    path = write(WEB)
    assert check("--config-dir", tmp_path / "none", path).returncode == 0
    done = check("--config-dir", path, path)
    assert done.returncode == 2 and "Not a directory" in done.stdout


def test_several_files_are_one_configuration(write):
    first, second = write(WEB, "a.conf"), write(DB, "b.conf")
    done = check(first, second)
    assert done.stdout == f"{first} and 1 more file: 2 instances, 3 addresses, no problems\n"
    assert check(first, second, write(DB, "c.conf")).returncode == 1


def test_json_of_a_good_file(write):
    path = str(write(WEB + "lease = off\n"))
    done = check("--json", path)
    answer = json.loads(done.stdout)
    warnings = answer.pop("warnings")
    answer.pop("notes")
    assert (done.returncode, warned(done)) == (0, "")
    assert answer == {"version": 1, "file": path, "files": [path], "valid": True, "instances": 1,
                      "addresses": 2, "problems": []}
    assert [(w["line"], w["section"], w["key"]) for w in warnings] == [(1, "instance web", "lease")]


def test_json_of_a_bad_file(write):
    path = str(write(WEB + "priority = 0\n"))
    done = check("--json", path)
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and answer["valid"] is False
    (problem,) = answer["problems"]
    assert problem.pop("text").startswith("found '0', expected a number")
    assert problem == {"file": path, "line": 5, "section": "instance web", "key": "priority"}


@pytest.mark.parametrize("text", [WEB.encode() + b"\0" + DB.encode(), b"\0" * 512,
                                  b"\n" * (5 << 20)], ids=["one NUL", "only NULs", "5 MiB"])
def test_what_is_no_text_or_too_large_is_refused(write, text):
    path = write(text)
    for arguments in ([path], ["--json", path]):
        done = check(*arguments)
        assert done.returncode == 2 and str(path) in done.stdout


def test_what_cannot_be_read_is_2(tmp_path):
    for path in (tmp_path / "none.conf", tmp_path):
        done = check(path)
        assert done.returncode == 2 and done.stdout.startswith(f"{path}: ")
        assert done.stdout.count("\n") == 1


def test_usage_is_2(write):
    done = check("--nonsense", write(WEB))
    assert done.returncode == 2 and "usage: vipctl check" in done.stderr


def test_every_octet_in_a_file_is_printed_safely(write):
    path = write(WEB.encode() + b"[instance \x1b[31m\xff]\npri\x9b = 1\n")
    done = check(path)
    assert done.returncode == 1
    assert all(line.isprintable() for line in done.stdout.splitlines())
    assert json.loads(check("--json", path).stdout)["valid"] is False


def test_the_agent_need_not_run(write):
    path = write(WEB)
    done = subprocess.run([VIPCTL, "check", str(path)], capture_output=True, text=True, timeout=30,
                          check=False, env={**os.environ, "VIPD_CONTROL": "/nonexistent/x"})
    assert done.returncode == 0


def test_a_key_that_others_can_read_is_warned_of(write, tmp_path):
    key = tmp_path / "web.key"
    made = subprocess.run([VIPCTL, "keygen", "-o", key], capture_output=True, check=False)
    assert made.returncode == 0 and key.stat().st_mode & 0o777 in (0o600, 0o640)
    path = write(DB + f"auth-key = 1:{key}\n")
    assert warned(check(path)) == ""
    key.chmod(0o644)
    assert warned(check(path)) == (
        f"{path}:1: warning: [instance db] auth-key: {key}: has mode 0644, so that everybody on this "
        "machine has permissions on it, expected 0600, or 0640 with the group vipd\n")
    key.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(key, 12345, -1)
        done = check("--json", path)
        assert done.returncode == 0
        [warning] = json.loads(done.stdout)["warnings"]
        assert warning["key"] == "auth-key" and "belongs to the user 12345" in warning["text"]
