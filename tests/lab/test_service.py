"""As a service manager sees it: notifications, the watchdog, a second SIGTERM, wrong usage."""

import os
import signal
import socket
import subprocess

import pytest

from vipdlab import config
from vipdlab.node import VIPD, environment


class Manager:
    """The receiving end of NOTIFY_SOCKET."""

    def __init__(self, directory):
        self.path = f"{directory}/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.messages = []

    def heard(self, text):
        try:
            while True:
                self.messages += self.socket.recv(4096).decode().splitlines()
        except BlockingIOError:
            return text in self.messages


@pytest.mark.lab(nodes=1)
def test_notifications_and_watchdog(lab):
    manager = Manager(lab[1].directory)
    env = {**environment(), "NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "400000"}
    lab[1].write(config.instance(priority=150)).spawn(env=env)
    lab.wait(lambda: manager.heard("READY=1"), "READY=1")
    lab.wait(lambda: manager.heard("WATCHDOG=1"), "WATCHDOG=1")
    lab[1].wait_state("MASTER")
    lab.wait(lambda: manager.heard("STATUS=1 instance, MASTER of 1"), "STATUS=")
    manager.messages.clear()
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: manager.heard("RELOADING=1") and manager.heard("READY=1"), "both are told")
    assert manager.messages.index("RELOADING=1") < manager.messages.index("READY=1")
    lab[1].process.send_signal(signal.SIGTERM)
    lab.wait(lambda: manager.heard("STOPPING=1"), "STOPPING=1")
    assert lab[1].wait_exit() == 0


@pytest.mark.lab(nodes=1)
def test_a_second_sigterm_releases_at_once(lab):
    lab[1].start(config.instance(priority=150, linger="30s"))
    lab[1].wait_state("MASTER")
    lab[1].process.send_signal(signal.SIGTERM)
    lab.wait(lambda: lab[1].instance()["lingering"], "it waits for a successor")
    lab[1].process.send_signal(signal.SIGTERM)
    assert lab[1].wait_exit(5) == 0
    assert lab[1].ours() == []


@pytest.mark.lab(nodes=1)
def test_usage():
    for arguments in (["--nonsense"], ["stray"]):
        done = subprocess.run([VIPD, *arguments], capture_output=True, text=True, timeout=10,
                              check=False, env=environment())
        assert done.returncode == 2
    done = subprocess.run([VIPD, "--version"], capture_output=True, text=True, timeout=10,
                          check=False, env=environment())
    assert done.returncode == 0 and done.stdout.startswith("vipd ")
    done = subprocess.run([VIPD, "--config", "/nonexistent/vipd.conf"], capture_output=True,
                          text=True, timeout=10, check=False, env=environment())
    assert done.returncode == 2 and "/nonexistent/vipd.conf" in done.stderr


@pytest.mark.lab(nodes=1)
def test_two_agents_do_not_share_a_namespace(lab):
    lab[1].start(config.instance(priority=150))
    done = subprocess.run(["ip", "netns", "exec", lab[1].namespace, *lab[1].command()],
                          capture_output=True, text=True, timeout=10, check=False,
                          env=environment())
    assert done.returncode == 1 and "another vipd runs in this network namespace" in done.stderr
    assert os.path.exists(lab[1].control)
    assert lab[1].state() in ("BACKUP", "MASTER")
