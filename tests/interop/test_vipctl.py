"""vipctl against a made-up agent: what it prints, and how it ends when things go wrong."""

import datetime
import json
import os
import re
import socket
import subprocess
import threading
import time

import pytest

from vipdlab.node import VIPCTL

STATUS = {
    "version": 1, "node": "lb1", "software": "9.9", "last_reload": None, "instances": [{
        "name": "web", "interface": "eth0", "vrid": 51, "version": 3, "state": "MASTER",
        "since": "2026-01-01T00:00:00.000Z", "held_by": [], "lingering": False,
        "base_priority": 150, "effective_priority": 150, "priority_text": "150",
        "master": {"address": "10.0.0.1", "priority": 150, "is_us": True},
        "addresses": [{"address": "192.0.2.10/24", "held": True}],
        "routers": [{"family": "ipv4", "state": "MASTER", "source": "10.0.0.1", "master": None,
                     "advert_interval_ms": 1000, "master_down_interval_ms": 3414,
                     "skew_time_us": 414000, "counters": {"advertisement-sent": 5, "oversleeps": 0},
                     "drops": {"ip_ttl_error": 3}, "warnings": {}, "foreign_holder": {
                         "address": "192.0.2.10", "mac": "02:00:00:00:00:09", "count": 4}}],
        "last_transition": {"at": "2026-01-01T00:00:00.000Z", "from": "BACKUP", "to": "MASTER",
                            "reason": "no-response", "text": "no advert from 10.0.0.2"}}]}


@pytest.fixture
def agent(tmp_path):
    """agent(answer) listens and answers every message with those octets (None: never), of several
    pieces each `pause` seconds after the one before; a dictionary has an answer for each
    method, with and without the name of an instance."""
    path = str(tmp_path / "control")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(8)
    held = []

    def start(*answer, pause=0):
        def serve():
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                held.append(client)
                data = b""
                while b"\0" not in data:
                    piece = client.recv(4096)
                    if not piece:
                        break
                    data += piece
                pieces = answer
                if isinstance(answer[0], dict):
                    call = json.loads(data.split(b"\0")[0])
                    named = "instance" in (call.get("parameters") or {})
                    pieces = (answer[0][call["method"].removeprefix("io.vipd."), named],)
                if pieces != (None,):
                    for piece in pieces:
                        time.sleep(pause)
                        client.sendall(piece)
                    client.close()
        threading.Thread(target=serve, daemon=True).start()
        return path
    yield start
    server.close()
    for client in held:
        client.close()


def reply(parameters):
    return json.dumps({"parameters": parameters}).encode() + b"\0"


def error(name, **parameters):
    return json.dumps({"error": name, "parameters": parameters}).encode() + b"\0"


def vipctl(path, *arguments, env=None):
    return subprocess.run([VIPCTL, "--control", path, *arguments], capture_output=True, text=True,
                          timeout=30, check=False, env={**os.environ, **(env or {})})


def test_the_table_lines_up_and_gives_the_reason(agent):
    done = vipctl(agent(reply(STATUS)), "status")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    head = next(line for line in lines if line.startswith("INSTANCE"))
    row = lines[lines.index(head) + 1]
    for column, value in (("STATE", "MASTER"), ("VRID", "51"), ("MASTER", "this node")):
        assert row[head.rindex(column):].startswith(value)
    assert "no advert from 10.0.0.2" in done.stdout
    assert "\033" not in done.stdout, "colours only on a terminal"


def test_details_show_counters_drops_and_a_conflict(agent):
    done = vipctl(agent(reply(STATUS)), "status", "web")
    assert done.returncode == 0
    assert "advertisement-sent" in done.stdout and "oversleeps" not in done.stdout
    assert "ip_ttl_error" in done.stdout
    assert "02:00:00:00:00:09" in done.stdout


def test_all_counters_on_request_and_json_as_it_came(agent):
    path = agent(reply(STATUS))
    assert "oversleeps" in vipctl(path, "status", "web", "--all").stdout
    assert json.loads(vipctl(path, "status", "--json").stdout) == STATUS


def test_an_unknown_instance_is_told_with_a_near_name(agent):
    done = vipctl(agent(reply(STATUS)), "status", "wab")
    assert done.returncode == 1 and "did you mean 'web'" in done.stderr


