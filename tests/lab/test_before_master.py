"""before-master: a command that is waited for before the addresses are claimed. Meanwhile the node
is MASTER to its peers, and whoever held the addresses goes on answering."""

import pathlib
import subprocess

import pytest

from vipdlab import config
from vipdlab.config import VIP4
from vipdlab.node import VIPCTL
from vipdlab.processes import processes_with


class Command:
    """A before-master of a node: it notes its runs, and ends when the test says so, and how."""

    def __init__(self, node, name="promote.sh"):
        self.log = pathlib.Path(node.directory, f"{name}.log")
        self.verdict = pathlib.Path(node.directory, f"{name}.verdict")
        self.program = pathlib.Path(node.directory, name)
        self.program.write_text(
            "#!/bin/sh\n"
            f'echo "$VIPD_HOOK $VIPD_INSTANCE $VIPD_PREVIOUS $VIPD_STATE $VIPD_REASON" >> {self.log}\n'
            f"while [ ! -s {self.verdict} ]; do sleep 0.02; done\n"
            f'read status < {self.verdict}; echo "end $status" >> {self.log}; exit "$status"\n',
            encoding="utf-8")
        self.program.chmod(0o755)

    def end(self, status=0):
        draft = self.verdict.with_suffix(".draft")
        draft.write_text(f"{status}\n", encoding="utf-8")
        draft.rename(self.verdict)
        return self

    def again(self):
        self.verdict.unlink()

    def runs(self):
        try:
            return self.log.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []


def waits(node, name="web"):
    instance = node.instance(name)
    return instance is not None and instance["state"] == "MASTER" and instance["waiting"]


def start_pair(lab, **keys):
    """Two nodes, the first of which has been let in; their commands."""
    commands = [Command(lab[i]) for i in (1, 2)]
    commands[0].end()
    for node, priority, command in zip(lab.nodes, (150, 100), commands):
        node.start(config.instance(priority=priority, before_master=command.program, **keys))
    lab.wait(lambda: lab[1].holds(VIP4) and lab[1].state() == "MASTER", "n1 has it")
    lab.wait(lambda: lab[2].state() == "BACKUP", "n2 is there")
    commands[0].again()
    return commands


def notices(node):
    return [entry["text"] for entry in node.history("notice") if entry["reason"] == "before-master"]


@pytest.mark.lab(nodes=1)
def test_it_adverts_at_once_and_claims_when_the_command_has_ended_well(lab):
    command = Command(lab[1])
    master = Command(lab[1], "on-master.sh").end()
    lab[1].start(config.instance(priority=150, before_master=command.program,
                                 on_master=master.program))
    lab.wait(lambda: waits(lab[1]), "it waits")
    capture = lab.capture()
    lab.wait(lambda: len(capture.adverts("n1", priority=150)) >= 10, "it adverts")
    assert lab[1].ours() == []
    assert [f for f in capture.frames("n1") if f.kind == "arp" and f.gratuitous] == []
    waiting = lab[1].instance()["waiting"]
    assert (waiting["command"], waiting["for"]) == ("promote.sh", "command")
    assert 0 < waiting["for_ms"] < waiting["limit_ms"] == 30000
    text = lab[1].vipctl("status").stdout
    assert "MASTER, waiting for promote.sh for " in text.replace("\n", " ").replace("  ", " ")
    assert lab[1].vipctl("status", "--check").returncode == 1, "a warning"
    lab.wait(command.runs, "the command runs")
    assert command.runs() == ["before-master web BACKUP MASTER no-response"]
    lab.wait(lambda: (lab[1].state_file() or {}).get("state") == "BACKUP", "the state file is there")
    assert master.runs() == []
    command.end()
    lab.wait(lambda: lab[1].holds(VIP4), "it claims")
    lab.wait(lambda: any(f.kind == "arp" and f.gratuitous for f in capture.frames("n1")), "and says so")
    lab.wait(master.runs, "then on-master is run")
    lab.wait(lambda: lab[1].state_file()["state"] == "MASTER", "and the state file is written")
    instance = lab[1].instance()
    assert instance["waiting"] is None
    assert [h["ok"] for h in instance["hooks"] if h["hook"] == "before-master"] == [True]
    assert any("(promote.sh) ended well after" in text for text in notices(lab[1]))


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("mac", ["interface", "virtual"])
def test_the_old_holder_answers_until_the_new_one_has_announced(lab, mac):
    commands = start_pair(lab, mac=mac)
    probe = lab.probe()
    lab.keep(subprocess.Popen([VIPCTL, "--control", lab[1].control, "drain", "web"]))
    lab.wait(lambda: waits(lab[2]), "n2 waits")
    # Longer than a linger of today: 4 intervals of 100 ms. A virtual MAC is not drawn to n2's port.
    lab.never(lambda: not lab[1].holds(VIP4) or lab[2].holds(VIP4), "n1 goes on", 2)
    commands[1].end()
    lab.wait(lambda: lab[2].holds(VIP4) and not lab[1].holds(VIP4), "it has moved")
    result = probe.stop()
    assert result.lost == [], str(result)
    assert result.answered_by == ["n1", "n2"]


