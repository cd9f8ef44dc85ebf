"""examples/firewall: who may speak to a node, and a pair whose connections survive a switch."""

import json
import signal
import socket

import pytest

from stacklab import measure
from stacklab.conntrackd import Conntrackd, connections
from vipdlab import netns, wire
from vipdlab.inject import Injector, repeating

TALK = "/mnt/tests/stack/stacklab/talk.py"
CONNECTIONS = 20
PUBLIC, GATEWAY = "198.51.100.1", "192.0.2.1"


@pytest.fixture
def stack(make_stack):
    return make_stack("firewall")


def listen(host, *ports):
    """Something answers at these ports; returns once it does."""
    host.popen("python3", TALK, "serve", *ports, log="/var/log/stack/talk.log")
    host.lab.wait(lambda: "ready" in host.read("/var/log/stack/talk.log"), "listening")


def is_open(client, address, port):
    """Whether a connection comes about."""
    def connect():
        with socket.socket() as sock:
            sock.settimeout(1)
            return sock.connect_ex((address, port)) == 0
    return netns.inside(client.namespace, connect)


def join(host):
    """A socket that hears the adverts that come in."""
    def open_socket():
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, wire.VRRP)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                        socket.inet_aton(wire.GROUP4) + socket.inet_aton("192.0.2.2"))
        return sock
    return netns.inside(host.namespace, open_socket)


def strangers(host, table):
    text = host.run("nft", "-j", "list", "counter", "inet", table, "strange-adverts").stdout
    return json.loads(text)["nftables"][1]["counter"]["packets"]


def advert(source, ttl=255, priority=254, vrid=51, address=GATEWAY):
    message = wire.vrrp_message(source, wire.GROUP4, vrid=vrid, priority=priority,
                                addresses=[address], interval_ms=200)
    return wire.frame("02:00:00:00:00:66", source, message, ttl=ttl)


class Gate:
    """Two firewalls, and with ends(): a host inside, one outside, the web server that the world may
    reach."""

    def __init__(self, stack, conntrackd=True):
        self.stack, self.with_conntrackd = stack, conntrackd
        self.fws = [stack.host(f"fw{i}", f"192.0.2.{i + 1}/24")
                    .plug("eth1", "outside", f"198.51.100.{i + 1}/24")
                    .plug("eth2", "sync", f"10.255.0.{i}/24") for i in (1, 2)]
        self.pc = self.web = self.world = None
        for fw in self.fws:
            self.start(fw)
        for name in ("inside", "outside"):
            stack.wait_master(self.fws[0], name)

    def ends(self):
        self.pc = self.stack.host("pc", "192.0.2.100/24").route("default", "via", GATEWAY)
        self.web = self.stack.host("web", "192.0.2.80/24").route("default", "via", GATEWAY)
        self.world = self.stack.host("world").plug("eth0", "outside", "198.51.100.100/24")
        listen(self.world, 7000)
        listen(self.web, 22, 80)
        return self

    def start(self, fw):
        """What starts with the machine."""
        fw.run("nft", "-f", "/etc/nftables.conf")
        fw.run("sysctl", "-p", "/etc/sysctl.d/60-firewall.conf")
        if self.with_conntrackd:
            Conntrackd(fw).start()
        fw.start()

    def talk(self):
        """Connections from inside to outside; returns when they are open."""
        process = self.pc.popen("python3", TALK, "198.51.100.100", 7000, CONNECTIONS, stdout=-1,
                                text=True)
        assert process.stdout.readline() == "open\n"
        return process

    def known(self, fw):
        return len([line for line in connections(fw, "-p", "tcp", "--dport", "7000")
                    if "ESTABLISHED" in line])

    @staticmethod
    def end(process):
        process.send_signal(signal.SIGINT)
        return json.loads(process.communicate(timeout=40)[0].splitlines()[-1])

    def masters(self, fw):
        self.stack.wait(lambda: fw.state("inside") == fw.state("outside") == "MASTER",
                        f"{fw.name} has both")


