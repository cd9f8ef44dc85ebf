"""Health checks: what they do to the election, flap damping, and what a reload makes of them."""

import os
import subprocess

import pytest

from vipdlab import config, netns
from vipdlab.checks import check_of, effective, script, start_with, wait_check, write_file
from vipdlab.config import VIP4
from vipdlab.node import NOT_SWITCHED
from vipdlab.service import http_answer


@pytest.mark.lab(nodes=2)
def test_a_failing_check_with_weight_hands_over_without_a_gap(lab):
    flag = f"{lab[1].directory}/healthy"
    write_file(flag)
    lab[1].start(config.instance(priority=150, track="app"),
                 config.check("app", "file", path=flag, weight=-60))
    lab[2].start(config.instance(priority=100))
    lab.wait_master(lab[1])
    assert lab[1].instance()["priority_text"] == "150"
    probe = lab.probe()
    os.remove(flag)
    lab.wait_master(lab[2])
    instance = lab[1].instance()
    assert instance["effective_priority"] == 90 and instance["base_priority"] == 150
    assert instance["priority_text"] == "150 - 60 (app) = 90"
    assert instance["last_transition"]["reason"] == "higher-priority"
    assert "150 - 60 (app) = 90" in instance["last_transition"]["text"]
    write_file(flag)
    lab.wait_master(lab[1])
    result = probe.stop()
    assert result.lost == [], str(result)
    assert effective(lab[1]) == 150


@pytest.mark.lab(nodes=2)
def test_a_failing_check_without_weight_withdraws_the_node_without_a_gap(lab):
    flag = f"{lab[1].directory}/maintenance"
    lab[1].start(config.instance(priority=150, track="app"),
                 config.check("app", "file", path=flag, content="absent"))
    lab[2].start(config.instance(priority=100))
    lab.wait_master(lab[1])
    probe = lab.probe()
    write_file(flag)
    lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
    instance = lab[1].instance()
    assert instance["state"] == "INIT" and instance["held_by"] == ["check-failed"]
    last = instance["last_transition"]
    assert last["reason"] == "check-failed"
    assert "check app failed" in last["text"] and f"{flag} is there" in last["text"]
    lab.wait(lambda: not lab[1].holds(VIP4), "the address is released")
    os.remove(flag)
    lab.wait_master(lab[1])
    reasons = [t["reason"] for t in lab[1].history()]
    assert "check-passed" in reasons
    result = probe.stop()
    assert result.lost == [], str(result)
    assert "check app is failing" in lab[1].log_text()
    assert "check app is passing" in lab[1].log_text()


@pytest.mark.lab(nodes=1)
def test_a_node_that_starts_waits_for_its_checks(lab):
    gate = f"{lab[1].directory}/gate"
    program = script(lab[1], "slow", f"while [ ! -e {gate} ]; do sleep 0.05; done")
    start_with(lab[1], config.check("slow", "exec", command=program, interval="1m", timeout="1m"))
    assert check_of(lab[1], "slow")["state"] == "pending"
    assert lab[1].state() == "INIT"
    write_file(gate)
    lab[1].wait_state("MASTER")
    assert [t["reason"] for t in lab[1].history()][:1] == ["check-passed"]


