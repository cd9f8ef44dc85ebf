"""One node of the lab: its namespace, its interface, and the agent that runs on it."""

import functools
import json
import os
import re
import signal
import socket
import subprocess
import time

from . import config, netns
from .processes import realtime
from .rtnl import AddressReader
from .settled import follows_state

BUILD = os.path.abspath(os.environ.get("VIPD_BUILD", "build"))
VIPD = f"{BUILD}/agent/vipd"
WRAPPER = os.environ.get("VIPD_WRAPPER", "").split()  # what runs vipd: valgrind
PATIENCE = 8 if WRAPPER else 1  # how many times as long everything may take
VIPCTL = f"{BUILD}/tools/vipctl"
SCHEMA_DOC = f"{BUILD}/tools/check/schema_doc"
KEEPALIVED = os.environ.get("VIPD_KEEPALIVED", "keepalived")  # another version than Debian's
STATUS_TIMEOUT_S = 10  # as vipctl's
KERNEL_S = 3
NOT_SWITCHED = 6  # exit status of drain and take: mastership did not change hands
# Before a command: it can add no address.
NO_NET_ADMIN = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"]
SANITIZER_MARKS = ("Sanitizer", "runtime error:")


@functools.lru_cache
def keepalived_version():
    """Of the keepalived that is tried: (2, 2, 7)."""
    said = subprocess.run([KEEPALIVED, "--version"], capture_output=True, text=True, check=True,
                          timeout=20)
    found = re.search(r"Keepalived v(\d+)\.(\d+)\.(\d+)", said.stderr + said.stdout)
    return tuple(int(number) for number in found.groups()) if found else (0, 0, 0)


def environment():
    """Sanitizers must end the process and be seen; the rest stays as it is."""
    env = dict(os.environ)
    env.setdefault("ASAN_OPTIONS", "detect_leaks=1:exitcode=99")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    return env


@functools.cache
def sanitized():
    """True for a build with AddressSanitizer."""
    with open(VIPD, "rb") as file:
        return b"__asan_init" in file.read()


