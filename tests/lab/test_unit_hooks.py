"""Hooks that systemd runs (on-master = unit: NAME): through a stand-in for it and the real vipd-hook, which
believes nothing that vipd writes."""

import os
import pathlib
import shutil
import subprocess

import pytest

from vipdlab import config
from vipdlab.config import VIP4
from vipdlab.manager import ServiceManager
from vipdlab.node import BUILD, environment

try:
    import dbus
except ImportError:
    dbus = None

HOOK = os.path.join(BUILD, "tools/hook/vipd-hook")


@pytest.fixture(name="programs")
def fixture_programs(lab):
    """The directory of root's programs, and one that notes what it is told."""
    directory = pathlib.Path(lab[1].directory, "programs")
    directory.mkdir(mode=0o755)
    os.chmod(lab[1].directory, 0o755)
    return directory


def program(programs, name, body, mode=0o755):
    path = programs / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(mode)
    return path


def lines(path):
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


@pytest.fixture(name="manager")
def fixture_manager(lab, programs):
    if dbus is None or shutil.which("dbus-daemon") is None:
        pytest.skip("needs dbus-daemon and python3-dbus")
    manager = ServiceManager(lab, lab[1].directory)
    manager.start()
    manager.run_hooks(HOOK, "--events", f"{lab[1].directory}/run/hooks", "--programs", str(programs))
    return manager


def spawn(node, manager, *sections):
    os.makedirs(f"{node.directory}/run", exist_ok=True)
    node.write(*sections)
    node.spawn(env={**environment(), **manager.env})
    node.lab.wait(lambda: node.status() is not None, "it answers")


@pytest.mark.lab(nodes=1)
def test_it_is_told_what_other_hooks_are_and_its_end_is_known(lab, manager, programs):
    told = programs / "told"
    program(programs, "note", f"env | sort >> {told}")
    program(programs, "fail", "echo words; exit 3")
    spawn(lab[1], manager, config.instance(priority=150, on_master="unit: note", on_change="unit: fail"))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: lines(told), "it has run")
    found = dict(line.split("=", 1) for line in lines(told))
    assert found["VIPD_HOOK"] == "on-master" and found["VIPD_INSTANCE"] == "web"
    assert found["VIPD_STATE"] == "MASTER" and found["VIPD_PREVIOUS"] == "BACKUP"
    assert found["VIPD_ADDRESSES"] == "10.77.0.200/24" and found["VIPD_REASON"] == "no-response"
    assert {name for name in found if not name.startswith("VIPD_")} <= {"PATH", "PWD", "SHLVL", "_", "OLDPWD"}
    log = lab[1].log_text
    lab.wait(lambda: "on-change: exit status 3 after" in log(), "its end is told of")
    lab.wait(lambda: "on-master: exit status 0 after" in log(), "and the good one")
    assert "on-change: vipd-hook@fail.service cannot" not in log()
    assert [c for c in manager.calls() if "note" in c] == ["RestartUnit vipd-hook@note.service replace"]


@pytest.mark.lab(nodes=1)
def test_one_at_a_time_and_the_newest_state_wins(lab, manager, programs):
    log, gate = programs / "log", programs / "gate"
    program(programs, "slow", f'echo "$VIPD_INSTANCE $VIPD_STATE" >> {log}\n'
            f"while [ ! -e {gate} ]; do sleep 0.02; done\necho end >> {log}")
    spawn(lab[1], manager, config.instance(priority=150, on_change="unit: slow"))
    lab.wait(lambda: lines(log) == ["web BACKUP"], "the first runs")
    lab[1].wait_state("MASTER")
    lab[1].link_down()
    lab[1].wait_state("INIT")
    lab.never(lambda: len(lines(log)) > 1, "another one runs beside it", 0.5)
    gate.touch()
    lab.wait(lambda: lines(log) == ["web BACKUP", "end", "web INIT", "end"], "then the newest alone")