def test_open_connections_survive_the_switch(stack):
    gate = Gate(stack).ends()
    fw1, fw2 = gate.fws
    load = stack.load(gate.pc, "http://198.51.100.100:8000/")
    gate.world.put("/tmp/index.html", "world")
    gate.world.popen("python3", "-m", "http.server", "8000", "--directory", "/tmp",
                     log="/var/log/stack/http.log")
    load.wait_served()
    assert is_open(gate.world, PUBLIC, 80) and not is_open(gate.world, PUBLIC, 22)

    for what, act, to, planned in (
            ("drain", lambda: fw1.run("vipctl", "drain", "inside"), fw2, True),
            ("resume", lambda: fw1.run("vipctl", "resume", "inside"), fw1, True),
            ("fw1 dead", fw1.die, fw2, False)):
        talking = gate.talk()
        stack.wait(lambda: gate.known(to) >= CONNECTIONS, f"{to.name} has been told")
        mark = load.mark()
        act()
        gate.masters(to)
        load.wait_served()
        result = measure.since(load, mark, what)
        said = gate.end(talking)
        print(f"{what}: {said['alive']} of {CONNECTIONS} connections live, longest silence "
              f"{said['longest_s']:.3f} s")
        assert said["alive"] == CONNECTIONS and said["longest_s"] < 15, said
        assert not (planned and result.failed), str(result)
        assert is_open(gate.world, PUBLIC, 80)

    # A firewall that comes back is told of everything, and then takes over.
    talking = gate.talk()
    fw1.reboot()
    gate.start(fw1)
    gate.masters(fw1)
    said = gate.end(talking)
    print(f"fw1 back: {said['alive']} of {CONNECTIONS} live, longest {said['longest_s']}")
    assert said["alive"] == CONNECTIONS, said


def test_without_conntrackd_they_do_not(stack):
    gate = Gate(stack, conntrackd=False).ends()
    talking = gate.talk()
    gate.fws[0].run("vipctl", "drain", "inside")
    gate.masters(gate.fws[1])
    assert is_open(gate.pc, "198.51.100.100", 7000), "new ones work"
    assert talking.poll() is None
    talking.kill()
    assert gate.known(gate.fws[1]) == 0


def test_strangers_are_not_heard(stack):
    gate = Gate(stack, conntrackd=False)
    fw1 = gate.fws[0]
    injector = Injector(stack.host("stranger", "192.0.2.66/24"))
    before = strangers(fw1, "firewall")
    resigned = len(fw1.history())
    with repeating(lambda: (injector.send(advert("192.0.2.66")),
                            injector.send(advert("192.0.2.3", ttl=254))), 0.05):
        stack.wait(lambda: strangers(fw1, "firewall") >= before + 20, "they are counted")
    injector.close()
    assert len(fw1.history()) == resigned and fw1.state("inside") == "MASTER"
    drops = fw1.router("ipv4", "inside")["drops"]
    assert drops["ip_ttl_error"] == 0, "dropped before vipd saw them"


def test_a_nodes_services_and_nothing_else(stack):
    node = stack.host("node", "192.0.2.2/24", "192.0.2.10/24")
    peer = stack.host("peer", "192.0.2.3/24")
    stranger = stack.host("stranger", "192.0.2.66/24")
    admin = stack.host("admin", "192.0.2.200/24")
    listen(node, 22, 80, 443, 3306, 8404, 10000)
    node.run("nft", "-f", "/etc/nftables.conf")
    node.run("nft", "-f", "/etc/nftables.conf")  # again: it replaces itself
    for address in ("192.0.2.10", "192.0.2.2"):
        opened = [p for p in (22, 80, 443, 3306, 8404, 10000) if is_open(stranger, address, p)]
        assert opened == ([80, 443] if address == "192.0.2.10" else []), opened
    assert is_open(peer, "192.0.2.2", 10000) and is_open(admin, "192.0.2.2", 22)
    assert not is_open(admin, "192.0.2.2", 10000) and not is_open(peer, "192.0.2.2", 22)
    # ARP, ping and neighbour discovery go on.
    stranger.ip("neigh", "flush", "all")
    stranger.run("ping", "-c1", "-W5", "192.0.2.10")
    stranger.run("ping", "-6", "-c1", "-W5", f"{node.link_local}%eth0")
    heard, injector = join(node), Injector(stranger)
    try:
        for frame in (advert("192.0.2.66"), advert("192.0.2.3", ttl=254), advert("192.0.2.3")):
            injector.send(frame)
        heard.settimeout(20)
        packet, sender = heard.recvfrom(200)
        assert (sender[0], packet[8]) == ("192.0.2.3", 255), "the last one, of its peer"
        assert strangers(node, "node") == 2
    finally:
        injector.close()
        heard.close()