@pytest.mark.parametrize("verb", [["why"], ["history"], ["history", "--follow"], ["drain"],
                                  ["resume"], ["take"], ["wait"]], ids=" ".join)
def test_whatever_is_asked_of_an_unknown_instance_a_near_name_is_told(agent, verb):
    unknown = error("io.vipd.NoSuchInstance", instance="wab")
    many = [{**STATUS["instances"][0], "name": f"other{n}"} for n in range(300)]
    there = {**STATUS, "instances": many + STATUS["instances"]}
    path = agent({("GetStatus", False): reply(there),
                  **{(method, True): unknown
                     for method in ("GetStatus", "GetHistory", "Drain", "Resume", "Take")}})
    done = vipctl(path, *verb, "wab")
    assert done.returncode == 1, done.stderr
    assert done.stderr == "vipctl: there is no instance 'wab'; did you mean 'web'?\n"


def test_no_instances_is_said(agent):
    done = vipctl(agent(reply({**STATUS, "instances": []})), "status")
    assert done.returncode == 0 and "No instance is configured" in done.stdout


def test_not_running_is_one_line_and_3(tmp_path):
    for path in (str(tmp_path / "nothing"), str(tmp_path)):
        done = vipctl(path, "status")
        assert done.returncode == 3 and done.stderr.count("\n") == 1
        assert "not running" in done.stderr


def test_usage_is_2():
    for arguments in (["stauts"], ["status", "--nonsense"], ["status", "a", "b"], [],
                      ["history", "--limit", "x"]):
        assert vipctl("/nonexistent", *arguments).returncode == 2, arguments
    assert "did you mean 'status'" in vipctl("/nonexistent", "stauts").stderr


def test_help_says_every_exit_status_once():
    text = vipctl("/nowhere", "--help").stdout
    assert text.count("Exit status") == text.count("--control PATH  ") == 1
    for code in range(7):
        assert re.search(rf"\b{code} [a-z]", text[text.index("Exit status"):]), code
    assert "(import: not everything" in text


def test_every_verb_has_help():
    verbs = re.findall(r"^  ([a-z]+) ", vipctl("/nowhere", "--help").stdout, re.M)
    assert len(verbs) > 10
    for verb in verbs:
        for arguments in ["--help"], ["-h"], ["--json", "--help"]:
            done = vipctl("/nowhere", verb, *arguments)
            assert done.returncode == 0 and done.stderr == ""
            assert done.stdout.startswith(f"usage: vipctl {verb} ")


def test_not_permitted_is_4(agent):
    assert vipctl(agent(error("io.vipd.NotPermitted")), "reload").returncode == 4


def test_a_refused_reload_prints_the_problems_and_1(agent):
    done = vipctl(agent(error("io.vipd.ReloadFailed", problems=["x.conf:3: bad"])), "reload")
    assert done.returncode == 1 and "x.conf:3: bad" in done.stderr
    assert "stays in force" in done.stderr


def test_a_refused_reload_as_json_is_like_check(agent):
    detail = {"file": "x.conf", "line": 3, "section": "node", "key": "name", "text": "bad"}
    path = agent(error("io.vipd.ReloadFailed", problems=["x.conf:3: bad"], details=[detail]))
    done = vipctl(path, "reload", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"version": 1, "valid": False, "problems": [detail]}


def test_a_refused_reload_of_an_agent_that_sends_sentences_only(agent):
    path = agent(error("io.vipd.ReloadFailed", problems=["x.conf:3: bad"]))
    problem, = json.loads(vipctl(path, "reload", "--json").stdout)["problems"]
    assert problem == {"file": "", "line": 0, "section": "", "key": "", "text": "x.conf:3: bad"}


@pytest.mark.parametrize("verb", ["status", "history", "reload", "version"])
@pytest.mark.parametrize("answer", [b"hello\0", b"", b"[1,2]\0", b'{"parameters":{}}\0',
                                    b'{"parameters":3}\0', b'{"parameters":{"instances":{}}}\0'])
def test_nonsense_is_5(agent, answer, verb):
    done = vipctl(agent(answer), verb)
    assert done.returncode == 5 and done.stderr.count("\n") == 1
    if verb != "version":
        assert done.stdout == "", "nothing is claimed that nobody said"