@pytest.mark.lab(nodes=2)
def test_haproxy_dies_and_the_peer_serves(lab):
    haproxies = {}
    for node in lab.nodes:
        write_file(f"{node.directory}/haproxy.cfg",
              "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"
              "frontend health\n bind 127.0.0.1:8404\n monitor-uri /health\n"
              f"frontend web\n bind 0.0.0.0:80\n http-request return status 200 content-type "
              f"text/plain string {node.name}\n")
        haproxies[node] = lab.keep(subprocess.Popen(
            ["ip", "netns", "exec", node.namespace, "haproxy", "-db", "-f",
             f"{node.directory}/haproxy.cfg"], preexec_fn=netns.die_with_parent,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    for node, priority in zip(lab.nodes, (150, 100)):
        node.start(config.instance(priority=priority, track="haproxy"),
                   config.check("haproxy", "http", url="http://127.0.0.1:8404/health", fall=2))
    lab.wait_master(lab[1])

    def served_by():
        done = lab.client.run("curl", "-s", "-m", "1", f"http://{VIP4}/", check=False)
        return done.stdout.strip()

    lab.wait(lambda: served_by() == "n1", "the first serves")
    haproxies[lab[1]].kill()
    lab.wait(lambda: served_by() == "n2", "the second serves")
    lab.wait(lambda: lab[1].state() == "INIT", "the first is withdrawn")
    assert lab[1].instance()["last_transition"]["reason"] == "check-failed"
    assert lab[2].instance()["last_transition"]["reason"] == "priority"


@pytest.mark.lab(nodes=2)
def test_flap_damping_holds_a_node_back_but_not_from_serving_alone(lab):
    flag = f"{lab[1].directory}/healthy"
    write_file(flag)
    lab[1].start(config.instance(priority=150, track="app", flap_damping="3 in 1m hold 8s"),
                 config.check("app", "file", path=flag))
    lab[2].start(config.instance(priority=100))
    lab.wait_master(lab[1])
    for _ in range(3):
        lab.wait_master(lab[1])
        os.remove(flag)
        lab.wait(lambda: lab[2].state() == "MASTER", "the peer took over")
        write_file(flag)
    lab.wait(lambda: lab[1].state() == "BACKUP", "it is back")
    instance = lab[1].instance()
    assert instance["damping"]["active"] and instance["damping"]["withdrawals"] == 3
    assert instance["effective_priority"] == 1
    assert "held back by flap-damping for" in instance["priority_text"]
    assert "held back by flap-damping" in lab[1].vipctl("status").stdout
    assert "held back by flap-damping" in lab[1].log_text()
    # Nobody else is there: it serves, held back or not.
    lab[2].kill()
    lab.wait(lambda: lab[1].state() == "MASTER", "it serves alone")
    assert effective(lab[1]) == 1
    lab[2].start(config.instance(priority=100))
    lab.wait_master(lab[2])
    lab.wait_master(lab[1], timeout=20)
    assert effective(lab[1]) == 150 and not lab[1].instance()["damping"]["active"]


def restart_the_master(lab):
    """The peer goes and comes back: MASTER before and after it."""
    lab.wait_master(lab[2])
    lab[2].stop()
    lab[1].wait_state("MASTER")
    lab[2].start()
    lab.wait_master(lab[2])


@pytest.mark.lab(nodes=2)
def test_flap_damping_does_not_count_what_the_peer_does(lab):
    flag = f"{lab[1].directory}/healthy"
    lab[1].start(config.instance(priority=150, track="app", flap_damping="2 in 1m hold 1m"),
                 config.check("app", "file", path=flag, weight=-100))
    lab[2].start(config.instance(priority=100))
    # The check fails all the time.
    for _ in range(2):
        restart_the_master(lab)
    assert lab[1].vipctl("take", "web").returncode == NOT_SWITCHED
    lab.wait_master(lab[2])
    damping = lab[1].instance()["damping"]
    assert damping["withdrawals"] == 0 and not damping["active"]
    # Falling below the peer counts.
    for count in (1, 2):
        write_file(flag)
        lab.wait_master(lab[1])
        os.remove(flag)
        lab.wait_master(lab[2])
        assert lab[1].instance()["damping"]["withdrawals"] == count
    # Held back it serves alone; losing that again to the peer does not renew it.
    restart_the_master(lab)
    damping = lab[1].instance()["damping"]
    assert damping["withdrawals"] == 2 and damping["active"]


@pytest.mark.lab(nodes=2)
def test_a_reload_touches_what_has_changed_only(lab, serve):
    node = lab[1]
    server = serve(node, ("127.0.0.1", 7001), lambda _: b"")
    base = config.instance(priority=150, track=["a", "b"])
    steady = config.check("a", "tcp", connect="127.0.0.1:7001")
    node.start(base, steady, config.check("b", "tcp", connect="127.0.0.1:7001", weight=-10))
    lab[2].start(config.instance(priority=100))
    lab.wait_master(node)
    wait_check(lab, node, "b", "passing")
    sampler = lab.sampler()
    since, results = check_of(node, "a")["since"], check_of(node, "a")["good_results"]

    def reload(*sections):
        node.write(*sections)
        done = node.reload()
        assert done.returncode == 0, done.stderr
        return done.stdout

    # Another weight: in place. Another target: it counts as before until it has a result.
    said = reload(base, steady, config.check("b", "tcp", connect="127.0.0.1:7001", weight=-20))
    assert "updated   [check b]: weight\n" in said and "[check a]" not in said
    assert check_of(node, "b")["state"] == "passing" and check_of(node, "b")["weight"] == -20
    reload(base, steady, config.check("b", "tcp", connect="127.0.0.1:7002", interval="30s"))
    lab.wait(lambda: lab[2].state() == "MASTER", "its failure counts")
    reload(base, steady, config.check("b", "tcp", connect="127.0.0.1:7001"))
    lab.wait_master(node)
    # A new one must pass or fail before it means anything; one that is gone means nothing.
    gate = f"{node.directory}/gate"
    slow = script(node, "slow", f"while [ ! -e {gate} ]; do sleep 0.05; done; exit 1")
    reload(config.instance(priority=150, track=["a", "new"]), steady,
           config.check("new", "exec", command=slow, interval="1m", timeout="1m"))
    assert check_of(node, "b") is None
    assert check_of(node, "new")["state"] == "pending" and node.state() == "MASTER"
    write_file(gate)
    wait_check(lab, node, "new", "failing")
    lab.wait(lambda: lab[2].state() == "MASTER", "its failure counts")
    assert "removed   [check new]\n" in reload(config.instance(priority=150, track=["a"]), steady)
    lab.wait_master(node)
    assert check_of(node, "a")["since"] == since
    assert check_of(node, "a")["good_results"] > results
    assert {"n1"} in sampler.sequence() and set() not in sampler.sequence()
    # A file that is refused changes nothing.
    node.write(base)
    assert "there is no [check a]" in node.reload().stderr
    assert check_of(node, "a")["since"] == since
    server.close()


@pytest.mark.lab(nodes=1)
def test_checks_of_the_node_count_for_every_instance(lab):
    flag = f"{lab[1].directory}/flag"
    write_file(flag)
    lab[1].start(config.instance("web", priority=150),
                 config.instance("db", vrid=52, addresses="10.77.0.201/24", track="own"),
                 config.check("all", "file", path=flag, weight=-10),
                 config.check("own", "link", interface="eth0", weight=5), track="all")
    lab.wait(lambda: lab[1].instance("db")["effective_priority"] == 105, "its own")
    os.remove(flag)
    lab.wait(lambda: lab[1].instance("web")["effective_priority"] == 140, "web")
    assert lab[1].instance("db")["priority_text"] == "100 + 5 (own) - 10 (all) = 95"


@pytest.mark.lab(nodes=1)
def test_only_who_adverts_and_who_writes_to_the_kernel_is_real_time(lab, serve):
    """The thread of the HTTP checks is made by one that is; a reload makes it here."""
    node = lab[1]
    serve(node, ("127.0.0.1", 8404), lambda _: http_answer())
    node.start(config.instance(priority=150))
    node.wait_state("MASTER")
    if not node.status()["realtime"]["fifo"]:
        pytest.skip("real-time scheduling is not permitted here")
    node.write(config.instance(priority=150, track="app"),
               config.check("app", "http", url="http://127.0.0.1:8404/"))
    assert node.reload().returncode == 0
    wait_check(lab, node, "app", "passing")
    real_time = {}
    for task in map(int, os.listdir(f"/proc/{node.process.pid}/task")):
        if os.sched_getscheduler(task) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO:
            with open(f"/proc/{node.process.pid}/task/{task}/comm", encoding="ascii") as file:
                real_time[task] = file.read().strip()
    loop = node.process.pid
    assert real_time.pop(loop) == "vipd"
    assert list(real_time.values()) == ["vipd-kernel"]
    writer = next(iter(real_time))
    assert os.sched_getparam(loop).sched_priority > os.sched_getparam(writer).sched_priority
