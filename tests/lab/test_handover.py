"""A planned hand-over loses nothing; an unplanned one is short and ends with one holder."""

import os
import pathlib
import time

import pytest

from vipdlab import config, netns
from vipdlab.calm import assert_steady
from vipdlab.config import VIP4, VIP6
from vipdlab.node import environment


def never_without_holder(sampler):
    """After the first holder, none was missing for longer than a sample takes."""
    seen = sampler.lengths()
    held = next(i for i, (holders, _) in enumerate(seen) if holders)
    return all(seconds < 0.01 for holders, seconds in seen[held:] if not holders)


@pytest.mark.lab(nodes=2)
def test_graceful_stop_loses_no_probe_and_leaves_no_gap(lab):
    lab.start_all([150, 100])
    sampler, probe, capture = lab.sampler(), lab.probe(), lab.capture()
    assert lab[1].stop() == 0
    lab.wait_master(lab[2])
    result = probe.stop()
    assert result.lost == [], str(result)
    assert result.answered_by == ["n1", "n2"]
    assert never_without_holder(sampler), sampler.changes
    assert {"n1", "n2"} in sampler.sequence(), "the successor claims before the other releases"
    assert len(capture.adverts("n1", priority=0)) >= 1
    assert lab[1].ours() == []


@pytest.mark.lab(nodes=2)
def test_successor_claims_then_announces_then_adverts(lab):
    lab.start_all([150, 100])
    capture = lab.capture()
    lab[1].stop()
    lab.wait_master(lab[2])
    lab.wait(lambda: capture.adverts("n2", priority=100), "it adverts")
    frames = [f for f in capture.frames("n2") if f.kind == "vrrp" or f.gratuitous]
    assert frames[0].kind == "arp" and frames[0].target == VIP4
    assert frames[0].target_mac == lab[2].mac


@pytest.mark.lab(nodes=2)
def test_restart_of_the_master_gives_it_back_without_a_lost_probe(lab):
    lab.start_all([150, 100])
    probe = lab.probe()
    lab.stop_and_start(lab[1], lab[2])
    result = probe.stop()
    assert result.lost == [], str(result)
    assert result.answered_by == ["n1", "n2", "n1"]


@pytest.mark.lab(nodes=2)
def test_kill_9_the_peer_takes_over_and_the_lease_ends_the_rest(lab):
    lab.start_all([150, 100], lease="2s")
    lab[1].kill()
    lab.wait_master(lab[2])
    assert lab[2].instance()["last_transition"]["reason"] == "no-response"
    # Nobody tells the dead agent's kernel; its lease does.
    lab.wait(lambda: not lab[1].holds(VIP4), "the lease of the dead agent ran out", 6)


@pytest.mark.lab(nodes=2)
def test_release_removes_what_a_killed_agent_held_and_resigns(lab):
    lab.start_all([150, 100], lease="60s", advert_interval="1s", wait=True)
    capture = lab.capture()
    lab[1].kill()
    assert lab[1].holds(VIP4)
    assert lab[1].release().returncode == 0
    assert not lab[1].holds(VIP4)
    assert lab[1].holds(lab[1].address4), "an address of the administrator stays"
    lab.wait_master(lab[2])
    assert len(capture.adverts("n1", priority=0)) >= 1
    assert lab[2].instance()["last_transition"]["reason"] == "priority"


CHECKED = {"track": "healthy"}
EVERYTHING = {"track": "healthy", "mac": "virtual", "addresses": f"{VIP4}/24, {VIP6}/64",
              "on_master": "/bin/true", "on_change": "/bin/true", "hook_user": "nobody",
              "flap_damping": "3 in 1m hold 8s", "on_conflict": "release"}


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("keys, grouped", [(CHECKED, False), (EVERYTHING, True)],
                         ids=["track", "everything"])
def test_release_knows_no_checks_and_needs_none(lab, keys, grouped):
    flag = pathlib.Path(lab.directory, "healthy")
    flag.touch()
    sections = [config.check("healthy", "file", path=flag),
                config.check("other", "file", path=flag)]
    node_keys = {"track": "other"} if grouped else {}
    if grouped:
        sections += [config.instance("db", vrid=52, addresses="10.77.0.201/24", track="healthy"),
                     config.section("group all", {"instances": "web, db"})]
    for node, priority in zip(lab.nodes, (150, 100)):
        node.start(config.instance(priority=priority, advert_interval="1s", **keys), *sections,
                   lease="60s", **node_keys)
    lab.wait_master(lab[1])
    capture = lab.capture()
    lab[1].kill()
    assert lab[1].holds(VIP4)
    done = lab[1].release()
    assert done.returncode == 0, done.stderr
    assert lab[1].ours() == [], "nothing is left, not in the group either"
    lab.wait(lambda: capture.adverts("n1", priority=0), "it resigns for the dead agent")


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("frozen", [False, True])
def test_release_beside_a_living_agent_touches_nothing(lab, frozen):
    lab.start_all([150, 100], advert_interval="1s", wait=True)
    lab.wait(lambda: (lab[1].state_file() or {}).get("state") == "MASTER", "it is written")
    before = lab[1].state_file(), lab[1].ours(), lab[2].history()
    capture = lab.capture()
    if frozen:
        lab[1].freeze()
    done = lab[1].release()
    lab[1].thaw()
    assert done.returncode == 1
    assert done.stderr == (f"vipd: vipd is running here (it answers at {lab[1].control}): "
                           "stop it first\n")
    time.sleep(0.5)
    assert (lab[1].state_file(), lab[1].ours(), lab[2].history()) == before
    assert capture.adverts("n1", priority=0) == []
    # Its socket is still there when it was killed.
    lab[1].kill()
    assert os.path.exists(lab[1].control)
    assert lab[1].release().returncode == 0
    assert lab[1].ours() == [] and lab[1].state_file() is None


