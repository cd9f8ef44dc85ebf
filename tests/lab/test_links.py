"""Links that fail, vanish and come back; addresses that somebody else changes."""

import json

import pytest

from faultlab import receive_buffer
from vipdlab import config
from vipdlab.config import VIP4


@pytest.mark.lab(nodes=2)
def test_link_down_and_up(lab):
    lab.start_all([150, 100])
    lab[1].link_down()
    lab[1].wait_state("INIT")
    assert "link-down" in lab[1].instance()["held_by"]
    assert lab[1].ours() == []
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
    lab[1].link_up()
    lab.wait_master(lab[1])


@pytest.mark.lab(nodes=2)
def test_carrier_loss_is_noticed(lab):
    lab.start_all([150, 100])
    lab[1].carrier_off()
    lab[1].wait_state("INIT")
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
    assert lab[1].instance()["last_transition"]["reason"] == "link-down"
    lab[1].carrier_on()
    lab.wait_master(lab[1])


@pytest.mark.lab(nodes=2)
def test_interface_deleted_and_made_again_under_the_same_name(lab):
    lab.start_all([150, 100])
    lab[1].delete_interface()
    lab[1].wait_state("INIT")
    assert "no-interface" in lab[1].instance()["held_by"]
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
    lab[1].create_interface()
    lab.wait_master(lab[1])
    assert lab[1].holds(VIP4)


@pytest.mark.lab(nodes=1)
def test_missing_interface_waits_in_init_and_starts_when_it_appears(lab):
    lab[1].delete_interface()
    lab[1].start(config.instance(priority=150))
    assert lab[1].state() == "INIT"
    assert "no-interface" in lab[1].instance()["held_by"]
    assert "no-interface" in lab[1].vipctl("status").stdout
    lab[1].create_interface()
    lab[1].wait_state("MASTER")


@pytest.mark.lab(nodes=1)
def test_two_interfaces_swap_their_names(lab):
    """For a moment both instances are on the same interface, and their VRID is the same."""
    node = lab[1]
    for number in (0, 1):
        node.ip("link", "add", f"x{number}", "type", "veth", "peer", "name", f"y{number}")
        node.ip("addr", "add", f"10.78.{number}.1/24", "dev", f"x{number}")
        node.ip("link", "set", f"y{number}", "up")
        node.ip("link", "set", f"x{number}", "up")
    names = ("a", "b")
    node.start(*[config.instance(name, interface=f"x{number}", vrid=7,
                                 addresses=f"10.78.{number}.100/24")
                 for number, name in enumerate(names)])
    for name in names:
        node.wait_state("MASTER", name)
    # Older kernels rename only what is down.
    node.run("sh", "-ec", "ip link set x0 down; ip link set x1 down; ip link set x0 name tmp; "
             "ip link set x1 name x0; ip link set tmp name x1")
    for name in names:
        lab.wait(lambda n=name: node.instance(n)["held_by"] == ["link-down"], f"{name} is back")
    node.run("sh", "-ec", "ip link set x0 up; ip link set x1 up")
    for name in names:
        node.wait_state("MASTER", name)
    held = {a["ifname"]: {i["local"] for i in a["addr_info"]}
            for a in json.loads(node.ip("-j", "-4", "addr").stdout)}
    assert held["x0"] == {"10.78.1.1", "10.78.0.100"} and held["x1"] == {"10.78.0.1", "10.78.1.100"}


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("family", [4, 6])
def test_who_loses_its_source_resigns_from_it(lab, family):
    lab.start_all([150, 100], addresses=f"{VIP4}/24" if family == 4 else "fd77::200/64")
    capture = lab.capture()
    own = f"{lab[1].address4}/24" if family == 4 else f"{lab[1].link_local}/64"
    lab[1].ip("addr", "del", own, "dev", "eth0")
    lab[1].wait_state("INIT")
    lab[2].wait_state("MASTER")
    lab.wait(lambda: lab[1].ours() == [], "its successor is there, so it lets go")
    assert lab[2].instance()["last_transition"]["reason"] == "priority"
    assert [f.source for f in capture.adverts("n1", priority=0)] == [own.split("/")[0]]
    lab[1].ip("addr", "add", own, "dev", "eth0")
    lab.wait_master(lab[1])


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("family", [4, 6])
def test_a_source_that_blinks_moves_nobody(lab, family):
    """As a DHCP client or netplan does it: removed and added in one go."""
    lab.start_all([150, 100], addresses=f"{VIP4}/24" if family == 4 else "fd77::200/64")
    own = f"{lab[1].address4}/24" if family == 4 else f"{lab[1].link_local}/64"
    path = f"{lab[1].directory}/batch"
    with open(path, "w", encoding="ascii") as file:
        file.write(f"addr del {own} dev eth0\naddr add {own} dev eth0"
                   f"{'' if family == 4 else ' nodad'}\n")
    for _ in range(5):
        lab[1].ip("-batch", path)
        lab.never(lambda: lab[1].state() != "MASTER", "it gave the address up", 0.5)
    assert lab[2].state() == "BACKUP"
    assert lab[1].instance()["held_by"] == []