class Machine:
    """A namespace with an eth0 that is plugged into the lab's switch."""

    def __init__(self, lab, name, index, namespace):
        self.lab, self.name, self.index, self.namespace = lab, name, index, namespace
        self.address4, self.address6 = f"10.77.0.{index}", f"fd77::{index:x}"
        self.link_local = f"fe80::77:ff:fe00:{index:x}"
        self.mac = f"02:77:00:00:00:{index:02x}"
        self._reader = AddressReader(namespace)

    def run(self, *command, check=True, timeout=30):
        """Runs a command in the namespace."""
        return netns.run("ip", "netns", "exec", self.namespace, *command, check=check,
                         timeout=timeout)

    def ip(self, *arguments, check=True):
        return netns.run("ip", "-n", self.namespace, *arguments, check=check)

    def cable(self):
        """What makes eth0 and the switch's end of it, for `ip -batch` outside."""
        return (f"link add eth0 netns {self.namespace} address {self.mac} type veth"
                f" peer name {self.name} netns {self.lab.switch}")

    def interface(self):
        """What brings eth0 up with its addresses, for `ip -batch` inside."""
        return ["link set eth0 up", f"addr add {self.address4}/24 dev eth0",
                f"addr add {self.address6}/64 dev eth0"]

    def create_interface(self):
        """Makes eth0 anew, with its addresses, and plugs it in."""
        netns.ip_batch([self.cable()])
        netns.ip_batch([f"link set {self.name} master br0 up"], self.lab.switch)
        netns.ip_batch(self.interface(), self.namespace)

    def add_device(self, device="eth1"):
        """Makes another interface, plugged into a LAN of its own at the port it returns."""
        switch, port, bridge = self.lab.switch, f"{self.name}-{device}", f"br-{device}"
        if netns.run("ip", "-n", switch, "link", "show", bridge, check=False).returncode != 0:
            netns.ip_batch([f"link add {bridge} type bridge stp_state 0 forward_delay 0"
                            " mcast_snooping 0", f"link set {bridge} up"], switch)
        netns.ip_batch([f"link add {device} netns {self.namespace} type veth peer name {port}"
                        f" netns {switch}"])
        netns.ip_batch([f"link set {port} master {bridge} up"], switch)
        self.ip("link", "set", device, "up")
        return port

    def on(self, device):
        """Texts of the addresses with vipd's mark on that interface."""
        found = json.loads(self.ip("-j", "link", "show", device, check=False).stdout or "[]")
        indexes = [link["ifindex"] for link in found]
        return sorted(a.address for a in self.addresses() if a.ours and a.ifindex in indexes)

    def delete_interface(self):
        self.ip("link", "del", "eth0")

    def link_down(self):
        self.ip("link", "set", "eth0", "down")

    def link_up(self):
        self.ip("link", "set", "eth0", "up")
        # The kernel forgets global IPv6 addresses of a link that is taken down.
        self.ip("addr", "replace", f"{self.address6}/64", "dev", "eth0")

    def carrier_off(self):
        """The switch's port goes down: carrier loss on eth0."""
        netns.run("ip", "-n", self.lab.switch, "link", "set", self.name, "down")

    def carrier_on(self):
        netns.run("ip", "-n", self.lab.switch, "link", "set", self.name, "up")

    def cut(self):
        """No frame passes any more, but the carrier stays: a dead or partitioned node."""
        netns.run("ip", "-n", self.lab.switch, "link", "set", self.name, "nomaster")

    def heal(self):
        netns.run("ip", "-n", self.lab.switch, "link", "set", self.name, "master", "br0")

    def addresses(self):
        """All addresses of the namespace, as rtnl.Address."""
        return self._reader.read()

    def holds(self, address):
        return any(a.address == address for a in self.addresses())

    def ours(self):
        """Texts of the addresses that carry vipd's mark."""
        return sorted(a.address for a in self.addresses() if a.ours)

    def neighbour_mac(self, address):
        """The MAC in the neighbour cache, or None."""
        for entry in json.loads(self.ip("-j", "neigh", "show", address).stdout or "[]"):
            if "lladdr" in entry:
                return entry["lladdr"]
        return None

    def close(self):
        self._reader.close()

    def diagnose(self):
        return f"--- {self.name}: {self.ip('-br', 'addr', check=False).stdout}"