def test_a_vipd_that_takes_no_connections_is_5(tmp_path):
    path = str(tmp_path / "control")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as first:
        server.bind(path)
        server.listen(0)
        first.connect(path)
        done = vipctl(path, "status")
    assert done.returncode == 5 and done.stderr.count("\n") == 1


def test_output_that_is_lost_is_a_failure(agent):
    path = agent(reply(STATUS))
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([VIPCTL, "--control", path, "status"], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "No space left" in done.stderr


def test_versions(agent, tmp_path):
    path = agent(reply({"version": "9.9"}))
    assert json.loads(vipctl(path, "version", "--json").stdout)["vipd"] == "9.9"
    done = vipctl(str(tmp_path / "nothing"), "version")
    assert done.returncode == 0 and "not running" in done.stdout and done.stderr == ""


def test_a_reload_says_what_it_changed(agent):
    changes = [{"instance": "web", "change": "updated"}, {"instance": "db", "change": "added"}]
    path = agent(reply({"changes": changes, "unchanged": 3, "node_changed": False}))
    done = vipctl(path, "reload")
    assert done.returncode == 0
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["updated", "web"], ["added", "db"], ["2", "changed,", "3", "untouched"]]
    assert len(json.loads(vipctl(path, "reload", "--json").stdout)["changes"]) == 2


def test_history_gives_reason_and_evidence(agent):
    entry = {"at": "2026-01-01T00:00:00.250Z", "instance": "web", "family": "ipv4",
             "from": "BACKUP", "to": "MASTER", "state": "MASTER", "reason": "no-response",
             "text": "no advert from 10.0.0.2", "evidence": {"peer": "10.0.0.2",
                                                             "silence_ms": 12345678.5}}
    path = agent(reply({"entries": [entry]}))
    done = vipctl(path, "history")
    assert done.returncode == 0 and done.stdout.count("\n") == 1
    for part in ("web", "BACKUP -> MASTER", "no advert from 10.0.0.2", "silent for 12345.67",
                 ".250"):
        assert part in done.stdout
    assert json.loads(vipctl(path, "history", "--json").stdout) == {"entries": [entry]}


def test_history_names_what_changed_no_state(agent):
    common = {"at": "2026-01-01T00:00:00.250Z", "instance": "web", "evidence": {}}
    entries = [{**common, "event": "transition", "from": "MASTER", "to": "MASTER",
                "reason": "no-successor", "text": "not drained"},
               {**common, "event": "notice", "reason": "conflict-defended", "text": "somebody"},
               {**common, "event": "transition", "from": "MASTER", "to": "BACKUP",
                "reason": "drained", "text": "drained"}]
    lines = vipctl(agent(reply({"entries": entries})), "history").stdout.splitlines()
    assert [line.split()[2:] for line in lines] == [
        ["web", "no-successor", "not", "drained"], ["web", "conflict-defended", "somebody"],
        ["web", "MASTER", "->", "BACKUP", "drained"]]
    assert lines[0].index("not drained") == lines[2].index("drained"), "texts line up"


@pytest.fixture(name="state_dir")
def fixture_state_dir(tmp_path):
    """The files of a vipd that ended: events of an hour ago, of two days ago and of long ago."""
    now = datetime.datetime.now(datetime.timezone.utc)
    ages = [datetime.timedelta(days=400), datetime.timedelta(days=2), datetime.timedelta(hours=1)]
    lines = [json.dumps({
        "sequence": i, "at": (now - age).strftime("%Y-%m-%dT%H:%M:%S.000Z"), "event": "transition",
        "instance": "web" if i != 2 else "db", "from": "BACKUP", "to": "MASTER",
        "state": "MASTER", "reason": "no-response", "text": f"event {i}", "evidence": {}})
        for i, age in enumerate(ages, 1)]
    (tmp_path / "history.jsonl.1").write_text(lines[0] + "\n", encoding="utf-8")
    (tmp_path / "history.jsonl").write_text("\n".join(lines[1:]) + "\nnonsense\n",
                                            encoding="utf-8")
    return str(tmp_path)


def past(state_dir, *arguments):
    done = vipctl("/nonexistent/control", "history", "--json", "--state-dir", state_dir, *arguments)
    assert done.returncode == 0
    return [entry["sequence"] for entry in json.loads(done.stdout)["entries"]]


