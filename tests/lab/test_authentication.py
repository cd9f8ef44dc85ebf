"""Adverts that are signed: a cluster gets there node by node without a second holder, and what is
unsigned, forged or sent again is dropped and counted."""

import pathlib

import pytest

from vipdlab import config, wire
from vipdlab.doctor import doctor
from vipdlab.inject import repeating

PRIORITIES = (150, 100)


def key_file(tmp_path, name, octet):
    path = tmp_path / name
    path.write_text(f"{octet:02x}" * 32 + "\n")
    path.chmod(0o600)
    return path


def transitions(lab, family="ipv4"):
    return [node.router(family)["counters"]["master-transitions"] for node in lab.nodes]


def changed(node, priority, keys):
    node.write(config.instance(priority=priority, **keys))
    done = node.reload()
    assert done.returncode == 0, done.stderr


def follows(lab):
    return (lab[2].instance()["master"] or {}).get("priority") == 150


def started(lab, keys):
    for node, priority in zip(lab.nodes, PRIORITIES):
        node.start(config.instance(priority=priority, **keys))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: follows(lab), "it follows")


def received(node, family="ipv4"):
    return node.router(family)["counters"]["advertisement-rcvd"]


@pytest.mark.limit(120)
@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_node_by_node_costs_nothing(lab, tmp_path, family):
    """Each step in the wrong order too: the master first."""
    key, new = key_file(tmp_path, "a.key", 1), key_file(tmp_path, "b.key", 2)
    more = {"addresses": [f"{config.VIP6}/64"]} if family == "ipv6" else {}
    steps = [{"auth_key": f"1:{key}", "auth_mode": "receive-only"},
             {"auth_key": f"1:{key}", "auth_mode": "permissive"},
             {"auth_key": f"1:{key}", "auth_mode": "enforce"},
             {"auth_key": f"1:{key}, 2:{new}"},
             {"auth_key": f"2:{new}, 1:{key}"},
             {"auth_key": f"2:{new}"}]
    started(lab, more)
    had = transitions(lab, family)
    sampler = lab.sampler(config.VIP6 if family == "ipv6" else config.VIP4)
    for step in steps:
        for node, priority in zip(lab.nodes, PRIORITIES):
            changed(node, priority, {**more, **step})
            seen = received(lab[2], family)
            lab.wait(lambda seen=seen: received(lab[2], family) > seen + 5, "it goes on to hear")
    assert sampler.sequence() == [{"n1"}] and transitions(lab, family) == had
    peers = lab[2].router(family)["authentication"]["peers"]
    assert peers[0]["last"] == "ok" and peers[0]["key_id"] == 2


@pytest.mark.lab(nodes=2)
def test_from_nothing_to_enforce_the_backup_first(lab, tmp_path):
    key = key_file(tmp_path, "a.key", 1)
    started(lab, {})
    had = transitions(lab)
    sampler = lab.sampler()
    for node, priority in ((lab[2], 100), (lab[1], 150)):
        changed(node, priority, {"auth_key": f"1:{key}"})
        seen = received(lab[2])
        lab.wait(lambda seen=seen: received(lab[2]) > seen + 5, "it goes on to hear")
    assert sampler.sequence() == [{"n1"}] and transitions(lab) == had
    assert "reload the master last" in lab[2].log_text()


def drops(node):
    return node.router()["drops"]


@pytest.mark.lab(nodes=2)
def test_what_is_unsigned_forged_or_sent_again_is_dropped(lab, tmp_path):
    key = key_file(tmp_path, "a.key", 1)
    started(lab, {"auth_key": f"1:{key}"})
    had = transitions(lab)
    sampler, capture = lab.sampler(), lab.capture()
    lab.wait(lambda: len(capture.octets("n1")) >= 5, "adverts were recorded")
    injector = lab.injector()
    own = bytes.fromhex(lab.client.mac.replace(":", ""))
    replayed = [data[:6] + own + data[12:] for data in capture.octets("n1")[:5]]
    # Priority 255, and the rest as it was: nobody can make the signature of that.
    forged = bytearray(replayed[-1])
    forged[36] = 255
    forged[40:42] = wire.checksum_of(forged[14:34], forged[34:-28])

    def attack():
        injector.advert(priority=255)
        injector.send(bytes(forged))
        for data in replayed:
            injector.send(data)
    with repeating(attack):
        for name in ("auth_ext_missing", "auth_ext_invalid_hmac", "auth_ext_replay"):
            lab.wait(lambda name=name: drops(lab[2])[name] > 20, f"{name} is counted", 30)
    assert sampler.sequence() == [{"n1"}] and transitions(lab) == had
    warning = lab.wait(lambda: next((w for w in lab[2].instance()["warnings"]
                                     if w["kind"] == "refused-peer"), None), "it is told")
    assert warning["drop"].startswith("auth_ext_"), warning


