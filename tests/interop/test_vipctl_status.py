"""What `vipctl status` and `vipctl why` say: the present, in words, within 80 columns."""

import copy
import datetime
import json
import os
import re

import pytest

from test_vipctl import STATUS, agent, reply, vipctl  # pylint: disable=unused-import

WEB = STATUS["instances"][0]
BACKUP = {**WEB, "name": "db", "state": "BACKUP", "base_priority": 100, "effective_priority": 100,
          "priority_text": "100", "preempt": True, "preempt_mode": "yes", "preempt_delay_ms": 0,
          "master": {"address": "10.99.0.1", "priority": 150, "is_us": False},
          "addresses": [{"address": "10.0.0.10/24", "held": False},
                        {"address": "2001:db8::10/64", "held": False},
                        {"address": "fe80::33/64", "held": False}],
          "last_transition": {"at": "2026-01-01T00:00:00.000Z", "from": "MASTER", "to": "BACKUP",
                              "reason": "higher-priority", "text": "10.99.0.1 advertises more"}}


def ago(seconds):
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)
    return then.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def status(*instances, **node):
    return reply({**STATUS, **node, "instances": list(instances)})


def ageless(text):
    """However long the test took."""
    return re.sub(r"\d+ (s|min|h) ago", "N ago", text)


def row_of(done, name):
    return next(line for line in done.stdout.splitlines() if line.startswith(f"{name} "))


def test_a_backup_is_told_in_the_present_tense(agent):
    done = vipctl(agent(status(BACKUP)), "status")
    assert "db: BACKUP: 10.99.0.1 is MASTER with 150, ours is 100\n" in done.stdout


@pytest.mark.parametrize("change, text", [
    ({"preempt": False, "master": {"address": "10.99.0.1", "priority": 90, "is_us": False}},
     "10.99.0.1 is MASTER with 90, ours is 100 (preempt = no)"),
    ({"effective_priority": 40, "priority_text": "100 - 60 (app) = 40"},
     "10.99.0.1 is MASTER with 150, ours is 100 - 60 (app) = 40"),
    ({"master": None}, "BACKUP: no master is known"),
])
def test_why_a_backup_stays_one(agent, change, text):
    assert text in vipctl(agent(status({**BACKUP, **change})), "status").stdout


def test_a_drained_node_says_who_is_master(agent):
    drained = {**BACKUP, "state": "INIT", "held_by": ["drained"],
               "drained": {"since": ago(9), "left_ms": 1680000}}
    done = vipctl(agent(status(drained)), "status")
    assert "db: INIT (drained): drained, 28 min left; 10.99.0.1 is MASTER with 150\n" in done.stdout


def test_which_family_lost_its_source(agent):
    routers = [{**WEB["routers"][0], "held_by": ["group"]},
               {**WEB["routers"][0], "family": "ipv6", "held_by": ["no-primary-address"]}]
    held = {**BACKUP, "state": "INIT", "held_by": ["no-primary-address"], "routers": routers}
    text = "eth0 has no IPv6 address to send from"
    path = agent(status(held))
    assert text in vipctl(path, "status").stdout and text in vipctl(path, "status", "db").stdout


def test_the_first_address_is_on_the_first_screen(agent):
    held = [{**address, "held": True} for address in BACKUP["addresses"]]
    lacks = [{**held[0], "held": False}, *held[1:]]
    done = vipctl(agent(status(BACKUP, {**WEB, "addresses": held},
                               {**WEB, "name": "lacks", "addresses": lacks},
                               {**BACKUP, "name": "keeps", "addresses": held})), "status")
    assert row_of(done, "db").endswith("10.0.0.10/24 +1"), "no alarm on a healthy backup"
    assert row_of(done, "web").endswith("10.0.0.10/24 +1")
    assert row_of(done, "lacks").endswith("10.0.0.10/24 +1 (1 of 2 held)")
    assert row_of(done, "keeps").endswith("10.0.0.10/24 +1 (2 of 2 held)")


def test_a_warning_says_when_it_was_seen_last(agent):
    warning = {"kind": "duplicate-vrid", "family": "ipv4", "text": "VRID 51 is also used",
               "since": ago(3600), "last_seen": ago(35), "count": 184, "peer": None, "mac": None}
    path = agent(status({**BACKUP, "warnings": [warning]}))
    for arguments in ["status"], ["status", "db"]:
        done = vipctl(path, *arguments)
        assert re.search(r"VRID 51 is also used \(seen 184 times, last seen \d+ s ago", done.stdout)


