"""A pair of nodes with vipd, or with keepalived, behind one set of verbs.

The first node has priority 150, the second 100; everything that is not named is the default.
"""

import os
import signal

from vipdlab import config, netns

PRIORITIES = (150, 100)
DISK_KB = 64
# In the mount namespace that `ip netns exec` makes: the mount goes with the process.
DISK = """mount -t tmpfs -o size={size}k tmpfs {path} || exit 1
[ -z "{full}" ] || head -c {size}k /dev/zero >{path}/filler
exec "$@"
"""


class Pair:
    """lab: with the two nodes. lease_s: for vipd."""

    def __init__(self, lab, nodes, lease_s):
        self.lab, self.nodes, self.lease_s = lab, nodes, lease_s
        self.small_disk = False

    @property
    def first(self):
        return self.nodes[0]

    @property
    def second(self):
        return self.nodes[1]

    def priority(self, node):
        return PRIORITIES[self.nodes.index(node)]

    def disk(self, path, full):
        """What is put before the command line for a tiny disk at that path."""
        if not self.small_disk:
            return ()
        return ("sh", "-c", DISK.format(size=DISK_KB, path=path, full="yes" if full else ""), "sh")

    def freeze(self, node):
        for pid in self.pids(node):
            os.kill(pid, signal.SIGSTOP)

    def thaw(self, node):
        for pid in self.pids(node):
            os.kill(pid, signal.SIGCONT)

    def start(self):
        for node in self.nodes:
            self.start_node(node)
        return self


class VipdPair(Pair):
    name = "vipd"
    topology = {"nodes": 2}

    def __init__(self, lab, lease_s=5):
        super().__init__(lab, lab.nodes, lease_s)

    def start_node(self, node, disk_full=False):
        state = f"{node.directory}/state"
        node.write(config.instance(priority=self.priority(node)), lease=f"{self.lease_s}s")
        node.spawn(prefix=self.disk(state, disk_full))
        self.lab.wait(lambda: node.status() is not None, f"{node.name} answers on its socket")

    def stop_node(self, node):
        """As ordered: hands over and ends."""
        assert node.stop() == 0

    def kill(self, node):
        node.kill()

    def pids(self, node):
        return [node.process.pid]

    def victim(self, node):
        """The process that does the work."""
        return node.process.pid

    def has_died(self, node):
        """The kernel has killed it: does what the service manager would do next."""
        node.wait_killed()
        node.release()
        self.start_node(node)

    def fill_disk(self, node):
        _fill(f"/proc/{node.process.pid}/root{node.directory}/state/filler")


class KeepalivedPair(Pair):
    name = "keepalived"
    topology = {"nodes": 0, "keepalived": 2}

    def __init__(self, lab, lease_s=5):
        super().__init__(lab, lab.peers, lease_s)

    def start_node(self, node, disk_full=False):
        node.start(config.keepalived(priority=self.priority(node)),
                   prefix=self.disk(node.pid_directory, disk_full))

    def stop_node(self, node):
        node.stop()

    def kill(self, node):
        node.kill()

    def pids(self, node):
        """Parent and child."""
        found = []
        for pid in netns.run("ip", "netns", "pids", node.namespace).stdout.split():
            with open(f"/proc/{pid}/comm", encoding="ascii") as comm:
                if comm.read().strip() == "keepalived":
                    found.append(int(pid))
        return found

    def victim(self, node):
        return next(pid for pid in self.pids(node) if pid != node.process.pid)

    def has_died(self, node):
        """Its parent starts it again."""

    def fill_disk(self, node):
        _fill(f"/proc/{node.process.pid}/root{node.pid_directory}/filler")


def _fill(path):
    """Writes until the disk is full."""
    with open(path, "wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)) > 0:
                pass
        except OSError:
            return


PAIRS = {pair.name: pair for pair in (VipdPair, KeepalivedPair)}
