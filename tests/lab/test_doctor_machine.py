"""vipctl doctor: interfaces, addresses, settings of the kernel and network managers."""

import json
import subprocess

import pytest

from vipdlab import config, netns
from vipdlab.config import VIP4, VIP6
from vipdlab.doctor import DUAL, bad, doctor, find, only

# ---- Interfaces and addresses

LINK_FAULTS = [
    ({"interface": "eth7"}, [], "interface-missing", "error", "eth7"),
    ({}, [["link", "set", "eth0", "down"]], "interface-down", "error", "eth0"),
    ({}, [["link", "set", "eth0", "multicast", "off"]], "no-multicast", "error", "eth0"),
    ({}, [["addr", "flush", "dev", "eth0"]], "no-primary-address", "error", "web"),
    ({"addresses": VIP6 + "/64"}, [["-6", "addr", "flush", "dev", "eth0"]],
     "no-primary-address", "error", "web"),
    ({"source": "10.77.0.77"}, [], "source-missing", "error", "web"),
    ({}, [["addr", "add", f"{VIP4}/24", "dev", "eth0"]], "address-permanent", "error", "web"),
    ({}, [["addr", "add", f"{VIP4}/32", "dev", "lo"]], "address-permanent", "error", "web"),
    ({"addresses": "10.99.0.1/24"}, [], "address-off-link", "warning", "web"),
    ({"addresses": "10.77.0.200/16"}, [], "prefix-mismatch", "warning", "web"),
    ({"addresses": DUAL["addresses"]}, [["link", "set", "eth0", "mtu", "1200"]], "mtu-too-small",
     "error", "web"),
    ({"addresses": [f"10.77.0.{i}/24" for i in range(100, 250)]},
     [["link", "set", "eth0", "mtu", "500"]], "adverts-list-not-all", "note", "web"),
    ({"unicast_peers": "10.77.0.1"}, [], "peer-is-this-node", "error", "web"),
    ({"unicast_peers": "10.88.0.1"}, [], "peer-off-link", "note", "web"),
]


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("keys,commands,code,severity,obj", LINK_FAULTS,
                         ids=[f"{f[2]}-{i}" for i, f in enumerate(LINK_FAULTS)])
def test_interfaces_and_addresses(lab, keys, commands, code, severity, obj):
    node = lab[1]
    node.write(config.instance(**keys))
    for command in commands:
        node.ip(*command)
    only(doctor(node, listen="0"), code, severity, obj=obj)


@pytest.mark.lab(nodes=1)
def test_no_carrier(lab):
    lab[1].write(config.instance())
    lab[1].carrier_off()
    only(doctor(lab[1], listen="0"), "no-carrier", "error", obj="eth0")


@pytest.mark.lab(nodes=1)
def test_a_bridge_that_snoops_without_a_querier(lab):
    node = lab[1]
    node.write(config.instance(interface="br7"))
    node.ip("link", "add", "br7", "type", "bridge", "mcast_snooping", "1")
    node.ip("link", "set", "br7", "up")
    only(doctor(node, listen="0"), "snooping-without-querier", "note", obj="br7")
    node.ip("link", "set", "br7", "type", "bridge", "mcast_querier", "1")
    assert not find(doctor(node, listen="0"), "snooping-without-querier")


# ---- Settings of the kernel

def twin(node):
    """A second interface in the same network."""
    node.ip("link", "add", "eth1", "type", "veth", "peer", "name", "eth2")
    node.ip("link", "set", "eth2", "up")
    node.ip("link", "set", "eth1", "up")
    node.ip("addr", "add", "10.77.0.201/24", "dev", "eth1")


