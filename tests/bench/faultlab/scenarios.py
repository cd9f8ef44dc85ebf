"""The faults. Each function does one to a scene, whose first node holds the address, and mends it.

A node that nobody can hear is told to the scene with cut_off(): what it holds does not count.
"""

import contextlib
import subprocess
import sys
from dataclasses import dataclass
from typing import Callable

from vipdlab import netns

from . import impair, memory, receive_buffer
from .flood import flooding
from .scene import INTERVAL_S, MASTER_DOWN_S

OTHER_MAC = "02:77:00:00:99:01"


@dataclass(frozen=True)
class Fault:
    name: str
    text: str
    act: Callable
    small_disk: bool = False
    products: tuple = ("vipd", "keepalived")


@contextlib.contextmanager
def unreachable(scene, machine):
    """For as long as nobody hears the machine. The order errs to its disadvantage."""
    yield scene.cut_off(machine)
    scene.connected(machine)


def partition(scene):
    scene.first.cut()
    with unreachable(scene, scene.first):
        scene.last(3)
        scene.first.heal()


def peers_apart(scene):
    impair.lose_from(scene.first, scene.second)
    impair.lose_from(scene.second, scene.first)
    scene.last(3)
    impair.hear(scene.first)
    impair.hear(scene.second)


def mute(scene):
    impair.mute(scene.first)
    with unreachable(scene, scene.first):
        scene.last(3)
        impair.unmute(scene.first)


def deaf(scene):
    impair.deafen(scene.first)
    with unreachable(scene, scene.first):
        scene.last(3)
        impair.hear(scene.first)


def adverts_one_way(scene):
    impair.lose_adverts(scene.second, 100)
    scene.last(3)
    impair.hear(scene.second)


def advert_loss(percent):
    def act(scene):
        for node in scene.pair.nodes:
            impair.lose_adverts(node, percent)
        scene.last(20)
        scene.facts["adverts_lost"] = sum(impair.dropped(node) for node in scene.pair.nodes)
        for node in scene.pair.nodes:
            impair.hear(node)
    return act


def killed(scene):
    scene.pair.kill(scene.first)
    scene.sleep(scene.lease_s + 3 * scene.pace)
    scene.pair.start_node(scene.first)


# As punctual as the agents are: a thread of this process would wait for its others.
STOP = """
import os, signal, sys, time
seconds, pids = float(sys.argv[1]), [int(pid) for pid in sys.argv[2:]]
started = time.time()
for pid in pids:
    os.kill(pid, signal.SIGSTOP)
time.sleep(seconds)
for pid in pids:
    os.kill(pid, signal.SIGCONT)
print(started, time.time())
"""


def stop_for(scene, seconds):
    """Notes how long it truly was, at most, and when it ended."""
    done = subprocess.run(
        ["chrt", "-f", "50", sys.executable, "-c", STOP, str(seconds),
         *map(str, scene.pair.pids(scene.first))], capture_output=True, text=True, check=True,
        timeout=seconds + 60)
    started, scene.facts["thawed"] = map(float, done.stdout.split())
    scene.facts["stopped_s"] = max(scene.facts.get("stopped_s", 0),
                                   scene.facts["thawed"] - started)


def stopped_shortly(scene):
    for _ in range(5):
        stop_for(scene, 1.5 * INTERVAL_S)
        scene.last(1)


def stopped_past_master_down(scene):
    stop_for(scene, 4 * MASTER_DOWN_S)


def stopped_past_lease(scene):
    stop_for(scene, scene.lease_s + 3 * scene.pace)


def out_of_memory(scene):
    with memory.MemoryGroup(scene.lab.prefix) as group:
        if not group.oom_kill(scene.pair.victim(scene.first)):
            raise AssertionError("the kernel has killed nobody")
        scene.facts["oom_kills"] = group.kills()
        scene.pair.has_died(scene.first)
        scene.last(2)


def link_bounce(scene):
    scene.first.link_down()
    with unreachable(scene, scene.first):
        scene.last(2)
        scene.first.link_up()


def addresses_flushed(scene):
    scene.first.ip("addr", "flush", "dev", "eth0")
    scene.sleep(0.5)
    # The administrator puts the node's own back; the virtual one is the agent's business.
    scene.first.ip("addr", "add", f"{scene.first.address4}/24", "dev", "eth0")
    scene.sleep(0.5)


