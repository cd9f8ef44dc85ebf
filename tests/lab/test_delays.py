"""What waits on purpose: a link that blinks, one that does not count, the time after a boot, and the
pause between announcements."""

import time
from datetime import datetime

import pytest

from vipdlab import config
from vipdlab.calm import assert_steady
from vipdlab.config import VIP4


def moves(node):
    return [(e["from"], e["to"]) for e in node.history()]


def at(entry):
    """Of an entry of the history, as time.time(): by the agent's own clock, for who asks may be late."""
    return datetime.fromisoformat(entry["at"].replace("Z", "+00:00")).timestamp()


@pytest.mark.lab(nodes=2)
def test_a_link_that_blinks_for_less_than_the_delay_changes_nothing(lab):
    lab.start_all([150, 100], advert_interval="1s", link_down_delay="10s")
    before = [moves(node) for node in lab.nodes]
    # A BACKUP hears nothing for longer than it waits for a master.
    lab[2].carrier_off()
    lab.never(lambda: lab[2].state() != "BACKUP", "it takes silence for a dead master", 5)
    lab[2].carrier_on()
    # A MASTER for less than its peers wait.
    lab[1].carrier_off()
    lab.never(lambda: lab[1].state() != "MASTER", "it gives up", 1)
    capture = lab.capture()
    lab[1].carrier_on()
    lab.wait(lambda: any(f.target == VIP4 for f in capture.frames()),
             "the switch is told anew where the address is")
    lab.never(lambda: [moves(node) for node in lab.nodes] != before, "something has moved", 2)


@pytest.mark.lab(nodes=2)
def test_a_link_that_stays_down_counts_after_the_delay(lab):
    lab.start_all([150, 100], link_down_delay="1s", link_up_delay="2s")
    began = time.time()
    lab[1].carrier_off()
    ended = time.time()
    lab[1].wait_state("INIT")
    went = at(lab[1].history()[-1])
    assert began + 0.9 < went < ended + 3
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer serves")
    lab[1].carrier_on()
    began = time.monotonic()
    lab.never(lambda: lab[1].state() != "INIT", "the switch has not had its time", 1.5)
    # A blink begins the time anew. The kernel looks at links once a second, and tells nobody of
    # what has passed by then.
    lab[1].carrier_off()
    lab.wait(lambda: "NO-CARRIER" in lab[1].ip("link", "show", "eth0").stdout, "it is told")
    lab[1].carrier_on()
    lab.wait_master(lab[1])
    assert time.monotonic() - began > 3.4
    # And a reload to no delay is obeyed at once.
    lab[1].carrier_off()
    lab[1].write(config.instance(priority=150)).reload()
    lab[1].wait_state("INIT")


@pytest.mark.lab(nodes=2)
def test_without_follow_link_the_other_end_of_a_dead_cable_serves(lab):
    lab.start_all([150, 100], follow_link="no")
    lab[1].kill()
    lab[2].carrier_off()
    lab[2].wait_state("MASTER")
    assert lab[2].holds(VIP4)
    assert lab[2].instance()["held_by"] == []


@pytest.mark.lab(nodes=1)
def test_it_takes_no_part_before_the_machine_has_been_up_for_so_long(lab):
    began = time.monotonic()
    with open("/proc/uptime", encoding="ascii") as file:
        uptime = int(float(file.read().split()[0]))
    lab[1].write(config.instance(priority=150), start_delay="15s")
    # In a time namespace that has just begun.
    lab[1].spawn(prefix=["unshare", "--time", "--boottime", str(1 - uptime)])
    lab.wait(lambda: lab[1].status() is not None, "it answers")
    assert lab[1].instance()["held_by"] == ["start-delay"]
    assert "start-delay" in lab[1].vipctl("status", "web").stdout
    lab[1].wait_state("MASTER", timeout=30)
    assert time.monotonic() - began > 13
    started, = lab[1].history("started")
    assert at(lab[1].history()[-1]) - at(started) < 20
    # Later on it takes part at once, and so does what a reload brings.
    lab[1].write(config.instance(priority=150),
                 config.instance("more", vrid=52, addresses="10.77.0.201/24"), start_delay="15s")
    assert lab[1].reload().returncode == 0
    lab[1].wait_state("MASTER", "more")
    reloaded, = lab[1].history("reloaded")
    assert at(lab[1].history()[-1]) - at(reloaded) < 3


@pytest.mark.lab(nodes=1)
def test_announcements_pause_and_adverts_do_not(lab):
    many = [f"10.77.0.{200 + i}/24" for i in range(40)]
    lab[1].write(config.instance(addresses=many, announce_repeat=0), announce_pause="100ms")
    capture = lab.capture()
    lab[1].start()
    lab[1].wait_state("MASTER")

    def announced():
        return [f for f in capture.frames("n1") if f.gratuitous]
    lab.wait(lambda: len(announced()) == 40, "all are announced")
    times = [f.time for f in announced()]
    assert [f.target for f in announced()] == [a.split("/")[0] for a in many]
    assert min(b - a for a, b in zip(times, times[1:])) > 0.075
    assert_steady(capture.adverts("n1", vrid=51), 2 * config.INTERVAL_MS / 1000)
    # What it holds no more is not announced.
    lab[1].write(config.instance(addresses=[*many, "10.77.0.250/24"]), announce_pause="100ms")
    assert lab[1].reload().returncode == 0
    time.sleep(0.1)
    lab[1].stop()
    seen = len(announced())
    assert seen < 80
    time.sleep(0.2)
    assert len(announced()) == seen
