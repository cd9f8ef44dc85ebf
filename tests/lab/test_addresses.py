"""How addresses are written: extra ones, on other devices, with labels and scopes."""

import json
import time

import pytest

from vipdlab import config
from vipdlab.checks import script
from vipdlab.config import VIP4, VIP6
from vipdlab.doctor import doctor, find, only
from vipdlab.inject import Injector, repeating
from vipdlab.wire import gratuitous_arp

OTHER4 = "198.51.100.10"
OTHER6 = "2001:db8::10"
LOOP = "203.0.113.10"


def address_of(node, address, name="web"):
    """The address as the status has it."""
    return next(a for a in node.instance(name)["addresses"]
                if a["address"].split("/")[0] == address)


def details_of(node, address):
    """The address as `ip` has it."""
    for link in json.loads(node.ip("-j", "addr").stdout):
        for info in link["addr_info"]:
            if info["local"] == address:
                return {"device": link["ifname"], **info}
    return None


# ---- extra-addresses

@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("version", [3, 2])
def test_extra_addresses_of_both_families_move_with_an_ipv4_router(lab, version):
    capture = lab.capture()
    lab.start_all([150, 100], version=version, extra_addresses=["10.77.0.201/24", f"{VIP6}/64"],
                  advert_interval="1s" if version == 2 else "100ms")
    for address in (VIP4, "10.77.0.201", VIP6):
        assert lab[1].holds(address)
    lab.wait(lambda: {VIP4, "10.77.0.201", VIP6} <= capture.announced("n1"), "all are announced")
    adverts = capture.adverts("n1")
    assert adverts and all(a.addresses == [VIP4] for a in adverts)
    assert lab[2].router()["warnings"]["address_list_mismatch"] == 0
    assert not address_of(lab[1], VIP6)["listed"] and address_of(lab[1], VIP6)["held"]
    assert address_of(lab[1], VIP4)["listed"]
    probes = [lab.probe(VIP4), lab.probe("10.77.0.201")]
    since = capture.frames()[-1].time
    lab[1].stop()
    lab.wait_master(lab[2])
    for probe in probes:
        result = probe.stop()
        assert result.answered_by == ["n1", "n2"], str(result)
    lab.wait(lambda: VIP6 in capture.announced("n2", since), "and announced by the other")
    assert lab[1].ours() == [] and lab[2].holds(VIP6)


@pytest.mark.lab(nodes=1)
def test_extra_addresses_go_with_their_own_family(lab):
    node = lab[1].start(config.instance(addresses=[f"{VIP4}/24", f"{VIP6}/64"],
                                        extra_addresses=["10.77.0.201/24", "fd77::201/64"]))
    node.wait_state("MASTER")
    lab.wait(lambda: node.holds("10.77.0.201") and node.holds("fd77::201"), "both are claimed")
    # Repaired like all others.
    node.ip("addr", "del", "fd77::201/64", "dev", "eth0")
    lab.wait(lambda: node.holds("fd77::201"), "it is back")
    node.kill()
    lab.wait(lambda: node.ours() == [], "the leases end", 8)


@pytest.mark.lab(nodes=1)
def test_a_reload_adds_and_removes_extra_addresses(lab):
    node = lab[1].start(config.instance()).wait_state("MASTER")
    since = node.instance()["since"]
    node.write(config.instance(extra_addresses=["10.77.0.201/24", f"{VIP6}/64"]))
    assert node.reload().returncode == 0
    lab.wait(lambda: node.holds("10.77.0.201") and node.holds(VIP6), "they are there")
    node.write(config.instance(extra_addresses=[f"{VIP6}/64"]))
    assert node.reload().returncode == 0
    lab.wait(lambda: not node.holds("10.77.0.201"), "one is gone")
    assert node.holds(VIP6) and node.instance()["since"] == since


# ---- dev

def with_devices(node, **keys):
    """An instance with an address on eth0, two on eth1 and one on lo."""
    return config.instance(addresses=[f"{VIP4}/24", f"{OTHER4}/24 dev eth1"],
                           extra_addresses=[f"{OTHER6}/64 dev eth1", f"{LOOP}/32 dev lo"],
                           priority=150 if node.name == "n1" else 100, **keys)