@pytest.mark.parametrize("columns", [80, 60])
def test_it_fits_the_terminal(agent, columns):
    long = {**BACKUP, "name": "a-long-name-of-an-instance", "interface": "enp129s0f1np1.1234",
            "master": {"address": "192.168.100.200", "priority": 150, "is_us": False},
            "warnings": [{"kind": "x", "text": "many words " * 20, "last_seen": ago(5),
                          "count": 1}]}
    done = vipctl(agent(status(WEB, long)), "status", env={"COLUMNS": str(columns)})
    assert max(len(line) for line in done.stdout.splitlines()) <= max(columns, 76), done.stdout
    assert "a-long-name-of-an-instance" in done.stdout and "192.168.100.200" in done.stdout


def test_lines_are_whole_where_no_terminal_is(agent):
    text = "words " * 40
    env = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    path = agent(status({**WEB, "last_transition": {**WEB["last_transition"], "text": text}}))
    done = vipctl(path, "status", env=env)
    assert text.strip() in done.stdout


SENDER = {"address": "10.99.0.1", "last": "bad_hmac", "last_at": ago(1), "key_id": 1, "ahead_s": 0,
          "outcomes": {"ok": 7, "stale": 0, "bad_hmac": 3},
          "text": "signs with another key", "mend": "compare the key files"}


def test_of_a_sender_the_cause_and_the_mend_are_said(agent):
    auth = {"mode": "enforce", "replay": "time", "window_s": 5, "key_ids": [1, 2], "signs": True,
            "peers": [SENDER, {**SENDER, "address": "10.99.0.2", "last": "ok", "text": None,
                               "mend": None}]}
    routers = [{**WEB["routers"][0], "authentication": auth}]
    done = vipctl(agent(status({**WEB, "routers": routers})), "status", "web")
    lines = [line.strip() for line in done.stdout.splitlines()]
    at = lines.index("10.99.0.1: bad_hmac, key 1, clock +0 s (ok 7, bad_hmac 3)")
    assert lines[at + 1] == "it signs with another key; compare the key files"
    assert lines[at + 2].startswith("10.99.0.2: ok, key 1")
    assert "10.99.0.2" in lines[at + 2] and not lines[at + 3].startswith("it ")


WARNING = {"kind": "equal-priority", "text": "the same", "last_seen": ago(5), "count": 1}


@pytest.mark.parametrize("code, change", [
    (0, {}),
    (1, {"drained": {"since": ago(9), "left_ms": None}, "state": "INIT", "held_by": ["drained"]}),
    (2, {"drained": {"since": ago(9), "left_ms": None}, "state": "INIT", "held_by": ["drained"],
         "master": None}),
    (2, {"state": "INIT", "held_by": ["link-down"]}),
    (2, {"state": "MASTER", "addresses": [{"address": "10.0.0.10/24", "held": False}]}),
    (1, {"addresses": [{"address": "10.0.0.10/24", "held": True}]}),
    (0, {"addresses": [{"address": "10.0.0.10/24", "held": True}], "lingering": True}),
    (1, {"warnings": [WARNING]}),
    (2, {"warnings": [WARNING, {**WARNING, "kind": "foreign-holder", "text": "a stranger"}]}),
    (1, {"checks": [{"name": "app", "state": "failing", "text": "status 503"}]}),
])
def test_check_exits_by_health(agent, code, change):
    path = agent(status(WEB, {**BACKUP, **change}))
    done = vipctl(path, "status", "--check")
    assert done.returncode == code, done.stdout
    label = ["OK", "WARNING", "BAD"][code]
    assert done.stdout.startswith("OK: 2 instances" if code == 0 else f"{label}: db: ")
    found = json.loads(vipctl(path, "status", "--check", "--json").stdout)
    assert found["health"] == ["ok", "warning", "bad"][code]
    assert vipctl(path, "status", "--check", "web").returncode == 0