@pytest.mark.lab(nodes=2)
def test_of_a_forger_the_machine_is_named(lab, tmp_path):
    """It sends in the master's name: log, history, status and doctor have the MAC of its frames, and
    not the master's."""
    key = key_file(tmp_path, "a.key", 1)
    started(lab, {"auth_key": f"1:{key}"})
    injector = lab.injector()
    with repeating(lambda: injector.advert(priority=255, source=lab[1].address4)):
        lab.wait(lambda: drops(lab[2])["auth_ext_missing"] > 5, "it is refused", 30)
        said = f"{lab[1].address4} ({lab.client.mac}) sends unsigned adverts"
        lab.wait(lambda: said in lab[2].log_text(), "the log has its MAC", 30)
        lab.wait(lambda: said in lab[2].vipctl("history").stdout, "so has the history", 30)
        lab.wait(lambda: said in lab[2].vipctl("status", "web").stdout, "and the status", 30)
        findings = doctor(lab[2])
    assert any(said in f["seen"] for f in findings if f["code"] == "peer-auth"), findings
    assert any(said in f["seen"] for f in findings if f["code"] == "refused-peer"), findings
    assert f"({lab[1].mac})" not in lab[2].log_text()


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("back", [1, 4], ids=["the newest", "some of before"])
def test_who_sends_again_what_is_younger_than_a_second_is_named(lab, tmp_path, back):
    """The genuine adverts are no newer than the mark either, when their frames are looked at."""
    key = key_file(tmp_path, "a.key", 1)
    started(lab, {"auth_key": f"1:{key}"})
    capture, injector = lab.capture(), lab.injector()
    own = bytes.fromhex(lab.client.mac.replace(":", ""))
    lab.wait(lambda: len(capture.octets("n1")) >= back, "adverts were recorded")

    def attack():
        newest = capture.octets("n1")[-back]
        injector.send(newest[:6] + own + newest[12:])
    with repeating(attack, config.INTERVAL_MS / 4000):
        lab.wait(lambda: drops(lab[2])["auth_ext_replay"] > 5, "it is refused", 30)
        said = f"{lab[1].address4} ({lab.client.mac}) sends what was heard before"
        lab.wait(lambda: said in lab[2].log_text(), "the log has its MAC", 30)
        lab.wait(lambda: said in lab[2].vipctl("status", "web").stdout, "and the status", 30)
    assert f"({lab[1].mac})" not in lab[2].log_text()
    assert lab[2].state() == "BACKUP"


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("replay", ["time", "monotonic"])
def test_a_node_that_comes_back_repeats_nothing(lab, tmp_path, replay):
    key = key_file(tmp_path, "a.key", 1)
    keys = {"auth_key": f"1:{key}", "auth_replay": replay}
    started(lab, keys)
    capture = lab.capture()
    file = pathlib.Path(lab[1].directory, "state", "sequences")
    if replay == "monotonic":
        lab.wait(lambda: file.exists() and "sent web ipv4" in file.read_text(), "it is reserved", 30)
        lab[1].kill()
    else:
        lab[1].stop()
        assert "sent web ipv4" in file.read_text()
    lab[2].wait_state("MASTER")
    lab[1].start(config.instance(priority=150, **keys))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: follows(lab), "it follows")
    stamps = [data[-24:-16] for data in capture.octets("n1")]
    assert stamps == sorted(set(stamps)), "a stamp was repeated"
    assert drops(lab[2])["auth_ext_replay"] == 0 and drops(lab[1])["auth_ext_replay"] == 0
    assert file.stat().st_mode & 0o007 == 0


@pytest.mark.lab(nodes=1)
def test_a_key_that_others_can_read_is_warned_of(lab, tmp_path):
    """At start and at each reload, for as long as it is so."""
    key = key_file(tmp_path, "a.key", 1)
    key.chmod(0o644)
    said = f"{key}: has mode 0644"
    lab[1].start(config.instance(auth_key=f"1:{key}"))
    lab.wait(lambda: lab[1].log_text().count(said) == 1, "it is warned of at start")
    assert lab[1].reload().returncode == 0
    lab.wait(lambda: lab[1].log_text().count(said) == 2, "and at a reload")
    key.chmod(0o600)
    assert lab[1].reload().returncode == 0
    assert lab[1].log_text().count(said) == 2
