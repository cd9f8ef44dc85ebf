"""Each kind of interface as the link of two nodes: what works, how long an answer takes, and what is
refused. eth0 of each machine becomes what its interface stands on (base0), and the interface is
called eth0 in its place, so that all else is as in the lab."""

import contextlib

import pytest

from vipdlab import config, netns, wire
from vipdlab.config import IPV6_GAP_MS, VIP4, VIP6

DUAL = [f"{VIP4}/24", f"{VIP6}/64"]
DELAY_MS = 20
LOSS = "5%"
DEAD_MS = 3.7 * config.INTERVAL_MS
# What a peer that fell silent and was heard late by a netem costs besides.
SLACK_MS = 60


def addresses(machine):
    return [f"addr add {machine.address4}/24 dev eth0", f"addr add {machine.address6}/64 dev eth0"]


def put(machine, *lines):
    """Takes eth0's place: lines of ip(8) that make another eth0 on base0."""
    machine.ip("addr", "flush", "dev", "eth0")
    machine.ip("link", "set", "eth0", "down")
    machine.ip("link", "set", "eth0", "name", "base0")
    netns.ip_batch(["link set base0 up", *lines, "link set eth0 up", *addresses(machine)],
                   machine.namespace)


def macvlan(mode):
    return lambda m: put(m, f"link add link base0 name eth0 type macvlan mode {mode}")


def ipvlan(machine):
    put(machine, "link add link base0 name eth0 type ipvlan mode l2")


def vlan(machine):
    put(machine, "link add link base0 name eth0 type vlan id 7")


def bridge(machine):
    put(machine, "link add eth0 type bridge stp_state 0 forward_delay 0",
        "link set base0 master eth0")


def vxlan(machine):
    put(machine, f"addr add 192.0.2.{machine.index}/24 dev base0",
        "link add eth0 type vxlan id 7 dstport 4789 group 239.1.1.1 dev base0")


def vrf(machine):
    netns.ip_batch(["link add red type vrf table 100", "link set red up", "link set eth0 master red",
                    *addresses(machine)[1:]], machine.namespace)


def bond(mode):
    """Both slaves are plugged into the switch, which knows nothing of a bond."""
    def make(machine):
        switch, second = machine.lab.switch, f"{machine.name}b"
        netns.ip_batch([f"link add base1 netns {machine.namespace} type veth peer name {second}"
                        f" netns {switch}"])
        netns.ip_batch([f"link set {second} master br0 up"], switch)
        machine.ip("addr", "flush", "dev", "eth0")
        machine.ip("link", "set", "eth0", "down")
        machine.ip("link", "set", "eth0", "name", "base0")
        netns.ip_batch([f"link add eth0 type bond mode {mode} miimon 20", "link set base0 master eth0",
                        "link set base1 master eth0", "link set eth0 up", *addresses(machine)],
                       machine.namespace)
    return make


def plain(_):
    """The veth itself."""


# What makes it; whether the client has to have the same; the keys it works with.
KINDS = {
    "veth": (plain, False),
    "vlan": (vlan, True),
    "bridge": (bridge, False),
    "bond active-backup": (bond("active-backup"), False),
    "bond balance-alb": (bond("balance-alb"), False),
    "macvlan": (macvlan("bridge"), False),
    "vxlan": (vxlan, True),
    "ipvlan l2": (ipvlan, False),
    "vrf member": (vrf, False),
}
VIRTUAL = ["veth", "vlan", "bridge", "bond active-backup", "macvlan", "vxlan", "vrf member"]


def build(lab, kind):
    make, client_too = KINDS[kind]
    for machine in lab.nodes + ([lab.client] if client_too else []):
        make(machine)
    for node in lab.nodes:
        lab.wait(lambda n=node: not [a for a in n.addresses() if a.tentative], "addresses are there")


def in_vrf(node, kind):
    """The probe's answerer has to be in the VRF."""
    return ["ip", "vrf", "exec", "red"] if kind == "vrf member" else []


def pings(lab, address):
    """Whether the address answers the client."""
    command = ["ping", "-c", "1", "-W", "1", address]
    return lab.client.run(*command, check=False).returncode == 0


def masters(lab):
    return [n.name for n in lab.nodes if n.state() == "MASTER"]


def takes(node):
    """From becoming MASTER to having answered for all: not the 250 ms that are the bound."""
    text = node.log_text()
    return text


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("kind", KINDS)
def test_kind(lab, kind):
    build(lab, kind)
    lab.start_all([150, 100], addresses=DUAL)
    for address in (VIP4, VIP6):
        lab.wait(lambda a=address: pings(lab, a), f"{address} answers")
    lab[1].kill()
    lab.wait_master(lab[2])
    for address in (VIP4, VIP6):
        lab.wait(lambda a=address: pings(lab, a), f"{address} answers at the other one")
    assert not lab[2].instance()["warnings"]
    lab[1].start()
    lab.wait_master(lab[1])
    assert masters(lab) == ["n1"]
    for node in lab.nodes:
        assert "cannot" not in node.log_text(), node.log_text()
        assert not node.instance()["warnings"]


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("kind", VIRTUAL)
def test_kind_with_the_virtual_mac(lab, kind):
    build(lab, kind)
    lab.start_all([150, 100], addresses=DUAL, mac="virtual")
    for address in (VIP4, VIP6):
        lab.wait(lambda a=address: pings(lab, a), f"{address} answers")
    assert lab.client.neighbour_mac(VIP4) == wire.virtual_mac(4, 51)
    lab.stop_and_start(lab[1], lab[2])
    for address in (VIP4, VIP6):
        lab.wait(lambda a=address: pings(lab, a), f"{address} answers again")
    for node in lab.nodes:
        assert "cannot" not in node.log_text(), node.log_text()
        assert not node.instance()["warnings"]