@pytest.mark.lab(nodes=1)
def test_the_nodes_own_address_as_a_virtual_one_harms_that_instance_only(lab):
    good = config.instance("good", priority=150, vrid=51)
    lab[1].start(good, config.instance("bad", priority=150, vrid=52,
                                       addresses=f"{lab[1].address4}/24"))
    lab.wait(lambda: lab[1].state("good") == "MASTER", "the other one is MASTER")
    lab[1].ip("addr", "add", "fd77::98/128", "dev", "eth0")  # all look for their source again
    lab.never(lambda: lab[1].state("good") != "MASTER", "the other one suffered", 0.6)
    assert lab[1].instance("bad")["held_by"] == ["no-primary-address"]
    text = f"{lab[1].address4} is in `addresses`, and this node's own address on eth0"
    assert lab[1].log_text().count(text) == 1
    # And when a reload brings the mistake to one that runs.
    lab[1].write(good).vipctl("reload")
    lab[1].write(good, config.instance("bad", priority=150, vrid=52,
                                       addresses=f"{lab[1].address4}/24")).vipctl("reload")
    lab.wait(lambda: lab[1].log_text().count(text) == 2, "it is said again")
    assert lab[1].state("good") == "MASTER"


@pytest.mark.lab(nodes=2)
def test_a_new_mac_is_announced_by_the_master_only(lab):
    lab.start_all([150, 100], addresses=[f"{VIP4}/24", "fd77::200/64"], announce_repeat=0,
                  announce_refresh="off")
    capture = lab.capture()
    macs = {"n1": "02:77:00:00:99:01", "n2": "02:77:00:00:99:02"}
    for node in lab.nodes:
        node.ip("link", "set", "eth0", "address", macs[node.name])
    wanted = {VIP4, "fd77::200"}
    lab.wait(lambda: capture.announced("n1") >= wanted, "it announces itself anew", 5)
    told = [f for f in capture.frames() if f.gratuitous and f.target in wanted]
    assert {(f.port, f.target_mac) for f in told} == {("n1", macs["n1"])}
    assert [n.state() for n in lab.nodes] == ["MASTER", "BACKUP"]


@pytest.mark.lab(nodes=1)
def test_an_address_deleted_by_somebody_comes_back(lab):
    lab.start_all([150])
    lab[1].ip("addr", "del", f"{VIP4}/24", "dev", "eth0")
    lab.wait(lambda: lab[1].holds(VIP4), "it is there again", 5)
    lab.wait(lambda: lab[1].status()["repairs"] == 1, "the repair is counted", 5)


