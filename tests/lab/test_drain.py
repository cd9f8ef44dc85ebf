"""vipctl drain and resume: mastership is given away without a lost packet, or not at all."""

import json
import os
import re
import time

import pytest

from vipdlab import config
from vipdlab.calm import assert_lossless
from vipdlab.config import VIP4
from vipdlab.node import NOT_SWITCHED


def drained_file(node):
    try:
        with open(f"{node.directory}/state/drained.json", encoding="utf-8") as file:
            return [entry["instance"] for entry in json.load(file)["drained"]]
    except FileNotFoundError:
        return []


@pytest.mark.lab(nodes=2)
def test_drain_hands_over_without_a_lost_probe_and_stays_away(lab):
    lab.start_all([150, 100])

    def attempt():
        lab[1].vipctl("resume", "web")
        lab.wait_master(lab[1])
        probe = lab.probe(interval_ms=1)
        done.append(lab[1].vipctl("drain", "web"))
        lab.wait(lambda: not lab[1].holds(VIP4), "the drained node releases")
        time.sleep(0.1)
        return probe.stop()
    done = []
    result = assert_lossless(lab, attempt)
    assert result.answered_by == ["n1", "n2"]
    done = done[-1]
    assert done.returncode == 0, done.stderr
    assert re.match(r"web: handed over to 10\.77\.0\.2 in [0-9.]+ m?s\n", done.stdout), done.stdout
    assert lab[2].state() == "MASTER" and lab[1].state() == "INIT"
    lab.never(lambda: lab[1].state() != "INIT", "it stays away", 1)
    assert lab[1].history()[-1]["text"] == "drained by the administrator (root), 10.77.0.2 took over"


@pytest.mark.lab(nodes=2)
def test_resume_brings_it_back_by_its_priority_without_a_lost_probe(lab):
    lab.start_all([150, 100])

    def attempt():
        assert lab[1].vipctl("drain", "--all").returncode == 0
        probe = lab.probe(interval_ms=1)
        done = lab[1].vipctl("resume", "web")
        assert done.returncode == 0 and "takes part again" in done.stdout, done.stdout
        lab.wait_master(lab[1])
        return probe.stop()
    assert_lossless(lab, attempt)
    assert lab[1].instance()["drained"] is None
    lab.wait(lambda: drained_file(lab[1]) == [], "the list is saved")


@pytest.mark.lab(nodes=2)
def test_the_last_node_keeps_the_address_and_says_so(lab):
    lab.start_all([150, 100])
    lab[2].stop()
    probe = lab.probe()
    done = lab[1].vipctl("drain", "web")
    assert done.returncode == NOT_SWITCHED
    assert "nobody took over within" in done.stderr and "stay on this node" in done.stderr
    assert lab[1].state() == "MASTER" and lab[1].holds(VIP4)
    assert lab[1].instance()["drained"] is None and drained_file(lab[1]) == []
    assert lab[1].history()[-1]["reason"] == "no-successor"
    # Nothing surprising later: the failed drain is not in force.
    lab[2].start()
    lab.never(lambda: lab[1].state() != "MASTER", "it stays MASTER", 1)
    assert probe.stop().lost == []


@pytest.mark.lab(nodes=1)
def test_force_gives_it_up_all_the_same(lab):
    lab.start_all([150])
    done = lab[1].vipctl("drain", "web", "--force")
    assert done.returncode == 0 and "by force" in done.stdout, done.stderr
    assert lab[1].state() == "INIT" and lab[1].ours() == []


@pytest.mark.lab(nodes=2)
def test_a_drained_backup_does_not_take_over(lab):
    lab.start_all([150, 100])
    done = lab[2].vipctl("drain", "web")
    assert done.stdout == "web: drained; 10.77.0.1 is master\n", done.stderr
    assert lab[2].instance()["master"]["address"] == "10.77.0.1", "it goes on saying who is master"
    lab.wait(lambda: "10.77.0.1 is MASTER with" in lab[2].vipctl("status").stdout, "status too")
    assert lab[1].vipctl("drain", "web").returncode == NOT_SWITCHED, "there is no other node"
    lab[1].kill()
    lab.never(lambda: lab[2].state() != "INIT", "a drained node stays away", 1)
    lab[2].vipctl("resume", "web")
    lab.wait(lambda: lab[2].state() == "MASTER", "resumed, it takes over")


@pytest.mark.lab(nodes=2)
def test_a_withdrawn_node_that_is_drained_names_the_master_it_hears(lab):
    lab[1].start(config.instance(priority=150, track="app"),
                 config.check("app", "file", path=f"{lab[1].directory}/missing"))
    lab[2].start(config.instance(priority=100))
    lab[2].wait_state("MASTER")
    lab.wait(lambda: lab[1].router()["last_advert_age_ms"] is not None, "it hears the master")
    assert lab[1].instance()["held_by"] == ["check-failed"]
    done = lab[1].vipctl("drain", "web")
    assert done.stdout == "web: drained; 10.77.0.2 is master\n", done.stderr
    # Once it is silent nobody is named.
    assert lab[1].vipctl("resume", "web").returncode == 0
    lab[2].kill()
    time.sleep(1)
    assert lab[1].vipctl("drain", "web").stdout == "web: drained; no master is known\n"


