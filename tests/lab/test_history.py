"""The history: it survives the agent, however that ended, and can be read without one."""

import json
import os
import pathlib
import signal
import subprocess
import threading

import pytest

from vipdlab import config
from vipdlab.node import VIPCTL, environment


def entries(node, *arguments):
    done = node.vipctl("history", "--json", "--state-dir", f"{node.directory}/state", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["entries"]


def told(node, *arguments):
    """What happened, in short."""
    return [e["to"] if e["event"] == "transition" else e["event"]
            for e in entries(node, *arguments)]


ONE_RUN = ["started", "BACKUP", "MASTER", "INIT", "stopped"]


@pytest.mark.lab(nodes=1)
def test_it_survives_restarts_and_counts_on(lab):
    for _ in range(2):
        lab[1].start(config.instance(priority=150))
        lab[1].wait_state("MASTER")
        assert lab[1].stop() == 0
    assert told(lab[1]) == ONE_RUN * 2
    lab[1].start(config.instance(priority=150))
    lab[1].wait_state("MASTER")
    assert told(lab[1]) == ONE_RUN * 2 + ["started", "BACKUP", "MASTER"]
    found = entries(lab[1])
    assert [e["sequence"] for e in found] == list(range(1, len(found) + 1))
    assert [e["at"] for e in found] == sorted(e["at"] for e in found)
    master = found[2]
    assert master["instance"] == "web" and master["reason"] == "no-response"
    assert master["evidence"]["limit_ms"] > 300 and "no advert" in master["text"]
    assert "without a hand-over" not in found[5]["text"], "it ended as told"
    assert told(lab[1], "web") == ["BACKUP", "MASTER", "INIT"] * 2 + ["BACKUP", "MASTER"]


@pytest.mark.lab(nodes=1)
def test_it_survives_a_kill_and_says_so(lab):
    lab[1].start(config.instance(priority=150))
    lab[1].wait_state("MASTER")
    path = pathlib.Path(lab[1].directory, "state/history.jsonl")
    lab.wait(lambda: path.read_text(encoding="utf-8").count("\n") == 3, "all is on disk")
    lab[1].kill()
    with open(path, "a", encoding="utf-8") as file:
        file.write('{"at":"2026-')  # the line it was writing
    assert told(lab[1]) == ["started", "BACKUP", "MASTER"], "without an agent"
    lab[1].start()
    lab[1].wait_state("MASTER")
    assert told(lab[1]) == ["started", "BACKUP", "MASTER"] * 2
    assert "without a hand-over" in entries(lab[1])[3]["text"]
    assert "1 damaged lines" in lab[1].log_text()


@pytest.mark.lab(nodes=2)
def test_the_evidence_says_who_was_lost(lab):
    lab.start_all([150, 100])
    lab.wait(lambda: lab[2].instance()["master"], "it has heard the other one")
    lab[1].kill()
    lab[2].wait_state("MASTER")
    assert lab[2].stop() == 0
    lost = next(e for e in entries(lab[2], "web") if e["to"] == "MASTER")
    assert lost["reason"] == "no-response"
    assert lost["evidence"]["peer"] == lab[1].address4
    assert lost["evidence"]["peer_priority"] == 150
    assert lost["evidence"]["silence_ms"] >= lost["evidence"]["limit_ms"] > 300
    line = [text for text in lab[2].vipctl(
        "history", "--state-dir", f"{lab[2].directory}/state").stdout.splitlines()
        if "-> MASTER" in text]
    assert len(line) == 1 and f"no advert from {lab[1].address4} for" in line[0]


@pytest.mark.lab(nodes=1)
def test_a_reload_is_in_it(lab):
    lab[1].start(config.instance(priority=150))
    lab[1].wait_state("MASTER")
    assert lab[1].reload().returncode == 0
    assert told(lab[1])[-1] == "reloaded"
    text = lab[1].vipctl("history", "--count", "1").stdout
    assert "(vipd)" in text and "configuration reloaded" in text


@pytest.mark.lab(nodes=1)
def test_without_an_agent_it_is_read_from_the_file(lab):
    lab[1].start(config.instance(priority=150))
    lab[1].wait_state("MASTER")
    assert lab[1].stop() == 0
    state = f"{lab[1].directory}/state"
    done = lab[1].vipctl("history", "--state-dir", state, "--count", "2")
    assert done.returncode == 0
    assert "is not running" in done.stderr and state in done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert "MASTER -> INIT" in done.stdout and "stopped" in done.stdout
    # The default directory is that of the default vipd, not of this one.
    assert lab[1].vipctl("history").returncode == 3
    assert lab[1].vipctl("history", "--state-dir", "/nonexistent").returncode == 3
    # Not everybody may read it.
    os.chmod(state, 0o700)
    os.chmod(lab[1].directory, 0o755)
    done = subprocess.run(["setpriv", "--reuid", "nobody", "--clear-groups", VIPCTL, "--control",
                           lab[1].control, "history", "--state-dir", state], capture_output=True,
                          text=True, timeout=20, check=False, env=environment())
    assert done.returncode == 3 and "Permission denied" in done.stderr


@pytest.mark.lab(nodes=1)
def test_following_with_json_gives_one_object_a_line(lab):
    lab[1].start(config.instance(priority=150))
    lab[1].wait_state("MASTER")
    follower = subprocess.Popen([VIPCTL, "--control", lab[1].control, "history", "--follow",
                                 "--json", "--since", "1h"], stdout=subprocess.PIPE, text=True,
                                env=environment())
    lab.keep(follower)
    lines = []

    def read():
        for line in follower.stdout:
            lines.append(json.loads(line))
    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    lab.wait(lambda: len(lines) == 3, "what was before")
    lab[1].link_down()
    lab.wait(lambda: len(lines) == 4, "what happens")
    assert (lines[3]["to"], lines[3]["reason"]) == ("INIT", "link-down")
    follower.terminate()
    follower.wait()
    thread.join(5)


class Follower:
    """vipctl history --follow --json while the test goes on."""

    def __init__(self, node, *arguments):
        self.lines, self.said = [], []
        self.process = node.lab.keep(subprocess.Popen(
            [VIPCTL, "--control", node.control, "history", "--follow", "--json", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()))
        self._threads = [threading.Thread(target=self._read, args=args, daemon=True) for args in
                         ((self.process.stdout, json.loads, self.lines),
                          (self.process.stderr, str.strip, self.said))]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def _read(file, make, into):
        for line in file:
            into.append(make(line))

    def told(self):
        return [e["to"] if e["event"] == "transition" else e["event"] for e in list(self.lines)]

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        for thread in self._threads:
            thread.join(5)
        return self.process.returncode


@pytest.mark.lab(nodes=1)
def test_following_goes_on_over_restarts(lab):
    node = lab[1].start(config.instance(priority=150))
    node.wait_state("MASTER")
    # The limit is for what was before, not for what a restart brings.
    follower = Follower(node, "--count", "1")
    lab.wait(lambda: follower.told() == ["MASTER"], "what was before")
    expected = ["MASTER"]
    for _ in range(2):
        assert node.stop() == 0
        lab.wait(lambda: len(follower.said) % 2 == 1, "it says that vipd is away")
        node.start()
        node.wait_state("MASTER")
        expected += ["INIT", "stopped", "started", "BACKUP", "MASTER"]
        lab.wait(lambda: len(follower.lines) >= len(expected), "what the restart brought")
        node.reload()
        expected.append("reloaded")
        lab.wait(lambda: len(follower.lines) >= len(expected), "what happens then")
        assert follower.told() == expected, "each once, in order"
    assert [e["sequence"] for e in follower.lines] == list(range(3, 3 + len(expected)))
    assert follower.lines == entries(node)[2:]
    lab.wait(lambda: len(follower.said) >= 4, "away and back")
    assert len(follower.said) == 4, "a line each"
    assert ["waiting" in line for line in follower.said] == [True, False] * 2
    assert "is back" in follower.said[1]
    assert node.stop() == 0
    lab.wait(lambda: len(follower.said) == 5, "it waits again")
    assert follower.interrupt() == -signal.SIGINT


@pytest.mark.lab(nodes=1)
def test_following_a_vipd_that_forgets_loses_and_repeats_nothing(lab):
    """Where the history cannot be written down it counts from 1 after each restart."""
    os.rmdir(f"{lab[1].directory}/state")
    node = lab[1].start(config.instance(priority=150))
    node.wait_state("MASTER")
    follower = Follower(node)
    lab.wait(lambda: len(follower.lines) == 3, "what was before")
    node.kill()
    node.start()
    node.wait_state("MASTER")
    lab.wait(lambda: len(follower.lines) >= 6, "what the second run brought")
    assert node.reload().returncode == 0
    lab.wait(lambda: len(follower.lines) >= 7, "what happens then")
    assert follower.told() == ["started", "BACKUP", "MASTER"] * 2 + ["reloaded"]
    assert [e["sequence"] for e in follower.lines] == [1, 2, 3, 1, 2, 3, 4]


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("running", [True, False])
def test_following_ends_when_nobody_reads(lab, running):
    node = lab[1].start(config.instance(priority=150))
    node.wait_state("MASTER")
    follower = lab.keep(subprocess.Popen(
        [VIPCTL, "--control", node.control, "history", "--follow"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=environment()))
    for _ in range(3):
        follower.stdout.readline()
    if not running:
        assert node.stop() == 0
        assert "waiting" in follower.stderr.readline()
    follower.stdout.close()
    assert follower.wait(10) == 0


@pytest.mark.lab(nodes=1)
def test_following_begins_with_a_vipd_that_runs(lab):
    done = lab[1].vipctl("history", "--follow")
    assert done.returncode == 3 and "is not running" in done.stderr


@pytest.mark.lab(nodes=1)
def test_a_state_directory_that_cannot_be_written_costs_the_file_only(lab):
    os.rmdir(f"{lab[1].directory}/state")
    lab[1].start(config.instance(priority=150))
    lab[1].wait_state("MASTER")
    assert told(lab[1]) == ["started", "BACKUP", "MASTER"]
    assert lab[1].log_text().count("history: cannot write") == 1, "said once"
    os.mkdir(f"{lab[1].directory}/state")
    lab[1].link_down()
    lab[1].wait_state("INIT")
    lab.wait(lambda: "is written again, without 3 entries" in lab[1].log_text(), "said again")