@pytest.mark.lab(nodes=2)
def test_addresses_on_several_devices_move_together(lab):
    ports = [node.add_device() for node in lab.nodes]
    capture = lab.capture(ports=ports)
    for node in lab.nodes:
        node.start(with_devices(node))
    lab.wait_master(lab[1])
    everything = sorted([VIP4, OTHER4, OTHER6, LOOP])
    lab.wait(lambda: lab[1].ours() == everything, "n1 has them all")
    assert lab[1].on("eth0") == [VIP4] and lab[1].on("eth1") == sorted([OTHER4, OTHER6])
    assert lab[1].on("lo") == [LOOP]
    # Each announcement on its own LAN, with the MAC of its own device; none for lo.
    mac = json.loads(lab[1].ip("-j", "link", "show", "eth1").stdout)[0]["address"]
    lab.wait(lambda: {OTHER4, OTHER6} == capture.announced("n1-eth1"), "announced on eth1")
    lab.wait(lambda: capture.announced("n1") == {VIP4}, "and the other one on eth0")
    assert {f.source_mac for f in capture.frames("n1-eth1") if f.gratuitous} == {mac}
    assert all(sorted(a.addresses) == sorted([VIP4, OTHER4]) for a in capture.adverts("n1"))
    assert not capture.adverts("n1-eth1")
    assert address_of(lab[1], OTHER4)["device"] == "eth1"
    assert address_of(lab[1], VIP4)["device"] == "eth0"
    lab[1].stop()
    lab.wait_master(lab[2])
    assert lab[1].ours() == [] and lab[2].ours() == everything
    lab.wait(lambda: capture.announced("n2-eth1") == {OTHER4, OTHER6}, "announced there")


@pytest.mark.lab(nodes=2)
def test_leases_repairs_and_drain_on_other_devices(lab):
    node = lab[1]
    for each in lab.nodes:
        each.add_device()
        each.start(with_devices(each, lease="1s"))
    lab.wait_master(node)
    lab.never(lambda: not (node.holds(OTHER4) and node.holds(OTHER6) and node.holds(LOOP)),
              "a lease is not renewed", 2.5)
    for address, device in ((f"{OTHER4}/24", "eth1"), (f"{OTHER6}/64", "eth1"),
                            (f"{LOOP}/32", "lo")):
        node.ip("addr", "del", address, "dev", device)
    lab.wait(lambda: node.holds(OTHER4) and node.holds(OTHER6) and node.holds(LOOP), "repaired")
    node.vipctl("drain", "web")
    lab.wait(lambda: node.ours() == [], "given up on every device")
    node.vipctl("resume", "web")
    lab.wait_master(node)
    assert len(node.ours()) == 4
    lab[2].stop()
    node.kill()
    lab.wait(lambda: node.ours() == [], "the leases end", 4)


@pytest.mark.lab(nodes=2)
def test_a_killed_agent_leaves_nothing_on_other_devices(lab):
    for node in lab.nodes:
        node.add_device()
        node.start(with_devices(node, lease="off", advert_interval="1s"))
    lab.wait_master(lab[1])
    capture = lab.capture()
    lab[1].kill()
    # Only what is not on the interface of the adverts tells that it was MASTER.
    lab[1].ip("addr", "del", f"{VIP4}/24", "dev", "eth0")
    assert lab[1].release().returncode == 0
    assert lab[1].ours() == []
    lab.wait(lambda: capture.adverts("n1", priority=0), "it resigns for the dead agent")


@pytest.mark.lab(nodes=1)
def test_leftovers_on_other_devices_are_removed_at_the_next_start(lab):
    node = lab[1]
    node.add_device()
    node.start(with_devices(node, lease="off")).wait_state("MASTER")
    lab.wait(lambda: node.on("eth1") != [], "claimed")
    node.kill()
    node.start(config.instance(lease="off")).wait_state("MASTER")
    lab.wait(lambda: node.ours() == [VIP4], "what nobody wants any more is gone")


@pytest.mark.lab(nodes=1)
def test_an_address_waits_for_its_device_and_the_others_are_served(lab):
    node = lab[1]
    port = f"{node.name}-eth1"
    node.start(with_devices(node)).wait_state("MASTER")
    lab.wait(lambda: node.ours() == sorted([VIP4, LOOP]), "the others are there")
    waits = address_of(node, OTHER4)
    assert waits["waits"] == "no-device" and not waits["held"]
    warning, = [w for w in node.instance()["warnings"] if w["kind"] == "address-waits"]
    assert warning["text"] == f"{OTHER4}/24 (and 1 more) not claimed: there is no device eth1"
    assert "there is no device eth1" in node.vipctl("status", "web").stdout
    lab.wait(lambda: [e for e in node.history("notice") if e["reason"] == "address-waits"],
             "it is in the history")
    node.add_device()
    lab.wait(lambda: node.on("eth1") == sorted([OTHER4, OTHER6]), "claimed when it comes")
    lab.wait(lambda: not [w for w in node.instance()["warnings"] if w["kind"] == "address-waits"],
             "and nothing waits any more")
    node.ip("link", "set", "eth1", "down")
    lab.wait(lambda: not node.holds(OTHER6), "the kernel drops IPv6 addresses of a link down")
    lab.wait(lambda: address_of(node, OTHER6)["waits"] == "device-down", "which is told")
    assert node.state() == "MASTER"
    capture = lab.capture(ports=[port])
    node.ip("link", "set", "eth1", "up")
    lab.wait(lambda: node.on("eth1") == sorted([OTHER4, OTHER6]), "back again")
    lab.wait(lambda: {OTHER4, OTHER6} <= capture.announced(port), "and announced")
    node.ip("link", "del", "eth1")
    lab.wait(lambda: address_of(node, OTHER4)["waits"] == "no-device", "gone")
    node.stop()
    assert node.ours() == []


