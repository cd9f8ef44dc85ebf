"""Who becomes MASTER, and why: priority, ties, preemption, owners, three nodes."""

import os

import pytest

from vipdlab import config, wire
from vipdlab.config import VIP4, VIP6


def master_of(node):
    instance = node.instance()
    return instance and instance["master"] and instance["master"]["address"]


@pytest.mark.lab(nodes=2)
def test_two_nodes_higher_priority_holds_the_address(lab):
    lab.start_all([100, 150])
    assert lab[2].holds(VIP4) and not lab[1].holds(VIP4)
    assert master_of(lab[1]) == lab[2].address4
    assert lab[1].instance()["master"]["priority"] == 150
    assert lab[2].instance()["master"]["is_us"]


@pytest.mark.lab(nodes=3)
def test_three_nodes_the_next_in_line_takes_over_each_time(lab):
    lab.start_all([100, 150, 200])
    lab[3].kill()
    lab.wait_master(lab[2])
    lab[2].stop()
    lab.wait_master(lab[1])
    assert lab[1].holds(VIP4)


@pytest.mark.lab(nodes=2)
def test_tie_between_two_masters_goes_to_the_higher_address(lab):
    """Equals do not depose each other; only two masters that meet have to decide."""
    lab.start_all([100, 100], wait=False)
    lab.wait(lambda: "MASTER" in (lab[1].state(), lab[2].state()), "somebody is MASTER")
    lab[1].cut()
    lab.wait(lambda: lab[1].state() == lab[2].state() == "MASTER", "a split makes two masters")
    lab[1].heal()
    lab.wait_master(lab[2])
    last = lab[1].instance()["last_transition"]
    assert (last["to"], last["reason"]) == ("BACKUP", "higher-address")
    assert not lab[1].holds(VIP4)


@pytest.mark.lab(nodes=2)
def test_start_together_one_master_at_the_end(lab):
    for node in lab.nodes:
        node.write(config.instance(priority=100 + node.index)).spawn()
    lab.wait_master(lab[2])
    assert [n.holds(VIP4) for n in lab.nodes] == [False, True]


@pytest.mark.lab(nodes=2)
def test_higher_priority_preempts_without_losing_a_probe(lab):
    lab[1].start(config.instance(priority=100))
    lab.wait(lambda: lab[1].state() == "MASTER", "the first node is MASTER")
    probe = lab.probe()
    lab[2].start(config.instance(priority=150))
    lab.wait_master(lab[2])
    result = probe.stop()
    assert result.lost == [], str(result)
    assert result.answered_by == ["n1", "n2"]
    last = lab[2].instance()["last_transition"]
    assert (last["from"], last["to"], last["reason"]) == ("BACKUP", "MASTER", "preempted")


@pytest.mark.lab(nodes=2)
def test_preempt_no_lets_the_lower_priority_keep_it(lab):
    lab[1].start(config.instance(priority=100, preempt="no"))
    lab.wait(lambda: lab[1].state() == "MASTER", "the first node is MASTER")
    lab[2].start(config.instance(priority=150, preempt="no"))
    lab.wait(lambda: master_of(lab[2]) == lab[1].address4, "the second follows the first")
    lab.never(lambda: lab[2].state() == "MASTER", "it preempted although told not to", 1.5)
    lab[1].kill()
    lab.wait_master(lab[2])


@pytest.mark.lab(nodes=2)
def test_preempt_after_a_delay(lab):
    lab[1].start(config.instance(priority=100))
    lab.wait(lambda: lab[1].state() == "MASTER", "the first node is MASTER")
    lab[2].start(config.instance(priority=150, preempt="after 2s"))
    lab.never(lambda: lab[2].state() == "MASTER", "it preempted before the delay", 1)
    lab.wait_master(lab[2])


@pytest.mark.lab(nodes=2)
def test_owner_is_master_at_once_and_always(lab):
    lab[1].start(config.instance(priority=254))
    lab.wait(lambda: lab[1].state() == "MASTER", "the first node is MASTER")
    lab[2].start(config.instance(priority=255))
    lab.wait_master(lab[2])
    history = [e["to"] for e in lab[2].history()]
    assert "BACKUP" not in history, "an owner never waits as BACKUP"


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("family", [4, 6])
def test_an_owner_that_comes_back_gets_its_own_address_back(lab, family):
    """Its adverts come from the address that the other node holds: the kernel there drops them."""
    owner, other = lab.nodes
    own = owner.address4 if family == 4 else owner.link_local
    addresses = f"{own}/24" if family == 4 else f"{own}/64, {owner.address6}/64"
    for node, priority in [(owner, 255), (other, 100)]:
        node.start(config.instance(priority=priority, addresses=addresses))
    lab.wait_master(owner)
    assert not other.holds(own)
    owner.kill()
    lab.wait(lambda: other.state() == "MASTER" and other.holds(own), "the other took over")
    owner.start(config.instance(priority=255, addresses=addresses))
    lab.wait_master(owner)
    lab.wait(lambda: other.state() == "BACKUP" and not other.holds(own), "the other gave it up")
    lab.never(lambda: other.state() == "MASTER", "it took the address of a living owner", 1)
    assert owner.holds(own)


@pytest.mark.lab(nodes=2)
def test_two_instances_crossed_are_active_active(lab):
    one, two = "10.77.0.201", "10.77.0.202"
    for node, (first, second) in zip(lab.nodes, [(150, 100), (100, 150)]):
        node.start(config.instance("red", vrid=1, priority=first, addresses=f"{one}/24"),
                   config.instance("blue", vrid=2, priority=second, addresses=f"{two}/24"))
    lab.wait_master(lab[1], "red")
    lab.wait_master(lab[2], "blue")
    assert lab[1].ours() == [one] and lab[2].ours() == [two]
    lab[1].kill()
    lab.wait(lambda: lab[2].ours() == [one, two], "the survivor holds both")


def behind_options(frame):
    """The same IPv6 frame with a hop-by-hop header before the message."""
    header = bytearray(frame[14:54])
    header[4:6] = (int.from_bytes(header[4:6], "big") + 8).to_bytes(2, "big")
    header[6] = 0
    return frame[:14] + bytes(header) + bytes([wire.VRRP, 0, 1, 4, 0, 0, 0, 0]) + frame[54:]


@pytest.mark.lab(nodes=2)
def test_an_advert_behind_extension_headers_deposes_nobody(lab):
    lab.start_all([150, 100], addresses=f"{VIP6}/64")
    frame = behind_options(lab.injector().build(family=6, priority=250, addresses=[VIP6]))
    with lab.injecting(frame):
        for node in lab.nodes:
            lab.wait(lambda n=node: n.router("ipv6")["drops"]["extension_headers"] > 3, "counted")
        assert [n.state() for n in lab.nodes] == ["MASTER", "BACKUP"]
        lab[1].kill()
        lab.wait_master(lab[2])
    path = next(e["recording"] for e in lab[2].history() if "recording" in e)
    lab.wait(lambda: os.path.exists(path), "it is recorded", 10)
    with open(path, "rb") as file:
        assert frame[14:] in file.read(), "what was sent is in the recording"