class AgentMachine(Machine):
    """One on which an agent runs, which logs into a file."""

    log = None

    def log_text(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def log_tail(self, lines=40):
        return "\n".join(self.log_text().splitlines()[-lines:])


class Node(AgentMachine):
    """A machine with vipd."""

    def __init__(self, lab, name, index, namespace):
        super().__init__(lab, name, index, namespace)
        self.directory = f"{lab.directory}/{name}"
        os.makedirs(f"{self.directory}/state")
        self.config = f"{self.directory}/vipd.conf"
        self.config_dir = f"{self.directory}/conf.d"
        self.control = f"{self.directory}/control"
        self.log = f"{self.directory}/vipd.log"
        self.process = None
        self._expected_exit = (0,)

    def write(self, *sections, **node_keys):
        """Writes the configuration; sections are texts of config.instance()."""
        if sanitized() or WRAPPER:
            # At exit the leak check spins until a thread of ordinary priority has run; with
            # real-time priority that takes a second in which the machine stands still. And with
            # what makes vipd many times slower nothing else would run for long.
            node_keys.setdefault("realtime", "no")
        text = config.section("node", {"name": self.name, **node_keys})
        self.write_text("\n".join([text, *sections]))
        return self

    def write_text(self, text):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)

    def command(self, *arguments):
        return [*WRAPPER, VIPD, "--config", self.config, "--config-dir", self.config_dir, "--control",
                self.control, "--state-dir", f"{self.directory}/state",
                "--run-dir", f"{self.directory}/run", *arguments]

    def spawn(self, *arguments, prefix=(), env=None):
        """Starts vipd, waiting for nothing. `prefix` is put before its command line."""
        assert self.process is None, f"{self.name}: vipd already runs"
        with open(self.log, "a", encoding="utf-8") as log:
            # `ip netns exec` becomes the command it is given: the pid is vipd's own.
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, *prefix, *self.command(*arguments)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env or environment(),
                preexec_fn=netns.die_with_parent)
        self._expected_exit = (0,)
        return self

    def start(self, *sections, **node_keys):
        """Writes the configuration if one is given, starts vipd and waits until it answers."""
        if sections or node_keys:
            self.write(*sections, **node_keys)
        self.spawn()
        self.lab.wait(lambda: self.status() is not None, f"{self.name} answers on its socket")
        return self

    def release(self):
        """vipd --release, as ExecStopPost calls it."""
        return netns.run("ip", "netns", "exec", self.namespace, *self.command("--release"),
                         check=False)

    def vipctl(self, *arguments, timeout=20):
        done = subprocess.run([VIPCTL, "--control", self.control, *arguments], capture_output=True,
                              text=True, timeout=timeout, env=environment(), check=False)
        for mark in SANITIZER_MARKS:
            assert mark not in done.stderr, f"vipctl {' '.join(arguments)}:\n{done.stderr}"
        return done

    def status(self):
        """What `vipctl status --json` prints, or None while it cannot be had. Asked without vipctl:
        whoever waits asks again and again, and starting a program takes more time than the rest."""
        if self.process is None or self.process.poll() is not None:
            return None
        reply = b""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(STATUS_TIMEOUT_S)
            try:
                client.connect(self.control)
                client.sendall(b'{"method":"io.vipd.GetStatus"}\0')
                while not reply.endswith(b"\0"):
                    part = client.recv(65536)
                    if not part:
                        return None
                    reply += part
            except OSError:
                return None
        return json.loads(reply[:-1]).get("parameters")

    def instance(self, name="web"):
        status = self.status() or {"instances": []}
        return next((i for i in status["instances"] if i["name"] == name), None)

    def state(self, name="web"):
        found = self.instance(name)
        return found["state"] if found else None

    def router(self, family="ipv4", name="web"):
        return next(r for r in self.instance(name)["routers"] if r["family"] == family)

    def history(self, *events):
        """All transitions that `vipctl history` has, oldest first; or these events."""
        done = self.vipctl("history", "--json")
        entries = json.loads(done.stdout)["entries"] if done.returncode == 0 else []
        return [e for e in entries if e.get("event", "transition") in (events or ("transition",))]

    def state_file(self, name="web"):
        """What a shell finds in the state file, or None when there is none."""
        path = f"{self.directory}/run/state/{name}"
        script = 'set -e; . "$1"; for name in $(sed "s/=.*//" "$1"); do ' \
                 'eval "value=\\$$name"; printf "%s=%s\\0" "$name" "$value"; done'
        done = subprocess.run(["sh", "-c", script, "sh", path], capture_output=True, text=True,
                              timeout=10, check=False)
        if done.returncode != 0:
            return None
        return dict(item.split("=", 1) for item in done.stdout.split("\0") if item)

    def wait_state(self, state, name="web", timeout=15):
        self.lab.wait(lambda: self.state(name) == state, f"{self.name}: {name} is {state}", timeout)
        self.wait_kernel(name)
        return self

    def wait_kernel(self, name="web"):
        """The kernel adds and removes a moment after the state has changed; on a busy machine that
        is long enough to be seen. What it refuses, or is not asked for, is not waited for."""
        deadline = time.monotonic() + KERNEL_S * PATIENCE
        while not follows_state(self.instance(name)) and time.monotonic() < deadline:
            time.sleep(0.02)

    def stop(self, timeout=20):
        """SIGTERM; returns the exit code. Checks for reports of sanitizers."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait_exit(timeout, " of SIGTERM")

    def wait_exit(self, timeout=10, since=""):
        """Waits for vipd to end and returns its exit code."""
        process, self.process = self.process, None
        try:
            code = process.wait(timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{self.name}: vipd did not end within {timeout} s{since}\n"
                                 + self.log_tail()) from None
        self.check_log()
        return code

    def kill(self):
        """SIGKILL: nothing is handed over."""
        process, self.process = self.process, None
        process.kill()
        process.wait()

    def wait_killed(self, timeout=10):
        """Waits for vipd to be dead by somebody else's SIGKILL."""
        process, self.process = self.process, None
        assert process.wait(timeout) == -signal.SIGKILL, self.log_tail()

    def threads(self):
        """Names of its threads; the loop's is "vipd"."""
        names = []
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/comm", encoding="utf-8") as file:
                names.append(file.read().strip())
        return names

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def reload(self):
        return self.vipctl("reload")

    def check_log(self):
        text = self.log_text()
        for mark in SANITIZER_MARKS:
            assert mark not in text, f"{self.name}:\n{text}"

    def shut_down(self):
        """End of the test: a running vipd must end gracefully. Returns complaints."""
        if self.process is None:
            return []
        self.thaw()
        if self.process.poll() is not None:
            code = self.process.returncode
            self.process = None
            return [f"{self.name}: vipd ended by itself with {code}\n{self.log_tail()}"]
        try:
            code = self.stop()
        except AssertionError as error:
            return [str(error)]
        return [] if code == 0 else [f"{self.name}: exit code {code}\n{self.log_tail()}"]

    def diagnose(self):
        parts = [super().diagnose()]
        if self.process is not None and self.process.poll() is None:
            try:
                parts.append(self.vipctl("status", timeout=3).stdout)
                parts.append(self.vipctl("history", timeout=3).stdout)
            except (subprocess.TimeoutExpired, AssertionError) as error:
                parts.append(f"no status: {error}")
        parts.append(self.log_tail())
        return "\n".join(parts)


