"""[group NAME]: instances with an inside and an outside move together, whatever happens to one."""

import os

import pytest

from vipdlab import config, netns
from vipdlab.calm import assert_lossless
from vipdlab.node import NOT_SWITCHED

INSIDE, OUTSIDE = "10.77.0.200", "10.88.0.200"
GROUP = config.section("group gate", {"instances": "inside, outside"})


def second_network(lab):
    """eth1 of each node on a switch of its own."""
    netns.ip_batch(["link add br1 type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
                    "link set br1 up"], lab.switch)
    for node in lab.nodes:
        netns.ip_batch([f"link add eth1 netns {node.namespace} type veth peer name {node.name}o"
                        f" netns {lab.switch}"])
        netns.ip_batch([f"link set {node.name}o master br1 up"], lab.switch)
        netns.ip_batch(["link set eth1 up", f"addr add 10.88.0.{node.index}/24 dev eth1"],
                       node.namespace)


def sections(priority, **keys):
    return (config.instance("inside", priority=priority, **keys),
            config.instance("outside", priority=priority, interface="eth1",
                            addresses=f"{OUTSIDE}/24", vrid=52, **keys),
            GROUP)


def start(lab, priorities=(150, 100), **keys):
    second_network(lab)
    for node, priority in zip(lab.nodes, priorities):
        node.start(*sections(priority, **keys))
    together(lab, lab[1])


def together(lab, master):
    lab.wait_master(master, "inside")
    lab.wait_master(master, "outside")
    for node in lab.nodes:
        if node.process is not None:
            assert node.holds(INSIDE) == node.holds(OUTSIDE) == (node is master)


def outside_down(node):
    node.ip("link", "set", "eth1", "down")


@pytest.mark.lab(nodes=2)
def test_the_link_of_one_member_moves_both_and_brings_both_back(lab):
    start(lab)

    def attempt():
        together(lab, lab[1])
        probe = lab.probe(interval_ms=1)
        outside_down(lab[1])
        lab.wait(lambda: lab[2].state("inside") == lab[2].state("outside") == "MASTER",
                 "both are MASTER on the other node")
        lab.wait(lambda: lab[1].ours() == [], "the first holds neither")
        assert lab[1].instance("inside")["held_by"] == ["group"]
        assert lab[1].instance("outside")["held_by"] == ["link-down"]
        lab[1].ip("link", "set", "eth1", "up")
        together(lab, lab[1])
        return probe.stop()
    # The inside is handed over in order, there and back.
    assert assert_lossless(lab, attempt).answered_by == ["n1", "n2", "n1"]


@pytest.mark.lab(nodes=2)
def test_drain_resume_and_take_act_on_the_whole_group(lab):
    start(lab, preempt="no")
    done = lab[1].vipctl("drain", "inside")
    assert done.returncode == 0, done.stderr
    assert sorted(line.split(" in ")[0] for line in done.stdout.splitlines()) == [
        "inside: handed over to 10.77.0.2", "outside: handed over to 10.88.0.2"]
    lab.wait(lambda: lab[1].ours() == [], "both are released")
    assert {lab[1].instance(n)["held_by"][0] for n in ("inside", "outside")} == {"drained"}
    lab[1].stop()
    lab[1].start()
    lab.never(lambda: lab[1].state("outside") != "INIT", "both are still drained", 0.5)
    assert lab[1].vipctl("resume", "outside").returncode == 0
    together(lab, lab[2])
    done = lab[1].vipctl("take", "outside")
    assert done.returncode == 0, done.stderr
    together(lab, lab[1])


@pytest.mark.lab(nodes=2)
def test_a_drain_that_one_member_cannot_complete_moves_nothing(lab):
    start(lab)
    # The outside of the other node does not hear us, but its link stays up.
    netns.ip_batch(["link set n2o nomaster"], lab.switch)
    lab.never(lambda: lab[2].state("inside") == "MASTER", "its inside still hears the master", 1)
    done = lab[1].vipctl("drain", "inside")
    # It takes over both: it heard of nobody outside and of a resignation inside. What the first
    # node sees is a successor inside only, so it keeps the group.
    assert done.returncode == NOT_SWITCHED, done.stdout
    netns.ip_batch(["link set n2o master br1"], lab.switch)
    together(lab, lab[1])


@pytest.mark.lab(nodes=2)
def test_a_dead_node_is_replaced_as_a_whole(lab):
    start(lab)
    lab[1].kill()
    lab.wait(lambda: lab[2].state("inside") == lab[2].state("outside") == "MASTER", "both move")