@pytest.mark.lab(nodes=1)
def test_with_a_virtual_mac_an_address_goes_plainly_on_its_device(lab):
    node = lab[1]
    port = node.add_device()
    capture = lab.capture(ports=[port])
    addresses = [f"{VIP4}/24", f"{OTHER4}/24 dev eth1"]
    node.start(config.instance(mac="virtual", addresses=addresses)).wait_state("MASTER")
    lab.wait(lambda: node.on("eth1") == [OTHER4], "on its device")
    assert node.on("eth0") == [] and node.holds(VIP4)
    lab.wait(lambda: OTHER4 in capture.announced(port), "announced there")
    mac = json.loads(node.ip("-j", "link", "show", "eth1").stdout)[0]["address"]
    assert {f.source_mac for f in capture.frames(port) if f.gratuitous} == {mac}
    lab.wait(lambda: capture.announced("n1") == {VIP4}, "the other one is announced on eth0")


@pytest.mark.lab(nodes=1)
def test_what_others_have_put_on_another_device_is_told(lab):
    node = lab[1]
    node.add_device()
    node.ip("addr", "add", f"{OTHER4}/24", "dev", "eth1")
    node.start(with_devices(node)).wait_state("MASTER")
    warning, = lab.wait(lambda: [w for w in node.instance()["warnings"]
                                 if w["kind"] == "foreign-address"], "it is told")
    assert OTHER4 in warning["text"] and "eth1" in warning["text"]
    assert address_of(node, OTHER4)["owner"] == "other"
    node.stop()
    assert node.holds(OTHER4) and node.ours() == []


# ---- label, scope and others

@pytest.mark.lab(nodes=1)
def test_labels_and_scopes(lab):
    node = lab[1]
    words = f"{OTHER4}/24 label eth0:web scope link brd + noprefixroute"
    node.start(config.instance(addresses=[f"{VIP4}/24", words])).wait_state("MASTER")
    lab.wait(lambda: node.holds(OTHER4), "claimed")
    found = details_of(node, OTHER4)
    assert found["label"] == "eth0:web" and found["scope"] == "link"
    assert found["broadcast"] == "198.51.100.255" and found["noprefixroute"]
    status = address_of(node, OTHER4)
    assert status["label"] == "eth0:web" and status["scope"] == "link"
    # A reload that changes them replaces that address alone.
    before = details_of(node, VIP4)
    node.write(config.instance(addresses=[f"{VIP4}/24", f"{OTHER4}/24 label eth0:other"]))
    assert node.reload().returncode == 0
    lab.wait(lambda: details_of(node, OTHER4)["label"] == "eth0:other", "another label")
    assert details_of(node, OTHER4)["scope"] == "global"
    assert details_of(node, VIP4)["label"] == before["label"] == "eth0"
    assert node.state() == "MASTER"


# ---- no addresses

@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("version", [3, 2])
def test_without_addresses_the_hooks_move_what_there_is(lab, version):
    capture = lab.capture()
    for node, priority in zip(lab.nodes, (150, 100)):
        # It fails on the first node: its status says so.
        hook = script(node, "move", f"echo moved; exit {3 if node is lab[1] else 0}\n")
        node.start(config.instance(addresses=None, priority=priority, version=version,
                                   advert_interval="1s" if version == 2 else "100ms",
                                   on_master=hook))
    lab.wait_master(lab[1])
    lab.wait(lambda: lab[1].instance()["hooks"], "the hook has ended")
    hook, = lab[1].instance()["hooks"]
    assert (hook["hook"], hook["ok"], hook["status"]) == ("on-master", False, 3)
    assert "exit status 3" in hook["text"] and "exit status 3" in lab[1].vipctl("status", "web").stdout
    assert lab[1].instance()["addresses"] == [] and lab[1].ours() == []
    assert all(a.addresses == [] for a in capture.adverts("n1"))
    assert lab[2].instance()["hooks"] == [] and sum(lab[2].router()["drops"].values()) == 0
    lab[1].stop()
    lab.wait_master(lab[2])
    lab.wait(lambda: [h["status"] for h in lab[2].instance()["hooks"]] == [0], "it was run there")


