"""Routes and policy rules that come and go with the mastership."""

import subprocess

import pytest

from vipdlab import config, netns
from vipdlab.config import VIP4, VIP6

BOTH = [f"{VIP4}/24", f"{VIP6}/64"]
GATEWAY = "10.77.0.100"  # the client
ROUTES = [f"default via {GATEWAY} dev eth0 src {VIP4} table 100",
          f"198.51.100.0/24 via {GATEWAY} src {VIP4}",
          f"fd99::/64 via fd77::100 src {VIP6}",
          "unreachable 203.0.113.0/24"]
RULES = [f"from {VIP4} table 100 priority 1000", f"from {VIP6} table 101"]


def ours(node):
    """Routes and rules with our mark, of both families and all tables."""
    lines = []
    for family in ("-4", "-6"):
        lines += node.ip(family, "route", "show", "table", "all", "proto", "86").stdout.splitlines()
        rules = node.ip(family, "rule").stdout.splitlines()
        lines += [line for line in rules if "proto 86" in line]
    return [" ".join(line.split()) for line in lines]


def held(node):
    web = node.instance()
    return [r["held"] for r in web["routes"] + web["rules"]]


@pytest.mark.lab(nodes=2)
def test_they_go_with_the_mastership(lab):
    lab.start_all([150, 100], addresses=BOTH, routes=ROUTES, rules=RULES)
    lab.wait(lambda: held(lab[1]) == [True] * 6, "the master has them all")
    assert len(ours(lab[1])) == 6 and ours(lab[2]) == []
    assert held(lab[2]) == [False] * 6
    assert f"default via {GATEWAY} dev eth0 table 100 src {VIP4}" in "\n".join(ours(lab[1]))
    assert "198.51.100.0/24 via 10.77.0.100" in lab[1].vipctl("status", "web").stdout
    lab[1].vipctl("drain", "web")
    lab.wait(lambda: held(lab[2]) == [True] * 6, "the other one has them")
    lab.wait(lambda: ours(lab[1]) == [], "and the first one none")
    lab[1].vipctl("resume", "web")
    lab.wait_master(lab[1])
    lab.wait(lambda: ours(lab[2]) == [], "given back")
    lab[1].stop()
    assert ours(lab[1]) == [], "nothing is left of them"
    lab.wait(lambda: len(ours(lab[2])) == 6, "the other one has them")


class Monitor:
    """`ip monitor`, once it listens. It tells of what comes in order, so that a route of the test's
    own says how far it has come."""

    def __init__(self, lab, node, *what):
        self._lab, self._node, self._path = lab, node, f"{node.directory}/monitor"
        with open(self._path, "w", encoding="utf-8") as out:
            lab.keep(subprocess.Popen(
                ["ip", "netns", "exec", node.namespace, "stdbuf", "-oL", "ip", "-o", "monitor", *what],
                stdout=out))
        lab.wait(lambda: self._marked("192.0.2.1"), "the monitor listens")

    def _marked(self, address):
        # Nobody is told of a route that is replaced by the same.
        self._node.ip("route", "del", address, "dev", "lo", check=False)
        self._node.ip("route", "add", address, "dev", "lo")
        with open(self._path, encoding="utf-8") as file:
            return any(f"{address} dev lo" in line for line in file)

    def told(self):
        """The lines until now."""
        self._lab.wait(lambda: self._marked("192.0.2.2"), "the monitor has come to this")
        with open(self._path, encoding="utf-8") as file:
            return file.read().splitlines()


@pytest.mark.lab(nodes=1)
def test_they_come_behind_the_addresses_and_go_behind_them(lab):
    monitor = Monitor(lab, lab[1], "address", "route", "rule")
    lab[1].start(config.instance(routes=f"198.51.100.0/24 via {GATEWAY}", rules=RULES[:1]))
    lab.wait(lambda: held(lab[1]) == [True, True], "all are there")
    lab[1].stop()
    lines = monitor.told()
    mine = [line for line in lines
            if "proto 86" in line or (VIP4 in line and " inet " in line)]
    kinds = ["address" if " inet " in line else "rule" if "lookup" in line else "route"
             for line in mine]
    assert kinds == ["address", "route", "rule", "address", "rule", "route"], mine


