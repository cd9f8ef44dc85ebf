"""Virtual addresses on a node's own interface that vipd did not put there, or that somebody else
changes again and again; and a second vipd in the same network namespace."""

import subprocess
import threading
import time

import pytest

from vipdlab import config
from vipdlab.config import VIP4, VIP6
from vipdlab.node import VIPCTL, environment

BOTH = [f"{VIP4}/24", f"{VIP6}/64"]
KIND = "foreign-address"


def put(node, address=f"{VIP4}/24", how="add"):
    node.ip("addr", how, address, "dev", "eth0", *(["nodad"] if ":" in address else []))


def owners(node):
    return {a["address"]: (a["held"], a["owner"]) for a in node.instance()["addresses"]}


def warned(node):
    return [w for w in node.instance()["warnings"] if w["kind"] == KIND]


def leased(node):
    """Of the virtual addresses: those that are ours, and not for ever. A kernel may leave a replaced
    one the mark, but not the lease."""
    return {a.address for a in node.addresses()
            if a.ours and a.valid_s <= 5 and a.address in (VIP4, VIP6)}


def told(node, text):
    return sum(text in line for line in node.log_text().splitlines())


@pytest.mark.lab(nodes=2)
def test_replacing_an_address_does_not_make_it_somebody_elses(lab):
    lab.start_all([150, 100], addresses=BOTH)
    for count, address in enumerate(BOTH, 1):
        def noticed(count=count, address=address):
            """Unless vipd renews the lease, and with it the mark, before it has looked."""
            put(lab[1], address, "replace")
            until = time.monotonic() + 2
            while told(lab[1], "somebody replaced") != count and time.monotonic() < until:
                time.sleep(0.02)
            return told(lab[1], "somebody replaced") == count
        lab.wait(noticed, "said once for each family")
    lab.wait(lambda: leased(lab[1]) == {VIP4, VIP6}, "both are marked again, and end by themselves")
    assert not warned(lab[1])
    assert owners(lab[1])[BOTH[0]] == (True, "vipd")
    lab[1].vipctl("drain", "web")
    lab.wait(lambda: lab[2].state() == "MASTER", "it hands over")
    lab.wait(lambda: not lab[1].holds(VIP4) and not lab[1].holds(VIP6), "and lets go")


@pytest.mark.lab(nodes=2)
def test_replaced_before_a_kill_the_lease_still_ends(lab):
    lab.start_all([150, 100], lease="2s")
    put(lab[1], how="replace")
    lab.wait(lambda: leased(lab[1]) == {VIP4}, "marked again, and with a lease")
    lab[1].kill()
    lab.wait_master(lab[2])
    lab.wait(lambda: not lab[1].holds(VIP4), "the lease ran out", 6)


@pytest.mark.lab(nodes=2)
def test_what_is_there_before_the_start_is_said_also_on_a_backup(lab):
    for node in lab.nodes:
        put(node)
    lab.start_all([150, 100])
    lab.wait(lambda: warned(lab[1]) and warned(lab[2]), "both warn")
    assert owners(lab[1]) == owners(lab[2]) == {f"{VIP4}/24": (True, "other")}
    assert told(lab[2], "is there already and was not put there by vipd") == 1
    lab.wait(lambda: told(lab[1], "stays when this node gives the addresses up") == 1, "and says so")
    assert "although it is not MASTER" in warned(lab[2])[0]["text"]
    assert [e["reason"] for e in lab[2].history("notice")] == [KIND]
    lab[1].vipctl("drain", "web")
    lab[2].wait_state("MASTER")
    lab.wait(lambda: told(lab[1], "stays, although this node has given the addresses up") == 1,
             "said at the release")
    assert lab[1].holds(VIP4), "it was not ours to remove"
    lab[1].ip("addr", "del", f"{VIP4}/24", "dev", "eth0")
    lab.wait(lambda: not warned(lab[1]), "it is over")
    assert owners(lab[1]) == {f"{VIP4}/24": (False, None)}
    assert told(lab[1], "is nobody else's any more") == 1