def test_the_file_is_read_in_order_and_narrowed(state_dir):
    assert past(state_dir) == [1, 2, 3]
    assert past(state_dir, "web") == [1, 3]
    assert past(state_dir, "--count", "2") == [2, 3]
    assert past(state_dir, "-n", "1", "web") == [3]
    done = vipctl("/nonexistent/control", "history", "--state-dir", state_dir)
    assert "1 damaged lines" in done.stderr


def test_since_takes_what_people_write(state_dir):
    now = datetime.datetime.now()
    before = now - datetime.timedelta(minutes=90)
    for since in ("90m", "3h", "1.5h", before.strftime("%Y-%m-%d %H:%M"),
                  before.strftime("%Y-%m-%dT%H:%M:%S"), before.strftime("%H:%M"),
                  before.strftime("%H:%M:%S"),
                  before.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.123Z")):
        assert past(state_dir, "--since", since) == [3], since
    for since in ("3d", (now - datetime.timedelta(days=3)).strftime("%Y-%m-%d")):
        assert past(state_dir, "--since", since) == [2, 3], since
    assert past(state_dir, "--since", "1m") == []
    assert past(state_dir, "--since", "1970-01-02") == [1, 2, 3]
    for since in ("", "yesterday", "5", "25:00", "2026-13-01", "14:03Z", "1h ago"):
        assert vipctl("/nonexistent", "history", "--since", since).returncode == 2, since


def test_the_priority_column_says_why(agent):
    web = STATUS["instances"][0]
    held = {**web, "name": "held", "state": "INIT", "held_by": ["link"]}
    lowered = {**web, "name": "low", "effective_priority": 90,
               "priority_text": "150 - 60 (x) = 90"}
    owner = {**web, "name": "owner", "effective_priority": 255, "priority_text": "255"}
    done = vipctl(agent(reply({**STATUS, "instances": [held, lowered, owner]})), "status")
    assert "held: INIT (link): link; " in done.stdout
    assert "90 of 150" in done.stdout and "low: MASTER with 150 - 60 (x) = 90: " in done.stdout
    assert "255 of 150" in done.stdout


def test_the_details_have_the_checks_and_the_arithmetic(agent):
    check = {"name": "app", "type": "http", "state": "failing", "weight": -60,
             "since": "2026-01-01T00:00:00.000Z", "text": "status 503", "run_ms": 1.25,
             "last_result": None, "good_results": 1, "bad_results": 3}
    other = {**check, "name": "uplink", "type": "link", "state": "passing", "weight": None,
             "run_ms": None}
    web = {**STATUS["instances"][0], "effective_priority": 90,
           "priority_text": "150 - 60 (app) = 90", "checks": [check, other],
           "damping": {"withdrawals": 3, "limit": 3, "active": True, "remaining_ms": 12345}}
    path = agent(reply({**STATUS, "instances": [web]}))
    done = vipctl(path, "status", "web")
    for part in ("150 - 60 (app) = 90", "app  failing (http, weight -60) since",
                 "status 503 (took 1.250 ms)", "uplink  passing (link, withdraws when failing)",
                 "held back for another 12.3 s, withdrawn 3 times lately (limit 3)"):
        assert part in done.stdout, done.stdout
    assert "web: held back by flap-damping" in vipctl(path, "status").stdout


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}])
def test_colours_are_for_terminals_that_want_them(agent, env):
    path = agent(reply(STATUS))
    master, slave = os.openpty()
    subprocess.run([VIPCTL, "--control", path, "status"], stdout=slave, timeout=30, check=True,
                   env={**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, **env})
    os.close(slave)
    output = os.read(master, 65536)
    os.close(master)
    assert (b"\033[32m" in output) == (not env)


@pytest.mark.limit(120)
def test_an_answer_that_keeps_coming_may_take_long(agent):
    """Four pieces: more than the ten seconds after which silence is no answer."""
    text = reply(STATUS)
    quarter = len(text) // 4 + 1
    pieces = [text[at:at + quarter] for at in range(0, len(text), quarter)]
    assert vipctl(agent(*pieces, pause=3), "status").returncode == 0


def test_silence_is_5_in_the_end(agent):
    assert vipctl(agent(None), "status").returncode == 5


def test_the_environment_names_the_socket(agent):
    path = agent(reply(STATUS))
    done = subprocess.run([VIPCTL, "status"], capture_output=True, text=True, timeout=30,
                          check=False, env={**os.environ, "VIPD_CONTROL": path})
    assert done.returncode == 0
