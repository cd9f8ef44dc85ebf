"""The site's hosts and what runs on them. The frame is that of tests/stack; the databases' files
are those of examples/mariadb-primary and examples/redis-replica, what stands in this folder goes
over them."""

import contextlib
import itertools
import os
import re
import sys
import time

import pymysql

TOP = os.path.abspath(f"{os.path.dirname(__file__)}/../../..")
sys.path[:0] = [f"{TOP}/tests/lab", f"{TOP}/tests/stack"]

from stacklab.host import EXPORTER  # noqa: E402
from stacklab.haproxy import Haproxy  # noqa: E402
from stacklab.mariadb import Mariadb  # noqa: E402
from stacklab.nginx import Nginx  # noqa: E402
from stacklab.redis import Redis  # noqa: E402
from stacklab.stack import Stack  # noqa: E402
from vipdlab import netns  # noqa: E402
from vipdlab.node import VIPCTL  # noqa: E402,F401
from vipdlab.watch import Sampler  # noqa: E402

from .servers import Notes, Prometheus  # noqa: E402

PREFIX = "vipdsite"
POLL_S = 0.1  # a look often is a process
OTHERS = ("mariadb-primary", "redis-replica")
WEB_VIP, WRITER_VIP, CACHE_VIP = "192.0.2.10", "192.0.2.20", "192.0.2.30"
ADDRESSES = {"lb1": 1, "lb2": 2, "web1": 41, "web2": 42, "app1": 51, "app2": 52, "db1": 61,
             "db2": 62, "cache1": 71, "cache2": 72, "mon": 81, "client": 100}
NOTES_SQL = (
    "CREATE DATABASE notes",
    "CREATE USER notes@'192.0.2.%' IDENTIFIED BY 'only-an-example'",
    "GRANT ALL ON notes.* TO notes@'192.0.2.%'",
)
_numbers = itertools.count(1)


