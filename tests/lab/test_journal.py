"""What the journal gets: a stand-in for its socket, in a /run of vipd's own. And nobody waits for
a journal, or another reader of stderr, that hangs."""

import os
import re
import socket

import pytest

from vipdlab import config, netns
from vipdlab.node import environment

MESSAGE_IDS = os.path.join(os.path.dirname(__file__), "../../agent/base/message_ids.h")
MAN_PAGE = os.path.join(os.path.dirname(__file__), "../../packaging/man/vipd.8")
IN_A_RUN_OF_ITS_OWN = ('mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && '
                       'mount --bind "$1" /run/systemd/journal && shift && exec "$@"')


def message_ids():
    with open(MESSAGE_IDS, encoding="utf-8") as file:
        return dict(re.findall(r'#define MESSAGE_ID_(\w+)\s+"(\w+)"', file.read()))


class Journal:
    """Collects entries, each a dictionary of its fields."""

    def __init__(self, node):
        self.directory = f"{node.directory}/journal"
        os.mkdir(self.directory)
        # As systemd has it for the journal's.
        netns.sysctl(node.namespace, net__unix__max_dgram_qlen=512)
        self.socket = netns.inside(
            node.namespace, lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.socket.bind(f"{self.directory}/socket")
        self.socket.setblocking(False)
        self.seen = []
        with open(node.log, "a", encoding="utf-8") as log:
            stderr = os.fstat(log.fileno())
        self.env = {**environment(), "JOURNAL_STREAM": f"{stderr.st_dev}:{stderr.st_ino}"}
        self.prefix = ["sh", "-c", IN_A_RUN_OF_ITS_OWN, "sh", self.directory]

    def entries(self, name=None):
        """Those with the MESSAGE_ID of that name, or all."""
        try:
            while True:
                lines = self.socket.recv(65536).decode().splitlines()
                self.seen.append(dict(line.split("=", 1) for line in lines))
        except BlockingIOError:
            pass
        wanted = message_ids().get(name)
        return [e for e in self.seen if name is None or e.get("MESSAGE_ID") == wanted]


    def fill(self):
        """Nothing goes in any more, until entries() are read."""
        sent = True
        while sent:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sent = send_all(lambda: sender.sendto(
                    b"FILLED=1\n", socket.MSG_DONTWAIT, f"{self.directory}/socket"))

    def messages(self):
        return "\n".join(e.get("MESSAGE", "") for e in self.entries())


class Pipe:
    """stderr is a pipe."""

    def __init__(self, node):
        path = f"{node.directory}/stderr"
        os.mkfifo(path)
        self.end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.env = None
        self.prefix = ["sh", "-c", 'exec 2>"$1" && shift && exec "$@"', "sh", path]
        self.text = ""

    def fill(self):
        send_all(lambda: os.write(self.end, b"\n" * 4096))

    def messages(self):
        try:
            while True:
                self.text += os.read(self.end, 65536).decode()
        except BlockingIOError:
            return self.text


def send_all(send):
    """Until there is no room; returns how often there was."""
    count = 0
    try:
        while True:
            send()
            count += 1
    except BlockingIOError:
        return count


@pytest.mark.lab(nodes=2)
def test_events_have_their_fields(lab):
    journal = Journal(lab[1])
    lab[2].start(config.instance(priority=100))
    lab[2].wait_state("MASTER")
    lab[1].write(config.instance(priority=150, on_change="/bin/false"))
    lab[1].spawn(prefix=journal.prefix, env=journal.env)
    lab.wait(lambda: lab[1].state() == "MASTER", "it takes over")
    assert lab[1].reload().returncode == 0
    lab[1].write_text("[nonsense]\n")
    assert lab[1].reload().returncode == 1
    lab.wait(lambda: len(journal.entries("HOOK_FAILED")) >= 2, "both hooks have failed")
    assert lab[1].stop() == 0
    assert lab[1].log_text() == "", "nothing goes to stderr as well"

    moves = journal.entries("TRANSITION")
    assert [(e["VIPD_PREVIOUS_STATE"], e["VIPD_STATE"], e["VIPD_REASON"]) for e in moves] == [
        ("INIT", "BACKUP", "started"), ("BACKUP", "MASTER", "preempted"),
        ("MASTER", "INIT", "stopped")]
    assert {e["VIPD_INSTANCE"] for e in moves} == {"web"} and {e["PRIORITY"] for e in moves} == {"5"}
    assert moves[1]["VIPD_PEER"] == lab[2].address4
    assert set(moves[1]) == {"MESSAGE", "MESSAGE_ID", "PRIORITY", "SYSLOG_IDENTIFIER", "VIPD_INSTANCE",
                             "VIPD_STATE", "VIPD_PREVIOUS_STATE", "VIPD_REASON", "VIPD_PEER"}
    assert {e["SYSLOG_IDENTIFIER"] for e in journal.entries()} == {"vipd"}
    assert moves[1]["MESSAGE"].startswith("web: BACKUP -> MASTER: took over from")
    for name, count in (("STARTED", 1), ("RELOADED", 1), ("RELOAD_REFUSED", 1), ("STOPPED", 1)):
        assert len(journal.entries(name)) == count, name
    failed = journal.entries("HOOK_FAILED")[0]
    assert failed["VIPD_INSTANCE"] == "web" and "exit status 1" in failed["MESSAGE"]
    assert failed["PRIORITY"] == "4"
    assert all("MESSAGE" in e and "CODE_FILE" not in e for e in journal.entries())


@pytest.mark.parametrize("kind", [Journal, Pipe])
@pytest.mark.lab(nodes=2)
def test_a_reader_that_hangs_keeps_nobody_waiting(lab, kind):
    reader = kind(lab[1])
    lab[2].start(config.instance(priority=100))
    lab[2].wait_state("MASTER")
    reader.fill()
    lab[1].write(config.instance(priority=150))
    lab[1].spawn(prefix=reader.prefix, env=reader.env)
    lab.wait_master(lab[1])
    capture = lab.capture()
    for _ in range(10):
        assert lab[1].reload().returncode == 0
    lab.wait(lambda: len(capture.adverts("n1")) > 20, "it advertises")
    times = [f.time for f in capture.adverts("n1")]
    intervals = (times[-1] - times[0]) / (config.INTERVAL_MS / 1000)
    assert len(times) - 1 > 0.8 * intervals, f"{len(times)} adverts in {intervals:.1f} intervals"
    assert lab[1].state() == "MASTER" and lab[2].state() == "BACKUP"

    # It reads again: what was lost is told, though there is nothing else to say.
    assert "lost" not in reader.messages()
    lab.wait(lambda: re.search(r"\d\d messages were lost: .* did not take them", reader.messages()),
             "it tells what was lost")
    reader.fill()
    assert lab[1].stop() == 0
    lab.wait_master(lab[2])


@pytest.mark.parametrize("kind", [Journal, Pipe])
@pytest.mark.lab(nodes=1)
def test_the_last_line_arrives(lab, kind):
    reader = kind(lab[1])
    lab[1].write(config.instance())
    lab[1].spawn(prefix=reader.prefix, env=reader.env)
    lab[1].wait_state("MASTER")
    assert lab[1].stop() == 0
    assert re.search(r"vipd \S+ stopped\s*\Z", reader.messages())


def test_message_ids_are_distinct_and_documented():
    ids = message_ids()
    assert len(ids) >= 8 and len(set(ids.values())) == len(ids)
    with open(MAN_PAGE, encoding="utf-8") as file:
        page = file.read()
    for name, value in ids.items():
        assert re.fullmatch("[0-9a-f]{32}", value) and value in page, name