@pytest.mark.lab(nodes=1)
def test_two_instances_with_one_program_take_turns(lab, manager, programs):
    log = programs / "log"
    program(programs, "turn", f"echo begin $VIPD_INSTANCE >> {log}; sleep 0.3; echo end >> {log}")
    spawn(lab[1], manager, *(config.instance(name, priority=150, vrid=vrid, on_master="unit: turn",
                                             addresses=f"10.77.0.{200 + vrid - 50}/24")
                             for name, vrid in (("a", 51), ("b", 52), ("c", 53))))
    lab.wait(lambda: len(lines(log)) == 6, "all have run")
    assert [line.split()[0] for line in lines(log)] == ["begin", "end"] * 3
    assert {line.split()[1] for line in lines(log)[::2]} == {"a", "b", "c"}


@pytest.mark.lab(nodes=1)
def test_one_that_takes_too_long_is_stopped(lab, manager, programs):
    program(programs, "hang", "sleep 600")
    spawn(lab[1], manager, config.instance(priority=150, on_master="unit: hang", hook_timeout="500ms"))
    lab.wait(lambda: "on-master: ended because it still ran after" in lab[1].log_text(), "it is told of")
    lab.wait(lambda: manager.calls()[-1] == "StopUnit vipd-hook@hang.service replace", "and done")


@pytest.mark.lab(nodes=1)
def test_what_cannot_be_started_is_told_of_and_holds_up_nothing(lab, manager, programs):
    manager.answer("deny")
    spawn(lab[1], manager, config.instance(priority=150, on_backup="unit: note", on_master="unit: note"))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: lab[1].log_text().count("cannot be started: Access denied") == 2, "both are told of")
    assert "/etc/vipd/hooks/note cannot be run: No such file" in lab[1].log_text()
    manager.stop()
    lab[1].write(config.instance(priority=150, on_init="unit: note"))
    assert lab[1].reload().returncode == 0
    lab[1].link_down()
    lab[1].wait_state("INIT")
    lab.wait(lambda: "no D-Bus system bus" in lab[1].log_text(), "and that there is no bus")


@pytest.mark.lab(nodes=1)
def test_vipd_that_is_stopped_waits_for_the_last_one(lab, manager, programs):
    log = programs / "log"
    program(programs, "last", f"sleep 0.5; echo $VIPD_STATE $VIPD_REASON >> {log}")
    spawn(lab[1], manager, config.instance(priority=150, on_init="unit: last"))
    lab[1].wait_state("MASTER")
    assert lab[1].stop() == 0
    assert lines(log) == ["INIT stopped"]


# ---- before-master, which is waited for


def promote(programs, body="exit 0"):
    """A program that notes its runs, and whom they were for, before it does that. Its log."""
    log = programs / "promoted"
    program(programs, "promote", f'echo "$VIPD_HOOK $VIPD_INSTANCE $VIPD_STATE $(id -u)" >> {log}\n{body}')
    return log


def starts(manager, verb="RestartUnit"):
    return manager.calls().count(f"{verb} vipd-hook@promote.service replace")


def is_not_prepared(node, why):
    return any(change["reason"] == "not-prepared" and why in change["text"]
               for change in node.history("transition"))


def is_noticed(node, text):
    return any(entry["reason"] == "before-master" and text in entry["text"]
               for entry in node.history("notice"))


