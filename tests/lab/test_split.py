"""A MASTER that hangs, dies or is cut off: who holds the address, at every moment."""

import time

import pytest

from vipdlab import config
from vipdlab.config import VIP4, VIP6

LEASE_S = 2


def spans(sampler, holders):
    """(start, seconds) of the times in which exactly these nodes held the address."""
    changes = sampler.changes
    ends = [when for when, _ in changes[1:]] + [time.time()]
    return [(when, end - when) for (when, seen), end in zip(changes, ends)
            if seen == holders]


def hang(lab, address, **keys):
    """n1 is stopped until its lease has run out; n2 has taken over."""
    lab.start_all([150, 100], addresses=address, lease=f"{LEASE_S}s", **keys)
    sampler = lab.sampler(address.split("/")[0])
    lab[1].freeze()
    lab[2].wait_state("MASTER")
    lab.wait(lambda: sampler.sequence()[-1] == {"n2"}, "the lease of the hanging agent ran out")
    return sampler


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("address, mac", [(f"{VIP4}/24", "interface"), (f"{VIP6}/64", "interface"),
                                          (f"{VIP4}/24", "virtual"), (f"{VIP6}/64", "virtual")])
def test_the_lease_ends_two_holders(lab, address, mac):
    sampler = hang(lab, address, mac=mac)
    both = spans(sampler, {"n1", "n2"})
    assert sum(length for _, length in both) < 2 * LEASE_S, sampler.changes
    assert set() not in sampler.sequence(), sampler.changes
    lab.never(lambda: sampler.sequence()[-1] != {"n2"}, "two holders after the lease", LEASE_S)


@pytest.mark.lab(nodes=2)
def test_who_wakes_up_deposed_says_nothing_and_holds_nothing(lab):
    """preempt = no: a woken MASTER has no reason to speak, so any word is from a stale belief."""
    sampler = hang(lab, f"{VIP4}/24", preempt="no")
    capture = lab.capture()
    lab[1].thaw()
    lab[1].wait_state("BACKUP")
    lab.wait(lambda: (lab[1].instance()["master"] or {}).get("address") == lab[2].address4,
             "it follows the new MASTER")
    lab.never(lambda: sampler.sequence()[-1] != {"n2"}, "it took the address again", 1)
    assert capture.adverts("n1") == []
    assert [f for f in capture.frames("n1") if f.gratuitous] == []
    assert lab[1].instance()["last_transition"]["reason"] == "overslept"


@pytest.mark.lab(nodes=2)
def test_who_wakes_up_alone_resumes(lab):
    lab.start_all([150, 100], lease=f"{LEASE_S}s")
    lab[2].stop()
    lab[1].freeze()
    lab.wait(lambda: not lab[1].holds(VIP4), "the lease ran out")
    lab[1].thaw()
    lab.wait(lambda: lab[1].state() == "MASTER" and lab[1].holds(VIP4), "it holds it again")


@pytest.mark.lab(nodes=1)
def test_who_wakes_up_late_and_finds_that_nobody_took_over_goes_on(lab):
    """Peers may depose it after three intervals; after twice that time it would start anew."""
    lab.start_all([150], advert_interval="500ms")
    node = lab[1]
    before = node.history()
    capture = lab.capture()
    node.freeze()
    time.sleep(1.7)
    thawed = time.time()
    node.thaw()
    lab.wait(lambda: node.router()["counters"]["oversleeps"] == 1, "it notices")
    lab.wait(lambda: capture.adverts("n1", since=thawed), "it adverts")
    assert node.state() == "MASTER" and node.holds(VIP4)
    assert node.history() == before


@pytest.mark.lab(nodes=3)
def test_of_two_backups_only_the_better_one_takes_over(lab):
    lab.start_all([1, 250, 254])
    before = len(lab[1].history())
    lab[3].kill()
    lab.wait_master(lab[2])
    assert lab[1].history()[before:] == []
    assert lab[2].instance()["last_transition"]["reason"] == "no-response"


@pytest.mark.lab(nodes=3)
def test_a_partition_heals_to_one_holder_and_never_to_none(lab):
    lab.start_all([150, 120, 100])
    sampler = lab.sampler()
    lab[1].cut()
    lab[2].wait_state("MASTER")
    assert lab[1].state() == "MASTER", "each side of a partition has a MASTER"
    assert lab[3].state() == "BACKUP"
    lab[1].heal()
    lab.wait_master(lab[1])
    lab.wait(lambda: sampler.sequence()[-1] == {"n1"}, "one holder")
    assert set() not in sampler.sequence(), sampler.changes


def rivals(node):
    """What the history has of others who were MASTER too."""
    return [e for e in node.history("notice") if e["reason"].startswith("rival-")]


@pytest.mark.lab(nodes=1)
def test_another_master_that_gives_way_is_a_line_of_the_history(lab):
    """As after a cut that heals, where only the other one has a transition."""
    lab.start_all([150])
    node = lab[1]
    with lab.injecting(lab.injector().build(priority=120)):
        lab.wait(lambda: node.router()["counters"]["losing-adverts-rcvd"] > 5, "it is heard")
    # The account of another one before would keep this one waiting for a minute.
    [line] = lab.wait(lambda: rivals(node), "it is told", timeout=90)
    assert line["reason"] == "rival-gave-way" and line["since"] < line["at"]
    peer = lab.client.address4
    assert line["evidence"] == {"peer": peer, "peer_priority": 120, "own_priority": 150}
    assert line["text"].startswith(f"{peer} (priority 120) adverted as MASTER too, for ")
    assert line["text"].endswith(" adverts), and gave way")
    why = node.vipctl("why", "web").stdout
    assert "Two held the addresses from " in why and line["text"] in why
    assert line["text"] in node.log_text()
    assert node.state() == "MASTER"


@pytest.mark.lab(nodes=1)
def test_another_master_that_stays_when_this_one_gives_way(lab):
    lab.start_all([150])
    node = lab[1]
    lab.advert(priority=120, interval_ms=20000)  # not heard again for 20 s: it is there all the same
    lab.wait(lambda: node.router()["counters"]["losing-adverts-rcvd"] == 1, "it is heard")
    lab.advert(priority=200)
    lab.wait(lambda: "higher-priority" in [e["reason"] for e in node.history()], "it gives way")
    reasons = [e["reason"] for e in node.history("transition", "notice")]
    moved = reasons.index("higher-priority")
    assert reasons[moved - 1] == "rival-stayed"
    assert "until this node was MASTER no more" in rivals(node)[0]["text"]


@pytest.mark.lab(nodes=2)
def test_lease_off_outlives_the_agent_until_it_starts_again(lab):
    lab.start_all([150, 100], lease="off")
    held = next(a for a in lab[1].addresses() if a.address == VIP4)
    assert held.ours and held.valid_s == 0xFFFFFFFF
    lab[1].kill()
    lab[2].wait_state("MASTER")
    assert lab[1].holds(VIP4)
    lab[1].start(config.instance(priority=50))
    lab[1].wait_state("BACKUP")
    assert lab[1].ours() == []


@pytest.mark.lab(nodes=1)
def test_an_instance_has_a_lease_of_its_own(lab):
    lab[1].start(config.instance("web", lease="40s"),
                 config.instance("db", vrid=52, addresses="10.77.0.201/24"), lease="9s")
    lab[1].wait_state("MASTER", "web").wait_state("MASTER", "db")
    valid = {a.address: a.valid_s for a in lab[1].addresses()}
    assert 9 < valid[VIP4] <= 40 and 0 < valid["10.77.0.201"] <= 9
