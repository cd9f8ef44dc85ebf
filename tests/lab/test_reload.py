"""Reload applies the difference, or nothing."""

import json
import os
import signal
import subprocess
import time

import pytest

from vipdlab import config, netns
from vipdlab.calm import assert_steady
from vipdlab.config import VIP4
from vipdlab.cost import Allocations, held, many
from vipdlab.node import VIPCTL, environment, sanitized


OTHER = config.instance("other", vrid=99, addresses="10.77.0.209/24")


@pytest.mark.lab(nodes=1)
def test_a_bad_file_changes_nothing(lab):
    lab.start_all([150])
    lab[1].write(config.instance(priority=999))
    done = lab[1].reload()
    assert done.returncode == 1
    assert f"{lab[1].config}:" in done.stderr and "priority" in done.stderr
    refused = lab[1].vipctl("reload", "--json")
    checked = lab[1].vipctl("check", "--json", lab[1].config)
    assert refused.returncode == checked.returncode == 1
    assert json.loads(refused.stdout)["problems"] == json.loads(checked.stdout)["problems"] != []
    assert lab[1].state() == "MASTER" and lab[1].instance()["base_priority"] == 150
    assert not lab[1].status()["last_reload"]["ok"]
    assert "last reload failed" in lab[1].vipctl("status").stdout


@pytest.mark.lab(nodes=1)
def test_a_dry_run_says_what_a_reload_would_do_and_does_nothing(lab):
    base = config.instance("web", priority=150)
    lab[1].start(base, OTHER)
    for name in ("web", "other"):
        lab[1].wait_state("MASTER", name)
    before, log = lab[1].status(), lab[1].log_text()
    lab[1].write(config.instance("web", priority=151, preempt="no"),
                 config.instance("new", vrid=77, addresses="10.77.0.230/24"), recorder="off")
    said = lab[1].vipctl("reload", "--dry-run")
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines() == ["removed   other", "updated   web: priority, preempt", "added     new",
                                        "updated   [node]: recorder",
                                        "[node] needs a restart of vipd: recorder",
                                        "3 would change, 0 stay untouched; nothing was changed"]
    told = json.loads(lab[1].vipctl("reload", "--dry-run", "--json").stdout)
    assert told["dry_run"] and told["needs_restart"] == told["node_keys"] == ["recorder"]
    assert {"instance": "web", "change": "updated", "keys": ["priority", "preempt"]} in told["changes"]
    # A configuration that would be refused is refused here as well, and nobody remembers it.
    lab[1].write(config.instance(priority=999))
    refused = lab[1].vipctl("reload", "--dry-run", "--json")
    assert refused.returncode == 1 and not json.loads(refused.stdout)["valid"]
    lab[1].write()
    assert lab[1].vipctl("reload", "--dry-run").returncode == 1
    assert lab[1].vipctl("reload", "--dry-run", "--force").returncode == 0
    after = lab[1].status()
    assert after["last_reload"] == before["last_reload"]
    assert [i["base_priority"] for i in after["instances"]] == [150, 100]
    assert lab[1].log_text() == log
    # And what was said is what is done.
    lab[1].write(config.instance("web", priority=151, preempt="no"),
                 config.instance("new", vrid=77, addresses="10.77.0.230/24"), recorder="off")
    done = json.loads(lab[1].vipctl("reload", "--json").stdout)
    assert {**done, "dry_run": True} == told


@pytest.mark.lab(nodes=1)
def test_an_unaffected_instance_adverts_on_time_and_keeps_its_address(lab):
    lab[1].start(config.instance("web", priority=150),
                 config.instance("db", vrid=52, addresses="10.77.0.201/24"))
    lab[1].wait_state("MASTER", "web")
    lab[1].wait_state("MASTER", "db")
    capture, sampler = lab.capture(), lab.sampler()
    for count in range(10):
        lab[1].write(config.instance("web", priority=150),
                     config.instance("db", vrid=52, priority=100 + count,
                                     addresses=f"10.77.0.{210 + count}/24"),
                     config.instance(f"more{count}", vrid=60 + count,
                                     addresses=f"10.77.0.{230 + count}/24"))
        assert lab[1].reload().returncode == 0
    lab.wait(lambda: len(lab[1].instance("db") or []) and
             lab[1].instance("db")["base_priority"] == 109, "the last change is in force")
    assert_steady(capture.adverts("n1", vrid=51), 3 * config.INTERVAL_MS / 1000)
    assert sampler.sequence() == [{"n1"}], "the untouched address was touched"
    lab[1].wait_state("MASTER", "db")
    lab.wait(lambda: lab[1].holds("10.77.0.219") and not lab[1].holds("10.77.0.210"),
             "the addresses follow the file")