class SiteStack(Stack):
    """A stack whose namespaces are told from those of a test."""

    def __init__(self):
        super().__init__("site")

    def _build(self, *arguments):
        self.prefix = f"{PREFIX}{os.getpid()}-{next(_numbers)}"
        self.switch = f"{self.prefix}-sw"
        super()._build(*arguments)

    def keep_sampler(self, sampler):
        self._samplers.append(sampler)

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

    def wait(self, condition, what, timeout=60):
        return self.stack.wait(condition, what, timeout, POLL_S)

    def close(self):
        self.stack.close()

    # -- bringing it up: (what, how)

    def steps(self):
        return [
            ("a switch and twelve hosts", self._make_hosts),
            ("MariaDB on db1 and db2, db2 a replica, the writer's address", self._start_databases),
            ("Redis on cache1 and cache2, cache2 a replica, its address", self._start_caches),
            ("the application on app1 and app2", lambda: self._serve("app", Notes)),
            ("nginx on web1 and web2", lambda: self._serve("web", Nginx)),
            ("HAProxy on lb1 and lb2, the site's address", self._start_balancers),
            ("Prometheus on mon, vipd-exporter beside each vipd", self._start_monitoring),
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
        self._serve("db", Mariadb)
        first, second = self.pair("db")
        first.run("mariadb-role", "primary")
        self.servers["db1"].source("/etc/vipd/mariadb-users.sql")
        self.servers["db1"].query(*NOTES_SQL)
        self._start_vipd(first, "writer")
        second.run("mariadb-role", "rejoin", "--clone", timeout=90)
        self._start_vipd(second, "writer", "BACKUP")

    def _start_caches(self):
        self._serve("cache", Redis)
        first, second = self.pair("cache")
        self._start_vipd(first, "cache")
        self.wait(lambda: self.cache_is_redundant(second, 0), "cache2 is a replica")
        self._start_vipd(second, "cache", "BACKUP")

    def _start_balancers(self):
        self._serve("lb", Haproxy)
        first, second = self.pair("lb")
        self._start_vipd(first, "web")
        self._start_vipd(second, "web", "BACKUP")

    def _start_monitoring(self):
        for host in self.with_vipd():
            self.start_exporter(host)
        self.servers["mon"] = Prometheus(self.hosts["mon"]).start()

    def with_vipd(self):
        return [host for kind in ("lb", "db", "cache") for host in self.pair(kind)]

    @staticmethod
    def start_exporter(host):
        if os.path.exists(EXPORTER):
            host.popen("/usr/local/sbin/vipd-exporter", log="/var/log/stack/vipd-exporter.log")

    def _start_vipd(self, host, instance, state="MASTER"):
        """`state`: that of its instance, when it may be asked for."""
        host.start()
        self.wait(lambda: host.state(instance) == state, f"{host.name}: {instance} is {state}", 60)
        if state == "MASTER":
            self.wait(lambda: all(a["held"] for a in host.instance(instance)["addresses"]),
                      f"{host.name} has the address of {instance}", 60)

    # -- the databases

    def rejoin_database(self, host):
        """What an administrator does with a former primary."""
        done = host.run("mariadb-role", "rejoin", check=False, timeout=90)
        if done.returncode != 0:  # it has what was never acknowledged: thrown away
            host.run("mariadb-role", "rejoin", "--clone", timeout=90)

    def database_is_redundant(self, host, _):
        found = self.servers[host.name].replication()
        return found.get("Slave_IO_Running") == found.get("Slave_SQL_Running") == "Yes"

    def confirms(self, host):
        """Semi-synchronous just now: what is acknowledged is on both."""
        rows = self.servers[host.name].query("SHOW STATUS LIKE 'Rpl_semi_sync_master_status'")
        return rows[0][1] == "ON"

    def rejoin_cache(self, host):
        """It follows the other one by itself."""

    def cache_is_redundant(self, host, _):
        info = self.servers[host.name].info()
        return info.get("role") == "slave" and info.get("master_link_status") == "up"

    def stored_notes(self, host=None):
        """What the database has, or that one of them."""
        host = host or self.master("db", "writer")
        if host is None:
            raise RuntimeError("there is no primary")
        return {row[0] for row in self.servers[host.name].query("SELECT id FROM notes.notes")}

    def wanting(self, notes):
        """(those which a database does not have, names of the databases that were looked at).
        The replica may take a moment; one that did not come back cannot be asked."""
        until = time.monotonic() + 10
        while True:
            left, asked = set(), []
            for host in self.pair("db"):
                with contextlib.suppress(pymysql.MySQLError, OSError):
                    left |= notes - self.stored_notes(host)
                    asked.append(host.name)
            if not left and len(asked) == 2 or time.monotonic() > until:
                return left, asked
            time.sleep(0.2)

    # -- how it stands

    def master(self, kind, instance):
        """The one host that is MASTER and holds the address, or None."""
        found = [host for host in self.pair(kind)
                 if host.process is not None and host.state(instance) == "MASTER"]
        return found[0] if len(found) == 1 else None

    def other(self, host):
        kind, number = host.name[:-1], int(host.name[-1])
        return self.hosts[f"{kind}{3 - number}"]

    def monitored(self):
        """What Prometheus says at the end, as a line for the report."""
        prometheus = self.servers["mon"]
        up, all_of_them = prometheus.ask("sum(up)"), prometheus.ask("count(up)")
        text = f"Prometheus reached {up or 0:.0f} of {all_of_them or 0:.0f} targets at the end"
        masters = prometheus.ask('sum(vipd_instance_state{state="MASTER"})')
        changes = prometheus.ask("sum(vipd_transitions_total)")
        if masters is not None and changes is not None:
            text += f", {masters:.0f} instances that are MASTER, {changes:.0f} transitions"
        return text

    def held(self):
        """{address: names of those who have it}."""
        return {address: [host.name for host in self.pair(kind) if host.holds(address)]
                for kind, address in (("lb", WEB_VIP), ("db", WRITER_VIP), ("cache", CACHE_VIP))}

    def sampler(self, kind, address, interval_s):
        sampler = Sampler(self.pair(kind), address, interval_s)
        self.stack.keep_sampler(sampler)
        return sampler
