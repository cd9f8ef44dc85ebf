"""Hooks and state files: order, newest state first, hooks that hang or flood, what they are given,
what they may do, and what a script finds in the state file."""

import os
import pathlib
import re
import signal
import stat
import time

import pytest

from vipdlab import config
from vipdlab.processes import processes_with


class Hook:
    """A program that notes each run in a file: its state, then what the test added."""

    def __init__(self, node, name="hook", body=""):
        self.log = pathlib.Path(node.directory, f"{name}.log")
        self.program = pathlib.Path(node.directory, name)
        self.gate = pathlib.Path(node.directory, f"{name}.gate")
        self.program.write_text(
            "#!/bin/sh\n"
            f'echo "$VIPD_HOOK $VIPD_PREVIOUS $VIPD_STATE $VIPD_REASON $*" >> {self.log}\n' + body,
            encoding="utf-8")
        self.program.chmod(0o755)

    def waits_for_gate(self):
        """It ends no sooner than open() is called."""
        text = self.program.read_text(encoding="utf-8")
        text += f"while [ ! -e {self.gate} ]; do sleep 0.02; done\n"
        text += f'echo "end $VIPD_STATE" >> {self.log}\n'
        self.program.write_text(text, encoding="utf-8")
        return self

    def open(self):
        self.gate.touch()

    def runs(self):
        try:
            return self.log.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []


def all_four(hook):
    return {key: f"{hook.program} '{key} key'"
            for key in ("on_master", "on_backup", "on_init", "on_change")}


@pytest.mark.lab(nodes=1)
def test_a_rival_runs_its_hook_once_in_a_while(lab):
    peer = pathlib.Path(lab[1].directory, "peer")
    hook = Hook(lab[1], body=f'echo "$VIPD_PEER $VIPD_PEER_PRIORITY" >> {peer}\n')
    lab[1].start(config.instance(priority=150, on_rival=f"{hook.program} rival"))
    lab[1].wait_state("MASTER")
    frame = lab.injector().build(priority=7)
    with lab.injecting(frame):
        lab.wait(lambda: lab[1].router("ipv4")["counters"]["losing-adverts-rcvd"] > 10, "it is heard")
        lab.wait(lambda: peer.exists() and peer.read_text(encoding="utf-8"), "the hook has run")
    assert hook.runs() == ["on-rival MASTER MASTER rival rival"]
    assert peer.read_text(encoding="utf-8").split()[1] == "7"
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=1)
def test_every_state_has_its_hook_and_then_on_change(lab):
    hook = Hook(lab[1])
    lab[1].start(config.instance(priority=150, **all_four(hook)))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: len(hook.runs()) == 4, "both transitions have run their hooks")
    lab[1].link_down()
    lab[1].wait_state("INIT")
    lab.wait(lambda: len(hook.runs()) == 6, "and the third")
    assert hook.runs() == [
        "on-backup INIT BACKUP started on_backup key",
        "on-change INIT BACKUP started on_change key",
        "on-master BACKUP MASTER no-response on_master key",
        "on-change BACKUP MASTER no-response on_change key",
        "on-init MASTER INIT link-down on_init key",
        "on-change MASTER INIT link-down on_change key",
    ]


@pytest.mark.lab(nodes=1)
def test_the_hook_of_the_last_state_is_waited_for_at_the_end(lab):
    hook = Hook(lab[1], body=f"sleep 1.5\necho late >> {lab[1].directory}/hook.log\n")
    lab[1].start(config.instance(priority=150, on_init=hook.program))
    lab[1].wait_state("MASTER")
    assert lab[1].stop() == 0
    assert hook.runs() == ["on-init MASTER INIT stopped ", "late"]


@pytest.mark.lab(nodes=1)
def test_a_second_sigterm_does_not_wait_for_hooks(lab):
    hook = Hook(lab[1]).waits_for_gate()
    lab[1].start(config.instance(priority=150, on_init=hook.program))
    lab[1].wait_state("MASTER")
    lab[1].process.send_signal(signal.SIGTERM)
    lab.wait(hook.runs, "the hook runs")
    assert lab[1].process.poll() is None
    lab[1].process.send_signal(signal.SIGTERM)
    assert lab[1].wait_exit(5) == 0
    assert hook.runs() == ["on-init MASTER INIT stopped "]