@pytest.mark.lab(nodes=1)
def test_a_reload_writes_nothing_for_what_did_not_change(lab):
    """The kernel tells of every write to an address, also of one that renews its lease."""
    def sections(priority=100, more=()):
        return [config.instance("web", addresses=["10.77.0.200/24", "fd77::200/64"], lease="300s"),
                config.instance("db", vrid=52, lease="300s", priority=priority,
                                addresses=["10.77.0.201/24", *more])]

    def told():
        with open(path, encoding="ascii") as file:
            return file.read()

    lab[1].start(*sections())
    for name in ("web", "db"):
        lab[1].wait_state("MASTER", name)
    before = lab[1].history()
    path = f"{lab[1].directory}/monitor"
    with open(path, "w", encoding="ascii") as out:
        monitor = subprocess.Popen(["ip", "-n", lab[1].namespace, "monitor", "address"],
                                   stdout=out, preexec_fn=netns.die_with_parent)
    try:
        # It listens once it tells of something.
        def listens():
            lab[1].ip("addr", "replace", "192.0.2.1/32", "dev", "lo")
            return "192.0.2.1" in told()

        lab.wait(listens, "the monitor listens")
        for changed in (sections(), sections(priority=120)):
            lab[1].write(*changed)
            assert lab[1].reload().returncode == 0
        lab[1].write(*sections(priority=120, more=["10.77.0.202/24"]))
        assert lab[1].reload().returncode == 0
        lab.wait(lambda: "10.77.0.202" in told(), "the monitor tells of the address that came")
    finally:
        monitor.kill()
        monitor.wait()
    assert "10.77.0.200" not in told() and "fd77::200" not in told(), told()
    assert told().count("10.77.0.201") <= 1, "the changed list was written more than once"
    assert lab[1].history() == before
    assert {"10.77.0.200", "10.77.0.201", "10.77.0.202", "fd77::200"} <= set(lab[1].ours())


@pytest.mark.lab(nodes=2)
def test_sighup_reloads_and_a_removed_instance_hands_over(lab):
    lab.start_all([150, 100])
    probe = lab.probe()
    lab[1].write(OTHER)
    lab[1].process.send_signal(signal.SIGHUP)
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
    lab.wait(lambda: [i["name"] for i in lab[1].status()["instances"]] == ["other"],
             "it is gone from the first")
    result = probe.stop()
    assert result.lost == [], str(result)
    lab.wait(lambda: not lab[1].holds(VIP4), "and so is its address")


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("text", ["", "\ufeff", "# nothing\n", "[node]\nname = n1\n"])
def test_a_reload_that_would_remove_every_instance_is_to_be_forced(lab, text):
    lab.start_all([150])
    lab[1].write_text(text)
    done = lab[1].reload()
    assert done.returncode == 1 and "--force" in done.stderr, done.stderr
    lab[1].process.send_signal(signal.SIGHUP)
    lab.wait(lambda: lab[1].log_text().count("reload refused") == 2, "the signal is refused too")
    assert lab[1].state() == "MASTER" and lab[1].holds(VIP4)
    done = lab[1].vipctl("reload", "--force")
    assert done.returncode == 0 and "removed   web" in done.stdout, done
    lab.wait(lambda: lab[1].status()["instances"] == [], "it is gone")
    lab.wait(lambda: not lab[1].holds(VIP4), "and so is its address")


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("kind", ["fifo", "directory", "device", "endless"])
def test_what_is_no_file_is_refused_by_its_name_and_not_waited_for(lab, kind):
    lab.start_all([150])
    os.makedirs(lab[1].config_dir, exist_ok=True)
    path = f"{lab[1].config_dir}/10-odd.conf"
    {"fifo": os.mkfifo, "directory": os.mkdir,
     "device": lambda path: os.symlink("/dev/null", path),
     "endless": lambda path: os.symlink("/dev/zero", path)}[kind](path)
    capture = lab.capture()
    done = lab[1].reload()
    assert done.returncode == 1 and f"{path}: cannot be read: it is no regular file" in done.stderr
    lab.never(lambda: lab[1].state() != "MASTER", "it serves", 0.5)
    assert_steady(capture.adverts("n1", vrid=51), 3 * config.INTERVAL_MS / 1000)
    os.rmdir(path) if kind == "directory" else os.unlink(path)
    assert lab[1].reload().returncode == 0