@pytest.mark.lab(nodes=2)
def test_a_reload_takes_the_last_address_away_and_brings_it_back(lab):
    lab.start_all([150, 100])
    for node, priority in zip(lab.nodes, (150, 100)):
        node.write(config.instance(addresses=None, priority=priority))
    for node in reversed(lab.nodes):
        assert node.reload().returncode == 0
    lab.wait(lambda: lab[1].ours() == [], "given up")
    lab.wait_master(lab[1])
    lab[1].write(config.instance(priority=150))
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: lab[1].holds(VIP4), "claimed")
    # Nothing is listed on the other node: whoever has its VRID is one of its cluster.
    lab.wait(lambda: lab[2].router()["warnings"]["address_list_mismatch"] > 0, "it takes the list")
    assert lab[2].state() == "BACKUP"


# ---- the doctor

@pytest.mark.lab(nodes=1)
def test_the_doctor_looks_at_other_devices(lab):
    node = lab[1]
    words = [f"{VIP4}/24", f"{OTHER4}/24 dev eth1", f"{LOOP}/32 dev lo", "192.0.2.9/24 dev lo"]
    node.write(config.instance(addresses=words))
    findings = doctor(node, listen="0")
    only(findings, "device-missing", "warning", f"{OTHER4}/24 has to wait: there is no device eth1",
         obj="web")
    only(findings, "network-on-loopback", "warning", "192.0.2.9/24 on lo", obj="web")
    assert not find(findings, "address-off-link")
    node.add_device()
    node.ip("link", "set", "eth1", "down")
    only(doctor(node, listen="0"), "device-missing", "warning", "the device eth1 is down")
    node.ip("link", "set", "eth1", "up")
    findings = doctor(node, listen="0")
    assert not find(findings, "device-missing")
    only(findings, "address-off-link", "warning", "in no network that eth1 has an address in")


# ---- a virtual MAC

@pytest.mark.lab(nodes=2)
def test_extra_addresses_of_the_other_family_share_the_virtual_mac(lab):
    capture = lab.capture()
    lab.start_all([150, 100], version=2, mac="virtual", advert_interval="1s",
                  extra_addresses=f"{VIP6}/64")
    lab.wait(lambda: VIP6 in capture.announced("n1"), "announced")
    assert {f.target_mac for f in capture.frames("n1") if f.gratuitous} == {"00:00:5e:00:01:33"}
    probe = lab.probe(VIP6)
    assert lab.client.neighbour_mac(VIP6) == "00:00:5e:00:01:33"
    lab[1].stop()
    lab.wait_master(lab[2])
    time.sleep(0.3)
    result = probe.stop()
    assert result.went("n1", "n2"), str(result)
    assert lab.client.neighbour_mac(VIP6) == "00:00:5e:00:01:33"


@pytest.mark.lab(nodes=1)
def test_adopt_takes_over_what_is_on_another_device(lab):
    node = lab[1]
    node.add_device()
    node.ip("addr", "add", f"{OTHER4}/24", "dev", "eth1")
    node.start(with_devices(node, adopt="yes")).wait_state("MASTER")
    lab.wait(lambda: OTHER4 in node.on("eth1"), "taken over")
    assert node.stop() == 0 and not node.holds(OTHER4)


# ---- somebody else

@pytest.mark.lab(nodes=1)
def test_another_machine_that_claims_an_address_on_its_device_is_met(lab):
    node = lab[1]
    port = node.add_device()
    lab.client.add_device()
    node.start(with_devices(node)).wait_state("MASTER")
    lab.wait(lambda: OTHER4 in node.on("eth1"), "claimed")
    time.sleep(0.5)  # what is claimed within a master-down interval is no conflict yet
    capture = lab.capture(ports=[port])
    mac = json.loads(lab.client.ip("-j", "link", "show", "eth1").stdout)[0]["address"]
    injector = Injector(lab.client, "eth1")
    with repeating(lambda: injector.send(gratuitous_arp(mac, OTHER4)), 0.1):
        warning = lab.wait(lambda: [w for w in node.instance()["warnings"]
                                    if w["kind"] == "foreign-holder"], "it is told")[0]
    injector.close()
    assert OTHER4 in warning["text"] and warning["mac"] == mac
    assert f"{OTHER4} is also held by {mac} on eth1" in node.log_text()
    lab.wait(lambda: OTHER4 in capture.announced(port), "it is defended")
    assert node.state() == "MASTER"
    assert OTHER4 not in capture.announced("n1")
