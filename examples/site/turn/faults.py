"""What happens to the site: each component is taken out on purpose, broken, and mended again."""

import socket
from collections.abc import Callable
from dataclasses import dataclass

from . import hosts


@dataclass(frozen=True)
class Fault:
    """act(host) does it to the host that victim() names at that time. gone(host, since) says that
    the site goes on without it; mend(host) repairs it; well(host, since) says that it is of use
    again."""

    tier: str
    text: str
    planned: bool
    victim: Callable
    act: Callable
    gone: Callable
    mend: Callable
    well: Callable
    ready: Callable  # ready(host): it may happen
    quick: bool = False  # part of the shorter turn


@dataclass(frozen=True)
class Tier:
    name: str
    kind: str  # of its hosts: lb1 and lb2
    address: str
    server: str  # the field of a request that names who of them answered
    about: str


TIERS = (
    Tier("Load balancers", "lb", hosts.WEB_VIP, "balancer",
         "HAProxy on both; the clients' address is on one. lb1 takes it back when it is well."),
    Tier("Web servers", "web", None, "web",
         "nginx on both; HAProxy shares the requests out, and asks the other one when one fails."),
    Tier("Application", "app", None, "app",
         "The same on both; nginx shares the requests out, and asks the other one when one fails."),
    Tier("Database", "db", hosts.WRITER_VIP, None,
         "MariaDB, primary and replica; the writer's address is where the primary is, and stays "
         "there. Promoted first, address then; the application waits and tries again."),
    Tier("Cache", "cache", hosts.CACHE_VIP, None,
         "Redis, primary and replica: sessions and cached notes. The address follows the primary."),
)


class Acts:
    """What can be done to a host of the site, and how to see that it has shown."""

    def __init__(self, site, client):
        self.site, self.client = site, client

    # -- vipd's part

    def drain(self, instance):
        """It waits for the other node, and that one for its promotion."""
        return lambda host: host.vipctl("drain", instance, timeout=90)

    def is_elsewhere(self, kind, instance):
        """The other node has the address, and it alone."""
        def gone(host, _):
            other = self.site.other(host)
            return self.site.master(kind, instance) is other and other.holds(self.vip(kind)) \
                and not (host.state(instance) and host.instance(instance)["lingering"])
        return gone

    @staticmethod
    def vip(kind):
        return next(tier.address for tier in TIERS if tier.kind == kind)

    def is_back(self, kind, instance):
        return lambda host, _: self.site.master(kind, instance) is host

    # -- servers

    def server(self, host):
        return self.site.servers[host.name]

    def stop(self, host):
        self.server(host).stop()

    def kill(self, host):
        self.server(host).kill()

    def start(self, host):
        self.server(host).start()

    # -- machines

    def power_off(self, host):
        """Everything on it is gone at once; what was written is still there."""
        host.carrier_off()
        host.run("kill -9 -1", check=False)
        host.process = None
        for address in host.ours():
            host.ip("addr", "del", f"{address}/24", "dev", "eth0", check=False)

    def power_on(self, host):
        """The machine is up again: its server, and vipd where it has one."""
        host.carrier_on()
        self.start(host)
        if host in self.site.with_vipd():
            host.start()
            self.site.start_exporter(host)

    # -- those behind a balancer

    def answers_again(self, tier):
        return lambda host, since: self.client.answered_by(tier.server, host.name, since)

    def other_answers(self, tier):
        return lambda host, since: self.client.answered_by(tier.server,
                                                            self.site.other(host).name, since)

    def take_out_web(self, host):
        """Out of both HAProxys first, then stopped when nobody is being served any more."""
        self._set_web(host, "drain")
        self.stop(host)

    def put_in_web(self, host):
        self.start(host)
        self._set_web(host, "ready")

    def _set_web(self, host, state):
        for balancer in self.site.pair("lb"):
            with socket.socket(socket.AF_UNIX) as admin:
                admin.settimeout(10)
                admin.connect(balancer.path("/run/haproxy/admin.sock"))
                admin.sendall(f"set server web/{host.name} state {state}\n".encode())
                assert admin.recv(4096) == b"\n"


