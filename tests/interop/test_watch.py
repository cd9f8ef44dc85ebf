"""vipctl watch against a made-up agent, on a terminal (tmux) and without one, and in the lab."""

import copy
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from vipdlab import config
from vipdlab.node import VIPCTL, environment

EVENT = {"at": "2026-01-01T00:00:00.000Z", "instance": "web", "family": None, "from": "BACKUP",
         "to": "MASTER", "state": "MASTER", "reason": "no-response",
         "text": "no advert from 10.0.0.2", "evidence": {}}
INSTANCE = {
    "name": "web", "interface": "eth0", "vrid": 51, "state": "MASTER",
    "since": "2026-01-01T00:00:00.000Z", "held_by": [], "lingering": False, "base_priority": 150,
    "effective_priority": 150, "priority_text": "150",
    "master": {"address": "10.0.0.1", "priority": 150, "is_us": True},
    "addresses": [{"address": "192.0.2.10/24", "held": True}],
    "routers": [{"family": "ipv4", "advert_interval_ms": 1000, "last_advert_age_ms": None}]}
BACKUP = {**INSTANCE, "name": "db", "vrid": 52, "state": "BACKUP",
          "master": {"address": "10.0.0.2", "priority": 200, "is_us": False},
          "addresses": [{"address": "192.0.2.11/24", "held": False}],
          "routers": [{"family": "ipv4", "advert_interval_ms": 1000, "last_advert_age_ms": 430}]}


class Agent:
    """Answers GetStatus and GetHistory with what is set, any number of times."""

    def __init__(self, path):
        self.path = path
        self.status = {"version": 1, "node": "lb1", "software": "9.9", "pid": 100,
                       "started_at": "2026-01-01T00:00:00.000Z",
                       "instances": [copy.deepcopy(INSTANCE), copy.deepcopy(BACKUP)]}
        self.events = [EVENT]
        self.raw = None  # octets to answer instead
        self.asked = 0
        self._clients = []
        self.start()

    def start(self):
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(self.path)
        self._server.listen(8)
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def stop(self):
        """As a vipd that ends: the socket is gone, connections are closed."""
        os.unlink(self.path)
        for one in (self._server, *self._clients):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        self._clients = []

    def _accept(self, server):
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            self._clients.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        data = b""
        try:
            while piece := client.recv(65536):
                data += piece
                while b"\0" in data:
                    message, data = data.split(b"\0", 1)
                    self.asked += 1
                    client.sendall(self._answer(json.loads(message)))
        except OSError:
            pass

    def _answer(self, call):
        if self.raw is not None:
            return self.raw
        answer = self.status if call["method"] == "io.vipd.GetStatus" else {"entries": self.events}
        return json.dumps({"parameters": answer}).encode() + b"\0"


@pytest.fixture
def agent(tmp_path):
    one = Agent(str(tmp_path / "control"))
    yield one
    if os.path.exists(one.path):
        one.stop()


def wait_for(condition, what, seconds=15):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")


class Terminal:
    """vipctl watch in a tmux of its own."""

    def __init__(self, directory, control, *arguments, width=110, height=24, term=None):
        self._tmux = ["tmux", "-S", f"{directory}/tmux", "-f", "/dev/null"]
        self.exit_file = f"{directory}/exit"
        command = " ".join([f"TERM={term}" if term else "", f"'{VIPCTL}' --control '{control}' watch --interval 100ms",
                            *arguments, f"; echo $? > '{self.exit_file}'; sleep 60"])
        self.tmux("new-session", "-d", "-x", str(width), "-y", str(height), command)

    def tmux(self, *arguments):
        return subprocess.run([*self._tmux, *arguments], capture_output=True, text=True,
                              timeout=20, check=False, env={**environment(), "LC_ALL": "C.UTF-8"})

    def lines(self):
        return [line.rstrip() for line in self.tmux("capture-pane", "-p").stdout.splitlines()]

    def text(self):
        return "\n".join(self.lines())

    def colours(self):
        return self.tmux("capture-pane", "-p", "-e").stdout

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def sees(self, text):
        wait_for(lambda: text in self.text(), lambda: f"{text!r} in\n{self.text()}")

    def sees_not(self, text):
        wait_for(lambda: text not in self.text(), lambda: f"no {text!r} in\n{self.text()}")

    def resize(self, width, height):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def exit_code(self):
        wait_for(lambda: os.path.exists(self.exit_file) and
                 os.path.getsize(self.exit_file) > 0, "vipctl ended")
        with open(self.exit_file, encoding="utf-8") as file:
            return int(file.read())

    def close(self):
        self.tmux("kill-server")


