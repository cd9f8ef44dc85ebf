"""vipd-master@NAME.target follows the state, whatever the bus and the service manager do."""

import os
import pathlib
import shutil
import subprocess
import time

import pytest

from vipdlab import config, netns
from vipdlab.manager import ServiceManager
from vipdlab.node import NO_NET_ADMIN, environment

try:
    import dbus
except ImportError:
    dbus = None

pytestmark = pytest.mark.skipif(dbus is None or shutil.which("dbus-daemon") is None,
                                reason="needs dbus-daemon and python3-dbus")

START, STOP = "StartUnit vipd-master@web.target replace", "StopUnit vipd-master@web.target replace"


@pytest.fixture(name="manager")
def fixture_manager(lab):
    return ServiceManager(lab, lab[1].directory)


def spawn(node, manager, *sections):
    node.write(*sections)
    node.spawn(env={**environment(), **manager.env})
    node.lab.wait(lambda: node.status() is not None, "it answers")


def web(**keys):
    return config.instance(priority=150, systemd_target="yes", **keys)


@pytest.mark.lab(nodes=1)
def test_it_follows_the_state(lab, manager):
    manager.start()
    spawn(lab[1], manager, web(), config.instance("db", vrid=52, addresses="10.77.0.201/24"))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: manager.calls()[-1:] == [START], "started")
    assert manager.calls() == [STOP, START], "whatever a predecessor left is stopped first"
    lab[1].link_down()
    lab.wait(lambda: manager.calls()[2:] == [STOP], "stopped")
    lab[1].link_up()
    lab.wait(lambda: manager.calls()[3:] == [START], "started again")
    assert lab[1].stop() == 0
    assert manager.calls()[4:] == [STOP], "stopped before vipd ends"


def slow_kernel(node):
    """Each request of the thread that writes addresses takes a moment: what is told meanwhile can
    be seen. A process, to be terminated."""
    def writer():
        return [task.name for task in pathlib.Path(f"/proc/{node.process.pid}/task").iterdir()
                if (task / "comm").read_text(encoding="utf-8").strip() == "vipd-kernel"]
    node.lab.wait(writer, "its writer runs")
    return subprocess.Popen(["strace", "-qqq", "-o", "/dev/null", "-p", writer()[0],
                             "-e", "inject=sendto:delay_enter=300ms"],
                            preexec_fn=netns.die_with_parent)


@pytest.mark.lab(nodes=1)
def test_a_claim_that_is_refused_starts_nothing(lab, manager):
    """MASTER is told once the kernel has the addresses: to systemd and in the state file."""
    manager.start()
    node = lab[1]
    node.write(web())
    node.spawn(env={**environment(), **manager.env}, prefix=NO_NET_ADMIN)
    slow = slow_kernel(node)

    def refusals():
        instance = node.instance()
        return instance["transitions"]["cannot-claim"] if instance is not None else 0
    seen = set()

    def tried_again():
        seen.add((node.state_file() or {}).get("state"))
        return refusals() >= 3
    lab.wait(tried_again, "it was refused three times", 40)
    assert START not in manager.calls()
    assert seen - {None} and "MASTER" not in seen, seen
    slow.terminate()
    slow.wait(20)
    node.stop()
    spawn(node, manager, web())
    lab.wait(lambda: manager.calls()[-1:] == [START], "started once it can claim")
    lab.wait(lambda: node.state_file()["state"] == "MASTER", "and so says the file")


@pytest.mark.lab(nodes=1)
def test_names_are_escaped(lab, manager):
    manager.start()
    spawn(lab[1], manager, config.instance("web-1.a_b", priority=150, systemd_target="yes"))
    escaped = subprocess.run(["systemd-escape", "--template=vipd-master@.target", "web-1.a_b"],
                             capture_output=True, text=True, check=True).stdout.strip()
    lab.wait(lambda: f"StartUnit {escaped} replace" in manager.calls(),
             "its name as systemd has it")


@pytest.mark.lab(nodes=1)
def test_the_newest_state_wins_over_a_slow_manager(lab, manager):
    manager.start()
    manager.answer("later")
    spawn(lab[1], manager, web())
    lab[1].wait_state("MASTER")
    lab[1].link_down()
    lab[1].wait_state("INIT")
    lab[1].link_up()
    lab[1].wait_state("MASTER")
    lab.wait(manager.calls, "it is called")
    assert manager.calls() == [STOP], "one at a time"
    manager.answer("ok")
    lab.wait(lambda: manager.calls() == [STOP, START], "then the newest")
    lab.never(lambda: len(manager.calls()) > 2, "and nothing else", 0.5)


