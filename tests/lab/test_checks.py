"""Health checks: each type against the real thing, what they do to the election, and that nothing
a check does delays an advert."""

import os
import shutil
import ssl
import subprocess
import time

import pytest

from vipdlab import config, netns
from vipdlab.config import VIP4
from vipdlab.node import environment
from vipdlab.service import FakeSystemd, Server, http_answer
from vipdlab.watch import widest_gap


def check_of(node, name, instance="web"):
    """The check as the status of an instance has it."""
    found = node.instance(instance) or {"checks": []}
    return next((c for c in found["checks"] if c["name"] == name), None)


def wait_check(lab, node, name, state, timeout=10):
    return lab.wait(lambda: (check_of(node, name) or {}).get("state") == state,
                    f"check {name} is {state} on {node.name}", timeout)


def write(path, text=""):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def script(node, name, text):
    path = f"{node.directory}/{name}"
    write(path, "#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def effective(node):
    return node.instance()["effective_priority"]


@pytest.mark.lab(nodes=2)
def test_a_failing_check_with_weight_hands_over_without_a_gap(lab):
    flag = f"{lab[1].directory}/healthy"
    write(flag)
    lab[1].start(config.instance(priority=150, track="app"),
                 config.check("app", "file", path=flag, weight=-60))
    lab[2].start(config.instance(priority=100))
    lab.wait_master(lab[1])
    assert lab[1].instance()["priority_text"] == "150"
    probe = lab.probe()
    os.remove(flag)
    lab.wait_master(lab[2])
    instance = lab[1].instance()
    assert instance["effective_priority"] == 90 and instance["base_priority"] == 150
    assert instance["priority_text"] == "150 - 60 (app) = 90"
    assert instance["last_transition"]["reason"] == "higher-priority"
    assert "150 - 60 (app) = 90" in instance["last_transition"]["text"]
    write(flag)
    lab.wait_master(lab[1])
    result = probe.stop()
    assert result.lost == [], str(result)
    assert effective(lab[1]) == 150


@pytest.mark.lab(nodes=2)
def test_a_failing_check_without_weight_withdraws_the_node_without_a_gap(lab):
    flag = f"{lab[1].directory}/maintenance"
    lab[1].start(config.instance(priority=150, track="app"),
                 config.check("app", "file", path=flag, content="absent"))
    lab[2].start(config.instance(priority=100))
    lab.wait_master(lab[1])
    probe = lab.probe()
    write(flag)
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
    instance = lab[1].instance()
    assert instance["state"] == "INIT" and instance["held_by"] == ["check-failed"]
    last = instance["last_transition"]
    assert last["reason"] == "check-failed"
    assert "check app failed" in last["text"] and f"{flag} is there" in last["text"]
    lab.wait(lambda: not lab[1].holds(VIP4), "the address is released")
    os.remove(flag)
    lab.wait_master(lab[1])
    reasons = [t["reason"] for t in lab[1].history()]
    assert "check-passed" in reasons
    result = probe.stop()
    assert result.lost == [], str(result)
    assert "check app is failing" in lab[1].log_text()
    assert "check app is passing" in lab[1].log_text()


@pytest.fixture
def serve(lab):
    """serve(node, address, answer) starts a Server that ends with the test."""
    servers = []

    def start(node, address, answer, tls=None):
        servers.append(Server(node.namespace, address, answer, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def start_with(node, *checks, **node_keys):
    """One instance that follows these checks, by which it cannot lose a rival: there is none."""
    names = [c.split("]")[0].split()[-1] for c in checks]
    return node.start(config.instance(priority=150, track=names), *checks, **node_keys)


@pytest.mark.lab(nodes=1)
def test_tcp(lab, serve):
    server = serve(lab[1], ("127.0.0.1", 3306), lambda _: b"hello")
    start_with(lab[1], config.check("app", "tcp", connect="127.0.0.1:3306", weight=-60))
    wait_check(lab, lab[1], "app", "passing")
    assert check_of(lab[1], "app")["text"] == "connected"
    server.close()
    wait_check(lab, lab[1], "app", "failing")
    assert "Connection refused" in check_of(lab[1], "app")["text"]
    assert effective(lab[1]) == 90
    serve(lab[1], ("127.0.0.1", 3306), lambda _: b"hello")
    wait_check(lab, lab[1], "app", "passing")
    assert effective(lab[1]) == 150


@pytest.mark.lab(nodes=1)
def test_tcp_send_and_expect(lab, serve):
    answers = {"text": b"x" * 5000 + b"+PO\x00NG\r\n"}
    serve(lab[1], ("::1", 6379), lambda r: answers["text"] if r == b"PI\x00NG\r\n" else b"no")
    start_with(lab[1], config.check("app", "tcp", connect="[::1]:6379", send="PI\\x00NG\\r\\n",
                                    expect="+PO\\x00NG", fall=1))
    wait_check(lab, lab[1], "app", "passing")
    answers["text"] = b"-LOADING\r\n"
    wait_check(lab, lab[1], "app", "failing")
    assert "hung up before the expected answer" in check_of(lab[1], "app")["text"]
    answers["text"] = None
    lab.wait(lambda: "no answer within 100 ms" in check_of(lab[1], "app")["text"], "the timeout")


@pytest.mark.lab(nodes=1)
def test_http(lab, serve):
    now = {"answer": http_answer(200, b"all is well")}
    serve(lab[1], ("127.0.0.1", 8404), lambda r: now["answer"] if b"GET /health" in r else b"")
    start_with(lab[1], config.check("app", "http", url="http://127.0.0.1:8404/health",
                                    expect_body="is well", expect_status="200, 300-399", fall=1,
                                    rise=1))
    wait_check(lab, lab[1], "app", "passing")
    assert check_of(lab[1], "app")["text"] == "status 200"
    assert check_of(lab[1], "app")["run_ms"] > 0
    for answer, text in ((http_answer(503, b"is well"), "status 503"),
                         (http_answer(200, b"is we"), "the expected text is not in the answer"),
                         (None, "no answer within 100 ms"),
                         (b"nonsense\r\n\r\n", "")):
        now["answer"] = answer
        wait_check(lab, lab[1], "app", "failing")
        lab.wait(lambda: text in check_of(lab[1], "app")["text"], text)
        now["answer"] = http_answer(302, b"x" * 40000 + b"all is well")
        wait_check(lab, lab[1], "app", "passing")
    # Without an end: what counts is in the first 64 KiB.
    now["answer"] = (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 200000)
    wait_check(lab, lab[1], "app", "failing")


@pytest.mark.lab(nodes=1)
def test_http_head_over_a_unix_socket(lab, serve):
    path = f"{lab[1].directory}/app.sock"
    server = serve(lab[1], path, lambda r: b"HTTP/1.1 204 OK\r\n\r\n" if r.startswith(b"HEAD /x ")
                   else http_answer(500))
    start_with(lab[1], config.check("app", "http", url="http://app/x", unix_socket=path,
                                    method="HEAD"))
    wait_check(lab, lab[1], "app", "passing")
    server.close()
    wait_check(lab, lab[1], "app", "failing")


@pytest.mark.lab(nodes=1)
def test_https(lab, serve):
    cert, key = f"{lab[1].directory}/cert.pem", f"{lab[1].directory}/key.pem"
    netns.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
              "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=app",
              "-addext", "subjectAltName=IP:127.0.0.1")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    serve(lab[1], ("127.0.0.1", 8443), lambda _: http_answer(), tls)
    url = "https://127.0.0.1:8443/"
    slow = {"interval": "1s", "rise": 1}
    start_with(lab[1], config.check("strict", "http", url=url, **slow),
               config.check("trusting", "http", url=url, tls_verify="no", **slow),
               config.check("known", "http", url=url, tls_ca=cert, **slow),
               config.check("other", "http", url="https://localhost:8443/", tls_ca=cert, **slow))
    wait_check(lab, lab[1], "trusting", "passing")
    wait_check(lab, lab[1], "known", "passing")
    for name in ("strict", "other"):
        wait_check(lab, lab[1], name, "failing")
        assert "SSL" in check_of(lab[1], name)["text"], check_of(lab[1], name)


@pytest.mark.lab(nodes=1)
def test_exec_is_what_its_exit_status_says(lab):
    state = f"{lab[1].directory}/exit-status"
    write(state, "0")
    program = script(lab[1], "check", f'echo first; echo "$1, $VIPD_CHECK"; exit $(cat {state})')
    start_with(lab[1], config.check("app", "exec", command=f"{program} 'two words'", fall=2,
                                    interval="300ms"),
               config.check("missing", "exec", command="/nonexistent/check", weight=-1,
                            interval="300ms"))
    wait_check(lab, lab[1], "app", "passing")
    assert check_of(lab[1], "app")["text"] == "exit status 0: two words, app"
    wait_check(lab, lab[1], "missing", "failing")
    assert "No such file or directory" in check_of(lab[1], "missing")["text"]
    write(state, "7")
    wait_check(lab, lab[1], "app", "failing")
    assert check_of(lab[1], "app")["text"] == "exit status 7: two words, app"
    last = lab[1].instance()["last_transition"]
    assert last["text"] == "check app failed: exit status 7: two words, app"


@pytest.mark.lab(nodes=1)
def test_a_program_has_nothing_of_vipd(lab):
    program = script(lab[1], "check", "echo $(id -un)"
                     " $(grep -E 'CapPrm|CapAmb' /proc/self/status | tr -s '\\t\\n' ' ')"
                     " $(chrt -p $$ | head -1 | grep -o 'SCHED.*') $(cat /proc/self/oom_score_adj)")
    start_with(lab[1], config.check("app", "exec", command=program, user="nobody", interval="1s"),
               config.check("files", "exec", command="/bin/ls -v /proc/self/fd"),
               config.check("nobody", "exec", command="/bin/true", user="nosuchuser", weight=-1))
    wait_check(lab, lab[1], "app", "passing")
    text = check_of(lab[1], "app")["text"]
    assert text == ("exit status 0: nobody CapPrm: 0000000000000000 CapAmb: 0000000000000000 "
                    "SCHED_OTHER 0"), text
    # The highest is the directory that ls reads.
    wait_check(lab, lab[1], "files", "passing")
    assert check_of(lab[1], "files")["text"] == "exit status 0: 3"
    wait_check(lab, lab[1], "nobody", "failing")
    assert "no user 'nosuchuser'" in check_of(lab[1], "nobody")["text"]


def processes_of(mark):
    """Processes whose command line has the mark."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if mark.encode() in file.read():
                    found.append(int(pid))
        except OSError:
            pass
    return found


@pytest.mark.lab(nodes=1)
def test_a_hanging_program_is_killed_with_all_it_started(lab):
    mark = f"100.{os.getpid()}"
    program = script(lab[1], "check", f"echo begun\nsleep {mark} & sleep {mark}")
    start_with(lab[1], config.check("hang", "exec", command=program, interval="500ms",
                                    timeout="200ms", fall=1, weight=-1),
               config.check("leave", "exec", interval="500ms",
                            command=script(lab[1], "leave", f"sleep {mark} >&- 2>&- &\nexit 0")))
    wait_check(lab, lab[1], "hang", "failing")
    assert "no answer within 200 ms" in check_of(lab[1], "hang")["text"]
    # What a program that ends leaves behind has no place either.
    wait_check(lab, lab[1], "leave", "passing")
    lab.wait(lambda: check_of(lab[1], "leave")["good_results"] > 3, "it was run again and again")
    lab.wait(lambda: not processes_of(mark), "all are gone between two looks", interval=0.005)
    assert len(processes_of(mark)) < 5


@pytest.mark.lab(nodes=1)
def test_the_program_of_a_check_that_is_removed_is_ended_and_collected(lab):
    node, mark = lab[1], f"200.{os.getpid()}"
    hang = config.check("hang", "exec", command=f"/bin/sleep {mark}", interval="30s",
                        timeout="30s")
    for _ in range(3):
        node.write(config.instance(priority=150), hang)
        if node.process is None:
            node.start()
        else:
            assert node.reload().returncode == 0
        lab.wait(lambda: processes_of(mark), "it runs")
        node.write(config.instance(priority=150))
        assert node.reload().returncode == 0
        lab.wait(lambda: not processes_of(mark), "it is ended")
    path = f"/proc/{node.process.pid}/task/{node.process.pid}/children"
    lab.wait(lambda: netns.run("cat", path).stdout == "", "nothing is left of it")
    # One that still runs when vipd ends.
    node.write(config.instance(priority=150), hang)
    assert node.reload().returncode == 0
    lab.wait(lambda: processes_of(mark), "it runs")
    assert node.stop() == 0
    lab.wait(lambda: not processes_of(mark), "it is ended with vipd")


@pytest.mark.lab(nodes=1)
def test_process_by_pid_file_and_name(lab):
    pid_file = f"{lab[1].directory}/app.pid"
    app = lab.keep(subprocess.Popen(["sleep", "1000"]))
    write(pid_file, f"{app.pid}\n")
    # The interval plays no part: the kernel tells of the end.
    start_with(lab[1], config.check("app", "process", pid_file=pid_file, executable="sleep",
                                    interval="1h", weight=-20),
               config.check("other", "process", pid_file=pid_file, executable="haproxy",
                            interval="1h", weight=-20))
    wait_check(lab, lab[1], "app", "passing")
    wait_check(lab, lab[1], "other", "failing")
    assert "is not haproxy" in check_of(lab[1], "other")["text"]
    app.kill()
    wait_check(lab, lab[1], "app", "failing", timeout=5)


@pytest.mark.lab(nodes=1)
def test_process_by_name(lab):
    name = f"vt{os.getpid()}"
    path = f"{lab[1].directory}/{name}"
    shutil.copy("/bin/sleep", path)
    start_with(lab[1], config.check("app", "process", executable=name, weight=-20))
    wait_check(lab, lab[1], "app", "failing")
    assert check_of(lab[1], "app")["text"] == f"there is no process {name}"
    first, second = (lab.keep(subprocess.Popen([path, "1000"])) for _ in range(2))
    wait_check(lab, lab[1], "app", "passing")
    assert f"process {min(first.pid, second.pid)} lives" == check_of(lab[1], "app")["text"]
    # One of two is enough; a zombie is none.
    changes = lab[1].log_text().count("check app is")
    first.kill()
    lab.wait(lambda: f"process {second.pid} lives" == check_of(lab[1], "app")["text"],
             "the other one is watched")
    assert lab[1].log_text().count("check app is") == changes
    second.kill()
    wait_check(lab, lab[1], "app", "failing")


@pytest.mark.lab(nodes=1)
def test_file_with_a_number(lab):
    path = f"{lab[1].directory}/load"
    write(path, "20\n")
    start_with(lab[1], config.check("load", "file", path=path, content="number", interval="1h"))
    lab.wait(lambda: effective(lab[1]) == 170, "the number counts")
    assert lab[1].instance()["priority_text"] == "150 + 20 (load) = 170"
    write(path, "-300")
    lab.wait(lambda: lab[1].state() == "INIT", "a number out of range withdraws")
    assert "no number" in check_of(lab[1], "load")["text"]
    write(path + ".new", "-30")
    os.rename(path + ".new", path)
    lab.wait(lambda: effective(lab[1]) == 120, "a new file counts")
    os.remove(path)
    wait_check(lab, lab[1], "load", "failing")
    # Its directory may come later.
    assert "No such file" in check_of(lab[1], "load")["text"]


@pytest.mark.lab(nodes=1)
def test_file_in_a_directory_that_comes_and_goes(lab):
    directory = f"{lab[1].directory}/flags"
    start_with(lab[1], config.check("app", "file", path=f"{directory}/flag", weight=-5))
    wait_check(lab, lab[1], "app", "failing")
    for _ in range(2):
        os.mkdir(directory)
        write(f"{directory}/flag")
        wait_check(lab, lab[1], "app", "passing")
        shutil.rmtree(directory)
        wait_check(lab, lab[1], "app", "failing")


@pytest.mark.lab(nodes=1)
def test_link(lab):
    node = lab[1]
    start_with(node, config.check("uplink", "link", interface="up0", interval="1h", weight=-60))
    wait_check(lab, node, "uplink", "failing")
    assert check_of(node, "uplink")["text"] == "there is no interface up0"
    node.ip("link", "add", "up0", "type", "veth", "peer", "name", "up1")
    node.ip("link", "set", "up0", "up")
    lab.wait(lambda: check_of(node, "uplink")["text"] == "up0 has no carrier", "no carrier")
    node.ip("link", "set", "up1", "up")
    wait_check(lab, node, "uplink", "passing")
    assert effective(node) == 150
    node.ip("link", "set", "up1", "down")
    wait_check(lab, node, "uplink", "failing")
    node.ip("link", "set", "up1", "up")
    wait_check(lab, node, "uplink", "passing")
    node.ip("link", "del", "up0")
    wait_check(lab, node, "uplink", "failing")


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_gateway(lab, family):
    address = lab.client.address4 if family == "IPv4" else lab.client.address6
    start_with(lab[1], config.check("gw", "gateway", address=address, interface="eth0",
                                    weight=-60))
    wait_check(lab, lab[1], "gw", "passing")
    assert check_of(lab[1], "gw")["text"] == f"{lab.client.mac} answers"
    lab.client.cut()
    wait_check(lab, lab[1], "gw", "failing")
    assert effective(lab[1]) == 90
    lab.client.heal()
    wait_check(lab, lab[1], "gw", "passing")
    # The interface as another one under the same name.
    lab[1].delete_interface()
    wait_check(lab, lab[1], "gw", "failing")
    lab[1].create_interface()
    wait_check(lab, lab[1], "gw", "passing")


@pytest.mark.lab(nodes=1)
def test_unit_follows_systemd_by_its_signals(lab):
    node = lab[1]
    systemd = FakeSystemd(node.directory, "app-x.service", "active")
    try:
        node.write(config.instance(priority=150, track="app"),
                   config.check("app", "unit", unit="app-x.service", interval="1h", weight=-60))
        node.spawn(env={**environment(), **systemd.environment()})
        wait_check(lab, node, "app", "passing")
        assert check_of(node, "app")["text"] == "app-x.service is active"
        for state, verdict in (("failed", "failing"), ("reloading", "passing"),
                               ("deactivating", "failing"), ("active", "passing")):
            systemd.set(state)
            wait_check(lab, node, "app", verdict)
        # systemd goes: nothing is known, nothing is changed. It comes back: it is asked.
        systemd.end_systemd()
        lab.wait(lambda: "not on the bus" in check_of(node, "app")["text"], "systemd is gone")
        assert check_of(node, "app")["state"] == "passing"
        systemd.start("inactive")
        wait_check(lab, node, "app", "failing")
    finally:
        systemd.close()


@pytest.mark.lab(nodes=1)
def test_without_a_bus_a_unit_is_pending_and_says_so(lab):
    node = lab[1]
    node.write(config.instance(priority=150, track="app"),
               config.check("app", "unit", unit="app.service"))
    node.spawn(env={**environment(), "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={lab.directory}/none"})
    lab.wait(lambda: "no D-Bus system bus" in (check_of(node, "app") or {"text": ""})["text"],
             "it says so")
    assert check_of(node, "app")["state"] == "pending"
    assert node.state() == "INIT" and node.instance()["held_by"] == ["check-failed"]


@pytest.mark.lab(nodes=1)
def test_a_node_that_starts_waits_for_its_checks(lab):
    gate = f"{lab[1].directory}/gate"
    program = script(lab[1], "slow", f"while [ ! -e {gate} ]; do sleep 0.05; done")
    start_with(lab[1], config.check("slow", "exec", command=program, interval="1m", timeout="1m"))
    assert check_of(lab[1], "slow")["state"] == "pending"
    assert lab[1].state() == "INIT"
    write(gate)
    lab[1].wait_state("MASTER")
    assert [t["reason"] for t in lab[1].history()][:1] == ["check-passed"]


@pytest.mark.lab(nodes=1)
def test_what_programs_do_delays_no_advert(lab):
    """They hang, flood, fork and die; there are more than may run at a time."""
    node = lab[1]
    kinds = {"hang": "sleep 100", "flood": "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done",
             "fork": "i=0; while [ $i -lt 40 ]; do sleep 100 & i=$((i+1)); done; wait",
             "die": "kill -SEGV $$"}
    checks = [config.check(f"{name}{i}", "exec", command=script(node, name, text), weight=-1,
                           interval="2s", timeout="1500ms", fall=1)
              for i in range(5) for name, text in kinds.items()]
    start_with(node, *checks)
    node.wait_state("MASTER")
    capture, sampler = lab.capture(), lab.sampler()
    for name in kinds:
        wait_check(lab, node, f"{name}4", "failing", timeout=20)
    most = 0
    until = time.monotonic() + 4
    while time.monotonic() < until:
        with open(f"/proc/{node.process.pid}/task/{node.process.pid}/children",
                  encoding="ascii") as file:
            most = max(most, len(file.read().split()))
        time.sleep(0.002)
    assert 0 < most <= 16
    lab.wait(lambda: "killed by Segmentation fault" in check_of(node, "die0")["text"], "it died")
    assert sampler.sequence() == [{"n1"}]
    assert widest_gap(capture.adverts("n1")) < 3 * config.INTERVAL_MS / 1000
    assert node.instance()["routers"][0]["counters"]["oversleeps"] == 0


@pytest.mark.lab(nodes=2)
def test_haproxy_dies_and_the_peer_serves(lab):
    haproxies = {}
    for node in lab.nodes:
        write(f"{node.directory}/haproxy.cfg",
              "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"
              "frontend health\n bind 127.0.0.1:8404\n monitor-uri /health\n"
              f"frontend web\n bind 0.0.0.0:80\n http-request return status 200 content-type "
              f"text/plain string {node.name}\n")
        haproxies[node] = lab.keep(subprocess.Popen(
            ["ip", "netns", "exec", node.namespace, "haproxy", "-db", "-f",
             f"{node.directory}/haproxy.cfg"], preexec_fn=netns.die_with_parent,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    for node, priority in zip(lab.nodes, (150, 100)):
        node.start(config.instance(priority=priority, track="haproxy"),
                   config.check("haproxy", "http", url="http://127.0.0.1:8404/health", fall=2))
    lab.wait_master(lab[1])

    def served_by():
        done = lab.client.run("curl", "-s", "-m", "1", f"http://{VIP4}/", check=False)
        return done.stdout.strip()

    lab.wait(lambda: served_by() == "n1", "the first serves")
    haproxies[lab[1]].kill()
    lab.wait(lambda: served_by() == "n2", "the second serves")
    lab.wait(lambda: lab[1].state() == "INIT", "the first is withdrawn")
    assert lab[1].instance()["last_transition"]["reason"] == "check-failed"
    assert lab[2].instance()["last_transition"]["reason"] == "priority"


@pytest.mark.lab(nodes=2)
def test_flap_damping_holds_a_node_back_but_not_from_serving_alone(lab):
    flag = f"{lab[1].directory}/healthy"
    write(flag)
    lab[1].start(config.instance(priority=150, track="app", flap_damping="3 in 1m hold 8s"),
                 config.check("app", "file", path=flag))
    lab[2].start(config.instance(priority=100))
    lab.wait_master(lab[1])
    for _ in range(3):
        lab.wait_master(lab[1])
        os.remove(flag)
        lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
        write(flag)
    lab.wait(lambda: lab[1].state() == "BACKUP", "it is back")
    instance = lab[1].instance()
    assert instance["damping"]["active"] and instance["damping"]["withdrawals"] == 3
    assert instance["effective_priority"] == 1
    assert "held back by flap-damping for" in instance["priority_text"]
    assert "held back: flap-damping" in lab[1].vipctl("status").stdout
    assert "held back by flap-damping" in lab[1].log_text()
    # Nobody else is there: it serves, held back or not.
    lab[2].kill()
    lab.wait(lambda: lab[1].state() == "MASTER", "it serves alone")
    assert effective(lab[1]) == 1
    lab[2].start(config.instance(priority=100))
    lab.wait_master(lab[2])
    lab.wait_master(lab[1], timeout=20)
    assert effective(lab[1]) == 150 and not lab[1].instance()["damping"]["active"]


def restart_the_master(lab):
    """The peer goes and comes back: MASTER before and after it."""
    lab.wait_master(lab[2])
    lab[2].stop()
    lab[1].wait_state("MASTER")
    lab[2].start()
    lab.wait_master(lab[2])


@pytest.mark.lab(nodes=2)
def test_flap_damping_does_not_count_what_the_peer_does(lab):
    flag = f"{lab[1].directory}/healthy"
    lab[1].start(config.instance(priority=150, track="app", flap_damping="2 in 1m hold 1m"),
                 config.check("app", "file", path=flag, weight=-100))
    lab[2].start(config.instance(priority=100))
    # The check fails all the time.
    for _ in range(2):
        restart_the_master(lab)
    assert lab[1].vipctl("take", "web").returncode == 6
    lab.wait_master(lab[2])
    damping = lab[1].instance()["damping"]
    assert damping["withdrawals"] == 0 and not damping["active"]
    # Falling below the peer counts.
    for count in (1, 2):
        write(flag)
        lab.wait_master(lab[1])
        os.remove(flag)
        lab.wait_master(lab[2])
        assert lab[1].instance()["damping"]["withdrawals"] == count
    # Held back it serves alone; losing that again to the peer does not renew it.
    restart_the_master(lab)
    damping = lab[1].instance()["damping"]
    assert damping["withdrawals"] == 2 and damping["active"]


@pytest.mark.lab(nodes=2)
def test_a_reload_touches_what_has_changed_only(lab, serve):
    node = lab[1]
    server = serve(node, ("127.0.0.1", 7001), lambda _: b"")
    base = config.instance(priority=150, track=["a", "b"])
    steady = config.check("a", "tcp", connect="127.0.0.1:7001")
    node.start(base, steady, config.check("b", "tcp", connect="127.0.0.1:7001", weight=-10))
    lab[2].start(config.instance(priority=100))
    lab.wait_master(node)
    wait_check(lab, node, "b", "passing")
    sampler = lab.sampler()
    since, results = check_of(node, "a")["since"], check_of(node, "a")["good_results"]

    def reload(*sections):
        node.write(*sections)
        done = node.reload()
        assert done.returncode == 0, done.stderr
        return done.stdout

    # Another weight: in place. Another target: it counts as before until it has a result.
    said = reload(base, steady, config.check("b", "tcp", connect="127.0.0.1:7001", weight=-20))
    assert "updated   [check b]\n" in said and "[check a]" not in said
    assert check_of(node, "b")["state"] == "passing" and check_of(node, "b")["weight"] == -20
    reload(base, steady, config.check("b", "tcp", connect="127.0.0.1:7002", interval="30s"))
    lab.wait(lambda: lab[2].state() == "MASTER", "its failure counts")
    reload(base, steady, config.check("b", "tcp", connect="127.0.0.1:7001"))
    lab.wait_master(node)
    # A new one must pass or fail before it means anything; one that is gone means nothing.
    slow = script(node, "slow", "sleep 0.5; exit 1")
    reload(config.instance(priority=150, track=["a", "new"]), steady,
           config.check("new", "exec", command=slow, interval="1s"))
    assert check_of(node, "b") is None
    assert check_of(node, "new")["state"] == "pending" and node.state() == "MASTER"
    wait_check(lab, node, "new", "failing")
    lab.wait(lambda: lab[2].state() == "MASTER", "its failure counts")
    assert "removed   [check new]\n" in reload(config.instance(priority=150, track=["a"]), steady)
    lab.wait_master(node)
    assert check_of(node, "a")["since"] == since
    assert check_of(node, "a")["good_results"] > results
    assert {"n1"} in sampler.sequence() and set() not in sampler.sequence()
    # A file that is refused changes nothing.
    node.write(base)
    assert "there is no [check a]" in node.reload().stderr
    assert check_of(node, "a")["since"] == since
    server.close()


@pytest.mark.lab(nodes=1)
def test_checks_of_the_node_count_for_every_instance(lab):
    flag = f"{lab[1].directory}/flag"
    write(flag)
    lab[1].start(config.instance("web", priority=150),
                 config.instance("db", vrid=52, addresses="10.77.0.201/24", track="own"),
                 config.check("all", "file", path=flag, weight=-10),
                 config.check("own", "link", interface="eth0", weight=5), track="all")
    lab.wait(lambda: lab[1].instance("db")["effective_priority"] == 105, "its own")
    os.remove(flag)
    lab.wait(lambda: lab[1].instance("web")["effective_priority"] == 140, "web")
    assert lab[1].instance("db")["priority_text"] == "100 + 5 (own) - 10 (all) = 95"


@pytest.mark.lab(nodes=1)
def test_only_the_thread_that_sends_adverts_is_real_time(lab, serve):
    """The thread of the HTTP checks is made by one that is; a reload makes it here."""
    node = lab[1]
    serve(node, ("127.0.0.1", 8404), lambda _: http_answer())
    node.start(config.instance(priority=150))
    node.wait_state("MASTER")
    if not node.status()["realtime"]["fifo"]:
        pytest.skip("real-time scheduling is not permitted here")
    node.write(config.instance(priority=150, track="app"),
               config.check("app", "http", url="http://127.0.0.1:8404/"))
    assert node.reload().returncode == 0
    wait_check(lab, node, "app", "passing")
    policies = {int(task): os.sched_getscheduler(int(task)) & ~os.SCHED_RESET_ON_FORK
                for task in os.listdir(f"/proc/{node.process.pid}/task")}
    assert policies.pop(node.process.pid) == os.SCHED_FIFO
    assert set(policies.values()) == {os.SCHED_OTHER}
