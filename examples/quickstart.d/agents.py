"""What holds the address on a node: vipd, or keepalived for comparison."""

import json
import os
import signal
import subprocess

import node as nodes

TOP = os.path.dirname(os.path.dirname(nodes.HERE))
VIPD, VIPCTL = f"{TOP}/build/agent/vipd", f"{TOP}/build/tools/vipctl"
INTERVAL_MS = 100
LEASE_S = 5  # vipd's default
STOP_S = 30

VIPD_CONF = """[node]
name = {name}

[instance web]
interface       = eth0
vrid            = 51
priority        = {priority}
addresses       = {address}/24
advert-interval = {interval_ms}ms
"""
KEEPALIVED_CONF = """global_defs {{
    router_id {name}
    vrrp_version 3
}}
vrrp_instance web {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int {interval_s}
    virtual_ipaddress {{
        {address}/24
    }}
}}
"""


class Agent:
    """Common to both: a configuration, a process and its log."""

    program = ""

    def __init__(self, node, text):
        self.node, self.process = node, None
        self.config = node.write(f"{self.program}.conf", text.format(
            name=node.name, priority=node.priority, address=nodes.ADDRESS,
            interval_ms=INTERVAL_MS, interval_s=INTERVAL_MS / 1000))
        os.chmod(self.config, 0o644)

    def spawn(self, *command):
        self.process = self.node.spawn(f"{self.program}.log", *command)

    def log_text(self):
        path = f"{self.node.directory}/{self.program}.log"
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        self.process.terminate()
        self.process.wait(STOP_S)


class Vipd(Agent):
    program = "vipd"

    def __init__(self, node):
        super().__init__(node, VIPD_CONF)
        self.control = f"{node.directory}/control"
        os.makedirs(f"{node.directory}/state")

    def start(self):
        self.spawn(VIPD, "--config", self.config, "--control", self.control, "--state-dir",
                   f"{self.node.directory}/state")

    def kill(self):
        self.process.kill()
        self.process.wait(STOP_S)

    def _ask(self, *verb):
        return subprocess.run([VIPCTL, "--control", self.control, *verb], capture_output=True,
                              text=True, check=False)

    def state(self):
        done = self._ask("status", "--json")
        if done.returncode != 0:
            return None
        instance = json.loads(done.stdout)["instances"][0]
        return "HANDING OVER" if instance["lingering"] else instance["state"]

    def status(self):
        return "vipctl status", self._ask("status").stdout

    def history(self):
        return "vipctl history", self._ask("history").stdout

    def look_around(self):
        return [f"{VIPCTL} --control {self.control} status web",
                f"{VIPCTL} --control {self.control} history"]


class Keepalived(Agent):
    program = "keepalived"

    def __init__(self, node):
        super().__init__(node, KEEPALIVED_CONF)
        self.pids = [f"{node.directory}/{name}.pid" for name in ("main", "vrrp")]

    def start(self):
        for path in self.pids:  # a killed one leaves them, and the next would not start
            if os.path.exists(path):
                os.remove(path)
        # Without a syslog it would write each line to the machine's console too, which can be slow.
        self.spawn("keepalived", "--dont-fork", "--no-syslog", "--log-console", "--log-detail",
                   "--vrrp", "--use-file", self.config, "--pid", self.pids[0], "--vrrp_pid",
                   self.pids[1])

    def kill(self):
        """All its processes. The first is stopped before: it would replace its child, and the
        child would tidy up on the death of the first."""
        main = self.process.pid
        with open(f"/proc/{main}/task/{main}/children", encoding="ascii") as file:
            children = [int(pid) for pid in file.read().split()]
        self.process.send_signal(signal.SIGSTOP)
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait(STOP_S)

    def state(self):
        if self.process.poll() is not None:
            return None
        return "MASTER" if self.node.has_address() else "BACKUP"

    def status(self):
        return "ip -brief addr show eth0", subprocess.run(
            ["ip", "-n", self.node.namespace, "-brief", "addr", "show", "eth0"],
            capture_output=True, text=True, check=False).stdout

    def history(self):
        return "grep STATE keepalived.log", "".join(
            f"{line}\n" for line in self.log_text().splitlines() if "STATE" in line)

    def look_around(self):
        return [f"cat {self.node.directory}/keepalived.log"]