@pytest.mark.lab(nodes=2)
def test_a_drain_survives_a_restart_of_the_agent(lab):
    lab.start_all([150, 100])
    assert lab[1].vipctl("drain", "web", "--for", "30m").returncode == 0
    lab.wait(lambda: drained_file(lab[1]) == ["web"], "the list is saved")
    lab[1].stop()
    lab[1].start()
    lab.never(lambda: lab[1].state() != "INIT", "still drained", 1)
    assert 0 < lab[1].instance()["drained"]["left_ms"] <= 30 * 60 * 1000
    assert lab[1].instance()["drained"]["uid"] == 0
    assert "drained, 30 min left (root)" in lab[1].vipctl("status", "web").stdout
    # Asked again, the new time counts.
    assert "was drained already" in lab[1].vipctl("drain", "web", "--for", "1d").stdout
    assert lab[1].instance()["drained"]["left_ms"] > 23 * 3600 * 1000
    lab[1].vipctl("drain", "web", "--for", "30m")
    assert "drained, 30 min left" in lab[1].vipctl("status").stdout
    assert lab[2].state() == "MASTER"


@pytest.mark.lab(nodes=2)
def test_a_list_that_cannot_be_saved_is_said(lab):
    os.rmdir(f"{lab[1].directory}/state")
    with open(f"{lab[1].directory}/state", "w", encoding="utf-8"):
        pass
    lab.start_all([150, 100])
    done = lab[1].vipctl("drain", "web")
    assert done.returncode == 0 and "cannot be saved" in done.stdout, done.stderr
    assert lab[1].state() == "INIT"
    lab.wait(lambda: "cannot save what is drained" in lab[1].log_text(), "the log has it too")


@pytest.mark.lab(nodes=2)
def test_a_drain_expires(lab):
    lab.start_all([150, 100])
    assert lab[1].vipctl("drain", "web", "--for", "800ms").returncode == 0
    lab.wait(lambda: "resumed" in [e["reason"] for e in lab[1].history()], "it is over")
    lab.wait_master(lab[1])
    assert ("INIT", "drained") in [(e["to"], e["reason"]) for e in lab[1].history()]
    resumed = [e for e in lab[1].history() if e["reason"] == "resumed"]
    assert [e["text"] for e in resumed] == ["the time of its drain is over"]
    lab.wait(lambda: drained_file(lab[1]) == [], "the list is saved")


@pytest.mark.lab(nodes=2)
def test_a_drain_that_expires_while_the_agent_is_down_is_over(lab):
    lab.start_all([150, 100])
    assert lab[1].vipctl("drain", "web", "--for", "2s").returncode == 0
    lab.wait(lambda: drained_file(lab[1]) == ["web"], "the list is saved")
    lab[1].kill()
    time.sleep(2.1)
    lab[1].start()
    lab.wait_master(lab[1])


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("text", ["{", "[]", '{"drained": 7}', '{"drained": [{"instance": 5}]}'])
def test_an_unreadable_list_is_reported_and_not_fatal(lab, text):
    with open(f"{lab[1].directory}/state/drained.json", "w", encoding="utf-8") as file:
        file.write(text)
    lab.start_all([150])
    assert lab[1].state() == "MASTER"
    assert "drained.json" in lab[1].log_text()


@pytest.mark.lab(nodes=2)
def test_a_drain_survives_a_reload_that_replaces_the_instance(lab):
    lab.start_all([150, 100])
    assert lab[1].vipctl("drain", "web").returncode == 0
    lab[1].write(config.instance(priority=150, vrid=52))
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: lab[1].instance() and lab[1].instance()["vrid"] == 52, "it is replaced")
    lab.never(lambda: lab[1].state() != "INIT", "still drained", 1)


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("which", ["--all", "web"])
def test_a_drain_right_after_a_reload_waits_for_the_instance(lab, which):
    # Long enough for a drain that is late: as MASTER it would stay, for it has no peer any more.
    keys = {"advert_interval": "1s"}
    lab.start_all([150, 100], **keys)
    lab[1].write(config.instance(priority=150, vrid=52, **keys))
    assert lab[1].reload().returncode == 0
    done = lab[1].vipctl("drain", which)
    assert done.returncode == 0 and done.stdout.startswith("web: "), done.stdout + done.stderr
    assert lab[1].instance()["vrid"] == 52
    lab.never(lambda: lab[1].state() != "INIT" or not lab[1].instance()["drained"],
              "it stays drained", 2)


