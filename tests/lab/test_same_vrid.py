"""One VRID several times on one interface: unicast clusters with other peers, and a multicast one."""

import pytest

from vipdlab import config
from vipdlab.config import VIP4, VIP6

OTHER4, OTHER6, THIRD4 = "10.77.0.201", "fd77::201", "10.77.0.202"

FAMILIES = [
    pytest.param("address4", "ipv4", [VIP4], [OTHER4], id="ipv4"),
    pytest.param("address6", "ipv6", ["fe80::77:200", VIP6], ["fe80::77:201", OTHER6], id="ipv6"),
]


def web(peer, own, addresses, **keys):
    return config.instance(unicast_peers=getattr(peer, own), addresses=addresses, **keys)


def db(peer, own, addresses, **keys):
    return config.instance("db", unicast_peers=getattr(peer, own), addresses=addresses, **keys)


def drops(node, family, *names):
    return [sum(node.router(family, name)["drops"].values()) for name in names]


@pytest.mark.lab(nodes=3)
@pytest.mark.parametrize("own, family, first, second", FAMILIES)
def test_two_unicast_clusters_share_a_node(lab, own, family, first, second):
    """n1 is in both, as master of one and backup of the other; each falls to it or to the peer."""
    lab[1].start(web(lab[2], own, first, priority=150), db(lab[3], own, second, priority=100))
    lab[2].start(web(lab[1], own, first, priority=100))
    lab[3].start(db(lab[1], own, second, priority=150))
    lab.wait(lambda: lab[1].state() == "MASTER" and lab[3].state("db") == "MASTER", "masters")
    lab.wait(lambda: lab[1].state("db") == "BACKUP" and lab[2].state() == "BACKUP", "backups")
    lab.never(lambda: lab[1].state("db") == "MASTER" or lab[2].state() == "MASTER",
              "they take each other's adverts", 1)
    lab[3].kill()
    lab[1].wait_state("MASTER", "db")
    assert lab[1].holds(first[-1]) and lab[1].holds(second[-1])
    lab[1].stop()
    lab[2].wait_state("MASTER")
    assert lab[2].holds(first[-1]) and not lab[2].holds(second[-1])
    assert drops(lab[2], family, "web") == [0]


@pytest.mark.lab(nodes=3)
def test_a_unicast_cluster_beside_a_multicast_one(lab):
    """The pair talks by multicast for one address and by unicast for the other, with one VRID."""
    def both(peer, high, low):
        return (config.instance(priority=high, mac="virtual"),
                db(peer, "address4", f"{OTHER4}/24", priority=low))
    lab[1].start(*both(lab[2], 150, 100))
    lab[2].start(*both(lab[1], 100, 150))
    lab[3].start(config.instance(priority=50))
    lab.wait(lambda: [n.state() for n in (lab[1], lab[2], lab[3])] ==
             ["MASTER", "BACKUP", "BACKUP"], "one master of the multicast one")
    lab.wait(lambda: [n.state("db") for n in (lab[1], lab[2])] == ["BACKUP", "MASTER"],
             "one master of the unicast one")
    lab.never(lambda: lab[3].state() == "MASTER" or lab[1].state("db") == "MASTER", "confusion", 1)
    for node in (lab[1], lab[2]):
        assert drops(node, "ipv4", "web", "db") == [0, 0]
    lab[2].stop()
    lab[1].wait_state("MASTER", "db")


@pytest.mark.lab(nodes=2)
def test_a_reload_that_swaps_the_peers_of_two(lab):
    """No instant of it may make one take the other's adverts for its own for good."""
    one, two = lab[2].address4, "10.77.0.66"
    lab[1].start(config.instance(priority=100, unicast_peers=one),
                 config.instance("db", addresses=f"{OTHER4}/24", unicast_peers=two))
    lab[2].start(config.instance(priority=150, unicast_peers=lab[1].address4))
    lab.wait_master(lab[2])
    lab[1].wait_state("MASTER", "db")
    lab[2].write(config.instance("db", priority=150, addresses=f"{OTHER4}/24",
                                 unicast_peers=lab[1].address4))
    lab[1].write(config.instance(priority=100, unicast_peers=two),
                 config.instance("db", addresses=f"{OTHER4}/24", unicast_peers=one))
    lab[2].reload()
    lab[1].reload()
    lab[1].wait_state("BACKUP", "db")
    lab[1].wait_state("MASTER")
    lab.never(lambda: lab[1].state("db") == "MASTER" or lab[1].state() == "BACKUP", "confusion", 1)