SETTINGS = [
    ({"net__ipv4__conf__eth0__arp_ignore": 8}, {}, "arp-ignore", "error", "any address"),
    ({"net__ipv4__conf__eth0__arp_ignore": 2}, {"addresses": VIP4 + "/32"}, "arp-ignore", "error",
     "/32"),
    ({"net__ipv4__conf__all__rp_filter": 1}, {"mac": "virtual"}, "rp-filter", "warning", "all"),
    ({"net__ipv4__conf__eth0__drop_gratuitous_arp": 1}, {}, "drop-gratuitous-arp", "note", "eth0"),
    ({"net__ipv6__conf__eth0__disable_ipv6": 1}, {"addresses": VIP6 + "/64"}, "ipv6-disabled",
     "error", "eth0"),
    ({"net__ipv6__conf__eth0__accept_dad": 2}, {"addresses": VIP6 + "/64"}, "accept-dad", "note",
     "eth0"),
]


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("settings,keys,code,severity,mention", SETTINGS,
                         ids=[s[2] + str(i) for i, s in enumerate(SETTINGS)])
def test_settings(lab, settings, keys, code, severity, mention):
    node = lab[1].write(config.instance(**keys))
    assert not find(doctor(node, listen="0"), code)
    netns.sysctl(node.namespace, **settings)
    only(doctor(node, listen="0"), code, severity, mention, obj="web")


@pytest.mark.lab(nodes=1)
def test_a_second_interface_in_the_same_network(lab):
    node = lab[1].write(config.instance())
    twin(node)
    findings = doctor(node, listen="0")
    only(findings, "arp-flux", "warning", "eth1 is in the same network")
    assert not find(findings, "rp-filter")
    netns.sysctl(node.namespace, net__ipv4__conf__all__arp_ignore=1,
                 net__ipv4__conf__eth0__rp_filter=1)
    findings = doctor(node, listen="0")
    only(findings, "rp-filter", "warning", "eth1")
    assert not find(findings, "arp-flux")


@pytest.mark.lab(nodes=1)
def test_a_unicast_peer_whose_way_back_is_another_one(lab):
    node = lab[1].write(config.instance(unicast_peers="10.88.0.9"))
    node.ip("link", "add", "eth1", "type", "veth", "peer", "name", "eth2")
    node.ip("link", "set", "eth1", "up")
    node.ip("addr", "add", "10.88.0.1/24", "dev", "eth1")
    assert not find(doctor(node, listen="0"), "rp-filter")
    netns.sysctl(node.namespace, net__ipv4__conf__eth0__rp_filter=1)
    only(doctor(node, listen="0"), "rp-filter", "warning", "10.88.0.9 leads over eth1", obj="web")
    node.ip("route", "add", "10.88.0.9", "dev", "eth0")
    assert not find(doctor(node, listen="0"), "rp-filter")


@pytest.mark.lab(nodes=1)
def test_arp_settings_taken_back_under_a_virtual_mac(lab):
    node = lab.start_all([150], mac="virtual")[1]
    assert not bad(doctor(node))
    netns.sysctl(node.namespace, net__ipv4__conf__eth0__arp_announce=0)
    only(doctor(node), "arp-announce", "warning", "eth0")
    netns.sysctl(node.namespace, net__ipv4__conf__eth0__arp_ignore=0)
    only(doctor(node), "arp-ignore", "warning", "eth0")


@pytest.mark.lab(nodes=1)
def test_promotion_of_secondaries_taken_back(lab):
    node = lab.start_all([150])[1]
    assert not find(doctor(node), "promote-secondaries")
    netns.sysctl(node.namespace, net__ipv4__conf__eth0__promote_secondaries=0)
    only(doctor(node), "promote-secondaries", "note", "eth0", obj="web")


@pytest.mark.lab(nodes=1)
def test_strict_rp_filter_under_a_virtual_mac_does_bite(lab):
    """What the finding says is so: the client gets no answer any more."""
    node = lab.start_all([150], mac="virtual")[1]
    ping = ["ping", "-c1", "-W1", VIP4]
    lab.wait(lambda: lab.client.run(*ping, check=False).returncode == 0, "it answers")
    netns.sysctl(node.namespace, net__ipv4__conf__all__rp_filter=1)
    assert lab.client.run(*ping, check=False).returncode != 0
    only(doctor(node), "rp-filter", "warning", "virtual MAC")