@pytest.mark.lab(nodes=2)
def test_a_group_made_and_undone_by_a_reload(lab):
    start(lab)
    assert lab[1].instance("inside")["group"] == "gate"
    for node, priority in zip(lab.nodes, (150, 100)):
        node.write(*sections(priority)[:2])
        assert node.reload().returncode == 0
    lab.wait(lambda: (lab[1].instance("inside") or {"group": 1})["group"] is None, "no group")
    together(lab, lab[1])
    outside_down(lab[1])
    lab.wait(lambda: lab[2].state("outside") == "MASTER", "the outside moves")
    assert lab[1].state("inside") == "MASTER", "alone"
    lab[1].ip("link", "set", "eth1", "up")
    for node, priority in zip(lab.nodes, (150, 100)):
        node.write(*sections(priority))
        assert node.reload().returncode == 0
    together(lab, lab[1])
    assert "group" in lab[1].vipctl("status", "inside").stdout


@pytest.mark.lab(nodes=2)
def test_equal_priorities_are_settled_by_one_member_for_all(lab):
    second_network(lab)
    # Inside the second node has the greater address, outside the first one.
    lab[1].ip("addr", "del", "10.88.0.1/24", "dev", "eth1")
    lab[1].ip("addr", "add", "10.88.0.9/24", "dev", "eth1")
    for node in lab.nodes:
        node.start(*sections(100))
    lab.wait(lambda: sum(n.state("inside") == "MASTER" for n in lab.nodes) == 1, "one is MASTER")
    master = next(n for n in lab.nodes if n.state("inside") == "MASTER")
    together(lab, master)
    lab.never(lambda: master.state("inside") != "MASTER" or master.state("outside") != "MASTER",
              "nothing swings", 2)


def with_check(node, **keys):
    """The sections of the first node; its outside follows a file, which is there."""
    flag = f"{node.directory}/healthy"
    with open(flag, "w", encoding="utf-8"):
        pass
    inside, outside, group = sections(150)
    outside = config.instance("outside", priority=150, interface="eth1", vrid=52,
                              addresses=f"{OUTSIDE}/24", track="app")
    if "flap_damping" in keys:
        outside += f"flap-damping = {keys.pop('flap_damping')}\n"
    return flag, (inside, outside, group, config.check("app", "file", path=flag, **keys))


def effective(node):
    return [node.instance(name)["effective_priority"] for name in ("inside", "outside")]


@pytest.mark.lab(nodes=2)
def test_the_check_of_one_member_lowers_all(lab):
    second_network(lab)
    flag, texts = with_check(lab[1], weight=-60)
    lab[1].start(*texts)
    lab[2].start(*sections(100))
    together(lab, lab[1])
    os.remove(flag)
    together(lab, lab[2])
    assert effective(lab[1]) == [90, 90]


@pytest.mark.lab(nodes=2)
def test_flap_damping_of_one_member_holds_all_back(lab):
    second_network(lab)
    flag, texts = with_check(lab[1], flap_damping="2 in 1m hold 6s")
    lab[1].start(*texts)
    lab[2].start(*sections(100))
    for _ in range(2):
        together(lab, lab[1])
        os.remove(flag)
        lab.wait(lambda: lab[2].state("inside") == "MASTER", "the other node took over")
        with open(flag, "w", encoding="utf-8"):
            pass
    lab.wait(lambda: lab[1].state("inside") == lab[1].state("outside") == "BACKUP", "it is back")
    assert effective(lab[1]) == [1, 1]
    together(lab, lab[2])
    lab.wait_master(lab[1], "inside", timeout=20)
    together(lab, lab[1])
    assert effective(lab[1]) == [150, 150]


@pytest.mark.lab(nodes=2)
def test_a_drain_waits_for_a_member_that_a_reload_restarts(lab):
    start(lab)
    lab[1].write(*(text.replace("vrid = 51", "vrid = 53") for text in sections(150)))
    assert lab[1].reload().returncode == 0
    done = lab[1].vipctl("drain", "outside")
    assert done.returncode == 0, done.stderr
    assert sorted(line.split(":")[0] for line in done.stdout.splitlines()) == ["inside", "outside"]
    lab.never(lambda: not all(lab[1].instance(name)["drained"] for name in ("inside", "outside")),
              "both stay drained", 1)


@pytest.mark.lab(nodes=1)
def test_check_names_what_is_wrong_with_a_group(lab):
    lab[1].write(config.instance("inside"), GROUP)
    done = lab[1].vipctl("check", lab[1].config)
    assert done.returncode == 1 and "there is no such instance" in done.stdout + done.stderr
