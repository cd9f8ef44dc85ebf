"""accept = no: the node forwards and answers ARP and ND for its virtual addresses, and drops what is
addressed to them; by a table of nf_tables that others take away at their peril."""

import subprocess

import pytest

from vipdlab import config
from vipdlab.config import VIP4, VIP6
from vipdlab.doctor import doctor

BOTH = [f"{VIP4}/24", f"{VIP6}/64"]
BEHIND4, BEHIND6 = "198.51.100.1", "fd99::1"


def pings(lab, address, count=2):
    result = lab.client.run("ping", "-n", "-c", str(count), "-i", "0.01", "-W", "0.3", address,
                            check=False)
    return result.returncode == 0


def reached(lab, address):
    lab.wait(lambda: pings(lab, address), f"{address} answers")


def table(node):
    """The elements of the sets of our table, or None."""
    result = node.run("nft", "list", "table", "inet", "vipd", check=False)
    return result.stdout if result.returncode == 0 else None


def something_behind(lab, node):
    """What the client reaches through the virtual addresses alone."""
    for address in (f"{BEHIND4}/32", f"{BEHIND6}/128"):
        node.ip("addr", "add", address, "dev", "lo")
    lab.client.ip("route", "replace", BEHIND4, "via", VIP4)
    lab.client.ip("-6", "route", "replace", BEHIND6, "via", VIP6)


@pytest.mark.lab(nodes=2)
def test_it_forwards_and_resolves_and_accepts_nothing(lab):
    lab.start_all([150, 100], addresses=BOTH, accept="no")
    something_behind(lab, lab[1])
    assert not pings(lab, VIP4) and not pings(lab, VIP6)
    for address in (VIP4, VIP6):
        lab.wait(lambda a=address: lab.client.neighbour_mac(a), f"{address} is resolved")
    reached(lab, BEHIND4)
    reached(lab, BEHIND6)
    assert lab[1].instance()["accept"] is False and lab[1].instance()["warnings"] == []
    assert "no: packets to the addresses are dropped" in lab[1].vipctl("status", "web").stdout
    # A node that takes over is no wider open on the way.
    watch = subprocess.Popen(["ip", "netns", "exec", lab.client.namespace, "ping", "-n", "-i",
                              "0.002", "-W", "0.2", VIP4], stdout=subprocess.PIPE, text=True)
    lab.keep(watch)
    lab[1].stop()
    lab.wait(lambda: lab[2].holds(VIP4), "the other one takes over")
    assert table(lab[1]) is None, "nothing is left of it"
    lab[1].start()
    lab.wait_master(lab[1])
    watch.terminate()
    assert "bytes from" not in watch.communicate(timeout=5)[0]


@pytest.mark.lab(nodes=1)
def test_it_comes_back_when_a_firewall_is_loaded_anew(lab):
    lab[1].start(config.instance(accept="no"))
    lab[1].wait_state("MASTER")
    for _ in range(2):
        lab[1].run("nft", "flush", "ruleset")
        lab.wait(lambda: table(lab[1]), "the table is back")
        assert VIP4 in table(lab[1])
    assert not pings(lab, VIP4)
    assert "somebody has changed or removed table inet vipd" in lab[1].log_text()


@pytest.mark.lab(nodes=1)
def test_a_reload_changes_it_in_place(lab):
    lab[1].start(config.instance())
    lab[1].wait_state("MASTER")
    probe = lab.probe()
    assert table(lab[1]) is None
    lab[1].write(config.instance(accept="no"))
    lab[1].reload()
    lab.wait(lambda: table(lab[1]), "it drops now")
    assert not pings(lab, VIP4)
    lab[1].write(config.instance(accept="yes"))
    lab[1].reload()
    lab.wait(lambda: table(lab[1]) is None, "it accepts again")
    reached(lab, VIP4)
    assert [gap for gap in probe.stop().gaps] != [], "what was asked meanwhile was not answered"
    assert [e["to"] for e in lab[1].history("transition")][-1] == "MASTER"


@pytest.mark.lab(nodes=1)
def test_what_is_left_after_a_kill_goes_by_release_and_by_the_next_start(lab):
    lab[1].start(config.instance(accept="no"))
    lab[1].wait_state("MASTER")
    lab[1].kill()
    assert VIP4 in table(lab[1])
    assert lab[1].release().returncode == 0
    assert table(lab[1]) is None
    lab[1].run("nft", "add", "table", "inet", "vipd")
    lab[1].run("nft", "add", "table", "inet", "other")
    lab[1].start(config.instance())
    lab[1].wait_state("MASTER")
    assert table(lab[1]) is None
    reached(lab, VIP4)
    assert "inet other" in lab[1].run("nft", "list", "tables").stdout


@pytest.mark.lab(nodes=1)
def test_the_owner_accepts_in_any_case(lab):
    lab[1].ip("addr", "add", f"{VIP4}/24", "dev", "eth0")
    lab[1].start(config.instance(priority=255, accept="no"))
    lab[1].wait_state("MASTER")
    reached(lab, VIP4)
    assert lab[1].instance()["accept"] is True


@pytest.mark.lab(nodes=1)
def test_with_a_virtual_mac_the_link_local_address_too(lab):
    lab[1].start(config.instance(addresses=BOTH, accept="no", mac="virtual"))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: "vipd6.51" in table(lab[1]) or "fe80::200:5eff:fe00:233" in table(lab[1]),
             "the derived address is in the table")
    assert not pings(lab, VIP4) and not pings(lab, VIP6)
    assert not pings(lab, "fe80::200:5eff:fe00:233%eth0")


@pytest.mark.lab(nodes=1)
def test_doctor_does_not_take_it_for_a_firewall_that_drops_adverts(lab):
    lab[1].start(config.instance(addresses=BOTH, accept="no"))
    lab[1].wait_state("MASTER")
    found = doctor(lab[1])
    assert not [f for f in found if "firewall" in f["code"]], found
