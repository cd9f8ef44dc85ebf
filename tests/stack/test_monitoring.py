"""examples/monitoring: Prometheus and Alertmanager watch a pair by its exporters. Each alert fires
when its fault is made, and ends when it is mended.

The files are those shown, but for time: it runs 60 times faster (FASTER), no span below a second.
Alertmanager sends its mails nowhere."""

import json
import re
import subprocess

import pytest

from stacklab.alertmanager import Alertmanager
from stacklab.host import SOURCE
from stacklab.prometheus import Prometheus
from vipdlab import netns

EXAMPLE = f"{SOURCE}/examples/monitoring"
FASTER = 60
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# However late a busy machine is; most take a second or two.
SOON_S = 40

# There only when there is something to say.
SOMETIMES = {"vipd_warnings", "vipd_drained_since_timestamp_seconds", "vipd_hook_failures_total",
             "vipd_config_last_reload_successful"}

# Two of the five adverts a second are lost, never three in a row; or look as if from far away.
LOSS = """table inet loss {{
    chain input {{
        type filter hook input priority 0
        ip protocol 112 limit rate over 3/second burst 1 packets {what}
    }}
}}
"""


def faster(text):
    """The same text with its spans and the hours of VipdDrainedTooLong made shorter."""
    def shorter(match):
        seconds = int(match[2]) * UNITS[match[3]] / FASTER
        return f"{match[1]}{max(1, round(seconds))}s"
    text = re.sub(r"((?:for|interval|repeat_interval|group_\w+|scrape_interval|evaluation_interval):"
                  r" +|\[)(\d+)([smhd])\b", shorter, text)
    return text.replace("> 4 * 3600", "> 2")


def test_the_substitution_changes_time_alone():
    assert faster("for: 2m\n[10m]) > 8\nscrape_interval: 15s") == \
        "for: 2s\n[10s]) > 8\nscrape_interval: 1s"


class Watched:
    """A pair, a machine that watches it, and everything that runs on them."""

    def __init__(self, stack):
        self.stack = stack
        self.nodes = [stack.host(f"lb{i}", f"192.0.2.{i}/24").plug("eth1", "mgmt",
                                                                  f"198.51.100.1{i}/24")
                      for i in (1, 2)]
        self.mon = stack.host("mon").plug("eth0", "mgmt", "198.51.100.9/24")
        for node in self.nodes:
            self.ready(node, "app", True)
            self.ready(node, "replication", True)
            node.start()
        self.exporters = [self.export(node) for node in self.nodes]
        for path in ("prometheus.yml", "rules/vipd.yml", "alertmanager.yml"):
            inside = f"/etc/prometheus/{path}"
            self.mon.put(inside, faster(self.mon.read(inside)))
        self.alertmanager = Alertmanager(self.mon).start()
        self.prometheus = Prometheus(self.mon).start()
        stack.wait_master(self.nodes[0], "web")

    @staticmethod
    def export(node):
        return node.popen("vipd-exporter", log="/var/log/stack/exporter.log")

    @staticmethod
    def reload(node, before, after, check=True):
        """With that text of the node's configuration replaced."""
        text = node.read(node.config)
        assert before in text
        node.write_text(text.replace(before, after))
        node.run("vipctl", "reload", check=check)

    @staticmethod
    def ready(node, what, well):
        if well:
            node.put(f"/run/{what}.ready", "")
        else:
            node.run("rm", f"/run/{what}.ready")

    def alerts(self):
        """{name: receivers} of what Alertmanager has been told and has not seen end."""
        return dict(self.alertmanager.alerts())

    def wait_firing(self, *names):
        self.stack.wait(lambda: set(names) <= set(self.alerts()), f"{names} fire", SOON_S, 0.3)

    def wait_over(self, *names):
        """Until none of them fires (no name: none at all)."""
        self.stack.wait(lambda: not (set(self.alerts()) & set(names) if names else self.alerts()),
                        f"{names or 'all alerts'} are over", SOON_S, 0.3)

    def says(self, expression):
        return self.prometheus.value(expression)


@pytest.fixture
def stack(make_stack):
    return make_stack("monitoring")


@pytest.fixture
def watched(stack):
    return Watched(stack)


def exporters_are_seen(watched):
    return list(watched.says('sum(vipd_instance_state{state="MASTER"})').values()) == [1] \
        and list(watched.says("sum(vipd_up)").values()) == [2]