@pytest.mark.lab(nodes=1)
def test_the_newest_state_wins_over_a_slow_hook(lab):
    hook = Hook(lab[1]).waits_for_gate()
    lab[1].start(config.instance(priority=150, on_change=hook.program))
    lab.wait(hook.runs, "the first hook runs")
    lab[1].wait_state("MASTER")
    lab[1].link_down()
    lab[1].wait_state("INIT")
    assert hook.runs() == ["on-change INIT BACKUP started "], "one at a time"
    hook.open()
    lab.wait(lambda: len(hook.runs()) == 4, "the newest state's hook has run")
    lab.never(lambda: len(hook.runs()) > 4, "states between are passed over", 0.5)
    assert hook.runs() == ["on-change INIT BACKUP started ", "end BACKUP",
                           "on-change MASTER INIT link-down ", "end INIT"]
    assert "no hook was run for MASTER: the state is INIT by now" in lab[1].log_text()


@pytest.mark.lab(nodes=1)
def test_instances_do_not_wait_for_each_other(lab):
    slow = Hook(lab[1], "slow").waits_for_gate()
    quick = Hook(lab[1], "quick")
    lab[1].start(config.instance(priority=150, on_change=slow.program),
                 config.instance("db", vrid=52, addresses="10.77.0.201/24", priority=150,
                                 on_master=quick.program))
    lab.wait(slow.runs, "the slow one runs")
    lab[1].wait_state("MASTER", "db")
    lab.wait(quick.runs, "the other's hook has run")
    slow.open()


@pytest.mark.lab(nodes=1)
def test_a_hanging_hook_is_ended_with_its_children(lab):
    mark = f"{lab[1].directory}/hanging"
    # One that does what SIGTERM says, one that does not, one that does not read its pipe's end.
    hook = Hook(lab[1], body=f"export MARK={mark}\n"
                "sh -c 'trap \"\" TERM; while :; do sleep 1; done' &\nsleep 1000 &\nsleep 1000\n")
    lab[1].start(config.instance(priority=150, on_master=hook.program, hook_timeout="300ms"))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: len(processes_with(mark, "environ")) >= 3, "the hook and its children run")
    lab.wait(lambda: not processes_with(mark, "environ"), "all of them are gone")
    lab.wait(lambda: "on-master: ended because it still ran" in lab[1].log_text(), "the log says so")
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=1)
def test_a_flooding_hook_delays_no_advert_and_fills_no_log(lab):
    hook = Hook(lab[1], body="exec yes flood\n")
    lab[1].start(config.instance(priority=150, on_master=hook.program, hook_timeout="3s",
                                 advert_interval="20ms"))
    lab[1].wait_state("MASTER")
    lab.wait(hook.runs, "the hook runs")
    capture = lab.capture()
    lab.wait(lambda: "on-master: ended because" in lab[1].log_text(), "its time is up")
    times = [f.time for f in capture.frames("n1", "vrrp")]
    gaps = [b - a for a, b in zip(times, times[1:])]
    assert len(gaps) > 50
    late = [gap for gap in gaps if gap > 0.060]
    assert len(late) <= len(gaps) // 50, f"{len(late)} of {len(gaps)} adverts late: {late}"
    flood = [line for line in lab[1].log_text().splitlines() if "on-master: flood" in line]
    assert len(flood) == 100
    assert "the rest of the output is dropped" in lab[1].log_text()


