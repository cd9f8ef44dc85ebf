"""vipctl drain and resume: mastership is given away without a lost packet, or not at all."""

import json
import re

import pytest

from vipdlab import config
from vipdlab.config import VIP4

NOT_SWITCHED = 6


def drained_file(node):
    try:
        with open(f"{node.directory}/state/drained.json", encoding="utf-8") as file:
            return [entry["instance"] for entry in json.load(file)["drained"]]
    except FileNotFoundError:
        return []


@pytest.mark.lab(nodes=2)
def test_drain_hands_over_without_a_lost_probe_and_stays_away(lab):
    lab.start_all([150, 100])
    probe, sampler = lab.probe(interval_ms=1), lab.sampler()
    done = lab[1].vipctl("drain", "web")
    assert done.returncode == 0, done.stderr
    assert re.match(r"web: handed over to 10\.77\.0\.2 in [0-9.]+ m?s\n", done.stdout), done.stdout
    assert lab[2].state() == "MASTER" and lab[1].state() == "INIT"
    lab.wait(lambda: not lab[1].holds(VIP4), "the drained node releases")
    lab.never(lambda: lab[1].state() != "INIT", "it stays away", 1)
    result = probe.stop()
    assert result.lost == [], str(result)
    assert result.answered_by == ["n1", "n2"]
    assert {"n1", "n2"} in sampler.sequence(), "the successor claims before the other releases"
    assert lab[1].history()[-1]["text"] == "drained by the administrator, 10.77.0.2 took over"


@pytest.mark.lab(nodes=2)
def test_resume_brings_it_back_by_its_priority_without_a_lost_probe(lab):
    lab.start_all([150, 100])
    assert lab[1].vipctl("drain", "--all").returncode == 0
    probe = lab.probe(interval_ms=1)
    done = lab[1].vipctl("resume", "web")
    assert done.returncode == 0 and "takes part again" in done.stdout, done.stdout
    lab.wait_master(lab[1])
    assert probe.stop().lost == []
    assert lab[1].instance()["drained"] is None and drained_file(lab[1]) == []


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
    assert lab[1].vipctl("drain", "web").returncode == NOT_SWITCHED, "there is no other node"
    lab[1].kill()
    lab.never(lambda: lab[2].state() != "INIT", "a drained node stays away", 1)
    lab[2].vipctl("resume", "web")
    lab.wait(lambda: lab[2].state() == "MASTER", "resumed, it takes over")


@pytest.mark.lab(nodes=2)
def test_a_drain_survives_a_restart_of_the_agent(lab):
    lab.start_all([150, 100])
    assert lab[1].vipctl("drain", "web", "--for", "30m").returncode == 0
    assert drained_file(lab[1]) == ["web"]
    lab[1].stop()
    lab[1].start()
    lab.never(lambda: lab[1].state() != "INIT", "still drained", 1)
    assert 0 < lab[1].instance()["drained"]["left_ms"] <= 30 * 60 * 1000
    assert "drained, 30 min left" in lab[1].vipctl("status").stdout
    assert lab[2].state() == "MASTER"


@pytest.mark.lab(nodes=2)
def test_a_drain_expires(lab):
    lab.start_all([150, 100])
    assert lab[1].vipctl("drain", "web", "--for", "800ms").returncode == 0
    assert lab[1].state() == "INIT"
    lab.wait_master(lab[1])
    assert drained_file(lab[1]) == []


@pytest.mark.lab(nodes=2)
def test_a_drain_that_expires_while_the_agent_is_down_is_over(lab):
    lab.start_all([150, 100])
    assert lab[1].vipctl("drain", "web", "--for", "500ms").returncode == 0
    lab[1].kill()
    lab.never(lambda: False, "the time passes", 0.6)
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
    lab.wait_master(lab[1])
    lab.wait(lambda: "BACKUP STATE" in lab[2].log_text(), "keepalived is BACKUP")
    probe = lab.probe(interval_ms=1)
    done = lab[1].vipctl("drain", "web")
    assert done.returncode == 0 and "handed over to 10.77.0.2" in done.stdout, done.stderr
    result = probe.stop()
    assert result.lost == [], str(result)
    assert result.answered_by == ["n1", "n2"]


@pytest.mark.lab(nodes=1)
def test_usage(lab):
    lab.start_all([150])
    for arguments in (["drain"], ["drain", "web", "--all"], ["drain", "web", "--for", "30"],
                      ["resume"], ["take"], ["take", "--all"], ["take", "web", "--force"]):
        assert lab[1].vipctl(*arguments).returncode == 2, arguments
    assert lab[1].vipctl("drain", "nope").returncode == 1