@pytest.mark.lab(nodes=1)
def test_what_somebody_deletes_is_put_back_and_what_is_his_stays(lab):
    lab[1].ip("route", "add", "192.88.99.0/24", "via", GATEWAY, "metric", "5")
    lab[1].start(config.instance(addresses=BOTH, rules=RULES, routes=[
        *ROUTES, f"192.88.99.0/24 via {VIP4} metric 5"]))
    lab.wait(lambda: held(lab[1]) == [True] * 4 + [False] + [True] * 2, "all but one")
    web = lab[1].instance()
    assert web["routes"][4]["owner"] == "other" and web["routes"][0]["owner"] == "vipd"
    assert [w["kind"] for w in web["warnings"]] == ["not-routed"]
    assert "somebody else is in its place" in web["warnings"][0]["text"]
    lab[1].ip("route", "flush", "table", "100")
    lab[1].ip("route", "del", "198.51.100.0/24")
    lab[1].ip("rule", "del", "priority", "1000")
    lab[1].ip("-6", "route", "del", "fd99::/64")
    lab.wait(lambda: len(ours(lab[1])) == 6, "they are back")
    lab[1].ip("route", "del", "192.88.99.0/24")
    lab.wait(lambda: held(lab[1])[4], "its place is free", 10)
    assert lab[1].instance()["warnings"] == []


@pytest.mark.lab(nodes=1)
def test_they_survive_a_link_that_goes_down_and_the_address_being_deleted(lab):
    lab[1].start(config.instance(addresses=BOTH, routes=ROUTES, rules=RULES))
    lab.wait(lambda: len(ours(lab[1])) == 6, "all are there")
    lab[1].link_down()
    lab[1].wait_state("INIT")
    lab.wait(lambda: ours(lab[1]) == [], "none without the link")
    lab[1].link_up()
    lab[1].wait_state("MASTER")
    lab.wait(lambda: len(ours(lab[1])) == 6, "all are back with it")
    lab[1].ip("addr", "del", f"{VIP4}/24", "dev", "eth0")
    lab.wait(lambda: lab[1].holds(VIP4) and len(ours(lab[1])) == 6,
             "the one that went with its source as well")


@pytest.mark.lab(nodes=1)
def test_a_reload_changes_the_difference_alone(lab):
    lab[1].start(config.instance(routes=ROUTES[:2], rules=RULES[:1]))
    lab.wait(lambda: len(ours(lab[1])) == 3, "all are there")
    probe, monitor = lab.probe(), Monitor(lab, lab[1], "route")
    lab[1].write(config.instance(routes=[ROUTES[0], "198.51.100.0/24 via 10.77.0.101",
                                         "unreachable 203.0.113.0/24"]))
    lab[1].reload()
    lab.wait(lambda: held(lab[1]) == [True] * 3, "the new ones")
    lab.wait(lambda: not any("lookup 100" in line for line in ours(lab[1])), "the rule has gone")
    lab[1].write(config.instance())
    lab[1].reload()
    lab.wait(lambda: ours(lab[1]) == [], "none is wanted")
    lines = [line for line in monitor.told() if "proto 86" in line]
    assert len([line for line in lines if "table 100" in line]) == 1, "only to remove it at last"
    assert probe.stop().lost == []
    assert lab[1].history("transition")[-1]["to"] == "MASTER"


@pytest.mark.lab(nodes=2)
def test_what_a_killed_node_leaves(lab):
    lab.start_all([150, 100], addresses=BOTH, routes=ROUTES, rules=RULES, lease="2s")
    lab.wait(lambda: len(ours(lab[1])) == 6, "all are there")
    lab[1].kill()
    lab.wait(lambda: not lab[1].holds(VIP4), "the lease ends", 6)
    left = "\n".join(ours(lab[1]))
    assert "198.51.100.0/24" not in left, "the kernel took it away with its source"
    assert "default via" in left and "lookup 100" in left, "what it cannot"
    assert lab[1].release().returncode == 0
    assert ours(lab[1]) == []
    lab[1].ip("route", "add", "198.51.100.0/24", "via", GATEWAY, "proto", "86")
    lab[1].start(config.instance(priority=50))
    lab.wait(lambda: lab[1].state() == "BACKUP", "it runs")
    lab.wait(lambda: ours(lab[1]) == [], "what was left is gone")
    assert "1 route or rule that no instance holds removed" in lab[1].log_text()


@pytest.mark.lab(nodes=1)
def test_a_full_table_costs_no_claim(lab):
    """Ten thousand routes of somebody else, which also change all the time."""
    netns.ip_batch([f"route add 172.16.{i // 256}.{i % 256}/32 dev eth0 proto bird"
                    for i in range(10000)], lab[1].namespace)
    lab[1].start(config.instance(routes=ROUTES[:2], rules=RULES[:1]))
    lab.wait(lambda: len(ours(lab[1])) == 3, "all are there", 5)
    lab[1].run("sh", "-c", "ip route flush proto bird; true")
    lab.never(lambda: len(ours(lab[1])) != 3, "they stay", 1, 0.1)
    lab[1].stop()
    assert ours(lab[1]) == []