@pytest.mark.lab(nodes=1)
def test_environment_and_what_is_inherited(lab):
    out = pathlib.Path(lab[1].directory, "out")
    hook = Hook(lab[1], body=f"""
exec > {out}.new
echo "cwd=$(pwd)"
echo "descriptors=$(cd /proc/self/fd; echo *)"
echo "stdin=$(readlink /proc/$$/fd/0)"
sed -En 's/^(SigBlk|SigIgn|CapAmb):[[:space:]]*/\\1:/p' /proc/$$/status
echo "policy=$(cut -d' ' -f41 /proc/$$/stat)"
echo "group=$(cut -d' ' -f5 /proc/$$/stat) $$"
env
mv {out}.new {out}
""")
    os.environ["VIPD_LAB_SECRET"] = "secret"
    try:
        lab[1].start(config.instance(priority=150, on_master=hook.program,
                                     addresses=["10.77.0.200/24", "10.77.0.201/32", "fd77::200/64"]),
                     realtime="yes")
    finally:
        del os.environ["VIPD_LAB_SECRET"]
    lab[1].wait_state("MASTER")
    lab.wait(out.exists, "the hook has run")
    found = dict(re.split("[=:]", line, maxsplit=1)
                 for line in out.read_text(encoding="utf-8").splitlines())
    assert found["cwd"] == "/"
    assert set(found["descriptors"].split()) <= {"0", "1", "2", "3"}, "3 is the listing's own"
    assert found["stdin"] == "/dev/null"
    assert found["SigBlk"].strip("0") == ""
    assert int(found["SigIgn"], 16) & (1 << (signal.SIGPIPE - 1)) == 0
    assert found["CapAmb"].strip("0") == ""
    assert found["policy"] == "0", "no real-time scheduling"
    group, own = found["group"].split()
    assert group == own, "a process group of its own"
    assert found["VIPD_HOOK"] == "on-master"
    assert found["VIPD_INSTANCE"] == "web"
    assert found["VIPD_STATE"] == "MASTER"
    assert found["VIPD_PREVIOUS"] == "BACKUP"
    assert found["VIPD_REASON"] == "no-response"
    assert found["VIPD_INTERFACE"] == "eth0"
    assert found["VIPD_VRID"] == "51"
    assert found["VIPD_PRIORITY"] == "150"
    assert found["VIPD_TEXT"] == lab[1].instance()["last_transition"]["text"]
    addresses = found["VIPD_ADDRESSES"].split()
    assert addresses[:2] == ["10.77.0.200/24", "10.77.0.201/32"]
    assert "fd77::200/64" in addresses and addresses[2].startswith("fe80::")
    assert "VIPD_LAB_SECRET" not in found and "NOTIFY_SOCKET" not in found


@pytest.mark.lab(nodes=1)
def test_output_goes_to_the_log(lab):
    hook = Hook(lab[1], body="echo hello; echo oops >&2; printf 'no end\\033[31m'; exit 3\n")
    lab[1].start(config.instance(priority=150, on_master=hook.program,
                                 on_change="/nonexistent/hook"))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: "on-master: exit status 3" in lab[1].log_text(), "the end is logged")
    lab.wait(lambda: "on-change: exit status 127" in lab[1].log_text(), "and that of the other")
    log = lab[1].log_text()
    for line in ("info: web: on-master: hello", "info: web: on-master: oops",
                 "info: web: on-master: no end?[31m", "warning: web: on-master: exit status 3",
                 "web: on-change: cannot run /nonexistent/hook: No such file",
                 "warning: web: on-change: /nonexistent/hook cannot be run"):
        assert line in log, line


@pytest.mark.lab(nodes=1)
def test_hooks_run_as_their_user(lab):
    os.chmod(lab[1].directory, 0o777)
    hook = Hook(lab[1], body=f"id -un > {lab[1].directory}/who; id -gn >> {lab[1].directory}/who\n"
                f"touch {lab[1].directory}/done\n")
    done = pathlib.Path(lab[1].directory, "done")
    lab[1].start(config.instance(priority=150, on_master=hook.program), hook_user="nobody")
    lab[1].wait_state("MASTER")
    lab.wait(done.exists, "the hook has run")
    who = pathlib.Path(lab[1].directory, "who").read_text(encoding="utf-8").split()
    assert who == ["nobody", "nogroup"]


@pytest.mark.lab(nodes=1)
def test_a_user_that_cannot_be_had_is_refused(lab):
    hook = Hook(lab[1])
    plain = config.instance(priority=150, on_master=hook.program)
    lab[1].write(plain, hook_user="no-such-user").spawn()
    assert lab[1].wait_exit() == 2
    assert "hook-user: found 'no-such-user', expected an existing user" in lab[1].log_text()
    # As the unit has it: another user, and no capability to become somebody else.
    lab[1].write(plain, hook_user="nobody").spawn(prefix=[
        "setpriv", "--reuid", "daemon", "--regid", "daemon", "--clear-groups",
        "--inh-caps", "+net_admin,+net_raw", "--ambient-caps", "+net_admin,+net_raw"])
    assert lab[1].wait_exit() == 2
    assert "without CAP_SETUID and CAP_SETGID" in lab[1].log_text()
    # A reload is refused, and what runs stays.
    lab[1].start(plain)
    lab[1].write(plain, hook_user="no-such-user")
    done = lab[1].reload()
    assert done.returncode == 1 and "no-such-user" in done.stderr
    lab[1].wait_state("MASTER")