@pytest.mark.lab(nodes=2)
def test_one_that_fails_gives_up_and_the_other_takes_over(lab):
    commands = start_pair(lab)
    commands[0].end(3)
    lab[2].stop()
    lab[1].link_down()
    lab[1].wait_state("INIT")
    commands[1].end()
    lab[2].start()
    lab[1].link_up()
    lab.wait(lambda: any(t["reason"] == "not-prepared" and "exit status 3" in t["text"]
                         for t in lab[1].history("transition")), "n1 gave up, and says why")
    lab.wait(lambda: lab[2].state() == "MASTER" and lab[2].holds(VIP4), "n2 has it")
    assert not lab[1].holds(VIP4)
    lab.wait(lambda: "end 3" in commands[0].runs()[-1] and len(commands[0].runs()) >= 6,
             "it is tried again", 30)
    commands[0].end(0)
    lab.wait(lambda: lab[1].state() == "MASTER" and lab[1].holds(VIP4), "until it works", 60)


@pytest.mark.lab(nodes=1)
def test_failure_claim_claims_all_the_same(lab):
    command = Command(lab[1]).end(7)
    lab[1].start(config.instance(before_master=command.program, before_master_failure="claim"))
    lab.wait(lambda: lab[1].holds(VIP4), "it claims")
    assert lab[1].state() == "MASTER"
    assert any("exit status 7" in text and "all the same" in text for text in notices(lab[1]))


@pytest.mark.lab(nodes=1)
def test_one_that_takes_too_long_is_ended_with_its_children(lab):
    mark = f"{lab[1].directory}/hanging"
    program = pathlib.Path(lab[1].directory, "hang.sh")
    program.write_text(f"#!/bin/sh\nsh -c 'trap \"\" TERM; : {mark}; sleep 60; true' &\nwait\n",
                       encoding="utf-8")
    program.chmod(0o755)
    lab[1].start(config.instance(before_master=program, before_master_timeout="700ms"))
    lab.wait(lambda: waits(lab[1]) and processes_with(mark), "it hangs")
    lab.wait(lambda: lab[1].state() != "MASTER", "it is given up")
    lab.wait(lambda: any("not ended within 700 ms" in t["text"]
                         for t in lab[1].history("transition")), "and that is said")
    assert not lab[1].holds(VIP4)
    lab[1].stop()
    lab.wait(lambda: not processes_with(mark), "its children are gone")


@pytest.mark.lab(nodes=2)
def test_a_command_that_is_not_waited_for_any_more_is_ended(lab):
    commands = [Command(lab[i]) for i in (1, 2)]
    # Short: who hands over to one that waits goes on for as long.
    lab[2].start(config.instance(priority=100, before_master=commands[1].program,
                                 before_master_timeout="10s"))
    lab.wait(lambda: waits(lab[2]) and commands[1].runs(), "n2 waits")
    commands[0].end()
    lab[1].start(config.instance(priority=150, before_master=commands[0].program,
                                 before_master_timeout="1s"))
    lab.wait(lambda: lab[1].holds(VIP4), "n1 has it")
    lab.wait(lambda: lab[2].state() == "BACKUP", "n2 has yielded")
    lab.wait(lambda: not processes_with(str(commands[1].program)), "and its command is ended")
    assert len(commands[1].runs()) == 1
    assert any("not waited for any more" in text for text in notices(lab[2]))