# Behaves as a name service that does not answer for a while: to be loaded before the C library.
SLOW_NAMES = r"""
#include <errno.h>
#include <pwd.h>
#include <unistd.h>
int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
               struct passwd **found)
{
    (void)name; (void)entry; (void)buffer; (void)size;
    while (access("%s", F_OK) == 0)
        usleep(20000);
    *found = 0;
    return 0;
}
"""


@pytest.mark.lab(nodes=1)
def test_a_name_service_that_hangs_holds_up_the_reload_alone(lab):
    node = lab[1]
    slow, library = f"{node.directory}/slow", f"{node.directory}/names.so"
    with open(f"{library}.c", "w", encoding="ascii") as file:
        file.write(SLOW_NAMES % slow)
    netns.run("cc", "-shared", "-fPIC", "-o", library, f"{library}.c")
    node.write(config.instance(priority=150))
    node.spawn(env={**environment(), "LD_PRELOAD": library,
                    "ASAN_OPTIONS": "verify_asan_link_order=0:exitcode=99"})
    node.wait_state("MASTER", "web")
    with open(slow, "w", encoding="ascii"):
        pass
    capture = lab.capture()
    node.write(config.instance(priority=140, hook_user="somebody", on_change="/bin/true"))
    asking = subprocess.Popen([VIPCTL, "--control", node.control, "reload"],
                              stderr=subprocess.PIPE, text=True)
    lab.never(lambda: node.status() is None or node.state() != "MASTER", "it answers", 1)
    done = asking.communicate(timeout=15)[1]
    assert asking.returncode == 1 and "do not answer" in done, done
    assert not node.status()["last_reload"]["ok"]
    assert_steady(capture.adverts("n1", vrid=51), 3 * config.INTERVAL_MS / 1000)
    # The files may have changed: what is asked now is read after that.
    node.write(config.instance(priority=130))
    node.process.send_signal(signal.SIGHUP)
    os.unlink(slow)
    lab.wait(lambda: node.instance()["base_priority"] == 130, "the second one is in force")
    assert "expected an existing user" in node.log_text()


@pytest.mark.lab(nodes=2)
def test_a_lowered_priority_hands_over_without_a_lost_probe(lab):
    lab.start_all([150, 100])
    probe = lab.probe()
    lab[1].write(config.instance(priority=50))
    assert lab[1].reload().returncode == 0
    lab.wait_master(lab[2])
    result = probe.stop()
    assert result.lost == [], str(result)


@pytest.mark.lab(nodes=1)
def test_drop_in_directory(lab):
    os.makedirs(lab[1].config_dir)
    with open(f"{lab[1].config_dir}/10-web.conf", "w", encoding="ascii") as file:
        file.write(config.instance(priority=150))
    lab[1].write()
    lab[1].start()
    lab[1].wait_state("MASTER")


@pytest.mark.lab(nodes=1)
def test_no_instance_starts_and_says_so(lab):
    lab[1].write().start()
    assert lab[1].status()["instances"] == []
    assert "no instance is configured" in lab[1].log_text()
    assert "No instance is configured" in lab[1].vipctl("status").stdout


@pytest.mark.lab(nodes=1)
def test_a_bad_file_at_start_ends_with_2_and_names_the_line(lab):
    lab[1].write_text("[instance web]\ninterface = eth0\nvrid = 0\naddresses = 10.77.0.200/24\n")
    lab[1].spawn()
    assert lab[1].wait_exit() == 2
    assert f"{lab[1].config}:3:" in lab[1].log_text()
    assert lab[1].ours() == []


@pytest.mark.lab(nodes=1)
def test_bad_files_do_not_delay_an_advert(lab):
    lab.start_all([150])
    capture, sampler = lab.capture(), lab.sampler()
    good = config.instance(priority=150)
    # Wrong value, cut off, unknown key, the same name twice, not text at all.
    bad = (good.replace("150", "x"), good[:-40], good + "colour = red\n", good + good, "\0" * 100,
           "[instance web\n" * 20000)
    for text in 5 * bad:
        lab[1].write_text(text)
        done = lab[1].reload()
        assert done.returncode == 1 and lab[1].config in done.stderr, (text[:60], done)
    assert lab[1].state() == "MASTER" and sampler.sequence() == [{"n1"}]
    lab.wait(lambda: len(capture.adverts("n1")) > 3, "adverts meanwhile, and one more")
    assert_steady(capture.adverts("n1"), 3 * config.INTERVAL_MS / 1000)
    lab[1].write(good)
    assert lab[1].reload().returncode == 0