@pytest.mark.lab(nodes=1)
def test_a_service_bound_to_a_virtual_address(lab):
    node = lab.start_all([150], **DUAL)[1]
    listening = "import socket,time\n" \
        f"a=socket.create_server(('{VIP4}', 8080))\n" \
        f"b=socket.create_server(('{VIP6}', 8081), family=socket.AF_INET6)\n" \
        "print('up', flush=True); time.sleep(60)"
    service = lab.keep(subprocess.Popen(
        ["ip", "netns", "exec", node.namespace, "/usr/bin/python3", "-c", listening],
        stdout=subprocess.PIPE, text=True))
    assert service.stdout.readline() == "up\n"
    found = find(doctor(node), "nonlocal-bind")
    assert [f["seen"].split(",")[0] for f in found] == [
        f"a service listens on {VIP4} port 8080", f"a service listens on {VIP6} port 8081"]
    netns.sysctl(node.namespace, net__ipv4__ip_nonlocal_bind=1, net__ipv6__ip_nonlocal_bind=1)
    assert not find(doctor(node), "nonlocal-bind")


@pytest.mark.lab(nodes=1, dad=True)
def test_a_duplicate_address(lab):
    node = lab[1].write(config.instance())
    for machine in (node, lab.client):
        lab.wait(lambda m=machine: not m.ip("-6", "addr", "show", "tentative").stdout.strip(),
                 f"the addresses of {machine.name} are usable")
    node.ip("addr", "add", f"{lab.client.address6}/64", "dev", "eth0")
    lab.wait(lambda: find(doctor(node, listen="0"), "duplicate-address"), "DAD has failed")
    only(doctor(node, listen="0"), "duplicate-address", "error", lab.client.address6, obj="eth0")


# ---- Network managers, below another root

def put(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def ifindex(node):
    return json.loads(node.ip("-j", "link", "show", "eth0").stdout)[0]["ifindex"]


@pytest.mark.lab(nodes=1)
def test_networkd(lab, tmp_path):
    node = lab[1].write(config.instance())

    def findings():
        return find(doctor(node, "--root", str(tmp_path), listen="0"), "networkd")
    network = "[Match]\nName=wlan0 eth*\n[Network]\nDHCP=yes\n"
    put(tmp_path, "etc/systemd/network/10-other.network", "[Match]\nName=eth1\n[Network]\n")
    put(tmp_path, "etc/systemd/network/20-eth.network", network)
    assert not findings()
    put(tmp_path, "run/systemd/netif/state", "OPER_STATE=routable\n")
    assert "20-eth.network" in findings()[0]["seen"] and findings()[0]["severity"] == "warning"
    link = f"run/systemd/netif/links/{ifindex(node)}"
    put(tmp_path, link, "ADMIN_STATE=unmanaged\n")
    assert not findings()
    put(tmp_path, link, "# private\nADMIN_STATE=configured\n"
        "NETWORK_FILE=/etc/systemd/network/10-other.network\n")
    assert "10-other.network" in findings()[0]["seen"]
    # What the fix says.
    put(tmp_path, "etc/systemd/network/10-other.network.d/vipd.conf",
        "[Network]\nKeepConfiguration=static\n")
    assert not findings()
    put(tmp_path, "etc/systemd/network/10-other.network.d/zz.conf",
        "[Network]\nKeepConfiguration=no\n")
    assert findings()


@pytest.mark.lab(nodes=1)
def test_networkmanager(lab, tmp_path):
    node = lab[1].write(config.instance())
    device = f"run/NetworkManager/devices/{ifindex(node)}"

    def findings():
        return find(doctor(node, "--root", str(tmp_path), listen="0"), "networkmanager")
    put(tmp_path, device, "[device]\nmanaged=false\n")
    assert not findings()
    put(tmp_path, device, "[device]\nmanaged=true\nconnection-uuid=1234\n")
    assert findings()[0]["severity"] == "note" and findings()[0]["object"] == "eth0"
