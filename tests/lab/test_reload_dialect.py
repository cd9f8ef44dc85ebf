"""What two nodes must have in common is changed on one after the other: no node takes over meanwhile,
if the one that is master comes last."""

import time

import pytest

from vipdlab import config

V2 = {"version": 2, "advert_interval": "1s"}

CHANGES = [
    pytest.param({**V2, "password": "old"}, {**V2, "password": "new"}, id="password"),
    pytest.param(V2, {**V2, "password": "new"}, id="password-begins"),
    pytest.param({**V2, "password": "old"}, V2, id="password-ends"),
    pytest.param({**V2, "advert_interval": "2s"}, V2, id="shorter"),
    pytest.param(V2, {**V2, "advert_interval": "2s"}, id="longer"),
    pytest.param({**V2, "password": "old"}, {}, id="version-3"),
    pytest.param({}, {**V2, "password": "new"}, id="back-to-version-2"),
]


def transitions(lab):
    return [node.router()["counters"]["master-transitions"] for node in lab.nodes]


def changed(node, priority, keys):
    node.write(config.instance(priority=priority, **keys))
    done = node.reload()
    assert done.returncode == 0, done.stderr


@pytest.mark.limit(120)
@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("before, after", CHANGES)
def test_backup_first_then_master_costs_nothing(lab, before, after):
    # Longer than a backup waits for a master, by the longer of the intervals.
    intervals = (before.get("advert_interval"), after.get("advert_interval"))
    watched_s = 9 if "2s" in intervals else 5
    for node, priority in zip(lab.nodes, (150, 100)):
        node.start(config.instance(priority=priority, **before))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: (lab[2].instance()["master"] or {}).get("priority") == 150, "it follows")
    sampler, probe = lab.sampler(), lab.probe(interval_ms=1)
    had = transitions(lab)
    changed(lab[2], 100, after)
    lab.never(lambda: lab[2].state() == "MASTER", "the backup gave the master up", watched_s)
    assert "reload the master last" in lab[2].log_text()
    changed(lab[1], 150, after)
    lab.never(lambda: lab[2].state() == "MASTER", "the backup gave the master up", watched_s)
    result = probe.stop()
    assert result.lost == [], str(result)
    assert sampler.sequence() == [{"n1"}] and transitions(lab) == had
    assert "drop them and take over" in lab[1].log_text()
    # The time of the former is over: who speaks it now is refused.
    changed(lab[1], 150, before)
    lab[2].wait_state("MASTER")
    assert sum(lab[2].router()["drops"].values()) > 0


@pytest.mark.lab(nodes=1)
def test_the_file_of_a_password_is_read_again(lab, tmp_path):
    secret = tmp_path / "password"
    secret.write_text("old\n")
    lab[1].start(config.instance(password_file=secret, **V2))
    lab[1].wait_state("MASTER")
    capture = lab.capture()
    secret.write_text("new\n")
    assert lab[1].reload().returncode == 0
    since = time.time()
    adverts = lab.wait(lambda: capture.adverts("n1", since=since), "it adverts")
    assert {advert.auth_data for advert in adverts} == {b"new".ljust(8, b"\0")}
    assert lab[1].router()["counters"]["master-transitions"] == 1
    secret.unlink()
    done = lab[1].reload()
    assert done.returncode == 1 and "No such file or directory" in done.stderr
    secret.mkdir()
    done = lab[1].reload()
    assert done.returncode == 1 and "no regular file" in done.stderr
    assert lab[1].state() == "MASTER"