def test_check_of_a_refused_reload_and_of_no_vipd(agent, tmp_path):
    path = agent(status(WEB, last_reload={"at": ago(5), "ok": False, "text": "x.conf:3: bad"}))
    done = vipctl(path, "status", "--check")
    assert done.returncode == 1 and done.stdout == (
        "WARNING: the last reload was refused: x.conf:3: bad\n")
    assert vipctl(str(tmp_path / "nothing"), "status", "--check").returncode == 3


def test_state_is_for_scripts(agent):
    path = agent(status(WEB, BACKUP))
    assert vipctl(path, "status", "--state").stdout == "web MASTER\ndb BACKUP\n"
    assert vipctl(path, "status", "--state", "db").stdout == "BACKUP\n"
    assert vipctl(path, "status", "--state", "--check").returncode == 2


FAILOVER = {"at": ago(7200), "event": "transition", "instance": "db", "family": None,
            "from": "BACKUP", "to": "MASTER", "state": "MASTER", "reason": "no-response",
            "text": "no advert from 10.99.0.1 for 3.610 s (limit 3.609 s)",
            "evidence": {"peer": "10.99.0.1", "peer_priority": 150, "own_priority": 100,
                         "silence_ms": 3610.0, "limit_ms": 3609.375},
            "recording": "/var/lib/vipd/recordings/x.pcap"}
BACK = {**FAILOVER, "at": ago(7100), "from": "MASTER", "to": "BACKUP", "state": "BACKUP",
        "reason": "higher-priority", "text": "10.99.0.1 advertises priority 150, ours is 100",
        "evidence": {"peer": "10.99.0.1", "peer_priority": 150, "own_priority": 100}}
BACK.pop("recording")


def test_why_is_one_paragraph_with_the_evidence(agent):
    held = {**BACKUP, "last_transition": {**BACK, "at": ago(60), "from": "INIT", "evidence": {},
                                          "text": "the interface is up"},
            "checks": [{"name": "app", "state": "failing", "since": ago(90), "text": "status 503"}],
            "warnings": [{"kind": "x", "text": "odd", "last_seen": ago(5), "count": 3}]}
    path = agent(reply({**STATUS, "instances": [held], "entries": [FAILOVER, BACK]}))
    done = vipctl(path, "why", "db")
    assert done.returncode == 0 and done.stdout.count("\n") == 1
    for part in ("db is BACKUP: 10.99.0.1 is MASTER with 150, ours is 100. ",
                 "BACKUP since ", "(N ago), INIT before that: the interface is up.",
                 "It last failed over at ", "(N ago), MASTER -> BACKUP: 10.99.0.1 advertises ",
                 "2 times in the last 24 hours",
                 "It had become MASTER at ", "(N ago): no advert from",
                 "vipctl capture -r /var/lib/vipd/recordings/x.pcap. ", "Check app fails since ",
                 "status 503",
                 "On its LAN: odd (seen 3 times, last seen N ago)"):
        assert part in ageless(done.stdout), done.stdout
    found = json.loads(vipctl(path, "why", "--json", "db").stdout)
    assert found["failover"] == BACK and found["state"] == "BACKUP"
    assert ageless(" ".join(found["sentences"])) == ageless(done.stdout.strip())


def test_why_has_a_line_for_each_sentence_on_a_terminal(agent):
    path = agent(reply({**STATUS, "instances": [BACKUP], "entries": [FAILOVER, BACK]}))
    sentences = json.loads(vipctl(path, "why", "--json", "db").stdout)["sentences"]
    lines = vipctl(path, "why", "db", env={**os.environ, "COLUMNS": "60"}).stdout.splitlines()
    assert max(len(line) for line in lines) <= 60 and len(sentences) > 3
    begun = [line for line in lines if not line.startswith("  ")]
    assert len(begun) == len(sentences) and len(lines) > len(begun), lines
    assert ageless(" ".join(line.strip() for line in lines)) == ageless(" ".join(sentences))


def test_a_limit_says_nothing_without_the_silence(agent):
    took = {**BACK, "evidence": {"peer": "10.99.0.1", "peer_priority": 150, "own_priority": 100,
                                 "limit_ms": 3609.375}}
    assert "limit" not in vipctl(agent(reply({"entries": [took]})), "history").stdout


