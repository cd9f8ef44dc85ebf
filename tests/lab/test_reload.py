"""Reload applies the difference, or nothing."""

import os
import signal

import pytest

from vipdlab import config
from vipdlab.config import VIP4
from vipdlab.watch import widest_gap


@pytest.mark.lab(nodes=1)
def test_a_bad_file_changes_nothing(lab):
    lab.start_all([150])
    lab[1].write(config.instance(priority=999))
    done = lab[1].reload()
    assert done.returncode == 1
    assert f"{lab[1].config}:" in done.stderr and "priority" in done.stderr
    assert lab[1].state() == "MASTER" and lab[1].instance()["base_priority"] == 150
    assert not lab[1].status()["last_reload"]["ok"]
    assert "last reload failed" in lab[1].vipctl("status").stdout


@pytest.mark.lab(nodes=1)
def test_an_unaffected_instance_adverts_on_time_and_keeps_its_address(lab):
    lab[1].start(config.instance("web", priority=150),
                 config.instance("db", vrid=52, addresses="10.77.0.201/24"))
    lab[1].wait_state("MASTER", "web")
    lab[1].wait_state("MASTER", "db")
    capture, sampler = lab.capture(), lab.sampler()
    for count in range(10):
        lab[1].write(config.instance("web", priority=150),
                     config.instance("db", vrid=52, priority=100 + count,
                                     addresses=f"10.77.0.{210 + count}/24"),
                     config.instance(f"more{count}", vrid=60 + count,
                                     addresses=f"10.77.0.{230 + count}/24"))
        assert lab[1].reload().returncode == 0
    lab.wait(lambda: len(lab[1].instance("db") or []) and
             lab[1].instance("db")["base_priority"] == 109, "the last change is in force")
    assert widest_gap(capture.adverts("n1", vrid=51)) < 3 * config.INTERVAL_MS / 1000
    assert sampler.sequence() == [{"n1"}], "the untouched address was touched"
    lab[1].wait_state("MASTER", "db")
    lab.wait(lambda: lab[1].holds("10.77.0.219") and not lab[1].holds("10.77.0.210"),
             "the addresses follow the file")


@pytest.mark.lab(nodes=2)
def test_sighup_reloads_and_a_removed_instance_hands_over(lab):
    lab.start_all([150, 100])
    probe = lab.probe()
    lab[1].write()
    lab[1].process.send_signal(signal.SIGHUP)
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
    lab.wait(lambda: lab[1].status()["instances"] == [], "it is gone from the first")
    result = probe.stop()
    assert result.lost == [], str(result)
    assert not lab[1].holds(VIP4)


@pytest.mark.lab(nodes=2)
def test_a_lowered_priority_hands_over_without_a_lost_probe(lab):
    lab.start_all([150, 100])
    probe = lab.probe()
    lab[1].write(config.instance(priority=50))
    assert lab[1].reload().returncode == 0
    lab.wait_master(lab[2])
    result = probe.stop()
    assert result.lost == [], str(result)


@pytest.mark.lab(nodes=1)
def test_drop_in_directory(lab):
    os.makedirs(lab[1].config_dir)
    with open(f"{lab[1].config_dir}/10-web.conf", "w", encoding="ascii") as file:
        file.write(config.instance(priority=150))
    lab[1].write()
    lab[1].start()
    lab[1].wait_state("MASTER")


@pytest.mark.lab(nodes=1)
def test_no_instance_starts_and_says_so(lab):
    lab[1].write().start()
    assert lab[1].status()["instances"] == []
    assert "no instance is configured" in lab[1].log_text()
    assert "No instance is configured" in lab[1].vipctl("status").stdout


@pytest.mark.lab(nodes=1)
def test_a_bad_file_at_start_ends_with_2_and_names_the_line(lab):
    lab[1].write_text("[instance web]\ninterface = eth0\nvrid = 0\naddresses = 10.77.0.200/24\n")
    lab[1].spawn()
    assert lab[1].wait_exit() == 2
    assert f"{lab[1].config}:3:" in lab[1].log_text()
    assert lab[1].ours() == []
