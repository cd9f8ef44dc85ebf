"""vipctl doctor: a healthy pair has no findings; what it says of vipd itself and its machine."""

import ctypes
import json

import pytest

from vipdlab import config
from vipdlab.config import VIP4
from vipdlab.doctor import DUAL, bad, call, doctor, find, only
from vipdlab.node import VIPCTL
from vipdlab.wire import gratuitous_arp


def test_a_healthy_pair_has_nothing_worse_than_notes(lab):
    lab.start_all([150, 100], **DUAL)
    for node in lab.nodes:
        assert not bad(doctor(node, listen="3s"))
    done = call(lab[1], "--verbose")
    assert done.returncode == 0
    assert "0 errors" in done.stdout.splitlines()[-1]
    assert "nobody's adverts contradict the configuration" in done.stdout
    assert "\033" not in done.stdout


def test_healthy_with_virtual_mac_and_unicast(lab):
    lab.start_all([150, 100], mac="virtual", **DUAL)
    for node in lab.nodes:
        assert not bad(doctor(node))
    for node in lab.nodes:
        assert node.stop() == 0
    for node, peer, priority in ((lab[1], lab[2], 150), (lab[2], lab[1], 100)):
        node.start(config.instance(priority=priority, unicast_peers=peer.address4))
    lab.wait_master(lab[1])
    for node in lab.nodes:
        assert not bad(doctor(node))


def test_healthy_without_an_interface_given(lab):
    """It is the running vipd that knows it."""
    for node, peer, priority in ((lab[1], lab[2], 150), (lab[2], lab[1], 100)):
        node.start(config.instance(interface=None, priority=priority,
                                   unicast_peers=peer.address4))
    lab.wait_master(lab[1])
    for node in lab.nodes:
        done = doctor(node)
        assert not bad(done), done
    lab[1].stop()
    assert "no route to its unicast-peers was found by vipd" in call(lab[1]).stdout


def test_json_has_the_same_fields_for_every_finding(lab):
    lab[1].write(config.instance(interface="eth7"))
    result = json.loads(call(lab[1], "--json", "--verbose").stdout)
    assert result["version"] == 1
    counts = {"error": "errors", "warning": "warnings", "not-checked": "not_checked",
              "note": "notes", "ok": "good"}
    for severity, key in counts.items():
        assert result[key] == sum(f["severity"] == severity for f in result["findings"])
    for finding in result["findings"]:
        assert set(finding) == {"severity", "code", "object", "seen", "fix", "because"}
    ranks = [["error", "warning", "not-checked", "note", "ok"].index(f["severity"])
             for f in result["findings"] if f["because"] is None]
    assert ranks == sorted(ranks)


@pytest.mark.lab(nodes=1)
def test_a_configuration_that_cannot_be_used(lab, tmp_path):
    node = lab[1]
    only(doctor(node, file=str(tmp_path / "none.conf")), "configuration-unreadable", "error",
         "none.conf")
    node.write(config.instance(priority=300))
    found = only(doctor(node), "configuration-invalid", "error", "300", obj="instance web")
    assert f"{node.config}:" in found["fix"]
    node.write(config.instance(advert_interval="10ms"), realtime="no")
    only(doctor(node), "configuration-advice", "note", "realtime", obj="instance web")


@pytest.mark.lab(nodes=1)
def test_a_configuration_that_is_not_loaded(lab):
    node = lab.start_all([150])[1]
    new = config.instance("new", vrid=52, addresses="10.77.0.9")
    node.write(config.instance(priority=140), new)
    assert {f["object"] for f in find(doctor(node), "not-loaded")} == {"web", "new"}
    node.write(new)
    assert {f["object"] for f in find(doctor(node), "not-loaded")} == {"web", "new"}
    node.write("nonsense = 1")
    assert node.vipctl("reload").returncode == 1
    findings = doctor(node)
    only(findings, "reload-failed", "warning", "nonsense")
    assert find(findings, "configuration-invalid")


