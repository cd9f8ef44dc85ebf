"""Health checks: each type against the real thing; those that run programs: test_check_programs."""

import os
import shutil
import ssl
import subprocess

import pytest

from vipdlab import config, netns
from vipdlab.checks import check_of, effective, start_with, wait_check, write_file
from vipdlab.node import environment
from vipdlab.service import FakeSystemd, http_answer


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
def test_process_by_pid_file_and_name(lab):
    pid_file = f"{lab[1].directory}/app.pid"
    app = lab.keep(subprocess.Popen(["sleep", "1000"]))
    write_file(pid_file, f"{app.pid}\n")
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
    write_file(path, "20\n")
    start_with(lab[1], config.check("load", "file", path=path, content="number", interval="1h"))
    lab.wait(lambda: effective(lab[1]) == 170, "the number counts")
    assert lab[1].instance()["priority_text"] == "150 + 20 (load) = 170"
    write_file(path, "-300")
    lab.wait(lambda: lab[1].state() == "INIT", "a number out of range withdraws")
    assert "no number" in check_of(lab[1], "load")["text"]
    write_file(path + ".new", "-30")
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
        write_file(f"{directory}/flag")
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