@pytest.mark.lab(nodes=2)
def test_addresses_come_and_go_without_touching_the_one_that_stays(lab):
    lab.start_all([150, 100])
    sampler, probe, capture = lab.sampler(), lab.probe(), lab.capture()
    for more in ("10.77.0.201/24", "10.77.0.202/24"):
        for node, priority in zip(lab.nodes, (150, 100)):
            node.write(config.instance(priority=priority, addresses=[f"{VIP4}/24", more]))
            assert node.reload().returncode == 0
        lab.wait(lambda m=more: lab[1].ours() == [VIP4, m.split("/")[0]], f"{more} is held alone")
        lab.wait(lambda m=more: m.split("/")[0] in capture.announced("n1"), "and announced")
    assert probe.stop().lost == [] and sampler.sequence() == [{"n1"}]
    assert lab[2].ours() == []


@pytest.mark.lab(nodes=2)
def test_a_new_interval_is_in_force_and_learned_at_once(lab):
    lab.start_all([150, 100])
    sampler = lab.sampler()
    lab[1].write(config.instance(priority=150, advert_interval="300ms"))
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: lab[2].router()["advert_interval_ms"] == 300, "the BACKUP has learned it")
    lab.never(lambda: lab[2].state() == "MASTER", "it fell out of step", 1.5)
    assert sampler.sequence() == [{"n1"}]


@pytest.mark.lab(nodes=2)
def test_what_restarts_an_instance_hands_over_without_a_lost_probe(lab):
    """A family that is added cannot be done in place."""
    lab.start_all([150, 100])
    probe = lab.probe()
    lab[1].write(config.instance(priority=150, addresses=[f"{VIP4}/24", "fd77::200/64"]))
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: lab[1].holds("fd77::200") and lab[1].state() == "MASTER",
             "it is MASTER of both families")
    lab.wait(lambda: lab[2].state() == "BACKUP", "the peer gave back what it had")
    result = probe.stop()
    assert result.lost == [], str(result)


@pytest.mark.lab(nodes=2)
def test_many_instances_hand_over_together(lab):
    vrids = range(1, 61)
    for node, priority in zip(lab.nodes, (150, 100)):
        node.start(*[config.instance(f"i{v}", vrid=v, priority=priority,
                                     addresses=f"10.77.0.{120 + v}/24") for v in vrids])
    lab.wait(lambda: len(lab[1].ours()) == len(vrids) and lab[2].ours() == [],
             "the first holds all")
    probe = lab.probe("10.77.0.150")
    lab[1].stop()
    lab.wait(lambda: len(lab[2].ours()) == len(vrids), "the second holds all")
    result = probe.stop()
    assert result.lost == [], str(result)
    assert lab[1].ours() == []


@pytest.mark.lab(nodes=1)
def test_many_that_restart_together_leave_room_for_adverts(lab):
    """They are gone, and come back, all at the same time; that took the loop 0.1 s and more."""
    count = 240
    tick = config.instance("tick", vrid=255, addresses=f"{VIP4}/24", advert_interval="10ms")
    lab[1].start(tick, *many(count, 100))
    lab.wait(lambda: held(lab[1]) == count, f"{count} addresses", 30)
    capture = lab.capture()
    # Another VRID each, so another virtual router, that had to wait for the one before.
    lab[1].write(tick, *[config.instance(f"i{i}", vrid=count - i, addresses=f"10.78.0.{i + 1}/32")
                         for i in range(count)])
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: {i["name"]: i["vrid"] for i in lab[1].status()["instances"]
                      if i["state"] == "MASTER"}.get(f"i{count - 1}") == 1 and
             held(lab[1]) == count, "they are back", 60)
    assert lab[1].log_text().count("then restarting") == count
    assert_steady(capture.adverts("n1", vrid=255), 0.05)


def stands_still(counter, seconds=2):
    before = counter.count()
    time.sleep(seconds)
    return counter.count() == before


@pytest.mark.lab(nodes=1)
@pytest.mark.skipif(sanitized(), reason="its allocations are another's")
def test_what_a_reload_changes_is_found_out_and_told_by_others_than_the_loop(lab):
    """With thousands of instances that is too long for whoever is to advert meanwhile."""
    count = 200
    counter = Allocations(lab[1])
    lab[1].write(*many(count, 150))
    lab[1].spawn(env=counter.env)
    lab.wait(lambda: held(lab[1]) == count, f"{count} addresses", 30)
    lab.wait(lambda: stands_still(counter), "a start that is over", 60)
    lab[1].write(*many(count, 150, announce_repeat=4))
    before = counter.count()
    assert before > 1000, "it counts"
    told = lab[1].vipctl("reload", "--dry-run", "--json")
    allocated = counter.count() - before
    assert len(json.loads(told.stdout)["changes"]) == count
    assert allocated < count, f"{allocated} allocations of the loop"