@pytest.fixture
def terminal(tmp_path):
    opened = []

    def make(control, *arguments, **keys):
        opened.append(Terminal(tmp_path, control, *arguments, **keys))
        return opened[-1]
    yield make
    for one in opened:
        one.close()


def test_it_shows_who_is_master_and_the_last_transitions(agent, terminal):
    screen = terminal(agent.path)
    screen.sees("2 instances: 1 MASTER, 1 BACKUP")
    lines = screen.lines()
    head = next(line for line in lines if line.startswith("INSTANCE"))
    web, db = lines[lines.index(head) + 1], lines[lines.index(head) + 2]
    for column, ours, theirs in (("STATE", "MASTER", "BACKUP"), ("MASTER", "this node", "10.0.0.2"),
                                 ("ADVERT", "every 1 s", "0.4 s ago"), ("VRID", "51", "52")):
        at = head.index(column)
        assert web[at:].startswith(ours) and db[at:].startswith(theirs), screen.text()
    assert "web   BACKUP -> MASTER  no advert from 10.0.0.2" in screen.text()
    assert "vipd 9.9 on lb1" in lines[0] and "q quit" in lines[-1]
    assert "CHECKS" not in screen.text()
    assert "\033[32m" in screen.colours()


def test_it_follows_what_changes(agent, terminal):
    screen = terminal(agent.path)
    screen.sees("1 MASTER, 1 BACKUP")
    agent.status["instances"][0].update(state="INIT", held_by=["link-down"])
    agent.events = [EVENT, {**EVENT, "from": "MASTER", "to": "INIT", "text": "the link went down"}]
    screen.sees("INIT (link-down)")
    screen.sees("MASTER -> INIT    the link went down")
    agent.status["instances"][1]["checks"] = [
        {"name": "mysql", "type": "tcp", "state": "failing", "weight": -20, "text": "refused"}]
    screen.sees("mysql  tcp      failing  weight -20  refused")
    agent.status["instances"][1].update(drained={"since": None, "left_ms": None}, warnings=[
        {"kind": "second-master", "family": "ipv4", "text": "10.0.0.9 adverts too"}])
    screen.sees("BACKUP (drained)")
    screen.sees("db   second-master  10.0.0.9 adverts too")
    agent.events = [{"at": EVENT["at"], "event": "started", "text": "vipd 9.9 with 2 instances"},
                    {**EVENT, "kind": "event", "reason": "conflict", "text": "somebody claims"}]
    screen.sees("vipd  started           vipd 9.9 with 2 instances")
    screen.sees("web   conflict          somebody claims")


def test_keys(agent, terminal):
    screen = terminal(agent.path)
    screen.sees("q quit")
    screen.keys("?")
    screen.sees("show only lines with a text in them")
    screen.keys("x")
    screen.sees("INSTANCE")
    screen.keys("/", "D", "x", "BSpace", "b")
    screen.sees("filter: Db_")
    screen.keys("Enter")
    screen.sees_not("this node")
    screen.sees("filter: Db")
    assert "no advert from" not in screen.text(), "transitions of others are filtered too"
    screen.keys("/", "q", "Escape")
    screen.sees_not("filter: Dbq_")
    assert "filter: Db" in screen.text()
    screen.keys("Escape")
    screen.sees("this node")
    screen.keys("q")
    assert screen.exit_code() == 0


def test_a_filter_to_begin_with_that_finds_nothing(agent, terminal):
    terminal(agent.path, "nothing").sees("No instance has the filter in it.")


