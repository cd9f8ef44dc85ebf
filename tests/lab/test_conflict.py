"""Somebody outside of the cluster answers for our address."""

import time

import pytest

from vipdlab import config
from vipdlab.config import VIP4, VIP6
from vipdlab.wire import gratuitous_arp, neighbour_advertisement

SILENT = {"announce_repeat": 0, "announce_refresh": "off"}
QUIET_S = 2
CLAIM_S = 0.02  # between two claims of the stranger


def events(node, name=None):
    return [e for e in node.history("notice") if name in (None, e["reason"])]


@pytest.mark.lab(nodes=1)
def test_a_foreign_holder_is_named_with_its_mac(lab):
    lab.start_all([150], conflict_quiet=f"{QUIET_S}s")
    assert lab[1].router()["foreign_holder"] is None
    assert lab[1].router()["conflict"]["mode"] == "defend"
    with lab.injecting(gratuitous_arp(lab.client.mac, VIP4), CLAIM_S):
        holder = lab.wait(lambda: lab[1].router()["foreign_holder"], "the stranger is in the status")
        assert holder["mac"] == lab.client.mac and holder["address"] == VIP4
        assert lab.client.mac in lab[1].vipctl("status", "web").stdout
        assert lab.client.mac in lab[1].vipctl("history").stdout
    assert lab[1].state() == "MASTER"
    lab.wait(lambda: lab[1].router()["foreign_holder"] is None, "the conflict is over")
    conflict = lab[1].router()["conflict"]
    assert conflict["conflicts"] == 1 and not conflict["active"]
    assert conflict["mac"] == lab.client.mac and conflict["last_seen"]
    assert [e["reason"] for e in events(lab[1])] == ["conflict", "conflict-over"]
    assert all(e["evidence"]["mac"] == lab.client.mac for e in events(lab[1]))
    # Once for the conflict and once for its end, not for each frame.
    assert lab[1].log_text().count(lab.client.mac) == 2


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("family", [4, 6])
def test_a_flood_of_claims_is_defended_once_in_ten_seconds(lab, family):
    address = VIP4 if family == 4 else VIP6
    build = gratuitous_arp if family == 4 else neighbour_advertisement
    router = "ipv4" if family == 4 else "ipv6"
    lab.start_all([150], addresses=f"{address}/64" if family == 6 else f"{address}/24", **SILENT)
    capture = lab.capture(skip="client")
    frame = build(lab.client.mac, address)
    with lab.injecting(frame, 0.001):
        lab.wait(lambda: lab[1].router(router)["conflict"]["defences"] == 1, "it is defended")
        # The thread that sends may be slow.
        for _ in range(600):
            lab.inject(frame)
        time.sleep(3)
        conflict = lab[1].router(router)["conflict"]
    assert conflict["claims"] > 500
    assert conflict["defences"] == 1 and conflict["defences_suppressed"] > 100
    defences = lab.wait(lambda: [f for f in capture.frames(port="n1")
                                 if f.gratuitous and f.target == address], "it is heard")
    assert len(defences) == 1 and defences[0].target_mac == lab[1].mac
    assert lab[1].state() == "MASTER"
    assert len(events(lab[1])) == 1


@pytest.mark.lab(nodes=2)
def test_the_defence_mends_the_neighbours(lab):
    """n2 takes no part: it is a host on the LAN."""
    lab.start_all([150], **SILENT)
    lab[2].run("ping", "-c1", "-W2", VIP4)
    assert lab[2].neighbour_mac(VIP4) == lab[1].mac
    frame = gratuitous_arp(lab.client.mac, VIP4)
    lab.inject(frame)
    lab.wait(lambda: lab[2].neighbour_mac(VIP4) == lab.client.mac, "the stranger takes it")
    lab.wait(lambda: lab.inject(frame) or lab[1].router()["conflict"]["defences"] == 1,
             "it is defended", interval=0.1)
    lab.wait(lambda: lab[2].neighbour_mac(VIP4) == lab[1].mac, "and is ours again")


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("address, router", [(f"{VIP4}/24", "ipv4"), (f"{VIP6}/64", "ipv6")])
def test_a_stranger_that_only_answers_is_found_by_asking(lab, address, router):
    lab.start_all([150], addresses=address, announce_repeat=1, announce_refresh="1s",
                  conflict_quiet=f"{QUIET_S}s")
    lab.client.ip("addr", "add", address, "dev", "eth0", *(["nodad"] if ":" in address else []))
    holder = lab.wait(lambda: lab[1].router(router)["foreign_holder"], "it is found")
    assert holder["mac"] == lab.client.mac
    # It never says a word unasked, and is still known to be there.
    lab.never(lambda: not lab[1].router(router)["conflict"]["active"], "it was lost", 2 * QUIET_S)
    lab.client.ip("addr", "del", address, "dev", "eth0")
    lab.wait(lambda: not lab[1].router(router)["conflict"]["active"], "it is over")
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("address, router", [(f"{VIP4}/24", "ipv4"), (f"{VIP6}/64", "ipv6")])
def test_release_gives_up_and_comes_back_when_it_is_quiet(lab, address, router):
    keys = {"addresses": address, "conflict_quiet": f"{QUIET_S}s", "lease": "1s"}
    lab[1].start(config.instance(priority=150, on_conflict="release", **keys))
    lab[2].start(config.instance(priority=100, **keys))
    lab.wait_master(lab[1])
    vip = address.split("/")[0]
    build = gratuitous_arp if router == "ipv4" else neighbour_advertisement
    with lab.injecting(build(lab.client.mac, vip), CLAIM_S):
        lab[1].wait_state("INIT")
        lab[2].wait_state("MASTER")
        assert not lab[1].holds(vip)
        assert lab[1].instance()["held_by"] == ["conflict"]
        assert lab[1].router(router)["foreign_holder"]["mac"] == lab.client.mac
        entry = next(e for e in lab[1].history() if e["event"] == "transition"
                     and e["reason"] == "conflict")
        assert entry["from"] == "MASTER" and entry["evidence"]["mac"] == lab.client.mac
        assert lab.client.mac in entry["text"]
        # Neither the peer's announcements nor time bring it back while the stranger is there.
        lab.never(lambda: lab[1].state() != "INIT", "it came back too early", 2 * QUIET_S)
        lab.wait(lambda: lab[2].router(router)["conflict"]["defences"] >= 1, "n2 defends")
    assert lab[2].state() == "MASTER"
    lab.wait_master(lab[1])
    assert lab[1].router(router)["foreign_holder"] is None
    assert [e["reason"] for e in lab[1].history("transition", "notice")][-4:-1] == [
        "conflict", "conflict-over", "conflict-over"]