def test_why_of_a_takeover_has_what_was_seen(agent):
    master = {**WEB, "name": "db", "last_transition": copy.deepcopy(FAILOVER)}
    path = agent(reply({**STATUS, "instances": [master], "entries": [FAILOVER]}))
    text = vipctl(path, "why", "db").stdout
    assert text.count("no advert from 10.99.0.1 for 3.610 s (limit 3.609 s)") == 1, text
    assert "; seen then: its priority 150, our priority 100." in text
    assert "vipctl capture -r /var/lib/vipd/recordings/x.pcap." in text
    assert "last failed over" not in text, "it is the one already told"


@pytest.mark.skipif(os.path.exists("/run/vipd/control"), reason="a vipd runs on this machine")
def test_where_no_vipd_runs_the_next_commands_are_named():
    done = vipctl("/run/vipd/control", "why", "web")
    assert done.returncode == 3 and done.stderr.count("\n") == 1
    assert "'systemctl status vipd'" in done.stderr and "'vipctl history'" in done.stderr


def test_why_wants_a_name(agent):
    assert vipctl(agent(status(WEB)), "why").returncode == 2


def test_history_tells_evidence_once(agent):
    strange = {**FAILOVER, "text": "no advert from any router", "recording": None}
    path = agent(reply({"entries": [FAILOVER, BACK, strange]}))
    lines = vipctl(path, "history").stdout.splitlines()
    assert lines[0].endswith("(limit 3.609 s)  [its priority 150, our priority 100]")
    assert lines[2].endswith("10.99.0.1 advertises priority 150, ours is 100")
    assert lines[3].endswith("[peer 10.99.0.1, its priority 150, our priority 100, "
                             "silent for 3.610 s, limit 3.609 s]")


CHECK = {"name": "haproxy", "type": "http", "state": "failing", "since": None, "weight": None,
         "text": "connection refused"}


@pytest.mark.parametrize("change, command", [
    ({"checks": [CHECK]}, "vipctl status web  # web: check haproxy fails"),
    ({"state": "INIT", "held_by": ["check-failed"], "checks": [CHECK]},
     "vipctl status web  # web: a check fails"),
    ({"state": "INIT", "held_by": ["drained"], "drained": {"since": None, "left_ms": None}},
     "vipctl resume web  # web: drained"),
    ({"state": "INIT", "held_by": ["link-down"]}, "vipctl doctor  # web: what keeps it in INIT"),
    ({"state": "INIT", "held_by": ["not-prepared"]},
     "vipctl history web  # web: before-master failed"),
    ({"state": "INIT", "held_by": ["group"]}, "vipctl why web  # web: held by its group"),
    ({"warnings": [{"kind": "second-master", "text": "10.0.0.3 too"}]},
     "vipctl doctor  # web: second-master"),
    ({"damping": {"active": True, "withdrawals": 3, "limit": 3, "remaining_ms": 1000}},
     "vipctl history web  # web: held back by flap-damping"),
])
def test_the_next_command_is_named(agent, change, command):
    done = vipctl(agent(status({**WEB, "addresses": [], **change})), "status")
    assert f"\nnext: {command}\n" in done.stdout


def test_each_next_command_is_named_once_and_the_worst_first(agent):
    drained = {**BACKUP, "state": "INIT", "held_by": ["drained"],
               "drained": {"since": None, "left_ms": None}}
    two = {**WEB, "checks": [CHECK, {**CHECK, "name": "other"}]}
    lost = {**BACKUP, "name": "x", "state": "INIT", "held_by": ["link-down"], "master": None}
    reload = {"at": None, "ok": False, "text": "x.conf:3: bad"}
    done = vipctl(agent(status(two, drained, lost, last_reload=reload)), "status")
    assert re.findall("^next: (.*?)  #", done.stdout, re.M) == [
        "vipctl doctor", "vipctl status web", "vipctl resume db", "vipctl check"]


def test_nothing_comes_next_where_all_is_well(agent):
    path = agent(status(WEB))
    assert "next:" not in vipctl(path, "status").stdout + vipctl(path, "status", "web").stdout


def test_the_details_of_one_name_no_command_that_shows_them(agent):
    path = agent(status({**WEB, "checks": [CHECK]}, BACKUP))
    assert "next:" not in vipctl(path, "status", "web").stdout
    answer = json.loads(vipctl(path, "status", "--check", "--json").stdout)
    assert set(answer["problems"][0]) == {"instance", "health", "text"}
