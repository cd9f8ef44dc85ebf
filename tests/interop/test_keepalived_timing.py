"""down_timer_adverts of keepalived is dead-factor here: both wait alike, in both roles."""

import time

import pytest

from vipdlab import config
from vipdlab.config import VIP4

FACTOR = 8
INTERVAL = 0.1


def start_vipd(node, priority):
    node.start(config.instance(priority=priority, dead_factor=FACTOR))


def start_keepalived(peer, priority):
    peer.start(config.keepalived(priority=priority, extra=f"down_timer_adverts {FACTOR}"))


def check_wait(lab, capture, master, backup):
    """Cuts the master off. What it sends while that is done may be heard or not."""
    began = time.time()
    master.cut()
    ended = time.time()
    first = lab.wait(lambda: capture.adverts(backup.name), "it takes over")[0].time
    earlier, later = (capture.adverts(master.name, until=t)[-1].time for t in (began, ended))
    assert first - earlier > (FACTOR - 1) * INTERVAL, first - earlier
    assert first - later < (FACTOR + 1.5) * INTERVAL, first - later


@pytest.mark.lab(nodes=1, keepalived=1)
def test_vipd_waits_as_long(lab):
    capture = lab.capture()
    start_keepalived(lab[2], 150)
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived is MASTER")
    start_vipd(lab[1], 100)
    lab.wait(lambda: (lab[1].instance()["master"] or {}).get("priority") == 150, "vipd follows")
    assert lab[1].router()["master_down_interval_ms"] == 860
    check_wait(lab, capture, lab[2], lab[1])


@pytest.mark.lab(nodes=1, keepalived=1)
def test_keepalived_waits_as_long(lab):
    capture = lab.capture()
    start_vipd(lab[1], 150)
    lab[1].wait_state("MASTER")
    start_keepalived(lab[2], 100)
    lab.never(lambda: lab[2].holds(VIP4), "keepalived does not follow", 2)
    check_wait(lab, capture, lab[1], lab[2])
