"""Who says in others' names that they want no adverts any more, where the switch listens."""

import json

import pytest

from vipdlab import attacks, config, netns
from vipdlab.config import VIP4, VIP6
from vipdlab.inject import repeating
from vipdlab.wire import GROUP6


def snooping(lab):
    """The switch forwards a group where somebody wants it, and asks who does."""
    netns.sysctl(lab.switch, net__ipv6__conf__br0__disable_ipv6=0)
    netns.run("ip", "-n", lab.switch, "link", "set", "br0", "type", "bridge", "mcast_snooping", "1",
              "mcast_querier", "1", "mcast_last_member_interval", "10",
              "mcast_last_member_count", "1", "mcast_startup_query_interval", "100",
              "mcast_query_interval", "500", "mcast_query_response_interval", "100",
              "mcast_membership_interval", "1500")


def members(lab, group):
    found = json.loads(netns.run("bridge", "-n", lab.switch, "-j", "mdb", "show").stdout)
    return {entry["port"] for entry in found[0]["mdb"] if entry["grp"] == group}


@pytest.mark.lab(nodes=2)
def test_leaves_in_the_name_of_others_take_no_advert_from_anybody(lab):
    """IGMPv2, IGMPv3, MLDv1 and MLDv2. Expected: the switch asks, or goes by where it came from;
    the nodes answer by their kernels, and go on to hear each other in both families."""
    snooping(lab)
    lab.start_all([150, 100], addresses=f"{VIP4}/24, {VIP6}/64")
    lab.wait(lambda: {"n1", "n2"} <= members(lab, GROUP6), "the switch knows who listens", 30)
    scenes = [attacks.Scene(lab, family) for family in (4, 6)]
    leaves = attacks.named("leaves of the group")
    frames = [data for scene in scenes for data in leaves.frames(scene)]
    sampler = lab.sampler()

    def heard():
        return [lab[2].router(f)["counters"]["advertisement-rcvd"] for f in ("ipv4", "ipv6")]
    before = heard()

    def leave():
        for data in frames:
            scenes[0].injector.send(data)
    with repeating(leave, config.INTERVAL_MS / 2000):
        lab.wait(lambda: all(b > a + 30 for a, b in zip(before, heard())), "it goes on to hear", 30)
    assert sampler.sequence() == [{"n1"}]
    assert [node.state() for node in lab.nodes] == ["MASTER", "BACKUP"]