@pytest.mark.lab(nodes=1)
def test_a_reload_that_removes_the_key_ends_the_wait(lab):
    command = Command(lab[1])
    lab[1].start(config.instance(before_master=command.program))
    lab.wait(lambda: waits(lab[1]) and command.runs(), "it waits")
    lab[1].write(config.instance())
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: lab[1].holds(VIP4), "it claims")
    lab.wait(lambda: not processes_with(str(command.program)), "and the command is ended")


@pytest.mark.lab(nodes=2)
def test_a_take_is_not_done_before_the_address_is_live(lab):
    commands = start_pair(lab, preempt="no")
    take = lab.keep(subprocess.Popen([VIPCTL, "--control", lab[2].control, "take", "web"]))
    lab.wait(lambda: waits(lab[2]), "n2 waits")
    lab.never(lambda: take.poll() is not None, "nor is the take done", 1)
    commands[1].end()
    assert take.wait(30) == 0
    assert lab[2].holds(VIP4)


@pytest.mark.lab(nodes=1)
def test_two_families_wait_for_one_command(lab):
    command = Command(lab[1])
    lab[1].start(config.instance(addresses=[f"{VIP4}/24", f"{config.VIP6}/64"],
                                 before_master=command.program))
    lab.wait(lambda: waits(lab[1]) and command.runs(), "it waits")
    lab.never(lambda: lab[1].ours(), "and holds nothing", 0.5)
    command.end()
    lab.wait(lambda: lab[1].holds(VIP4) and lab[1].holds(config.VIP6), "both are claimed")
    assert command.runs() == ["before-master web BACKUP MASTER no-response", "end 0"]


@pytest.mark.lab(nodes=2)
def test_a_drain_is_done_when_the_new_one_has_announced(lab):
    commands = start_pair(lab)
    drain = lab.keep(subprocess.Popen([VIPCTL, "--control", lab[1].control, "drain", "web"]))
    lab.wait(lambda: waits(lab[2]), "n2 waits")
    lab.never(lambda: drain.poll() is not None, "nor is the drain done", 1)
    assert lab[1].holds(VIP4) and lab[1].instance()["lingering"]
    commands[1].end()
    assert drain.wait(30) == 0
    lab.wait(lambda: lab[2].holds(VIP4) and not lab[1].holds(VIP4), "it has moved")


@pytest.mark.lab(nodes=2)
def test_a_drain_is_withdrawn_when_the_new_one_gives_up(lab):
    commands = start_pair(lab)
    drain = lab.keep(subprocess.Popen([VIPCTL, "--control", lab[1].control, "drain", "web"]))
    lab.wait(lambda: waits(lab[2]), "n2 waits")
    commands[0].end()
    commands[1].end(1)
    assert drain.wait(30) != 0
    lab.wait(lambda: lab[1].state() == "MASTER" and not lab[1].instance()["waiting"], "n1 goes on")
    assert lab[1].holds(VIP4) and not lab[2].holds(VIP4)


def never_two_holders(sampler):
    return all(len(holders) < 2 for _, holders in sampler.changes)


@pytest.mark.lab(nodes=2)
def test_release_first_has_never_two_holders_in_a_planned_hand_over(lab):
    commands = start_pair(lab, release_first="yes", lease="1s")
    for command in commands:
        command.end()
    sampler, capture = lab.sampler(), lab.capture()
    drain = lab[1].vipctl("drain", "web")
    assert drain.returncode == 0, drain.stderr
    lab.wait(lambda: lab[2].holds(VIP4), "drained")
    assert lab[1].vipctl("resume", "web").returncode == 0
    lab.wait(lambda: lab[1].holds(VIP4), "preempted by a better one that lives")
    assert len(capture.adverts("n2", priority=0)) >= 1, "n2 said that it has released them"
    lab[1].stop()
    lab.wait(lambda: lab[2].holds(VIP4), "stopped")
    lab[1].start()
    lab.wait(lambda: lab[1].holds(VIP4), "started")
    assert never_two_holders(sampler), sampler.changes


