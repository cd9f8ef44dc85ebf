"""Pairs of one product with many instances: as many interfaces as that takes, one address each."""

import os
import re
import shutil
import socket
import time

from vipdlab import config, netns
from vipdlab.lab import Lab

from .pairs import REALTIME

ROLES = ("master", "backup")
PRIORITIES = {"master": 150, "backup": 100}
PER_INTERFACE = 250
OURS = "10.78."


def device(index):
    return f"eth{index // PER_INTERFACE}"


def address(index):
    return f"{OURS}{index // 250}.{index % 250 + 1}/32"


def vrid(index):
    return index % PER_INTERFACE + 1


def vipd_sections(count, interval_ms, priority, **keys):
    return [config.instance(f"i{i}", interface=device(i), vrid=vrid(i), priority=priority,
                            addresses=address(i), advert_interval=f"{interval_ms}ms", **keys)
            for i in range(count)]


def keepalived_text(count, interval_ms, priority):
    blocks = [config.keepalived_instance(f"i{i}", vrid=vrid(i), priority=priority,
                                         addresses=[address(i)], interval_s=interval_ms / 1000)
              .replace("interface eth0", f"interface {device(i)}") for i in range(count)]
    return config.keepalived(*blocks)


def plug_in(machine, count):
    """The interfaces that so many instances need, beside eth0; returns their ports."""
    ports = []
    for number in range(1, (count - 1) // PER_INTERFACE + 1):
        ports.append(machine.add_device(f"eth{number}"))
        machine.ip("addr", "add", f"10.79.{number}.{machine.index}/24", "dev", f"eth{number}")
    return ports


def names_of(machine):
    """Where `ip netns exec` finds the machine's own files for /etc."""
    return f"/etc/netns/{machine.namespace}"


def give_group(machine):
    """The group that the package makes: who has it not asks all name services for it, and keeps
    their libraries."""
    os.makedirs(names_of(machine), exist_ok=True)
    with open("/etc/group", encoding="utf-8") as file:
        groups = file.read()
    with open(f"{names_of(machine)}/group", "w", encoding="utf-8") as file:
        file.write(groups if re.search("^vipd:", groups, re.M) else f"{groups}vipd:x:990:\n")


def answers(path):
    """Whether the vipd of this control socket serves; its status takes seconds with thousands."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(path)
            client.sendall(b'{"method":"org.varlink.service.GetInfo"}\0')
            return bool(client.recv(1))
    except OSError:
        return False


def held(machine):
    return sum(a.address.startswith(OURS) for a in machine.addresses())


class Many:
    """A pair: its processes by role. `with Many(product, count, interval_ms) as agents`."""

    def __init__(self, product, count, interval_ms):
        self.product, self.count, self.interval_ms = product, count, interval_ms
        self.lab = Lab(nodes=2) if product == "vipd" else Lab(nodes=0, keepalived=2)
        machines = self.lab.nodes if product == "vipd" else self.lab.peers
        self.machines = dict(zip(ROLES, machines))
        self.ports = {}  # of the switch, beside those of eth0

    def __enter__(self):
        for role, machine in self.machines.items():
            self.ports[role] = plug_in(machine, self.count)
            give_group(machine)
        return self

    def __exit__(self, *_):
        self.lab.close()
        for machine in self.machines.values():
            shutil.rmtree(names_of(machine), ignore_errors=True)

    @property
    def patience_s(self):
        return 60 + self.count / 20

    def spawn(self, role, prefix=(), env=None):
        """Starts one of them; keepalived's start() waits for its first word. env: for vipd."""
        machine = self.machines[role]
        arguments = (self.count, self.interval_ms, PRIORITIES[role])
        if self.product == "vipd":
            machine.write(*vipd_sections(*arguments))
            machine.spawn(prefix=prefix, env=env)
        else:
            # Both with real-time priority: else one would be measured losing its elections.
            machine.start(keepalived_text(*arguments), prefix=(*prefix, *REALTIME), detail=False)

    def launch(self, role):
        self.spawn(role)
        machine, expected = self.machines[role], self.count if role == "master" else 0
        self.lab.wait(lambda: self.runs(role) and held(machine) == expected,
                      f"{self.product}: the {role} holds {expected} addresses", self.patience_s,
                      0.2)

    def runs(self, role):
        """keepalived has said so before spawn() returned."""
        return self.product != "vipd" or answers(self.machines[role].control)

    @property
    def adverts_per_s(self):
        return self.count * 1000 / self.interval_ms

    def _is_steady(self, seconds=1):
        """For a while it has sent what it is to send, and nothing else."""
        before, began = self.sent(), time.monotonic()
        time.sleep(seconds)
        rate = (self.sent() - before) / (time.monotonic() - began)
        return abs(rate - self.adverts_per_s) <= max(0.1 * self.adverts_per_s, 2)

    def is_settled(self):
        return self._is_steady() and held(self.machines["master"]) == self.count and \
            held(self.machines["backup"]) == 0

    def start(self, settle_s):
        """The backup once the master is at rest: it takes long to have that many addresses."""
        self.launch("master")
        self.lab.wait(self._is_steady, f"{self.product}: the master only adverts", self.patience_s)
        self.launch("backup")
        time.sleep(settle_s)
        self.lab.wait(self._is_steady, f"{self.product}: the master only adverts", self.patience_s)

    def stop(self):
        for machine in self.machines.values():
            machine.stop()

    def pids(self, role):
        found = netns.run("ip", "netns", "pids", self.machines[role].namespace).stdout.split()
        return [int(pid) for pid in found]

    def sent(self):
        """Frames that the master has sent."""
        with open(f"/proc/{self.pids('master')[0]}/net/dev", encoding="ascii") as file:
            return sum(int(fields.split()[9])
                       for fields in re.findall(r"^ *eth\d+:(.*)$", file.read(), re.M))
