"""The site's hosts and what runs on them. The frame is that of tests/stack; the databases' files are
those of examples/mariadb-primary and examples/redis-replica, what stands in this folder goes over
them."""

import itertools
import os
import re
import signal
import sys

TOP = os.path.abspath(f"{os.path.dirname(__file__)}/../../..")
sys.path[:0] = [f"{TOP}/tests/lab", f"{TOP}/tests/stack"]

# pylint: disable=wrong-import-position
from stacklab.haproxy import Haproxy  # noqa: E402
from stacklab.mariadb import Mariadb  # noqa: E402
from stacklab.nginx import Nginx  # noqa: E402
from stacklab.redis import Redis  # noqa: E402
from stacklab.server import Server  # noqa: E402
from stacklab.stack import Stack  # noqa: E402
from vipdlab import netns  # noqa: E402
from vipdlab.node import VIPCTL  # noqa: E402

PREFIX = "vipdsite"
OTHERS = ("mariadb-primary", "redis-replica")
WEB_VIP, WRITER_VIP, CACHE_VIP = "192.0.2.10", "192.0.2.20", "192.0.2.30"
ADDRESSES = {"lb1": 1, "lb2": 2, "web1": 41, "web2": 42, "app1": 51, "app2": 52, "db1": 61,
             "db2": 62, "cache1": 71, "cache2": 72, "mon": 81, "client": 100}
NOTES_SQL = """CREATE DATABASE notes;
CREATE USER notes@'192.0.2.%' IDENTIFIED BY 'only-an-example';
GRANT ALL ON notes.* TO notes@'192.0.2.%';
"""
_numbers = itertools.count(1)


class Notes(Server):
    """The site's own application."""

    NAME = "notes"

    def command(self):
        return ["/usr/bin/python3", "/usr/local/lib/notes/notes.py"]

    def is_ready(self):
        return self.listens(8000)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


class SiteStack(Stack):
    """A stack whose namespaces are told from those of a test."""

    def __init__(self):
        super().__init__("site")

    def _build(self, *arguments):
        self.prefix = f"{PREFIX}{os.getpid()}-{next(_numbers)}"
        self.switch = f"{self.prefix}-sw"
        super()._build(*arguments)

    def _folders(self, name):
        ours = self.example
        found = []
        for example in OTHERS:
            self.example = f"{os.path.dirname(ours)}/{example}"
            found += super()._folders(name)
        self.example = ours
        return found + super()._folders(name)


def clean():
    """Takes down what a killed run has left; returns how many namespaces that were."""
    left = [name for name in netns.names()
            if (match := re.match(PREFIX + r"(\d+)-", name))
            and not os.path.exists(f"/proc/{match.group(1)}")]
    for name in left:
        netns.remove(name)
    return len(left)


class Site:
    def __init__(self):
        self.stack = SiteStack()
        self.hosts, self.servers = {}, {}

    def __getitem__(self, name):
        return self.hosts[name]

    def pair(self, kind):
        return [self.hosts[f"{kind}1"], self.hosts[f"{kind}2"]]

    def wait(self, condition, what, timeout=30):
        return self.stack.wait(condition, what, timeout)

    def close(self):
        self.stack.close()

    # -- bringing it up: (what, how)

    def steps(self):
        return [
            ("a switch and twelve hosts", self._make_hosts),
            ("MariaDB on db1 and db2, db2 a replica", self._start_databases),
            ("Redis on cache1 and cache2, cache2 a replica", self._start_caches),
            ("vipd beside them: the writer's and the cache's address", self._start_inner_vipd),
            ("the application on app1 and app2", lambda: self._serve("app", Notes)),
            ("nginx on web1 and web2", lambda: self._serve("web", Nginx)),
            ("HAProxy and vipd on lb1 and lb2: the site's address", self._start_balancers),
        ]

    def _make_hosts(self):
        for name, number in ADDRESSES.items():
            self.hosts[name] = self.stack.host(name, f"192.0.2.{number}/24")

    def _serve(self, kind, server):
        for host in self.pair(kind):
            self.servers[host.name] = server(host).spawn()
        for host in self.pair(kind):
            self.wait(self.servers[host.name].is_ready, f"{host.name} is ready")

    def _start_databases(self):
        raise NotImplementedError

    def _start_caches(self):
        raise NotImplementedError

    def _start_inner_vipd(self):
        raise NotImplementedError

    def _start_balancers(self):
        self._serve("lb", Haproxy)
        self.start_vipd("lb", "web")

    def start_vipd(self, kind, instance):
        """On both, the first one first; waits until it alone is MASTER."""
        for host in self.pair(kind):
            host.start()
            self.wait(lambda: self.master(kind, instance) is self.pair(kind)[0],
                      f"{kind}1 is MASTER of {instance}")

    # -- how it stands

    def master(self, kind, instance):
        """The one host that is MASTER and holds the address, or None."""
        found = [host for host in self.pair(kind)
                 if host.process is not None and host.state(instance) == "MASTER"]
        return found[0] if len(found) == 1 else None

    def other(self, host):
        kind, number = host.name[:-1], int(host.name[-1])
        return self.hosts[f"{kind}{3 - number}"]