def test_pause(agent, terminal):
    screen = terminal(agent.path)
    screen.sees("192.0.2.10/24")
    screen.keys("p")
    screen.sees("PAUSED")
    agent.status["instances"][0]["priority_text"] = "77"
    asked = agent.asked
    wait_for(lambda: agent.asked > asked + 6, "it goes on asking")
    assert " 77 " not in screen.text()
    screen.keys("p")
    screen.sees(" 77 ")
    screen.sees_not("PAUSED")


def test_other_sizes(agent, terminal):
    screen = terminal(agent.path)
    screen.sees("ADDRESSES")
    screen.resize(50, 12)
    screen.sees_not("ADDRESSES")
    screen.sees("this node")
    assert "q quit" in screen.lines()[11]
    for width, height in ((10, 3), (3, 2), (1, 1), (300, 60)):
        screen.resize(width, height)
        asked = agent.asked
        wait_for(lambda: agent.asked > asked + 4, "it lives")
    screen.sees("ADDRESSES")
    screen.keys("q")
    assert screen.exit_code() == 0


def test_more_instances_than_lines(agent, terminal):
    agent.status["instances"] = [{**INSTANCE, "name": f"i{i:03}"} for i in range(200)]
    screen = terminal(agent.path, height=20)
    screen.sees("i000")
    assert "i050" not in screen.text() and "LAST EVENTS" in screen.text()
    hidden = re.search(r"(\d+) of 200 rows; 0 above, (\d+) below", screen.text())
    assert int(hidden[1]) + int(hidden[2]) == 200, screen.text()
    screen.keys("Down")
    screen.sees_not("i000")
    screen.keys(*["NPage"] * 40)
    screen.sees("i199")
    screen.sees("above, 0 below")
    screen.keys("Up")
    screen.sees_not("i199")
    screen.keys(*["PPage"] * 40)
    screen.sees("i000")


def test_it_says_that_vipd_is_gone_and_back(agent, terminal):
    screen = terminal(agent.path)
    screen.sees("192.0.2.10/24")
    agent.stop()
    screen.sees("vipd is not running")
    assert "this node" in screen.text(), "what was known is still there"
    agent.status.update(pid=200)
    agent.start()
    screen.sees("vipd was restarted (pid 200); connected again")
    screen.sees_not("not running")


def test_without_vipd_it_waits(tmp_path, terminal):
    path = str(tmp_path / "control")
    screen = terminal(path)
    screen.sees("vipd is not running")
    agent = Agent(path)
    screen.sees("this node")
    agent.stop()


@pytest.mark.parametrize("raw", [b"hello\0", b"[]\0", b'{"error":"x"}\0', b'{"parameters":{}}\0',
                                 b'{"parameters":{"instances":3}}\0', b"\0\0\0\0"])
def test_nonsense_is_said_and_tried_again(agent, terminal, raw):
    agent.raw = raw
    screen = terminal(agent.path)
    screen.sees("is not a vipd that this vipctl knows")
    agent.raw = None
    screen.sees("this node")


def test_odd_fields_do_no_harm(agent, terminal):
    agent.status["instances"] = [{}, 3, None, {"name": "a\033[2Jb\tc", "routers": 7, "held_by": {},
                                               "checks": [1, {"name": "\r"}], "addresses": "x"},
                                 {**INSTANCE, "since": "soon", "name": "é" * 30}]
    agent.events = [None, 5, {"at": 3}, {**EVENT, "text": "\033]0;x\007" + "x" * 1000}]
    screen = terminal(agent.path)
    screen.sees("a?[2Jb?c")
    screen.sees("é" * 30)
    screen.sees("?]0;x?xxx")


def test_signals_give_the_terminal_back(agent, terminal):
    screen = terminal(agent.path)
    screen.sees("this node")
    screen.keys("C-c")
    assert screen.exit_code() == 0
    screen.sees_not("this node")


def test_a_terminal_that_cannot_be_drawn_on_gets_lines(agent, terminal):
    screen = terminal(agent.path, term="nonsense")
    screen.sees("db  BACKUP  priority 150  master 10.0.0.2 (200)")
    assert "q quit" not in screen.text()
    screen.keys("C-c")
    assert screen.exit_code() == 0