def always(_):
    return True


def balancer_faults(acts, tier):
    def fault(text, act, mend, planned=False, quick=False):
        return Fault(tier.name, text, planned, lambda: acts.site["lb1"], act,
                     acts.is_elsewhere("lb", "web"), mend, acts.is_back("lb", "web"), always, quick)

    def resume(host):
        """HAProxy is restarted while the node is out."""
        acts.stop(host)
        acts.start(host)
        host.vipctl("resume", "web")

    return [
        fault("drained; HAProxy restarted; resumed", acts.drain("web"), resume,
              planned=True, quick=True),
        fault("HAProxy killed", acts.kill, acts.start, quick=True),
        fault("vipd killed (SIGKILL)", lambda host: host.kill(), lambda host: host.start(),
              quick=True),
        fault("cable pulled", lambda host: host.carrier_off(), lambda host: host.carrier_on()),
        fault("power lost", acts.power_off, acts.power_on),
    ]


def shared_faults(acts, tier, stop, start, stopped, power_off_quick=False):
    """Of servers of which several work at a time."""
    def fault(text, act, mend, planned=False, quick=False):
        return Fault(tier.name, text, planned, lambda: acts.site[f"{tier.kind}1"], act,
                     acts.other_answers(tier), mend, acts.answers_again(tier), always, quick)

    return [
        fault(stopped, stop, start, planned=True, quick=True),
        fault("process killed", acts.kill, acts.start, quick=True),
        fault("power lost", acts.power_off, acts.power_on, quick=power_off_quick),
    ]


def store_faults(acts, tier, instance, rejoin, well, ready, server):
    """Of a primary and its replica. Whoever is the primary is the victim; it comes back as the
    replica of the other one."""
    def stands_by(host, since):
        """Also in the eyes of vipd, whose check looks every few seconds: else the next fault would
        be the second one, not a single one."""
        found = host.instance(instance)
        return well(host, since) and found and found["state"] == "BACKUP" and all(
            "replica" in check["text"] and check["state"] == "passing"
            for check in found["checks"])

    def fault(text, act, mend, planned=False, quick=False):
        return Fault(tier.name, text, planned,
                     lambda: acts.site.master(tier.kind, instance), act,
                     acts.is_elsewhere(tier.kind, instance), mend, stands_by, ready, quick)

    def resume(host):
        acts.stop(host)
        acts.start(host)
        rejoin(host)
        host.vipctl("resume", instance)

    def after(*parts):
        def mend(host):
            for part in (*parts, rejoin):
                part(host)
        return mend

    return [
        fault(f"drained; {server} restarted; resumed", acts.drain(instance), resume,
              planned=True, quick=True),
        fault(f"primary's {server} killed", acts.kill, after(acts.start), quick=True),
        fault("primary's vipd killed (SIGKILL)", lambda host: host.kill(),
              after(lambda host: host.start())),
        fault("primary's cable pulled", lambda host: host.carrier_off(),
              after(lambda host: host.carrier_on())),
        fault("primary's power lost", acts.power_off, after(acts.power_on)),
    ]


def all_faults(site, client):
    acts = Acts(site, client)
    balancers, web, app, database, cache = TIERS
    return [
        *balancer_faults(acts, balancers),
        *shared_faults(acts, web, acts.take_out_web, acts.put_in_web,
                       "drained in HAProxy; nginx restarted"),
        *shared_faults(acts, app, acts.stop, acts.start, "stopped, and started again"),
        *store_faults(acts, database, "writer", site.rejoin_database, site.database_is_redundant,
                      site.confirms, "MariaDB"),
        *store_faults(acts, cache, "cache", site.rejoin_cache, site.cache_is_redundant,
                      always, "Redis"),
    ]