def address_deleted(scene):
    scene.first.ip("addr", "del", "10.77.0.200/24", "dev", "eth0")
    scene.last(1)


def mac_changed(scene):
    scene.first.ip("link", "set", "eth0", "address", OTHER_MAC)
    scene.last(3)
    scene.first.ip("link", "set", "eth0", "address", scene.first.mac)
    scene.last(1)


def mtu_changed(scene):
    for mtu in (1300, 1500):
        scene.first.ip("link", "set", "eth0", "mtu", mtu)
        scene.last(1)


def netlink_overrun(scene):
    pids = scene.pair.pids(scene.first)
    if not sum(receive_buffer.shrink(pid) for pid in pids):
        raise AssertionError("no netlink socket to shrink")
    churn(scene.first, pids)
    scene.facts["overruns"] = sum(receive_buffer.drops(pid) for pid in pids)
    scene.last(1)


def churn(node, pids, count=2000):
    """Adds and deletes that many addresses on lo and deletes the virtual one among them: the first
    few while the agent is stopped, so that some notifications are lost for certain. That must not
    take long, so whoever does it is as punctual as the agent."""
    texts = [f"172.16.{i // 250}.{i % 250 + 1}/32" for i in range(count)]
    add = [f"addr add {text} dev lo" for text in texts]
    gone = [f"addr del {text} dev lo" for text in texts]
    path = f"{node.directory}/churn"

    def batch(lines):
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        return ["ip", "-n", node.namespace, "-force", "-batch", path]
    netns.run("chrt", "-f", "50", "sh", "-c",
              'pids=$1; shift; kill -STOP $pids; "$@"; kill -CONT $pids', "sh",
              " ".join(map(str, pids)), *batch([*add[:100], "addr del 10.77.0.200/24 dev eth0"]))
    netns.run(*batch(add[100:] + gone), check=False)


def control_flood(scene):
    with flooding(scene.first.control, scene.lab):
        scene.last(3)


def disk_full(scene):
    scene.pair.fill_disk(scene.first)
    scene.last(1)
    scene.pair.stop_node(scene.first)
    scene.last(1)
    scene.pair.start_node(scene.first, disk_full=True)


FAULTS = [
    Fault("partition", "the first node is cut off for 3 s", partition),
    Fault("peers-apart", "the two do not hear each other for 3 s, the client hears both",
          peers_apart),
    Fault("mute", "what the first node sends is lost for 3 s", mute),
    Fault("deaf", "what is sent to the first node is lost for 3 s", deaf),
    Fault("adverts-one-way", "the second node gets no adverts for 3 s", adverts_one_way),
    Fault("loss-10", "10 % of the adverts are lost for 20 s", advert_loss(10)),
    Fault("loss-30", "30 % of the adverts are lost for 20 s", advert_loss(30)),
    Fault("loss-50", "50 % of the adverts are lost for 20 s", advert_loss(50)),
    Fault("kill", "SIGKILL, started again 3 s after the lease's end", killed),
    Fault("stop-short", "SIGSTOP for one and a half intervals, five times", stopped_shortly),
    Fault("stop-down", "SIGSTOP for longer than the master-down time, then SIGCONT",
          stopped_past_master_down),
    Fault("stop-lease", "SIGSTOP for 3 s longer than the lease, then SIGCONT",
          stopped_past_lease),
    Fault("oom", "killed by the kernel for want of memory; its supervisor starts it again",
          out_of_memory),
    Fault("link-bounce", "ip link set down, 2 s later up", link_bounce),
    Fault("flush", "ip addr flush; the node's own address is put back 0.5 s later",
          addresses_flushed),
    Fault("delete", "ip addr del of the virtual address", address_deleted),
    Fault("mac", "the MAC address changes, 3 s later back", mac_changed),
    Fault("mtu", "the MTU changes and changes back", mtu_changed),
    Fault("overrun", "smallest netlink buffer, 4,000 changes, the virtual address deleted",
          netlink_overrun),
    Fault("control-flood", "the control socket is flooded for 3 s", control_flood,
          products=("vipd",)),
    Fault("disk-full", "full disk for the state, then stop and start", disk_full,
          small_disk=True),
]
BY_NAME = {fault.name: fault for fault in FAULTS}