class Lines:
    """vipctl watch without a terminal."""

    def __init__(self, path, *arguments):
        self.process = subprocess.Popen(
            [VIPCTL, "--control", path, "watch", "--interval", "100ms", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=environment())
        self._seen = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._seen.append(line.rstrip("\n"))

    def text(self):
        return "\n".join(self._seen)

    def sees(self, text, times=1):
        wait_for(lambda: self.text().count(text) >= times, lambda: f"{text!r} in\n{self.text()}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


@pytest.fixture
def lines():
    started = []

    def make(*arguments):
        started.append(Lines(*arguments))
        return started[-1]
    yield make
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_without_a_terminal_each_change_is_a_line(agent, lines):
    output = lines(agent.path)
    output.sees("vipd 9.9 on lb1 (pid 100)")
    output.sees("db  BACKUP  priority 150  master 10.0.0.2 (200)")
    asked = agent.asked
    wait_for(lambda: agent.asked > asked + 10, "it asks again")
    assert len(output.text().splitlines()) == 3, "nothing changed, nothing is said"
    assert "no advert from" not in output.text(), "old transitions are history's"
    agent.events = [EVENT, {**EVENT, "at": "2026-01-01T00:00:01.000Z", "instance": "db",
                            "text": "the other one died"}]
    agent.status["instances"][1].update(state="MASTER", master=INSTANCE["master"])
    output.sees("db  BACKUP -> MASTER  the other one died")
    output.sees("db  MASTER  priority 150  master this node")
    agent.status["instances"][0]["checks"] = [{"name": "http", "type": "http", "state": "failing"}]
    output.sees("check http  failing")
    agent.status["instances"][0]["warnings"] = [{"kind": "looped-packets", "text": "own adverts"}]
    output.sees("warning web  looped-packets  own adverts")
    agent.status["instances"][0]["warnings"] = []
    output.sees("over: web  looped-packets  own adverts")
    assert len(output.text().splitlines()) == 8 and "\033" not in output.text()
    assert output.stop() == 0


def test_lines_say_that_vipd_is_gone_and_back(agent, lines):
    output = lines(agent.path, "web")
    output.sees("web  MASTER")
    agent.stop()
    output.sees("vipd is not running")
    agent.start()
    output.sees("vipd 9.9 on lb1 (pid 100) answers again")
    agent.stop()
    agent.status["pid"] = 200
    output.sees("vipd is not running", times=2)
    agent.start()
    output.sees("vipd 9.9 on lb1 (pid 200) was started")
    assert "db " not in output.text(), "the filter holds"


def test_a_reader_that_goes_away_ends_it(agent):
    done = subprocess.run(f"'{VIPCTL}' --control '{agent.path}' watch | head -n 1", shell=True,
                          capture_output=True, text=True, timeout=20, check=False)
    assert "vipd 9.9" in done.stdout


@pytest.mark.parametrize("arguments", [["--nonsense"], ["a", "b"], ["--interval", "1"],
                                       ["--interval", "1ms"], ["--interval", "2d"]])
def test_usage(arguments):
    done = subprocess.run([VIPCTL, "watch", *arguments], capture_output=True, text=True, timeout=20,
                          check=False)
    assert done.returncode == 2 and "usage: vipctl watch" in done.stderr


@pytest.mark.lab(nodes=2)
def test_a_real_cluster(lab, lines, terminal):
    lab[1].start(config.instance(priority=150))
    lab[2].start(config.instance(priority=100))
    lab.wait_master(lab[1])
    output, screen = lines(lab[2].control), terminal(lab[2].control)
    output.sees(f"web  BACKUP  priority 100  master {lab[1].address4} (150)")
    screen.sees("1 instance: 1 BACKUP")
    screen.sees(" s ago")
    lab[1].stop()
    output.sees("BACKUP -> MASTER")
    output.sees("web  MASTER  priority 100  master this node")
    screen.sees("every 0.1 s")
    lab[2].stop()
    output.sees("vipd is not running")
    lab[2].start()
    output.sees("was started")
    screen.sees("vipd was restarted")
    screen.keys("q")
    assert screen.exit_code() == 0 and output.stop() == 0
