"""vipctl against a made-up agent: what it prints, and how it ends when things go wrong."""

import json
import os
import socket
import subprocess
import threading

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
    """agent(answer) listens and answers every message with those octets (None: never)."""
    path = str(tmp_path / "control")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(8)
    held = []

    def start(answer):
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
                if answer is not None:
                    client.sendall(answer)
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
    for column, value in (("STATE", "MASTER"), ("VRID", "51"), ("MASTER", "10.0.0.1 (this node)")):
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


def test_not_permitted_is_4(agent):
    assert vipctl(agent(error("io.vipd.NotPermitted")), "reload").returncode == 4


def test_a_refused_reload_prints_the_problems_and_1(agent):
    done = vipctl(agent(error("io.vipd.ReloadFailed", problems=["x.conf:3: bad"])), "reload")
    assert done.returncode == 1 and "x.conf:3: bad" in done.stderr
    assert "stays in force" in done.stderr


@pytest.mark.parametrize("answer", [b"hello\0", b"", b"[1,2]\0", b'{"parameters":{}}\0'])
def test_nonsense_is_5(agent, answer):
    assert vipctl(agent(answer), "status").returncode == 5


def test_silence_is_5_in_the_end(agent):
    assert vipctl(agent(None), "status").returncode == 5


def test_the_environment_names_the_socket(agent):
    path = agent(reply(STATUS))
    done = subprocess.run([VIPCTL, "status"], capture_output=True, text=True, timeout=30,
                          check=False, env={**os.environ, "VIPD_CONTROL": path})
    assert done.returncode == 0