@pytest.mark.lab(nodes=2)
def test_the_addresses_are_claimed_when_the_unit_before_them_has_ended_well(lab, manager, programs):
    gate = programs / "gate"
    log = promote(programs, f"while [ ! -e {gate} ]; do sleep 0.02; done")
    lab[2].start(config.instance(priority=100, before_master="/bin/true"))
    lab.wait(lambda: lab[2].holds(VIP4), "n2 has it")
    probe = lab.probe()
    spawn(lab[1], manager, config.instance(priority=150, before_master="unit: promote"))
    lab.wait(lambda: lines(log) == ["before-master web MASTER 0"], "it runs, as root")
    waiting = lab[1].instance()["waiting"]
    assert (waiting["command"], waiting["for"]) == ("unit: promote", "command")
    assert "waiting for unit: promote for" in " ".join(lab[1].vipctl("status").stdout.split())
    lab.never(lambda: lab[1].ours() or not lab[2].holds(VIP4), "n2 goes on", 1)
    gate.touch()
    lab.wait(lambda: lab[1].holds(VIP4) and not lab[2].holds(VIP4), "it has moved")
    result = probe.stop()
    assert result.lost == [] and result.answered_by == ["n2", "n1"], str(result)
    assert lab[1].instance()["waiting"] is None
    assert [hook["ok"] for hook in lab[1].instance()["hooks"] if hook["hook"] == "before-master"] == [True]
    assert is_noticed(lab[1], "(unit: promote) ended well after")
    assert len(lines(log)) == starts(manager) == 1


@pytest.mark.lab(nodes=1)
def test_a_unit_before_them_that_fails_gives_up_and_is_tried_again(lab, manager, programs):
    log = promote(programs, "exit 3")
    spawn(lab[1], manager, config.instance(before_master="unit: promote"))
    lab.wait(lambda: is_not_prepared(lab[1], "exit status 3"), "it gives up, and says why")
    assert not lab[1].holds(VIP4)
    lab.wait(lambda: len(lines(log)) >= 2, "it is tried again")
    manager.answer("deny")
    # The history has the first and the last of them.
    lab.wait(lambda: "cannot be started: Access denied" in
             (lab[1].instance()["last_transition"] or {}).get("text", ""), "nor may it be")
    assert not lab[1].holds(VIP4)
    promote(programs)
    manager.answer("ok")
    lab.wait(lambda: lab[1].state() == "MASTER" and lab[1].holds(VIP4), "until it ends well", 60)


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("why", ["exit status 3", "Access denied", "no D-Bus system bus"])
def test_failure_claim_claims_whatever_becomes_of_the_unit(lab, manager, programs, why):
    promote(programs, "exit 3")
    if why == "Access denied":
        manager.answer("deny")
    elif why == "no D-Bus system bus":
        manager.stop()
    spawn(lab[1], manager,
          config.instance(before_master="unit: promote", before_master_failure="claim"))
    lab.wait(lambda: lab[1].holds(VIP4), "it claims")
    assert lab[1].state() == "MASTER"
    lab.wait(lambda: is_noticed(lab[1], "addresses claimed all the same"), "and says so")
    assert is_noticed(lab[1], why)


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("failure", ["give-up", "claim"])
def test_a_unit_before_them_that_takes_too_long_is_stopped(lab, manager, programs, failure):
    log = promote(programs, "exec sleep 600")
    spawn(lab[1], manager, config.instance(before_master="unit: promote", before_master_failure=failure,
                                           before_master_timeout="2s"))
    lab.wait(lambda: lines(log), "it hangs")
    lab.wait(lambda: starts(manager, "StopUnit") == 1, "it is stopped")
    if failure == "claim":
        lab.wait(lambda: lab[1].holds(VIP4), "the addresses are claimed")
        assert is_noticed(lab[1], "not ended within 2 s; addresses claimed all the same")
        return
    lab.wait(lambda: is_not_prepared(lab[1], "not ended within 2 s"), "it is given up")
    assert not lab[1].holds(VIP4)
    promote(programs)
    lab.wait(lambda: lab[1].holds(VIP4), "until it ends in time", 60)


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("how", ["reload", "stop", "link"])
def test_a_unit_that_is_not_waited_for_any_more_is_stopped(lab, manager, programs, how):
    log = promote(programs, "exec sleep 600")
    spawn(lab[1], manager, config.instance(before_master="unit: promote"))
    lab.wait(lambda: lines(log) and lab[1].instance()["waiting"], "it is waited for")
    if how == "reload":
        lab[1].write(config.instance())
        assert lab[1].reload().returncode == 0
        lab.wait(lambda: lab[1].holds(VIP4), "it claims without")
    elif how == "stop":
        assert lab[1].stop() == 0
    else:
        lab[1].link_down()
        lab[1].wait_state("INIT")
    lab.wait(lambda: starts(manager, "StopUnit") == 1, "it is stopped")