@pytest.mark.lab(nodes=1)
def test_release_asks_for_no_user(lab):
    keys = {"priority": 150, "lease": "60s", "on_master": "/bin/true"}
    lab[1].start(config.instance(**keys))
    lab[1].wait_state("MASTER")
    lab[1].kill()
    lab[1].write(config.instance(**keys), hook_user="no-such-user")
    done = lab[1].release()
    assert done.returncode == 0 and lab[1].ours() == []
    assert "no-such-user" not in done.stderr
    assert "web: released for an agent that is gone" in done.stderr, "it resigns all the same"


@pytest.mark.lab(nodes=2)
def test_the_state_file_follows(lab):
    lab.start_all([150, 100])
    lab.wait(lambda: (lab[1].state_file() or {}).get("state") == "MASTER", "its file says MASTER")
    lab.wait(lambda: (lab[2].state_file() or {}).get("state") == "BACKUP", "the other's BACKUP")
    file = lab[1].state_file()
    assert (file["instance"], file["state"], file["previous"], file["priority"]) == (
        "web", "MASTER", "BACKUP", "150")
    assert file["addresses"] == "10.77.0.200/24" and file["interface"] == "eth0"
    instance = lab[1].instance()
    assert file["since"] == instance["since"]
    assert file["reason"] == instance["last_transition"]["reason"]
    assert file["text"] == instance["last_transition"]["text"]
    path = f"{lab[1].directory}/run/state/web"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o644
    assert os.listdir(f"{lab[1].directory}/run/state") == ["web"]
    lab[1].link_down()
    lab.wait(lambda: lab[1].state_file()["state"] == "INIT", "the file says INIT")
    assert lab[1].state_file()["reason"] == "link-down"
    lab.wait(lambda: lab[2].state_file()["state"] == "MASTER", "the other's says MASTER")
    assert lab[1].stop() == 0
    assert not os.path.exists(path), "removed at the stop"


@pytest.mark.lab(nodes=1)
def test_the_state_file_before_any_transition_and_across_reloads(lab):
    lab[1].link_down()
    lab[1].start(config.instance(priority=150))
    lab.wait(lambda: (lab[1].state_file() or {}).get("state") == "INIT", "INIT from the start")
    lab[1].write(config.instance(priority=77, addresses="10.77.0.222/24"),
                 config.instance("db", vrid=52, addresses="10.77.0.201/24"))
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: lab[1].state_file()["priority"] == "77", "the new priority")
    assert lab[1].state_file()["addresses"] == "10.77.0.222/24"
    lab.wait(lambda: lab[1].state_file("db"), "the new instance")
    lab[1].write(config.instance("db", vrid=53, addresses="10.77.0.201/24"))
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: lab[1].state_file() is None, "the removed instance has none")
    lab.wait(lambda: lab[1].state_file("db"), "the replaced one has")


@pytest.mark.lab(nodes=1)
def test_what_a_killed_agent_left_is_cleared(lab):
    lab[1].start(config.instance(priority=150))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: (lab[1].state_file() or {}).get("state") == "MASTER", "its file")
    lab[1].kill()
    pathlib.Path(lab[1].directory, "run/state/other").write_text("not ours\n", encoding="utf-8")
    assert lab[1].state_file()["state"] == "MASTER"
    assert lab[1].release().returncode == 0
    assert lab[1].state_file() is None
    lab[1].start(config.instance("db", priority=150))
    lab.wait(lambda: lab[1].state_file("db"), "the file of the new one")
    assert os.path.exists(f"{lab[1].directory}/run/state/other"), "nobody else's file is removed"


@pytest.mark.lab(nodes=1)
def test_a_hook_finds_the_state_file_of_its_state(lab):
    seen = pathlib.Path(lab[1].directory, "seen")
    hook = Hook(lab[1], body=f". {lab[1].directory}/run/state/web\n"
                f'echo "$VIPD_STATE $state" >> {seen}\n')
    lab[1].start(config.instance(priority=150, on_change=hook.program))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: seen.exists() and "MASTER" in seen.read_text(encoding="utf-8"), "it has run")
    time.sleep(0.05)
    for line in seen.read_text(encoding="utf-8").splitlines():
        told, found = line.split()
        assert told == found or (told, found) == ("BACKUP", "MASTER"), "never an older one"
