"""A node that cannot add its addresses does not keep others from serving."""

import time

import pytest

from vipdlab import config
from vipdlab.config import VIP4
from vipdlab.node import NO_NET_ADMIN


def transitions(node, reason):
    return [entry for entry in node.history() if entry.get("reason") == reason]


def is_held(node):
    instance = node.instance()
    return instance is not None and instance["held_by"] == ["cannot-claim"]


@pytest.mark.lab(nodes=2)
def test_who_gets_none_of_its_addresses_leaves_them_to_a_healthy_peer(lab):
    lab[2].start(config.instance(priority=100))
    lab.wait(lambda: lab[2].holds(VIP4), "the healthy one serves")
    probe, capture = lab.probe(), lab.capture()
    lab[1].write(config.instance(priority=150))
    lab[1].spawn(prefix=NO_NET_ADMIN)
    lab.wait(lambda: is_held(lab[1]), "it cannot claim")
    assert lab[1].state() == "INIT"
    text = transitions(lab[1], "cannot-claim")[0]["text"]
    assert text == "none of the addresses could be added here: Operation not permitted"
    # It never said that it was MASTER: nobody has yielded, and no host was told otherwise.
    assert capture.adverts("n1") == [] or {f.priority for f in capture.adverts("n1")} == {0}
    assert VIP4 not in capture.announced("n1")
    lab.wait(lambda: len(transitions(lab[1], "cannot-claim")) >= 3, "it tries again")
    time.sleep(1)
    assert len(transitions(lab[1], "cannot-claim")) <= 4, "and not all the time"
    assert lab[2].state() == "MASTER"
    result = probe.stop()
    assert result.lost == [] and result.answered_by == ["n2"], str(result)


@pytest.mark.lab(nodes=1)
def test_it_serves_when_what_was_in_the_way_has_gone(lab):
    lab[1].write(config.instance())
    lab[1].spawn(prefix=NO_NET_ADMIN)
    lab.wait(lambda: is_held(lab[1]), "it cannot claim")
    lab[1].stop()
    lab[1].start()
    lab.wait(lambda: lab[1].holds(VIP4), "it serves")
    assert lab[1].instance()["warnings"] == []