@pytest.mark.lab(nodes=1)
def test_refusals_are_said_once_and_tried_again(lab, manager):
    manager.start()
    manager.answer("unknown")
    spawn(lab[1], manager, web())
    lab.wait(lambda: START in manager.calls(), "what is not loaded need not be stopped")
    manager.answer("deny")
    lab.wait(lambda: manager.calls().count(START) >= 3, "it is tried again")
    assert lab[1].log_text().count("vipd-master@web.target cannot be started") == 1
    assert lab[1].state() == "MASTER"
    manager.answer("ok")
    lab.wait(lambda: "vipd-master@web.target is told to start" in lab[1].log_text(), "it works")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.lab(nodes=1)
def test_without_a_bus_there_is_one_warning(lab, manager):
    spawn(lab[1], manager, web())
    lab[1].wait_state("MASTER")
    lab.wait(lambda: "no D-Bus system bus" in lab[1].log_text(), "it is said")
    manager.start()
    lab.wait(lambda: manager.calls()[-1:] == [START], "it is used as soon as it is there")
    manager.stop()
    before = cpu_seconds(lab[1].process.pid)
    time.sleep(1)
    assert cpu_seconds(lab[1].process.pid) - before < 0.5, "a dead connection keeps nobody busy"
    lab[1].link_down()
    lab[1].wait_state("INIT")
    lab.wait(lambda: lab[1].log_text().count("no D-Bus system bus") == 2, "gone again")
    manager.start()
    lab.wait(lambda: manager.calls()[-1:] == [STOP], "told as soon as it is back")
    assert lab[1].log_text().count("no D-Bus system bus") == 2
    manager.stop()
    assert lab[1].stop() == 0


@pytest.mark.lab(nodes=1)
def test_a_manager_that_never_answers_does_not_keep_vipd_from_ending(lab, manager):
    manager.start()
    spawn(lab[1], manager, web())
    lab.wait(lambda: manager.calls()[-1:] == [START], "started")
    manager.answer("later")
    lab[1].process.terminate()
    lab.wait(lambda: manager.calls()[-1:] == [STOP], "asked to stop")
    lab[1].process.terminate()
    assert lab[1].wait_exit(5) == 0


@pytest.mark.lab(nodes=1)
def test_a_reload_that_asks_for_it_starts_it(lab, manager):
    manager.start()
    spawn(lab[1], manager, config.instance(priority=150))
    lab[1].wait_state("MASTER")
    lab[1].write(web())
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: manager.calls() == [START], "it is MASTER already")


@pytest.mark.lab(nodes=1)
def test_a_reload_that_asks_no_longer_stops_it(lab, manager):
    manager.start()
    spawn(lab[1], manager, web())
    lab.wait(lambda: manager.calls() == [STOP, START], "started")
    lab[1].write(config.instance(priority=150))
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: manager.calls()[2:] == [STOP], "nothing may stay bound to it")
    assert lab[1].state() == "MASTER"
    lab[1].link_down()
    lab[1].wait_state("INIT")
    lab[1].link_up()
    lab[1].wait_state("MASTER")
    assert manager.calls()[3:] == [], "it follows the state no longer"
    lab[1].write(web())
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: manager.calls()[3:] == [START], "until it is asked for again")


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("successor", [{"name": "other", "vrid": 53}, {"vrid": 53}],
                         ids=["removed", "replaced"])
def test_an_instance_that_goes_with_a_reload_stops_it(lab, manager, successor):
    manager.start()
    spawn(lab[1], manager, web())
    lab.wait(lambda: manager.calls() == [STOP, START], "started")
    lab[1].write(config.instance(priority=150, **successor))
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: manager.calls()[2:] == [STOP], "stopped")
    lab[1].wait_state("MASTER", successor.get("name", "web"))
    assert manager.calls()[3:] == [], "the successor has none"


@pytest.mark.lab(nodes=1)
def test_release_stops_it_after_a_kill(lab, manager):
    manager.start()
    spawn(lab[1], manager, web())
    lab.wait(lambda: manager.calls()[-1:] == [START], "started")
    lab[1].kill()
    done = subprocess.run(["ip", "netns", "exec", lab[1].namespace,
                           *lab[1].command("--release")], capture_output=True, text=True,
                          timeout=20, check=False, env={**environment(), **manager.env})
    assert done.returncode == 0, done.stderr
    assert manager.calls()[-1] == STOP
