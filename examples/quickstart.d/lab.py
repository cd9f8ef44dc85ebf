"""The namespaces, the programs in them, and taking it all down again."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
VIPD, VIPCTL = f"{TOP}/build/agent/vipd", f"{TOP}/build/tools/vipctl"
ADDRESS = "10.99.0.10"
PREFIX = "vipdquick"
STATE = "/run/vipd-quickstart.json"

NGINX = """daemon off; master_process off; worker_processes 1;
pid {dir}/nginx.pid; error_log {dir}/nginx.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fcgi;
    uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
    server {{ listen 127.0.0.1:8080; location / {{ return 200 "{name}\\n"; }} }}
}}
"""
HAPROXY = """global
    maxconn 1000
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend web
    bind *:80
    default_backend nginx
backend nginx
    server local 127.0.0.1:8080
"""
VIPD_CONF = """[node]
name = {name}

[instance web]
interface       = eth0
vrid            = 51
priority        = {priority}
addresses       = {address}/24
advert-interval = 100ms
"""


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done


def end(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def remove_namespace(name):
    for pid in run("ip", "netns", "pids", name, check=False).stdout.split():
        end(int(pid))
    run("ip", "netns", "del", name, check=False)


def clean_kept():
    """Takes down what --keep has left. Returns whether there was anything."""
    try:
        with open(STATE, encoding="utf-8") as file:
            kept = json.load(file)
    except FileNotFoundError:
        return False
    for name in kept["namespaces"]:
        if re.fullmatch(PREFIX + r"\d+-\w+", name):
            remove_namespace(name)
    shutil.rmtree(kept["directory"], ignore_errors=True)
    os.remove(STATE)
    return True


class Node:
    def __init__(self, lab, name, number, priority):
        self.lab, self.name, self.namespace = lab, name, f"{lab.prefix}-{name}"
        self.directory = f"{lab.directory}/{name}"
        self.control = f"{self.directory}/control"
        self.address, self.vipd = f"10.99.0.{number}", None
        os.makedirs(f"{self.directory}/state")
        for file, text in (("nginx.conf", NGINX), ("haproxy.cfg", HAPROXY),
                           ("vipd.conf", VIPD_CONF)):
            with open(f"{self.directory}/{file}", "w", encoding="utf-8") as out:
                out.write(text.format(dir=self.directory, name=name, priority=priority,
                                      address=ADDRESS) if file != "haproxy.cfg" else text)

    def start_services(self):
        self.lab.spawn(self.namespace, "nginx", "-e", f"{self.directory}/nginx.log", "-c",
                       f"{self.directory}/nginx.conf", log=f"{self.directory}/nginx.out")
        self.lab.spawn(self.namespace, "haproxy", "-db", "-f", f"{self.directory}/haproxy.cfg",
                       log=f"{self.directory}/haproxy.log")
        self.lab.spawn(self.namespace, sys.executable, f"{HERE}/echo.py", self.name,
                       log=f"{self.directory}/echo.log")

    def start_vipd(self):
        self.vipd = self.lab.spawn(
            self.namespace, VIPD, "--config", f"{self.directory}/vipd.conf", "--control",
            self.control, "--state-dir", f"{self.directory}/state",
            log=f"{self.directory}/vipd.log")

    def stop_vipd(self, how):
        self.vipd.send_signal(how)
        self.vipd.wait(30)

    def state(self):
        done = run(VIPCTL, "--control", self.control, "status", "--json", check=False)
        if done.returncode != 0:
            return None
        instance = json.loads(done.stdout)["instances"][0]
        return "HANDING OVER" if instance["lingering"] else instance["state"]

    def status(self):
        return run(VIPCTL, "--control", self.control, "status").stdout

    def cut(self):
        """The node is as good as dead: no frame leaves it or reaches it any more."""
        run("ip", "-n", self.lab.switch, "link", "set", self.name, "nomaster")

    def heal(self):
        run("ip", "-n", self.lab.switch, "link", "set", self.name, "master", "br0")


class Lab:
    def __init__(self):
        self.prefix = f"{PREFIX}{os.getpid()}"
        self.directory = tempfile.mkdtemp(prefix=f"{self.prefix}-")
        os.chmod(self.directory, 0o755)
        self.switch, self.client = f"{self.prefix}-switch", f"{self.prefix}-client"
        self.processes, self.namespaces = [], []
        self.nodes = []

    def build(self):
        self.add_namespace(self.switch)
        run("ip", "-n", self.switch, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        run("ip", "-n", self.switch, "link", "set", "br0", "up")
        self.nodes = [Node(self, "lb1", 1, 150), Node(self, "lb2", 2, 100)]
        for node in self.nodes:
            self.plug_in(node.namespace, node.name, node.address)
        self.plug_in(self.client, "client", "10.99.0.100")
        for node in self.nodes:
            node.start_services()
            node.start_vipd()

    def add_namespace(self, name):
        run("ip", "netns", "add", name)
        self.namespaces.append(name)
        run("ip", "-n", name, "link", "set", "lo", "up")

    def plug_in(self, namespace, port, address):
        self.add_namespace(namespace)
        run("ip", "-n", self.switch, "link", "add", port, "type", "veth", "peer", "name", "eth0",
            "netns", namespace)
        run("ip", "-n", self.switch, "link", "set", port, "master", "br0", "up")
        run("ip", "-n", namespace, "addr", "add", f"{address}/24", "dev", "eth0")
        run("ip", "-n", namespace, "link", "set", "eth0", "up")

    def spawn(self, namespace, *command, log, **options):
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
                logs = "".join(open(f"{n.directory}/vipd.log", encoding="utf-8").read()
                               for n in self.nodes)
                raise RuntimeError(f"not within {seconds} s: {what}\n{logs}")
            time.sleep(0.02)

    def keep(self):
        with open(STATE, "w", encoding="utf-8") as file:
            json.dump({"namespaces": self.namespaces, "directory": self.directory}, file)

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        for name in self.namespaces:
            remove_namespace(name)
        shutil.rmtree(self.directory, ignore_errors=True)