@pytest.mark.lab(nodes=1)
def test_release_of_one_family_gives_up_both(lab):
    lab.start_all([150], addresses=f"{VIP4}/24, {VIP6}/64", on_conflict="release",
                  conflict_quiet=f"{QUIET_S}s", lease="1s")
    with lab.injecting(neighbour_advertisement(lab.client.mac, VIP6), CLAIM_S):
        lab[1].wait_state("INIT")
        lab.wait(lambda: lab[1].ours() == [], "nothing is held")
        assert lab[1].instance()["held_by"] == ["conflict"]
    lab[1].wait_state("MASTER")


def drop_adverts(node):
    node.run("nft", "add table inet deaf; add chain inet deaf input"
                    " { type filter hook input priority 0; }; add rule inet deaf input"
                    " meta l4proto 112 drop")


@pytest.mark.lab(nodes=2)
def test_two_of_us_that_were_deaf_come_together_again(lab):
    """Adverts are filtered, ARP is not: nothing is given up to the peer, which is no stranger."""
    keys = {"announce_refresh": "1s", "conflict_quiet": f"{QUIET_S}s", "lease": "1s"}
    lab[1].start(config.instance(priority=150, on_conflict="release", **keys))
    lab[2].start(config.instance(priority=100, **keys))
    lab.wait_master(lab[1])
    drop_adverts(lab[1])
    drop_adverts(lab[2])
    lab[2].wait_state("MASTER")
    # n2 holds the address by now, and says so all the time.
    lab.wait(lambda: [w for w in lab[1].instance()["warnings"] if w["kind"] == "refused-peer"],
             "n1 says who it is", 20)
    lab.never(lambda: lab[1].state() != "MASTER", "it gave up", 2 * QUIET_S)
    assert events(lab[1], "conflict") == []
    lab[1].run("nft", "delete table inet deaf")
    lab[2].run("nft", "delete table inet deaf")
    lab.wait_master(lab[1])


@pytest.mark.lab(nodes=1)
def test_the_policy_changes_with_a_reload(lab):
    lab.start_all([150])
    with lab.injecting(gratuitous_arp(lab.client.mac, VIP4), CLAIM_S):
        lab.wait(lambda: lab[1].router()["conflict"]["defences"] == 1, "it is defended")
        lab[1].write(config.instance(priority=150, on_conflict="release"))
        assert lab[1].reload().returncode == 0
        lab[1].wait_state("INIT")
        # Back at once, whoever answers.
        lab[1].write(config.instance(priority=150))
        assert lab[1].reload().returncode == 0
        lab[1].wait_state("MASTER")


@pytest.mark.lab(nodes=2)
def test_a_predecessor_that_hangs_is_not_yielded_to(lab):
    """Its kernel answers until the lease is over, and may even ask in the address's name."""
    lab[1].start(config.instance(priority=150))
    lab[2].start(config.instance(priority=100, on_conflict="release"))
    lab.wait_master(lab[1])
    lab[1].freeze()
    lab[2].wait_state("MASTER")
    while lab[1].holds(VIP4):
        lab.inject(gratuitous_arp(lab[1].mac, VIP4), lab[1])
        time.sleep(0.05)
    lab.wait(lambda: lab[2].router()["conflict"]["claims"] > 0, "it is heard")
    lab.never(lambda: lab[2].state() != "MASTER", "it gave up", 2)
    lab[1].thaw()
    lab.wait_master(lab[1])


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("mac", ["interface", "virtual"])
def test_a_successor_is_no_foreign_holder(lab, mac):
    keys = {"mac": mac, "on_conflict": "release", "addresses": f"{VIP4}/24, {VIP6}/64",
            "announce_refresh": "1s"}
    lab.start_all([150, 100], **keys)
    for _ in range(2):
        lab.stop_and_start(lab[1], lab[2])
    # The better one appears beside a living master, and a cut is healed.
    lab[1].cut()
    lab.wait(lambda: lab[2].state() == "MASTER", "n2 is MASTER")
    time.sleep(1)
    lab[1].heal()
    lab.wait_master(lab[1])
    time.sleep(2)
    for node in lab.nodes:
        for family in ("ipv4", "ipv6"):
            assert node.router(family)["foreign_holder"] is None
            assert node.router(family)["conflict"]["conflicts"] == 0
        # That there were two for a moment, when the cut was healed, is another matter.
        assert [e for e in events(node) if e["reason"] != "rival-gave-way"] == []