@pytest.mark.lab(nodes=1)
def test_flush_of_a_whole_interface_is_mended(lab):
    lab.start_all([150], addresses=[f"{VIP4}/24", "fd77::200/64"])
    lab[1].ip("addr", "flush", "dev", "eth0")
    # The node's own addresses are the administrator's to put back.
    lab[1].ip("addr", "add", f"{lab[1].address4}/24", "dev", "eth0")
    lab[1].ip("addr", "add", f"{lab[1].link_local}/64", "dev", "eth0")
    lab[1].wait_state("MASTER")
    lab.wait(lambda: lab[1].holds(VIP4) and lab[1].holds("fd77::200"), "both are there again", 10)


@pytest.mark.lab(nodes=2)
def test_an_address_that_is_not_ours_is_never_touched(lab):
    for node in lab.nodes:
        node.ip("addr", "add", f"{VIP4}/24", "dev", "eth0", "nodad")
    lab.start_all([150, 100])
    assert lab[1].instance()["addresses"][0]["held"]
    lab[1].stop()
    assert lab[1].holds(VIP4), "the administrator's address stays on stop"
    assert lab[2].holds(VIP4), "and on a BACKUP"


@pytest.mark.lab(nodes=1)
def test_addresses_carry_the_mark_a_lease_and_no_second_route(lab):
    lab.start_all([150], addresses=[f"{VIP4}/24", "fd77::200/64"], lease="5s")
    found = {a.address: a for a in lab[1].addresses()}
    for text in (VIP4, "fd77::200"):
        assert found[text].ours
        assert 0 < found[text].valid_s <= 5
    routes = lab[1].ip("route", "show", "10.77.0.0/24").stdout.strip().splitlines()
    assert len(routes) == 1, routes
    # Two leases later it is still there: it is being refreshed.
    lab.never(lambda: not lab[1].holds(VIP4), "the lease ran out under a living agent", 11)


@pytest.mark.lab(nodes=2)
def test_removing_ours_does_not_take_a_foreign_secondary_along(lab):
    lab[1].ip("addr", "del", f"{lab[1].address4}/24", "dev", "eth0")
    lab[1].ip("addr", "add", "192.168.5.1/24", "dev", "eth0")
    lab[2].ip("addr", "add", "192.168.5.2/24", "dev", "eth0")
    lab[1].start(config.instance(priority=150, addresses=f"{VIP4}/24"))
    lab[1].wait_state("MASTER")
    lab[1].ip("addr", "add", "10.77.0.99/24", "dev", "eth0")  # becomes a secondary of ours
    lab[1].stop()
    assert lab[1].holds("10.77.0.99") and not lab[1].holds(VIP4)


@pytest.mark.lab(nodes=2)
def test_three_hundred_addresses(lab):
    addresses = [f"10.77.{1 + i // 250}.{1 + i % 250}/16" for i in range(300)]
    lab.start_all([150, 100], addresses=addresses)
    assert len(lab[1].ours()) == 300
    capture = lab.capture()
    lab[1].stop()
    lab.wait_master(lab[2])
    assert len(lab[2].ours()) == 300 and lab[1].ours() == []
    wanted = {a.split("/")[0] for a in addresses}
    lab.wait(lambda: capture.announced("n2") >= wanted, "each of them was announced", 5)
    assert lab.wait(lambda: capture.adverts("n2"), "it adverts")[-1].count == 255


@pytest.mark.lab(nodes=1)
def test_netlink_overrun_leads_to_a_fresh_look(lab):
    lab.start_all([150])
    assert receive_buffer.shrink(lab[1].process.pid), "no netlink socket to shrink"
    lab[1].freeze()
    lines = [f"addr add 172.16.{i // 250}.{i % 250 + 1}/32 dev lo" for i in range(1000)]
    path = f"{lab[1].directory}/batch"
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join([*lines, f"addr del {VIP4}/24 dev eth0"]) + "\n")
    lab[1].ip("-force", "-batch", path, check=False)
    assert receive_buffer.drops(lab[1].process.pid) > 0
    lab[1].thaw()
    lab.wait(lambda: lab[1].state() == "MASTER" and lab[1].holds(VIP4), "it is held again", 10)