@pytest.mark.limit(240)
def test_alerts_come_with_the_fault_and_go_with_it(watched):
    lb1, lb2 = watched.nodes
    watched.stack.wait(lambda: exporters_are_seen(watched), "both are scraped", SOON_S, 0.3)
    watched.wait_over()

    # What is wrong in one node, while the service goes on.
    watched.ready(lb2, "app", False)
    watched.ready(lb2, "replication", False)
    lb2.run("nft", "-f", "-", text_in=LOSS.format(what="drop"))
    watched.wait_firing("VipdCheckFailing", "VipdReplicationBroken", "VipdAdvertLoss")
    assert watched.alerts()["VipdReplicationBroken"] == ("pager",)
    assert watched.alerts()["VipdCheckFailing"] == ("mail",)
    lb2.run("nft", "delete", "table", "inet", "loss")
    watched.ready(lb2, "app", True)
    watched.ready(lb2, "replication", True)
    watched.wait_over("VipdCheckFailing", "VipdReplicationBroken", "VipdAdvertLoss")

    # Neither hears the other; the flight recorder keeps what led to it.
    lb2.run("vipctl", "drain", "--force", "web")
    watched.wait_firing("VipdDrainedTooLong", "VipdNoStandby")
    lb2.run("vipctl", "resume", "web")
    watched.wait_over("VipdDrainedTooLong", "VipdNoStandby")
    watched.stack.wait_master(lb1, "web")
    port = f"{lb2.name}-eth0"
    netns.run("ip", "-n", watched.stack.switch, "link", "set", port, "nomaster")
    watched.wait_firing("VipdTwoMasters", "VipdRecordingWritten")
    netns.run("ip", "-n", watched.stack.switch, "link", "set", port, "master", "lan")
    watched.wait_over("VipdTwoMasters")

    # Nobody serves, and vipd is gone from one.
    lb2.stop()
    lb1.run("vipctl", "drain", "--force", "web")
    watched.wait_firing("VipdNoMaster", "VipdDown")
    lb1.run("vipctl", "resume", "web")
    lb2.start()
    watched.wait_over("VipdNoMaster", "VipdDown")

    # Back and forth.
    for taker in (lb2, lb1) * 4:
        taker.run("vipctl", "take", "web", check=False)
    watched.wait_firing("VipdFlapping")
    watched.wait_over()


@pytest.mark.limit(240)
def test_alerts_about_what_the_nodes_were_told(watched):
    lb1, lb2 = watched.nodes
    held, more = "192.0.2.10/24", "192.0.2.10/24, 192.0.2.99/32 dev gone0"
    watched.stack.wait(lambda: exporters_are_seen(watched), "both are scraped", SOON_S, 0.3)
    lb2.run("nft", "-f", "-", text_in=LOSS.format(what="ip ttl set 64"))
    watched.reload(lb1, held, more)
    watched.reload(lb2, "priority        = 100", "priority = 100\non-init = /bin/false")
    watched.wait_firing("VipdAdvertsRefused", "VipdMasterWithoutAddresses")
    lb2.run("nft", "delete", "table", "inet", "loss")
    watched.reload(lb1, more, held)
    lb2.run("vipctl", "drain", "web")
    watched.wait_firing("VipdHookFailed")
    lb2.run("vipctl", "resume", "web")
    watched.reload(lb2, "on-init = /bin/false", "on-inti = /bin/false", check=False)
    watched.wait_firing("VipdReloadRefused")
    watched.reload(lb2, "on-inti = /bin/false", "")
    watched.wait_over("VipdAdvertsRefused", "VipdMasterWithoutAddresses", "VipdHookFailed",
                      "VipdReloadRefused")
    watched.exporters[1].kill()
    watched.wait_firing("VipdExporterDown")
    watched.export(lb2)
    watched.wait_over()


def queries(panel):
    yield from (target["expr"] for target in panel.get("targets", []))


def dashboard_queries():
    with open(f"{EXAMPLE}/grafana/vipd.json", encoding="utf-8") as file:
        dashboard = json.load(file)
    for panel in dashboard["panels"]:
        yield from ((panel["title"], expr) for expr in queries(panel))
    yield from (("annotation", a["expr"]) for a in dashboard["annotations"]["list"])


@pytest.mark.limit(120)
def test_the_dashboard_asks_for_what_there_is(watched):
    """Each query parses, and all metrics in them are ones that the exporters give."""
    watched.stack.wait(lambda: exporters_are_seen(watched), "both are scraped", SOON_S, 0.3)
    known = set(watched.prometheus.ask("label/__name__/values")) | {"ALERTS"}
    for title, expr in dashboard_queries():
        plain = expr.replace("$cluster", ".*").replace("$instance", "web") \
            .replace("$__rate_interval", "5s")
        assert "$" not in plain, title
        watched.prometheus.ask("query", query=plain)
        used = set(re.findall(r"\b(vipd_\w+|ALERTS)\b", plain))
        assert used and used <= known | SOMETIMES, (title, used - known)
    with open(f"{EXAMPLE}/mon/etc/prometheus/rules/vipd.yml", encoding="utf-8") as file:
        rules = "".join(line for line in file if not line.lstrip().startswith("#"))
    used = set(re.findall(r"\bvipd_\w+", rules))
    assert used <= known | SOMETIMES, used - known
    watched.mon.run("promtool", "check", "config", "/etc/prometheus/prometheus.yml")
    watched.mon.run("amtool", "check-config", "/etc/prometheus/alertmanager.yml")


def test_promtool_takes_rules_and_their_tests():
    for command in (("check", "rules", "mon/etc/prometheus/rules/vipd.yml"),
                    ("test", "rules", "vipd.test.yml")):
        done = subprocess.run(["promtool", *command], cwd=EXAMPLE, capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
