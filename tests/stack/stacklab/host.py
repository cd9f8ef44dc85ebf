"""A host of the stack: namespaces of its own, with an example's files laid over the root."""

import glob
import os
import select
import signal
import subprocess
import sys

from vipdlab import netns
from vipdlab.node import BUILD, VIPCTL, VIPD, Node, environment

from .process import Process, enter

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.abspath(f"{HERE}/../../..")
EXPORTER = f"{BUILD}/tools/vipd-exporter"
WAIT_S = 60  # for what is to come about in a second or two


class Host(Node):
    """Everything in here sees the machine as its own: an /etc with the example's files, empty
    /run, /tmp, /var/lib, /var/log, its own host name, processes and interfaces. vipd runs with its
    default paths; what Node can do (state(), history(), vipctl(), holds() ...) works."""

    def __init__(self, stack, name, index, folders):
        self.stack, self.folders, self.plugs = stack, folders, {}
        self._holder, self._started = None, []
        super().__init__(stack, name, index, f"{stack.prefix}-{name}")
        netns.ip_batch(["link set lo up"], self.namespace)
        self.boot()

    # -- its life

    def boot(self):
        """Makes the host proper: the files as the example has them, nothing runs."""
        programs = [path for path in (VIPD, VIPCTL, EXPORTER) if os.path.exists(path)]
        self._holder = subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, "unshare", "--fork", "--kill-child", "--pid",
             "--mount", "--uts", "--ipc", sys.executable, "-IS", f"{HERE}/init.py", self.name,
             SOURCE, *self.folders, "--", *programs],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            preexec_fn=netns.die_with_parent)
        if not select.select([self._holder.stdout], [], [], WAIT_S)[0] \
                or self._holder.stdout.readline() != "ready\n":
            raise RuntimeError(f"{self.name} did not come up")
        with open(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children",
                  encoding="ascii") as file:
            self.init = int(file.read().split()[0])
        self.config, self.control = "/etc/vipd/vipd.conf", self.path("/run/vipd/control")

    def die(self):
        """The power goes: every process is killed at once and the links go down. What was written
        is lost, unlike that of a host that was cut()."""
        self._unplugged("down")
        self._holder.kill()
        self._holder.wait()
        self._holder.stdout.close()
        for process in self._started:
            process.wait(10)
        self._started, self.process = [], None

    def reboot(self):
        """After die(): comes back as it was installed, with its addresses; nothing runs."""
        self.ip("addr", "flush", "scope", "global")
        self.boot()
        self._unplugged("up")
        for device, (_, addresses) in self.plugs.items():
            self._address(device, addresses)

    # -- commands and files

    def run(self, *command, check=True, timeout=WAIT_S, text_in=None):
        """Runs a command to its end inside; returns the CompletedProcess. A single text is a line
        for the shell."""
        if len(command) == 1 and " " in command[0]:
            command = ("sh", "-c", command[0])
        return netns.run(*enter(self.init), *command, check=check, timeout=timeout,
                         text_in=text_in)

    def popen(self, *command, log=None, **options):
        """Starts a program inside and returns its Process, which ends with the host. `log`: a file
        inside that gets its output; diagnose() shows the end of all files in /var/log/stack."""
        if log is not None:
            os.makedirs(os.path.dirname(self.path(log)), exist_ok=True)
            with open(self.path(log), "a", encoding="utf-8") as out:
                return self.popen(*command, stdout=out, stderr=out, **options)
        self._started.append(Process(self.init, command, **options))
        return self._started[-1]

    def path(self, inside):
        """The path from outside of a file inside."""
        return f"/proc/{self.init}/root{inside}"

    def read(self, inside):
        with open(self.path(inside), encoding="utf-8", errors="replace") as file:
            return file.read()

    def put(self, inside, text, mode=0o644):
        """Writes a file inside, with its folders."""
        os.makedirs(os.path.dirname(self.path(inside)), exist_ok=True)
        with open(self.path(inside), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(inside), mode)

    # -- the network

    def create_interface(self):
        """Nothing: plug() does it."""

    def plug(self, device, lan, *addresses):
        """Makes an interface with these addresses and plugs it into a LAN of that name."""
        self.stack.lan(lan)
        port = f"{self.name}-{device}"
        mac = f"address {self.mac}" if device == "eth0" else ""
        netns.ip_batch([f"link add {device} netns {self.namespace} {mac} type veth peer name {port}"
                        f" netns {self.stack.switch}"])
        netns.ip_batch([f"link set {port} master {lan} up"], self.stack.switch)
        self.ip("link", "set", device, "up")
        self.plugs[device] = (lan, addresses)
        self._address(device, addresses)
        return self

    def _address(self, device, addresses):
        netns.ip_batch([f"addr replace {address} dev {device}" for address in addresses],
                       self.namespace)

    def route(self, *arguments):
        """host.route("default", "via", "192.0.2.1")"""
        self.ip("route", "replace", *arguments)
        return self

    def _unplugged(self, *setting):
        netns.ip_batch([f"link set {self.name}-{device} {' '.join(setting)}"
                        for device in self.plugs], self.stack.switch)

    def carrier_off(self, device="eth0"):
        netns.run("ip", "-n", self.stack.switch, "link", "set", f"{self.name}-{device}", "down")

    def carrier_on(self, device="eth0"):
        netns.run("ip", "-n", self.stack.switch, "link", "set", f"{self.name}-{device}", "up")

    def cut(self):
        """No frame passes any more, but the carrier stays: as good as dead, with all its data."""
        self._unplugged("nomaster")

    def heal(self):
        for device, (lan, _) in self.plugs.items():
            netns.run("ip", "-n", self.stack.switch, "link", "set", f"{self.name}-{device}",
                      "master", lan)

    def vip_on_lo(self):
        """What the example's sysctl file and unit of that name do when the machine starts."""
        self.run("sysctl", "-p", "/etc/sysctl.d/60-vip-on-lo.conf")
        for line in self.read("/etc/systemd/system/vip-on-lo.service").splitlines():
            if line.startswith("ExecStart="):
                self.run(*line.removeprefix("ExecStart=").split())

    # -- vipd

    @property
    def log(self):
        return self.path("/var/log/stack/vipd.log")

    @log.setter
    def log(self, value):
        """Node's own place for it is not used."""

    def command(self, *arguments):
        return ["/usr/local/sbin/vipd", *arguments]

    def spawn(self, *arguments, prefix=(), env=None):
        assert self.process is None, f"{self.name}: vipd already runs"
        self.process = self.popen(*prefix, *self.command(*arguments), env=env or environment(),
                                  log="/var/log/stack/vipd.log")
        return self

    def wait_state(self, state, name="web", timeout=WAIT_S):
        return super().wait_state(state, name, timeout)

    def start(self, *sections, **node_keys):
        """Starts vipd and waits until it answers, or fails with what it said when it ended."""
        if sections or node_keys:
            self.write(*sections, **node_keys)
        self.spawn()

        def answers():
            assert self.process.poll() is None, f"{self.name}: vipd ended\n{self.log_tail()}"
            return self.status()
        self.lab.wait(answers, f"{self.name} answers on its socket")
        return self

    def write_text(self, text):
        self.put(self.config, text)

    def release(self):
        return self.run(*self.command("--release"), check=False)

    def close(self):
        self._reader.close()
        if self._holder is not None and self._holder.poll() is None:
            self._holder.send_signal(signal.SIGKILL)
            self._holder.wait()
            self._holder.stdout.close()
        for process in self._started:
            process.wait()

    def diagnose(self):
        parts = [super().diagnose()]
        for path in sorted(glob.glob(self.path("/var/log/stack/*"))):
            with open(path, encoding="utf-8", errors="replace") as file:
                parts.append(f"--- {self.name} {os.path.basename(path)}\n"
                             + "\n".join(file.read().splitlines()[-20:]))
        return "\n".join(parts)