@pytest.mark.lab(nodes=2)
def test_what_comes_later_on_a_backup_is_said(lab):
    lab.start_all([150, 100])
    assert owners(lab[2]) == {f"{VIP4}/24": (False, None)} and not warned(lab[2])
    put(lab[2], f"{VIP4}/32")  # as keepalived does it
    lab.wait(lambda: warned(lab[2]), "warned of")
    assert owners(lab[2]) == {f"{VIP4}/24": (True, "other")}


@pytest.mark.lab(nodes=1)
def test_check_says_it_before_the_start(lab):
    node = lab[1]
    own = node.address4

    def notes(*keys):
        node.write(config.instance(**dict(keys)))
        return node.run(VIPCTL, "check", node.config).stderr

    assert ": note: " not in notes()
    put(node)
    assert f"addresses: {VIP4} is on eth0 already, and vipd has not put it there" in notes()
    assert ": note: " not in notes(("adopt", "yes"))
    alone = f"addresses: {own} is this node's own address on eth0: nothing is left to send from"
    node.ip("addr", "del", f"{VIP4}/24", "dev", "eth0")
    assert alone in notes(("addresses", f"{own}/24"))
    assert ": note: " not in notes(("addresses", f"{own}/24"), ("priority", 255))
    node.start(config.instance())
    node.wait_state("MASTER")
    assert ": note: " not in notes(), "what vipd has put there is as it should be"


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("length", [24, 32])
def test_adopt_takes_over_and_removes(lab, length):
    put(lab[1], f"{VIP4}/{length}")
    lab.start_all([150, 100], adopt="yes")
    lab.wait(lambda: lab[1].ours() == [VIP4], "taken over")
    assert owners(lab[1]) == {f"{VIP4}/24": (True, "vipd")}
    assert told(lab[1], "(adopt)") >= 1
    lab.wait(lambda: not warned(lab[1]), "nothing to warn of")
    lab[1].stop()
    assert not lab[1].holds(VIP4)


@pytest.mark.lab(nodes=1)
def test_adopt_in_a_reload(lab):
    node = lab[1]
    put(node)
    node.start(config.instance(priority=150), lease="off")
    node.wait_state("MASTER")
    lab.wait(lambda: warned(node), "warned of")
    assert node.ours() == []
    node.write(config.instance(priority=150, adopt="yes"), lease="off")
    assert node.reload().returncode == 0
    lab.wait(lambda: node.ours() == [VIP4] and not warned(node), "taken over")


@pytest.mark.lab(nodes=1)
def test_a_program_that_deletes_on_sight_costs_few_lines(lab):
    node = lab[1]
    lab.start_all([150])
    before, began = len(node.log_text().splitlines()), time.monotonic()
    ended = threading.Event()

    def delete():
        while not ended.is_set():
            node.ip("addr", "del", f"{VIP4}/24", "dev", "eth0", check=False)

    thread = threading.Thread(target=delete)
    thread.start()
    lab.never(lambda: node.state() != "MASTER", "the election goes on", 5)
    # Who deletes may be slow.
    lab.wait(lambda: node.status()["repairs"] >= 4, "it is put back again and again")
    ended.set()
    thread.join()
    assert node.status()["repairs"] <= 12 * max(1, (time.monotonic() - began) / 5)
    lines = node.log_text().splitlines()[before:]
    assert len(lines) <= 3, lines
    lab.wait(lambda: node.holds(VIP4), "left in peace it stays", 6)


@pytest.mark.lab(nodes=1)
def test_a_second_vipd_in_the_namespace_is_refused(lab):
    node = lab[1]
    lab.start_all([150])
    pid = node.process.pid
    command = ["ip", "netns", "exec", node.namespace, *node.command()]
    command[command.index("--control") + 1] += "-2"
    for option in ("--state-dir", "--run-dir"):
        command[command.index(option) + 1] = f"{node.directory}/two"
    for more, words in (([], "another vipd runs in this network namespace"),
                        (["--release"], "vipd is running in this network namespace")):
        done = subprocess.run([*command, *more], capture_output=True, text=True, timeout=20,
                              env=environment(), check=False)
        assert done.returncode == 1
        assert f"{words} (process {pid})" in done.stderr
    assert node.holds(VIP4) and node.state() == "MASTER"
    node.stop()
    assert node.release().returncode == 0
    lab.start_all([150])
