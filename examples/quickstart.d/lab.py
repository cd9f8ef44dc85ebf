"""The namespaces, the programs in them, and taking it all down again.

Every lab is written down in RUNS before anything of it is made, so that --clean finds it whatever
became of the run that made it.
"""

import glob
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from node import Node

PREFIX = "vipdquick"
RUNS = "/run/vipd-quickstart"
MAIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "main.py")


def run(*command, check=True):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done


def remove_namespace(name):
    for pid in run("ip", "netns", "pids", name, check=False).stdout.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    run("ip", "netns", "del", name, check=False)


def remove(record):
    """Takes down the lab of a file in RUNS. Only what bears the names of a lab is touched."""
    with open(record, encoding="utf-8") as file:
        left = json.load(file)
    for name in left["namespaces"]:
        if re.fullmatch(PREFIX + r"\d+-\w+", name):
            remove_namespace(name)
    if os.path.basename(left["directory"]).startswith(PREFIX):
        shutil.rmtree(left["directory"], ignore_errors=True)
    os.remove(record)


def is_running(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
            return MAIN in file.read()
    except FileNotFoundError:
        return False


def clean():
    """Takes down all labs whose run is over. Returns how many, and how many still run."""
    taken, running = 0, 0
    for record in glob.glob(f"{RUNS}/*.json"):
        if is_running(os.path.basename(record)[:-len(".json")]):
            running += 1
        else:
            remove(record)
            taken += 1
    return taken, running


class Lab:
    """A switch and a client; nodes are plugged in with add_node."""

    def __init__(self):
        prefix = f"{PREFIX}{os.getpid()}"
        self.switch, self.client = f"{prefix}-switch", f"{prefix}-client"
        self.prefix, self.directory = prefix, tempfile.mkdtemp(prefix=f"{prefix}-")
        self.processes, self.nodes = [], []
        self.record = f"{RUNS}/{os.getpid()}.json"
        self._write_down()

    def _namespaces(self):
        return [self.switch, self.client, f"{self.prefix}-lb1", f"{self.prefix}-lb2"]

    def _write_down(self):
        os.makedirs(RUNS, mode=0o755, exist_ok=True)
        with open(self.record, "w", encoding="utf-8") as file:
            json.dump({"namespaces": self._namespaces(), "directory": self.directory}, file)

    def build(self, make_agent):
        os.chmod(self.directory, 0o755)  # nginx and HAProxy read theirs
        for name in self._namespaces():
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", self.switch, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        run("ip", "-n", self.switch, "link", "set", "br0", "up")
        self.nodes = [Node(self, "lb1", 1, 150, make_agent), Node(self, "lb2", 2, 100, make_agent)]
        for node in self.nodes:
            self._plug_in(node.namespace, node.name, node.address)
        self._plug_in(self.client, "client", "10.99.0.100")
        for node in self.nodes:
            node.start_services()
            node.agent.start()

    def _plug_in(self, namespace, port, address):
        run("ip", "-n", self.switch, "link", "add", port, "type", "veth", "peer", "name", "eth0",
            "netns", namespace)
        run("ip", "-n", self.switch, "link", "set", port, "master", "br0", "up")
        run("ip", "-n", namespace, "addr", "add", f"{address}/24", "dev", "eth0")
        run("ip", "-n", namespace, "link", "set", "eth0", "up")

    def port(self, name, *setting):
        run("ip", "-n", self.switch, "link", "set", name, *setting)

    def spawn(self, namespace, *command, log, **options):
        """Starts a program in a namespace. In a session of its own: Ctrl-C is for us alone."""
        with open(log, "a", encoding="utf-8") as out:
            options.setdefault("stdin", subprocess.DEVNULL)
            options.setdefault("stdout", out)
            process = subprocess.Popen(["ip", "netns", "exec", namespace, *command], stderr=out,
                                       start_new_session=True, **options)
        self.processes.append(process)
        return process

    def wait(self, condition, what, seconds=20):
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                logs = "".join(f"--- {n.name}\n{n.agent.log_text()}" for n in self.nodes)
                raise RuntimeError(f"not within {seconds} s: {what}\n{logs}")
            time.sleep(0.02)

    def close(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not stop half way
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        remove(self.record)