@pytest.mark.lab(nodes=1)
def test_the_running_configuration_is_found_by_asking(lab):
    node = lab.start_all([150])[1]
    done = node.run(VIPCTL, "--control", node.control, "doctor", "--json", "--listen", "0",
                    "--verbose", check=False)
    findings = json.loads(done.stdout)["findings"]
    assert not find(findings, "configuration-unreadable")
    assert find(findings, "interfaces")[0]["severity"] == "ok"


@pytest.mark.lab(nodes=1)
def test_not_running_and_hung(lab):
    node = lab[1].write(config.instance())
    only(doctor(node, listen="0"), "vipd-not-running", "error")
    node.start()
    assert not find(doctor(node, listen="0"), "vipd-not-running")
    node.freeze()
    try:
        only(doctor(node, listen="0"), "vipd-silent", "error")
    finally:
        node.thaw()


@pytest.mark.lab(nodes=1)
def test_a_held_instance(lab):
    node = lab.start_all([150])[1]
    node.link_down()
    node.wait_state("INIT")
    only(doctor(node), "held", "warning", "link-down", obj="web")


@pytest.mark.lab(nodes=1)
def test_the_reason_of_a_hold_from_the_start_is_where_doctor_points(lab):
    node = lab[1].start(config.instance(track="app"),
                        config.check("app", "file", path=f"{lab.directory}/none"))
    lab.wait(lambda: node.instance()["held_by"], "the check has failed")
    assert not node.history(), "nothing was left, so there is no transition"
    fix = only(doctor(node), "held", "warning", "check-failed", obj="web")["fix"]
    assert fix.startswith("vipctl status web "), fix
    assert f"{lab.directory}/none" in node.vipctl("status", "web").stdout


@pytest.mark.lab(nodes=1)
def test_removed_addresses_and_foreign_holders(lab):
    node = lab.start_all([150])[1]
    node.ip("addr", "del", f"{VIP4}/24", "dev", "eth0")
    lab.wait(lambda: node.status()["repairs"] > 0, "the address is put back")
    frame = gratuitous_arp(lab.client.mac, VIP4)

    def named():
        lab.inject(frame)
        return node.router()["foreign_holder"]
    lab.wait(named, "the foreign holder is known", interval=0.1)
    findings = doctor(node)
    only(findings, "addresses-removed", "warning", "1")
    only(findings, "foreign-holder", "error", lab.client.mac, obj="web")


@pytest.mark.lab(nodes=1)
def test_another_namespace(lab):
    lab.start_all([150])
    found = only(doctor(lab.client, file=lab[1].config, control=lab[1].control),
                 "other-namespace", "error", str(lab[1].process.pid))
    assert f"/proc/{lab[1].process.pid}/ns/net" in found["fix"]


@pytest.mark.lab(nodes=1)
def test_capabilities_and_realtime(lab):
    node = lab[1].write(config.instance())
    node.spawn(prefix=["setpriv", "--bounding-set", "-net_admin,-sys_nice,-ipc_lock", "--inh-caps",
                       "-net_admin,-sys_nice,-ipc_lock", "prlimit", "--rtprio=0", "--memlock=0"])
    lab.wait(lambda: node.status() is not None, "vipd answers")
    findings = doctor(node)
    only(findings, "capability-missing", "error", "CAP_NET_ADMIN")
    only(findings, "no-realtime", "warning")
    # AddressSanitizer makes a success of every mlockall().
    if not node.status()["realtime"]["memory_locked"]:
        only(findings, "memory-not-locked", "note")


@pytest.mark.lab(nodes=1)
def test_the_machine(lab):
    node = lab[1].write(config.instance())
    findings = doctor(node, listen="0", prefix=["setarch", "--uname-2.6"])
    only(findings, "kernel-too-old", "error", "Linux 2.6")
    findings = doctor(node, listen="0")
    assert not find(findings, "kernel-too-old")
    assert bool(find(findings, "clock-unsynchronised")) == (not clock_is_synchronised())


def clock_is_synchronised():
    """adjtimex(2) as the kernel answers it here; the lab cannot change the machine's clock."""
    libc = ctypes.CDLL(None, use_errno=True)
    state = libc.adjtimex(ctypes.create_string_buffer(512))
    assert state >= 0
    return state != 5
