"""The lab: builds the namespaces, hands out watchers, takes everything down again."""

import atexit
import itertools
import os
import shutil
import tempfile
import time

from . import config, netns, probe
from .inject import Injector, repeating
from .node import PATIENCE, KeepalivedNode, Machine, Node
from .watch import Capture, Sampler

CLIENT_INDEX = 100
_numbers = itertools.count(1)


class Lab:
    """nodes: how many with vipd; keepalived: how many with keepalived, numbered after them.
    dad: leave Duplicate Address Detection on."""

    family = "vipdlab"  # what the names of its namespaces begin with

    def __init__(self, nodes=2, keepalived=0, dad=False):
        self.prefix = f"{self.family}{os.getpid()}-{next(_numbers)}"
        self.directory = tempfile.mkdtemp(prefix=f"{self.prefix}-")
        os.chmod(self.directory, 0o755)
        self.switch = f"{self.prefix}-sw"
        self.nodes, self.peers, self.client = [], [], None
        self._captures, self._samplers, self._probes, self._processes = [], [], [], []
        self._injectors = {}
        self.echo = None  # the process that answers probes, once there was one
        self._closed = False
        atexit.register(self.close)
        try:
            self._build(nodes, keepalived, dad)
        except BaseException:
            self.close()
            raise

    def _build(self, nodes, keepalived, dad):
        plan = [(Node, f"n{i}", i) for i in range(1, nodes + 1)]
        plan += [(KeepalivedNode, f"n{i}", i) for i in range(nodes + 1, nodes + keepalived + 1)]
        plan.append((Machine, "client", CLIENT_INDEX))
        # All of a kind in one process: of what a test costs, starting programs was a third.
        spaces = {name: f"{self.prefix}-{name}" for _, name, _ in plan}
        netns.add(self.switch, *spaces.values())
        netns.sysctl(self.switch, net__ipv6__conf__all__disable_ipv6=1,
                     net__ipv6__conf__default__disable_ipv6=1)
        for kind, name, index in plan:
            if not dad:
                netns.sysctl(spaces[name], net__ipv6__conf__all__accept_dad=0,
                             net__ipv6__conf__default__accept_dad=0,
                             net__ipv6__conf__default__dad_transmits=0)
            machine = kind(self, name, index, spaces[name])
            if kind is Node:
                self.nodes.append(machine)
            elif kind is KeepalivedNode:
                self.peers.append(machine)
            else:
                self.client = machine
        netns.ip_batch([machine.cable() for machine in self.machines()])
        netns.ip_batch(["link set lo up", "link add br0 type bridge stp_state 0 forward_delay 0"
                        " mcast_snooping 0", "link set br0 up",
                        *(f"link set {machine.name} master br0 up" for machine in self.machines())],
                       self.switch)
        for machine in self.machines():
            netns.ip_batch(["link set lo up", *machine.interface()], machine.namespace)

    def __getitem__(self, number):
        """lab[1] is the node n1."""
        return (self.nodes + self.peers)[number - 1]

    def machines(self):
        return self.nodes + self.peers + ([self.client] if self.client else [])

    def start_all(self, priorities, wait=True, **keys):
        """Starts vipd on the nodes with one instance `web` and these priorities; waits until the
        first of the highest is MASTER and the others are BACKUP."""
        for node, priority in zip(self.nodes, priorities):
            node.start(config.instance(priority=priority, **keys))
        if wait:
            best = priorities.index(max(priorities))
            self.wait_master(self.nodes[best])
        return self

    def wait_master(self, master, name="web", timeout=15):
        """Waits until that node is MASTER and all other running ones are BACKUP."""
        def settled_on(node):
            instance = node.instance(name)
            wanted = "MASTER" if node is master else "BACKUP"
            return instance and instance["state"] == wanted and not instance["lingering"]

        def settled():
            return all(settled_on(node) for node in self.nodes if node.process is not None)
        self.wait(settled, f"{master.name} alone is MASTER of {name}", timeout)
        for node in self.nodes:
            if node.process is not None:
                node.wait_kernel(name)

    def stop_and_start(self, master, other, name="web"):
        """The MASTER is stopped, the other one takes over, and gives it back."""
        master.stop()
        self.wait_master(other, name)
        master.start()
        self.wait_master(master, name)

    def wait(self, condition, what, timeout=15, interval=0.02):
        """Polls until condition() is true and returns its value; fails with all that is known."""
        deadline = time.monotonic() + timeout * PATIENCE
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout} s: {what}")
            time.sleep(interval)

    def never(self, condition, what, seconds, interval=0.02):
        """Fails if condition() becomes true within that time. What is found out later says nothing:
        on a busy machine a look may take longer than the time that is left."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert not condition() or time.monotonic() > deadline, what
            time.sleep(interval)

    def capture(self, skip=None, ports=()):
        """ports: those of further interfaces (Machine.add_device())."""
        names = [m.name for m in self.machines()]
        capture = Capture(self.switch, [*names, *ports], skip)
        self._captures.append(capture)
        return capture

    def sampler(self, address=config.VIP4):
        sampler = Sampler(self.nodes + self.peers, address)
        self._samplers.append(sampler)
        return sampler

    def probe(self, address=config.VIP4, interval_ms=2):
        """A probe from the client that has had its first answer."""
        if self.echo is None:
            self.echo = probe.start_echo(self.nodes + self.peers)
            self._processes.append(self.echo)
        started = probe.Probe(self.client.namespace, address, interval_ms)
        self._probes.append(started)
        return started.wait_answered()

    def keep(self, process):
        """A process that is to be ended with the lab."""
        self._processes.append(process)
        return process

    def injector(self, machine=None):
        """The raw sender of a machine (default: the client)."""
        machine = machine or self.client
        if machine.name not in self._injectors:
            self._injectors[machine.name] = Injector(machine)
        return self._injectors[machine.name]

    def inject(self, frame, machine=None):
        """Sends a raw Ethernet frame from a machine."""
        self.injector(machine).send(frame)

    def injecting(self, frame, interval=config.INTERVAL_MS / 1000):
        """For as long as a `with` lasts the client sends that frame again and again."""
        injector = self.injector()
        return repeating(lambda: injector.send(frame), interval)

    def advert(self, machine=None, **fields):
        """Sends a VRRP advert from a machine, as faulty as the fields say (inject.py)."""
        self.injector(machine).advert(**fields)

    def diagnose(self):
        """All that is known, for the report of a failed test."""
        parts = []
        for machine in self.machines():
            try:
                parts.append(machine.diagnose())
            except Exception as error:  # a diagnosis must not hide the failure
                parts.append(f"--- {machine.name}: {error!r}")
        for capture in self._captures:
            frames = [f for f in capture.frames() if f.kind != "other"]
            parts.append("--- last frames on the switch")
            parts += [f"{f.time:.4f} {f.port} {f.kind} {f.source} vrid={f.vrid} prio={f.priority} "
                      f"target={f.target}" for f in frames[-60:]]
        return "\n".join(parts)

    def close(self):
        """Takes everything down; returns complaints about how it ended. Safe to call twice."""
        if self._closed:
            return []
        self._closed = True
        atexit.unregister(self.close)
        complaints = []
        try:
            for item in self._probes:
                item.kill()
            for node in self.nodes + self.peers:
                complaints += node.shut_down()
            for item in self._captures + self._samplers:
                item.close()
        finally:
            for process in self._processes:
                if process.poll() is None:
                    process.kill()
                process.wait()
            for item in [*self._injectors.values(), *self.machines()]:
                item.close()
            netns.remove(*(name for name in netns.names() if name.startswith(self.prefix + "-")))
            shutil.rmtree(self.directory, ignore_errors=True)
        return complaints
