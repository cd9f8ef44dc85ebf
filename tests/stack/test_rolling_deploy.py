"""examples/rolling-deploy: the application, nginx and vipd are replaced while requests go on."""

import os
import subprocess

import pytest

from stacklab import measure
from stacklab.nginx import Nginx
from stacklab.process import enter
from stacklab.services import Services

STEPS = ["echo 2 > /usr/local/share/app/version && systemctl restart app",
         "nginx -t && systemctl restart nginx",
         "install -m 755 /tmp/vipd-new /usr/local/sbin/vipd && systemctl restart vipd"]
ANSWERS = "http://127.0.0.1/health"


class Site:
    """Two nodes with the application behind nginx, node1 the master, and a client."""

    def __init__(self, stack, directory):
        self.stack = stack
        self.nodes = [stack.host(f"node{i}", f"192.0.2.{i + 1}/24") for i in (1, 2)]
        self.client = stack.host("client", "192.0.2.100/24")
        for node in self.nodes:
            node.vip_on_lo()
            Services(node, {"app": ["/usr/local/bin/app"], "nginx": Nginx(node).command(),
                            "vipd": node.command()})
            node.run("cp", "/usr/local/sbin/vipd", "/tmp/vipd-new")
        stack.wait_master(self.nodes[0])
        self.load = stack.load(self.client, "http://192.0.2.10/").wait_served()
        self.reach = f"{directory}/reach"
        lines = [f"{node.name}) exec {' '.join(enter(node.init))} \"$@\" ;;" for node in self.nodes]
        with open(self.reach, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\nnode=$1\nshift\ncase $node in\n" + "\n".join(lines) + "\nesac\n")
        os.chmod(self.reach, 0o755)

    def deploy(self, *steps, timeout=60):
        """As an administrator calls it, with another way to reach a node than ssh."""
        done = subprocess.run(
            [f"{self.stack.example}/deploy", "--reach", f"{self.reach} {{}} sh -s", "--timeout",
             str(timeout), "--ready", f"curl -fsS {ANSWERS}", "node2", "node1", "--", *steps],
            capture_output=True, text=True, timeout=150, check=False)
        print(done.stdout + done.stderr)
        return done

    def versions(self):
        return [node.run("curl", "-sS", ANSWERS).stdout for node in self.nodes]


@pytest.fixture
def stack(make_stack):
    return make_stack("rolling-deploy")


@pytest.fixture
def site(stack, tmp_path):
    return Site(stack, tmp_path)


def test_everything_is_replaced_and_no_request_fails(site):
    before = [node.status()["started_at"] for node in site.nodes]
    mark = site.load.mark()
    done = site.deploy(*STEPS)
    assert done.returncode == 0, done.stdout + done.stderr
    result = measure.since(site.load, mark, "rolling deploy")
    measure.assert_planned(result)
    assert set(result.servers) == {"node1", "node2"}, str(result)
    assert site.versions() == ["version 2\n"] * 2
    assert all(a != b for a, b in zip(before, [n.status()["started_at"] for n in site.nodes]))
    site.stack.wait_master(site.nodes[0])


def test_a_step_that_fails_leaves_the_others_serving(site):
    node1, node2 = site.nodes
    mark = site.load.mark()
    done = site.deploy("echo broken; exit 7")
    assert done.returncode == 1 and "node2 stays drained" in done.stdout, done.stdout
    assert node1.state() == "MASTER" and node2.instance()["drained"]
    # The next try sees that there is nobody to take over from node1.
    node2.run("vipctl", "resume", "web")
    node2.run("systemctl", "stop", "app")
    site.stack.wait(lambda: node2.instance()["held_by"] == ["check-failed"], "the check fails")
    done = site.deploy("true", timeout=2)
    assert done.returncode == 1 and "check site does not pass" in done.stdout, done.stdout
    assert node1.state() == "MASTER"
    assert not measure.since(site.load, mark, "failed deploys").failed


def test_a_request_on_its_way_is_answered_when_the_address_has_gone(site):
    node1, node2 = site.nodes
    node1.run("pkill", "-STOP", "-f", "/usr/local/bin/app")
    asking = site.client.popen("curl", "-sS", "--max-time", "100", "--local-port", "5555",
                               "http://192.0.2.10/", stdout=-1, text=True)
    site.stack.wait(lambda: ":5555" in node1.run("ss", "-Htn", "sport", "=", "80").stdout,
                    "node1 has the request")
    node1.run("vipctl", "drain", "web")
    node2.wait_state("MASTER")
    site.stack.wait(lambda: not node1.on("eth0"), "node1 has given the address up")
    node1.run("pkill", "-CONT", "-f", "/usr/local/bin/app")
    answer, _ = asking.communicate(timeout=120)
    assert asking.returncode == 0 and answer == "version 1\n", answer