@pytest.mark.lab(nodes=2)
def test_node_death_then_fail_back(lab):
    lab.start_all([150, 100])
    lab[1].cut()
    lab.wait(lambda: lab[2].state() == "MASTER", "the survivor took over")
    assert lab[2].holds(VIP4)
    probe, capture = lab.probe(), lab.capture()
    lab[1].heal()
    lab.wait_master(lab[1])
    # It was MASTER all along: only the loser's hint makes it correct the neighbours' caches.
    lab.wait(lambda: VIP4 in capture.announced("n1"), "the winner announces")
    lab.wait(lambda: not lab[2].holds(VIP4), "the loser lets go")
    time.sleep(0.1)
    result = probe.stop()
    assert result.went("n2", "n1"), str(result)


@pytest.mark.lab(nodes=2)
def test_stopped_longer_than_the_lease_it_never_adverts_from_a_stale_belief(lab):
    lab.start_all([150, 100], lease="2s")
    capture = lab.capture()
    lab[1].freeze()
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
    lab.wait(lambda: not lab[1].holds(VIP4), "the kernel ended the lease", 6)
    thawed = time.time()
    lab[1].thaw()
    # It has the higher priority: it comes back, but through BACKUP, by preemption.
    lab.wait_master(lab[1])
    steps = [(e["from"], e["to"], e["reason"]) for e in lab[1].history()][-2:]
    assert steps[0] == ("MASTER", "BACKUP", "overslept")
    assert steps[1][:2] == ("BACKUP", "MASTER")
    assert lab[1].router()["counters"]["oversleeps"] == 1
    first = lab.wait(lambda: capture.adverts("n1", since=thawed), "it adverts")[0]
    claims = [f for f in capture.frames("n1", since=thawed) if f.gratuitous]
    assert claims and claims[0].time <= first.time, "claimed anew before the first advert"


@pytest.mark.lab(nodes=2)
def test_stopped_shorter_than_the_master_down_interval_changes_nothing(lab):
    lab.start_all([150, 100], advert_interval="1s")
    lab[1].freeze()
    time.sleep(0.5)
    lab[1].thaw()
    lab.never(lambda: lab[2].state() == "MASTER", "a short pause is no failure", 2)
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=1)
def test_the_last_node_keeps_announcing_and_its_adverts_are_regular(lab):
    lab.start_all([150])
    capture = lab.capture()
    lab.wait(lambda: len(capture.adverts("n1")) >= 20, "twenty adverts")
    adverts = capture.adverts("n1")
    assert {f.ttl for f in adverts} == {255} and {f.destination for f in adverts} == {"224.0.0.18"}
    assert adverts[0].addresses == [VIP4]
    assert_steady(adverts, 3 * config.INTERVAL_MS / 1000)


@pytest.mark.lab(nodes=2)
def test_stale_addresses_of_a_crashed_predecessor_are_removed_at_start(lab):
    lab[1].start(config.instance(priority=150, lease="60s",
                                 addresses=["10.77.0.200/24", "10.77.0.201/24"]))
    lab.wait(lambda: len(lab[1].ours()) == 2, "both are held")
    lab[1].kill()
    assert len(lab[1].ours()) == 2
    lab[2].start(config.instance(priority=100, addresses="10.77.0.200/24"))
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
    lab[1].start(config.instance(priority=50, addresses="10.77.0.200/24"))
    lab.wait(lambda: lab[1].ours() == [], "a BACKUP holds nothing")


# A kernel whose lock of all links is somebody else's each time that an address is to be added: to
# be loaded before the C library.
SLOW_ADDRESSES = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>
ssize_t sendto(int fd, const void *octets, size_t size, int flags, const struct sockaddr *to,
               socklen_t length)
{
    static ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    const struct nlmsghdr *header = octets;
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "sendto");
    if (to != NULL && to->sa_family == AF_NETLINK && size >= sizeof(*header) &&
        (header->nlmsg_type == RTM_NEWADDR || header->nlmsg_type == RTM_SETLINK) &&
        access("%s", F_OK) == 0)
        usleep(%d * 1000);
    return real(fd, octets, size, flags, to, length);
}
"""
SLOW_MS = 1200


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("address", [VIP4, VIP6])
def test_a_living_master_is_not_deposed_before_the_addresses_are_there(lab, address):
    slow, library = f"{lab[2].directory}/slow", f"{lab[2].directory}/addresses.so"
    with open(f"{library}.c", "w", encoding="ascii") as file:
        file.write(SLOW_ADDRESSES % (slow, SLOW_MS))
    netns.run("cc", "-shared", "-fPIC", "-o", library, f"{library}.c")
    keys = {"addresses": f"{address}/{24 if address == VIP4 else 64}", "lease": "30s"}
    lab[1].start(config.instance(priority=100, **keys))
    lab[1].wait_state("MASTER")
    probe = lab.probe(address)
    pathlib.Path(slow).touch()
    lab[2].write(config.instance(priority=150, **keys))
    lab[2].spawn(env={**environment(), "LD_PRELOAD": library,
                      "ASAN_OPTIONS": "verify_asan_link_order=0:exitcode=99"})
    lab.wait_master(lab[2])
    lab.wait(lambda: lab[2].holds(address), "it has the address")
    time.sleep(0.3)
    result = probe.stop()
    # Without patience: from the first advert of the second until it has the address.
    assert result.longest_gap_ms < SLOW_MS / 2, str(result)
    assert result.went("n1", "n2"), str(result)
    # It could not know: nobody says that it does not listen.
    assert "second-master" not in lab[2].log_text()