@pytest.mark.lab(nodes=2)
def test_release_first_takes_it_back_when_nobody_could_take_over(lab):
    commands = start_pair(lab, release_first="yes", lease="1s")
    lab[2].stop()
    commands[0].end()
    drain = lab[1].vipctl("drain", "web")
    assert drain.returncode != 0
    lab.wait(lambda: lab[1].holds(VIP4), "n1 has it again")
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=2)
def test_in_a_group_one_that_gives_up_takes_the_others_along(lab):
    other = "10.77.0.201"
    commands = {node: [Command(node, f"{name}.sh") for name in ("web", "db")] for node in lab.nodes}
    for node, priority in zip(lab.nodes, (150, 100)):
        web, db = commands[node]
        for command in (web, db) if node is lab[1] else ():
            command.end()
        node.start(config.instance(priority=priority, before_master=web.program),
                   config.instance("db", priority=priority, vrid=52, addresses=f"{other}/24",
                                   before_master=db.program),
                   config.section("group both", {"instances": "web, db"}))
    lab.wait(lambda: lab[1].holds(VIP4) and lab[1].holds(other), "n1 has both")
    lab.wait(lambda: lab[2].state() == lab[2].state("db") == "BACKUP", "n2 is there")
    probe = lab.probe()
    drain = lab.keep(subprocess.Popen([VIPCTL, "--control", lab[1].control, "drain", "web"]))
    lab.wait(lambda: waits(lab[2]) and waits(lab[2], "db"), "n2 waits for both")
    commands[lab[2]][1].end(1)
    assert drain.wait(60) != 0, "the group stays"
    lab.wait(lambda: lab[1].state() == lab[1].state("db") == "MASTER", "n1 goes on")
    lab.wait(lambda: lab[2].state() != "MASTER" and lab[2].state("db") != "MASTER", "n2 does not")
    assert lab[1].holds(VIP4) and lab[1].holds(other) and lab[2].ours() == []
    result = probe.stop()
    assert result.lost == [] and result.answered_by == ["n1"], str(result)
    # The next time both end well.
    commands[lab[2]][1].again()
    for command in commands[lab[2]]:
        command.end()
    lab.wait(lambda: lab[2].state() == lab[2].state("db") == "BACKUP", "n2 stands by again")
    assert lab[1].vipctl("drain", "web").returncode == 0
    lab.wait(lambda: lab[2].holds(VIP4) and lab[2].holds(other), "n2 has both")
    lab.wait(lambda: lab[1].ours() == [], "n1 has none")


@pytest.mark.lab(nodes=2)
def test_vipd_killed_while_it_waits_leaves_the_address_where_it_is(lab):
    commands = start_pair(lab)
    probe = lab.probe()
    drain = lab.keep(subprocess.Popen([VIPCTL, "--control", lab[1].control, "drain", "web"]))
    lab.wait(lambda: waits(lab[2]) and commands[1].runs(), "n2 waits")
    commands[0].end()
    lab[2].kill()
    assert drain.wait(60) != 0, "nobody took over"
    lab.wait(lambda: lab[1].state() == "MASTER" and not lab[1].instance()["waiting"], "n1 goes on")
    result = probe.stop()
    assert result.lost == [] and result.answered_by == ["n1"], str(result)
    lab.wait(lambda: not processes_with(str(commands[1].program)), "the command ended with it")
    commands[1].end()  # or who is stopped waits for it
    lab[2].start()
    lab.wait(lambda: lab[2].state() == "BACKUP", "n2 is there again")
    assert lab[2].ours() == [] and lab[1].holds(VIP4)