class KeepalivedNode(AgentMachine):
    """A machine with keepalived: Debian's, or the one that VIPD_KEEPALIVED names."""

    def __init__(self, lab, name, index, namespace):
        super().__init__(lab, name, index, namespace)
        self.directory = f"{lab.directory}/{name}"
        os.makedirs(self.directory)
        self.log = f"{self.directory}/keepalived.log"
        self.pid_directory = f"{self.directory}/pids"
        os.makedirs(self.pid_directory)
        self.process = None

    def start(self, text, prefix=None, detail=True):
        """prefix: realtime() by default. detail: it logs everything that it does, which costs it
        time."""
        path = f"{self.directory}/keepalived.conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        # After a kill: what the dead one left would keep the next from starting.
        for name in ("main.pid", "vrrp.pid"):
            if os.path.exists(f"{self.pid_directory}/{name}"):
                os.remove(f"{self.pid_directory}/{name}")
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                # Where no syslog runs it writes each line to the machine's console as well: to a
                # serial line that is most of its work, at whatever priority it has.
                ["ip", "netns", "exec", self.namespace,
                 *(realtime() if prefix is None else prefix), KEEPALIVED, "--dont-fork",
                 "--no-syslog", "--log-console", *(["--log-detail"] if detail else []), "--vrrp",
                 "--use-file", path, "--pid", f"{self.pid_directory}/main.pid", "--vrrp_pid",
                 f"{self.pid_directory}/vrrp.pid"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=netns.die_with_parent)
        self.lab.wait(lambda: "BACKUP STATE" in self.log_text() or "MASTER STATE" in
                      self.log_text(), f"{self.name}: keepalived has started")
        return self

    def stop(self, timeout=15):
        process, self.process = self.process, None
        process.terminate()
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._kill_all(process)

    def kill(self):
        """SIGKILL for it and its child: nothing is handed over."""
        process, self.process = self.process, None
        self._kill_all(process)

    def _kill_all(self, process):
        for pid in netns.run("ip", "netns", "pids", self.namespace).stdout.split():
            with open(f"/proc/{pid}/comm", encoding="ascii") as comm:
                if comm.read().strip() == "keepalived":
                    os.kill(int(pid), signal.SIGKILL)
        process.wait(5)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if not netns.run("ip", "netns", "pids", self.namespace).stdout.split():
                return
            time.sleep(0.02)

    def shut_down(self):
        if self.process is not None:
            self.stop()
        return []

    def diagnose(self):
        return f"{super().diagnose()}\n{self.log_tail()}"