@pytest.mark.lab(nodes=2)
def test_both_families_go_together(lab):
    addresses = [f"{VIP4}/24", f"{config.VIP6}/64"]
    lab.start_all([150, 100], addresses=addresses)
    assert lab[1].vipctl("drain", "web").returncode == 0
    lab.wait(lambda: lab[1].ours() == [], "both families are released")
    assert len(lab[2].ours()) == 3  # with the derived link-local one
    lab[2].kill()
    assert lab[1].vipctl("resume", "web").returncode == 0
    lab.wait(lambda: lab[1].state() == "MASTER", "it is back")
    assert lab[1].vipctl("drain", "web").returncode == NOT_SWITCHED
    assert len(lab[1].ours()) == 3


@pytest.mark.lab(nodes=1, keepalived=1)
def test_keepalived_takes_over_without_a_lost_probe(lab):
    lab[1].start(config.instance(priority=150))
    lab[2].start(config.keepalived(priority=100))

    def attempt():
        lab[1].vipctl("resume", "web")
        lab.wait(lambda: lab[1].state() == "MASTER" and not lab[2].holds(VIP4), "vipd is MASTER")
        probe = lab.probe(interval_ms=1)
        done = lab[1].vipctl("drain", "web")
        assert done.returncode == 0 and "handed over to 10.77.0.2" in done.stdout, done.stderr
        lab.wait(lambda: not lab[1].holds(VIP4), "vipd releases")
        time.sleep(0.1)
        return probe.stop()
    # keepalived adverts before it has the address.
    assert assert_lossless(lab, attempt).answered_by == ["n1", "n2"]


def stop_and_start(lab, master_after):
    """As `systemctl restart` and a package upgrade do it: stop, then start at once."""
    lab.wait_master(lab[1])
    probe = lab.probe(interval_ms=0.5)
    assert lab[1].stop() == 0
    lab[1].start()
    lab.wait_master(master_after)
    return probe.stop()


@pytest.mark.lab(nodes=2)
def test_a_restart_of_the_master_loses_no_probe(lab):
    lab.start_all([150, 100])
    result = assert_lossless(lab, lambda: stop_and_start(lab, lab[1]))
    assert result.answered_by == ["n1", "n2", "n1"]


@pytest.mark.lab(nodes=2)
def test_a_restart_without_preemption_leaves_it_with_the_peer(lab):
    lab.start_all([150, 100], preempt="no")

    def attempt():
        if lab[1].state() != "MASTER":
            assert lab[1].vipctl("take", "web").returncode == 0
        return stop_and_start(lab, lab[2])
    result = assert_lossless(lab, attempt)
    lab.never(lambda: lab[1].state() == "MASTER", "it does not come back", 0.5)
    assert result.answered_by == ["n1", "n2"]


@pytest.mark.lab(nodes=2)
def test_preempt_when_healthy_for_a_time(lab):
    lab.start_all([150, 100], preempt="when-healthy-for 2s")
    lab[1].link_down()
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
    up = time.monotonic()
    lab[1].link_up()
    lab.wait_master(lab[1])
    assert time.monotonic() - up > 2
    assert lab[1].instance()["preempt_mode"] == "when-healthy-for"
    assert "when-healthy-for 2000 ms" in lab[1].vipctl("status", "web").stdout


@pytest.mark.lab(nodes=2)
def test_a_failing_weight_is_not_healthy(lab):
    flag = f"{lab[1].directory}/healthy"
    with open(flag, "w", encoding="utf-8"):
        pass
    lab[1].start(config.instance(priority=150, track="app", preempt="when-healthy-for 2s"),
                 config.check("app", "file", path=flag, weight=-10))
    lab[2].start(config.instance(priority=120))
    # Both started within the two seconds, so the first may have found the second as MASTER.
    lab.wait_master(lab[1])
    os.remove(flag)
    lab.wait(lambda: lab[1].instance()["effective_priority"] == 140, "it is impaired")
    lab[1].vipctl("drain", "web")
    lab[1].vipctl("resume", "web")
    lab.never(lambda: lab[1].state() == "MASTER", "140 is above 120, but not healthy", 3)
    healthy = time.monotonic()
    with open(flag, "w", encoding="utf-8"):
        pass
    lab.wait_master(lab[1])
    assert time.monotonic() - healthy > 2


@pytest.mark.lab(nodes=1)
def test_usage(lab):
    lab.start_all([150])
    for arguments in (["drain"], ["drain", "web", "--all"], ["drain", "web", "--for", "30"],
                      ["resume"], ["take"], ["take", "--all"], ["take", "web", "--force"]):
        assert lab[1].vipctl(*arguments).returncode == 2, arguments
    assert lab[1].vipctl("drain", "nope").returncode == 1
