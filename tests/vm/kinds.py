"""Kinds of interface as the links of a lab: in place of its eth0 each machine gets another eth0, which
stands on the first one (base0), so that all else is as in the lab."""

import os
import platform
import re
import signal
import subprocess

import pytest

from vipdlab import netns, wire
from vipdlab.config import VIP4, VIP6

# Once is enough: kernels differ in addresses, which the lab shows on each.
only_once = pytest.mark.skipif("VIPD_VM" not in os.environ or
                               not platform.release().startswith("6.1."), reason="for Linux 6.1")

DUAL = [f"{VIP4}/24", f"{VIP6}/64"]
PLANNED_MS = 20
PING_MS = 10


def addresses(machine):
    return [f"addr add {machine.address4}/24 dev eth0", f"addr add {machine.address6}/64 dev eth0"]


def make_way(machine):
    netns.ip_batch(["addr flush dev eth0", "link set eth0 down", "link set eth0 name base0",
                    "link set base0 up"], machine.namespace)


def put(machine, *lines):
    """These lines of ip(8) make another eth0 on base0."""
    make_way(machine)
    netns.ip_batch([*lines, "link set eth0 up", *addresses(machine)], machine.namespace)


def macvlan(machine):
    # What is below would answer ARP too.
    netns.sysctl(machine.namespace, net__ipv4__conf__eth0__arp_ignore=1)
    put(machine, "link add link base0 name eth0 type macvlan mode bridge")


def ipvlan(machine, mode="l2"):
    put(machine, f"link add link base0 name eth0 type ipvlan mode {mode}")


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
                    f"addr add {machine.address6}/64 dev eth0"], machine.namespace)


def bond(mode):
    """Both slaves are plugged into the switch, which knows nothing of a bond."""
    def make(machine):
        switch, second = machine.lab.switch, f"{machine.name}b"
        netns.ip_batch([f"link add base1 netns {machine.namespace} type veth peer name {second}"
                        f" netns {switch}"])
        netns.ip_batch([f"link set {second} master br0 up"], switch)
        make_way(machine)
        netns.ip_batch(["link set base0 down", f"link add eth0 type bond mode {mode} miimon 20",
                        "link set base0 master eth0", "link set base1 master eth0",
                        "link set eth0 up", *addresses(machine)], machine.namespace)
    return make


def plain(_machine):
    """The veth itself."""


CLIENT_TOO = (vlan, vxlan)
KINDS = {
    "veth": plain,
    "vlan": vlan,
    "bridge": bridge,
    "bond active-backup": bond("active-backup"),
    "bond balance-alb": bond("balance-alb"),
    "bond balance-rr": bond("balance-rr"),
    "macvlan": macvlan,
    "vxlan": vxlan,
    "ipvlan l2": ipvlan,
    "vrf member": vrf,
}
VIRTUAL = ["veth", "vlan", "bridge", "bond active-backup", "macvlan", "vxlan", "vrf member"]


def build(lab, kind):
    make = KINDS[kind]
    for machine in lab.nodes + ([lab.client] if make in CLIENT_TOO else []):
        make(machine)


def pings(lab, address):
    return lab.client.run("ping", "-c", "1", "-W", "1", address, check=False).returncode == 0


def both_answer(lab):
    for address in (VIP4, VIP6):
        lab.wait(lambda a=address: pings(lab, a), f"{address} answers")


def nothing_is_odd(lab):
    for node in lab.nodes:
        assert not node.instance()["warnings"]
        text = node.log_text()
        for word in ("cannot", "loop", "also held", "deleted by somebody"):
            assert word not in text, text


def silence_ms(output):
    """The longest silence between two answers that ping printed, which it asked for every 10 ms."""
    numbers = [int(n) for n in re.findall(r"icmp_seq=(\d+)", output)]
    return max((b - a - 1 for a, b in zip(numbers, numbers[1:])), default=len(output)) * PING_MS


def hand_over_and_back(lab, master, other):
    """The longest silence in ms. With ping: the kernel answers, in a VRF too."""
    with subprocess.Popen(["ip", "netns", "exec", lab.client.namespace, "ping", "-i",
                           str(PING_MS / 1000), VIP4], stdout=subprocess.PIPE, text=True,
                          preexec_fn=netns.die_with_parent) as ping:
        lab.stop_and_start(master, other)
        ping.send_signal(signal.SIGINT)
        return silence_ms(ping.communicate(timeout=10)[0])


def what_it_carries(lab, kind, capfd, **keys):
    build(lab, kind)
    lab.start_all([150, 100], addresses=DUAL, **keys)
    both_answer(lab)
    if keys:
        assert lab.client.neighbour_mac(VIP4) == wire.virtual_mac(4, 51)
    gap = hand_over_and_back(lab, lab[1], lab[2])
    both_answer(lab)
    nothing_is_odd(lab)
    with capfd.disabled():
        print(f"\n{kind} {keys}: longest silence at two hand-overs {gap:.0f} ms")
    assert gap <= PLANNED_MS, gap