# ---- What root believes

GOOD = "VIPD_HOOK=on-master\nVIPD_STATE=MASTER\n"


def run_hook(programs, events, name="note", text=GOOD):
    events.mkdir(exist_ok=True)
    if text is not None:
        (events / f"{name}.event").write_text(text, encoding="utf-8")
    return subprocess.run([HOOK, "--events", str(events), "--programs", str(programs), name],
                          capture_output=True, text=True, timeout=10, check=False,
                          env={"SECRET": "x", "LD_LIBRARY_PATH": "/tmp"})


@pytest.mark.lab(nodes=1)
def test_only_what_is_roots_alone_is_run(lab, programs):
    events = pathlib.Path(lab[1].directory, "events")
    path = program(programs, "note", "env")
    done = run_hook(programs, events)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.splitlines()) - {f"PWD={os.getcwd()}", "SHLVL=1", "_=/usr/bin/env"} == {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", *GOOD.splitlines()}
    for mode in (0o775, 0o757, 0o644):
        path.chmod(mode)
        assert run_hook(programs, events).returncode == 126, oct(mode)
    path.chmod(0o755)
    os.chown(path, 1, 1)
    assert "not root's alone" in run_hook(programs, events).stderr
    os.chown(path, 0, 0)
    for name in ("../note", ".", "-x", "", "no such"):
        assert run_hook(programs, events, name, None).returncode == 126
    assert run_hook(programs, events, "missing").returncode == 127
    (programs / "link").symlink_to(path)
    assert run_hook(programs, events, "link").returncode == 126
    programs.chmod(0o777)
    assert run_hook(programs, events).returncode == 126
    programs.chmod(0o755)
    os.chown(programs, 1, 1)
    assert run_hook(programs, events).returncode == 126


@pytest.mark.lab(nodes=1)
def test_what_vipd_writes_is_not_believed(lab, programs):
    events = pathlib.Path(lab[1].directory, "events")
    program(programs, "note", "env")
    for text in ("LD_PRELOAD=/tmp/x\n", GOOD + "BASH_ENV=/tmp/x\n", "nonsense\n", "VIPD_HOOK=x\0y\n",
                 "VIPD_HOOK=x\n" * 100, "VIPD_TEXT=" + "x" * 200_000 + "\n"):
        done = run_hook(programs, events, text=text)
        assert done.returncode == 126 and done.stdout == "", text[:40]
    done = run_hook(programs, events, text="VIPD_TEXT=$(reboot) ;'\"\x1b\nVIPD_INSTANCE=-a b\n")
    assert "VIPD_TEXT=__reboot_ ____" in done.stdout and "VIPD_INSTANCE=_a_b" in done.stdout
    event = events / "note.event"
    for make in (lambda: event.symlink_to("/etc/passwd"), lambda: os.mkfifo(event), event.mkdir):
        event.rmdir() if event.is_dir() else event.unlink()
        make()
        assert run_hook(programs, events, text=None).returncode == 126
    # Nor is its directory followed.
    shutil.rmtree(events)
    elsewhere = pathlib.Path(lab[1].directory, "elsewhere")
    elsewhere.mkdir()
    (elsewhere / "note.event").write_text(GOOD, encoding="utf-8")
    events.symlink_to(elsewhere)
    done = subprocess.run([HOOK, "--events", str(events), "--programs", str(programs), "note"],
                          capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 126
