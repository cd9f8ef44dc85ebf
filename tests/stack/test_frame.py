"""The stack lab itself: hosts are separate machines, an example's files lie where they belong."""

import pytest


@pytest.fixture
def stack(make_stack):
    stack = make_stack("haproxy-pair")
    stack.host("lb1", "192.0.2.2/24")
    stack.host("lb2", "192.0.2.3/24")
    stack.host("client", "192.0.2.100/24")
    return stack


def test_a_host_is_a_machine_of_its_own(stack):
    lb1, lb2, client = stack.nodes
    assert lb1.run("hostname").stdout == "lb1\n"
    assert "name = lb1" in lb1.read("/etc/vipd/vipd.conf")
    assert "name = lb2" in lb2.run("cat", "/etc/vipd/vipd.conf").stdout
    lb1.put("/etc/motd", "changed")
    lb1.put("/var/lib/vipd/x", "")
    assert lb2.read("/etc/motd") != "changed" and lb2.run("ls", "/var/lib/vipd").stdout == ""
    client.run("ping", "-c1", "-W5", "192.0.2.2")
    sleeper = lb1.popen("sleep", "100")
    stack.wait(lambda: lb1.run("pgrep", "-x", "sleep", check=False).returncode == 0, "it runs")
    assert lb2.run("pgrep", "-x", "sleep", check=False).returncode == 1
    lb1.die()
    assert sleeper.wait(5) != 0
    assert client.run("ping", "-c1", "-W1", "192.0.2.2", check=False).returncode == 1
    lb1.reboot()
    client.run("ping", "-c1", "-W5", "192.0.2.2")
    assert lb1.read("/etc/motd") != "changed"


def test_vipd_runs_with_its_default_paths(stack):
    lb1, lb2, _ = stack.nodes
    for host in (lb1, lb2):
        host.put("/etc/vipd/vipd.conf", host.read("/etc/vipd/vipd.conf").replace("track", "#"))
        host.start()
    stack.wait_master(lb1)
    assert lb1.holds("192.0.2.10") and not lb2.holds("192.0.2.10")
    lb1.run("vipctl", "drain", "web")
    lb2.wait_state("MASTER")
    lb1.run("vipctl", "resume", "web")
    stack.wait_master(lb1)
    lb1.freeze()
    lb2.wait_state("MASTER")
    lb1.thaw()
    stack.wait_master(lb1)
    lb1.kill()
    lb2.wait_state("MASTER")


def test_a_client_that_never_stops(stack):
    lb1, _, client = stack.nodes
    lb1.put("/tmp/index.html", "lb1 is here")
    web = lb1.popen("python3", "-m", "http.server", "80", "--directory", "/tmp")
    stack.wait(lambda: lb1.run("ss -Htln sport = 80").stdout, "it listens")
    # One that a busy machine lets wait is no failure: only an ended server refuses.
    load = stack.load(client, "http://192.0.2.2/").wait_served()
    good = load.since(0)
    assert not good.failed and set(good.servers) == {"lb1"} and good.longest_gap_s < 10
    mark = load.mark()
    web.end()
    stack.wait(lambda: load.since(mark).failed, "a failure is seen")
    everything = load.stop()
    assert len(everything.requests) > len(good.requests) and everything.failed[-1].tries == 2
