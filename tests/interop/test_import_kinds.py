"""vipctl import: kinds of statements that keepalived 2.2 reads otherwise than they look, or that the
unit stops. What keepalived makes of each was seen in its own log and dump."""

import json
import stat
import tempfile
from pathlib import Path

import pytest

from vipdlab.importing import (COMPLETE, convert, instance, keys_of, lost, notes, run, sections, why)


def dangers(report, line):
    return {item["danger"] for item in report["items"] if item["line"] == line}


def script(body, name="up"):
    return f"vrrp_script {name} {{\n{body}\n}}\n"


def tracking(body, *names, more=""):
    return body + instance("version 3\ntrack_script {\n" + "\n".join(names) + "\n}\n" + more)


@pytest.fixture
def programs():
    """A directory that the unit leaves visible, for scripts to be looked into."""
    with tempfile.TemporaryDirectory(prefix="vipd-import-", dir="/run") as directory:
        Path(directory).chmod(0o755)

        def make(text, mode=0o755, name="x.sh"):
            path = Path(directory) / name
            path.write_text(text)
            path.chmod(mode)
            assert stat.S_IMODE(path.stat().st_mode) == mode
            return path
        yield make


@pytest.mark.parametrize("times, expected", [
    ("", {"interval": "1s", "timeout": None}),
    ("interval 2", {"interval": "2s", "timeout": None}),
    ("interval 8", {"interval": "8s", "timeout": "8s"}),
    ("interval 2\ntimeout 10", {"interval": "2s", "timeout": "10s"}),
    ("interval 8\ntimeout 4", {"interval": "8s", "timeout": "4s"}),
    ("interval 0.5", {"interval": "1s", "timeout": None}),
])
def test_a_script_may_take_as_long_as_with_keepalived(write, times, expected):
    report = convert(write(tracking(script(f'script "/bin/sleep 1"\n{times}'), "up")))
    check = keys_of(report, "check up")
    assert {key: check.get(key) for key in expected} == expected
    assert lost(report) == []


@pytest.mark.parametrize("command, type_, key, target", [
    ("killall -0 app", "process", "executable", "app"),
    ("/usr/bin/pkill -0 -x app", "process", "executable", "app"),
    ("pidof app > /dev/null 2>&1", "process", "executable", "app"),
    ("pgrep -x app >/dev/null || exit 1", "process", "executable", "app"),
    ("systemctl is-active app", "unit", "unit", "app.service"),
    ("systemctl status app.service", "unit", "unit", "app.service"),
    ("nc -z 127.0.0.1 80", "tcp", "connect", "127.0.0.1:80"),
    ("</dev/tcp/127.0.0.1/80", "tcp", "connect", "127.0.0.1:80"),
])
def test_what_only_looks_becomes_a_type_that_needs_no_time(write, command, type_, key, target):
    report = convert(write(tracking(script(f'script "{command}"\ntimeout 9'), "up")))
    check = keys_of(report, "check up")
    assert (check["type"], check[key], check.get("timeout")) == (type_, target, None)


LIMITS = {
    "sudo systemctl reload app": "'sudo'", "systemctl start app": "'systemctl'",
    "service app restart": "'service'", "pgrep -f app.jar | wc -l": "'pgrep'",
    "ip addr add 192.0.2.9 dev eth0": "'ip'", "iptables -I INPUT -j DROP": "'iptables'",
    "mysql -e 'select 1'": "'mysql'", "docker ps": "'docker'", "java -jar /opt/a.jar": "'java'",
    "mail -s up root < /dev/null": "'mail'", "echo up > /var/run/vrrp.state": "'> /var/run",
    "cat /root/.my.cnf": "'/root/.my.cnf'", "/home/op/check": "'/home/op/check'",
    "test -e /tmp/maintenance": "'/tmp/maintenance'", "touch /var/lib/x": "'touch'",
    "if pidof app; then true; fi": "'pidof'", "X=$(ps ax)": "'ps'",
}


@pytest.mark.parametrize("line", LIMITS)
def test_what_the_unit_stops_is_found_in_scripts(write, programs, line):
    """In a script of root's own, and not in comments and texts."""
    path = programs(f"#!/bin/bash\n# sudo pgrep in a comment\necho sudo in a text\n{line}\nexit 0\n")
    for text, number in ((tracking(script(f'script "{path} 80"'), "up"), 2),
                         (instance(f'version 3\nnotify_master "{path} up"'), 5)):
        report = convert(write(text))
        assert dangers(report, number) >= {"failover"}
        assert f"{LIMITS[line]}" in why(report, number)
        assert f"({path}, line 4)" in why(report, number)
        assert "line 2)" not in why(report, number) and "line 3)" not in why(report, number)


@pytest.mark.parametrize("text", [
    "#!/bin/sh\ncurl -sf http://127.0.0.1:80/ >/dev/null || exit 1\n",
    "#!/bin/sh\nip -br address show dev eth0 | grep -q 192.0.2.1\nsystemctl is-active -q app\n",
    "#!/usr/bin/env python3\nprint('sudo')\n",
])
def test_scripts_that_mind_nothing_are_carried_over(write, programs, text):
    report = convert(write(tracking(script(f"script {programs(text)}"), "up")))
    assert lost(report) == []
    assert "Nothing was found in it that minds" in why(report, 2)


@pytest.mark.parametrize("text, mode, said", [
    ("#!/bin/sh\nexit 0\n", 0o700, "lets nobody but root run it"),
    ("#!/usr/bin/env node\n", 0o755, "'node'"),
    ("#!/usr/bin/luajit\n", 0o755, "'luajit'"),
])
def test_programs_that_the_user_of_vipd_cannot_run(write, programs, text, mode, said):
    report = convert(write(tracking(script(f"script {programs(text, mode)}"), "up")))
    assert dangers(report, 2) == {"failover"} and said in why(report, 2)


def test_programs_that_are_not_there(write):
    """keepalived leaves such a check out; ours would fail for ever."""
    report = convert(write(tracking(script("script /nonesuch/x.sh"), "up")))
    assert dangers(report, 2) == {"failover"} and "fails for ever" in why(report, 2)


def test_a_process_without_weight_is_a_fault(write):
    report = convert(write("vrrp_track_process app {\n process app\n}\n"
                           "vrrp_track_process two {\n process two\n weight 5\n}\n"
                           + instance("version 3\ntrack_process {\n app\n two\n}")))
    assert "weight" not in keys_of(report, "check app")
    assert keys_of(report, "check two")["weight"] == "5"


@pytest.mark.parametrize("weight, content", [("", "number"), ("weight 0", "zero")])
def test_files(write, weight, content):
    report = convert(write(f"track_file app {{\n file /run/app\n {weight}\n}}\n"
                           + instance("version 3\ntrack_file {\n app\n}")))
    assert keys_of(report, "check app")["content"] == content
    assert lost(report) == []


def test_prefix_lengths_behind_unicast_addresses(write):
    """keepalived cuts them off; with them it would have been multicast, and two masters."""
    report = convert(write(instance("version 3\nunicast_src_ip 192.0.2.8/24\nunicast_peer {\n"
                                    "192.0.2.9/24\n192.0.2.7\n}")))
    keys = keys_of(report)
    assert (keys["source"], keys["unicast-peers"]) == ("192.0.2.8", "192.0.2.9, 192.0.2.7")
    assert lost(report) == []


def test_several_words_in_a_line(write):
    """Each kind of block as keepalived has it: the first alone, but for names of a group."""
    text = (script("script /bin/true", "a") + script("script /bin/true", "b")
            + instance("version 3\ntrack_script { a b }\ntrack_interface { eth1 eth2 }\n"
                       "unicast_peer { 192.0.2.8 192.0.2.9 }\npriority 100 200", "A")
            + instance("version 3", "B").replace("51", "52").replace("2.1/", "2.2/")
            + "vrrp_sync_group G {\n group { A B }\n}\n")
    report = convert(write(text))
    assert keys_of(report, "instance A")["track"] == "a, link-eth1"
    assert keys_of(report, "instance A")["unicast-peers"] == "192.0.2.8"
    assert keys_of(report, "instance A")["priority"] == "100"
    assert keys_of(report, "group G")["instances"] == "A, B"
    for line, word in ((11, "'b'"), (12, "'eth2'"), (13, "'192.0.2.8'"), (14, "'100'")):
        assert dangers(report, line) == {"cosmetic"} and word in why(report, line)


TRACKED = """version 3
track_interface {
 eth1 weight 5
 eth4
 eth7 weight -5
}
virtual_ipaddress {
 192.0.2.1/24 dev eth0
 192.0.2.2/24 dev eth1
 192.0.2.3/24 dev eth2 no_track
}
virtual_ipaddress_excluded {
 192.0.2.9/24 dev eth4
 192.0.2.8/24 dev eth1
}
virtual_routes {
 10.0.0.0/8 via 192.0.2.77 dev eth3
 11.0.0.0/8 via 192.0.2.77 dev eth5 no_track
}
virtual_rules {
 from 10.0.0.0/8 iif eth6 table 5
}
"""


def test_devices_of_addresses_routes_and_rules_are_tracked(write):
    """As keepalived does: down they are a fault, whatever weight they have elsewhere."""
    report = convert(write("vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\n"
                           + TRACKED + "}\n"))
    assert keys_of(report)["track"] == "link-eth4, link-eth7, link-eth1, link-eth3, link-eth6"
    for device in ("eth1", "eth3", "eth4", "eth6"):
        assert keys_of(report, f"check link-{device}") == {"type": "link", "interface": device}
    assert keys_of(report, "check link-eth7")["weight"] == "-5"
    assert dangers(report, 6) == {"cosmetic"} and "no weight" in why(report, 6)
    assert lost(report) == []


def test_one_bad_element_drops_no_list(write):
    text = (script("script /bin/true", "a") + script("interval 2", "none")
            + instance("version 3\ntrack_script {\n a\n a weight 5\n none\n missing\n}\n"
                       "unicast_peer {\n 192.0.2.9\n 192.0.2.9\n x\n}", "A")
            + instance("virtual_router_id 300", "B") + instance("version 3", "C")
            .replace("51", "52").replace("2.1/", "2.2/")
            + "vrrp_sync_group G {\n group {\n A\n B\n C\n Z\n}\n track_script {\n a\n}\n}\n")
    report = convert(write(text))
    assert keys_of(report, "instance A")["track"] == "a"
    assert keys_of(report, "instance A")["unicast-peers"] == "192.0.2.9"
    assert keys_of(report, "group G")["instances"] == "A, C"
    assert "instance B" not in sections(report["config"])
    assert "check a-plus5" not in sections(report["config"])


def test_a_group_that_keeps_one_member_is_none(write):
    text = (instance("version 3", "A") + instance("virtual_router_id 300", "B")
            + "vrrp_sync_group G {\n group {\n A\n B\n}\n}\n")
    assert list(sections(convert(write(text))["config"])) == ["instance A"]
    text = (instance("version 3", "A") + "vrrp_sync_group G {\n group {\n A\n}\n"
            " notify_master /bin/true\n}\n")
    report = convert(write(text))
    assert list(sections(report["config"])) == ["instance A"] and lost(report) == []
    assert keys_of(report, "instance A")["on-master"] == "/bin/true"


@pytest.mark.parametrize("body, preempt", [
    ("state MASTER\npriority 100\nnopreempt", "no"),
    ("state BACKUP\npreempt_delay 5", None),
    ("state MASTER\npriority 100\npreempt_delay 5", None),
    ("strict_mode off\nstate MASTER\npriority 100\nnopreempt", None),
    ("strict_mode off\npreempt_delay 5", "after 5s"),
    ("priority 255\nstate MASTER\nnopreempt", None),
])
def test_strict_mode(write, body, preempt):
    """Nobody but the owner begins as MASTER in it, so that nopreempt counts; delays do not."""
    report = convert(write("global_defs {\n vrrp_strict\n}\n" + instance(f"version 3\n{body}")))
    assert keys_of(report).get("preempt") == preempt


def test_repeated_words_are_those_that_keepalived_takes(write):
    report = convert(write(
        script("script /bin/true\nscript /bin/false", "a") + script("script /bin/echo", "a")
        + instance("version 3\nnotify_master /bin/true\nnotify_master /bin/false\n"
                   "priority 10\npriority 20\ntrack_script {\n a\n}")
        + instance("version 3").replace("51", "52")))
    assert keys_of(report)["on-master"] == "/bin/true"
    assert keys_of(report)["priority"] == "20" and keys_of(report)["vrid"] == "51"
    assert keys_of(report, "check a")["command"] == "/bin/false"
    assert lost(report) == []


FAULT = "/bin/sh -c 'case $VIPD_REASON in stopped|drained) {};; reconfigured) :;; *) {};; esac'"


@pytest.mark.parametrize("body, hook", [
    ("notify_fault /bin/false", FAULT.format(":", "exec /bin/false")),
    ("notify_stop /bin/true", FAULT.format("exec /bin/true", ":")),
    ('notify_stop "/bin/echo \'a b\' c"\nnotify_fault /bin/false',
     FAULT.format(r"exec /bin/echo '\''a b'\'' c", "exec /bin/false")),
    ("notify /bin/true", FAULT.format("exec /bin/true INSTANCE VI_1 STOP 100",
                                      "exec /bin/true INSTANCE VI_1 FAULT 100")),
])
def test_hooks_of_faults_do_not_run_when_vipd_stops(write, body, hook):
    assert keys_of(convert(write(instance(f"version 3\n{body}"))))["on-init"] == hook


@pytest.mark.parametrize("word", ["MASTER", "/etc/x", "1", "--up", "a.b"])
def test_an_argument_without_quotes_is_a_user_that_is_not_there(write, word):
    report = convert(write(instance(f"version 3\nnotify_master /bin/true {word}")))
    assert "on-master" not in keys_of(report) and lost(report) == []
    assert "in quotes with the program" in why(report, 5)
    report = convert(write(instance("version 3\nnotify_master /bin/ls nobody")))
    assert keys_of(report)["on-master"] == "/bin/ls"
    assert dangers(report, 5) == {"failover"}


@pytest.mark.parametrize("text, command", [
    ("script killall -9 app", "/usr/bin/env killall -9 app"),
    ('script "/bin/true && /bin/false"', "/bin/sh -c '/bin/true && /bin/false'"),
])
def test_commands_that_read_otherwise_than_keepalived_runs_them(write, text, command):
    report = convert(write(tracking(script(text), "up")))
    assert keys_of(report, "check up")["command"] == command
    assert dangers(report, 2) >= {"failover"}


@pytest.mark.parametrize("word", ["/bin/echo 'a|b'", "/bin/echo http://127.0.0.1/x?y=1*"])
def test_words_that_are_no_shell_s(write, word):
    report = convert(write(tracking(script(f'script "{word}"'), "up")))
    assert lost(report) == [] and "/bin/sh" not in keys_of(report, "check up")["command"]


def test_names_that_are_equal_here(write):
    text = (instance("version 3", "lb:1") + instance("version 3", "lb/1").replace("51", "52")
            .replace("2.1/", "2.2/"))
    names = list(sections(convert(write(text))["config"]))
    assert names == ["instance lb-1", "instance lb-1-2"]


def test_an_instance_defined_twice(write):
    report = convert(write(instance("version 3") + instance("version 3\npriority 7")))
    assert list(sections(report["config"])) == ["instance VI_1"]
    assert keys_of(report)["priority"] == "100" and lost(report) == []


@pytest.mark.parametrize("head, body, danger", [
    ("", "authentication {\n auth_type AH\n auth_pass x\n}", "masters"),
    ("", "authentication {\n auth_type PASS\n}", None),
    ("", "authentication {\n auth_pass x\n}", None),
    ("", "version 3\nauthentication {\n auth_type PASS\n auth_pass x\n}", None),
    ("global_defs {\n vrrp_strict\n}\n", "strict_mode on\n"
     "authentication {\n auth_type PASS\n auth_pass x\n}", None),
    ("", "auth_hmac {\n key 1 x\n}", "masters"),
])
def test_passwords_that_keepalived_does_not_use(write, head, body, danger):
    report = convert(write(head + instance(body)))
    found = [i["danger"] for i in report["items"] if i["text"].startswith("auth")]
    assert [d for d in found if d != "cosmetic"] == ([danger] if danger else [])
    assert "password" not in keys_of(report)


@pytest.mark.parametrize("text, mails", [("", False), ("smtp_alert", True),
                                         ("smtp_alert off", False)])
def test_mail_is_missed_where_there_was_some(write, text, mails):
    report = convert(write("global_defs {\n notification_email {\n a@b\n }\n smtp_server ::1\n}\n"
                           + instance(f"version 3\n{text}")))
    assert (dangers(report, 5) == {"function"}) == mails


@pytest.mark.parametrize("line", [
    "vrrp_garp_interval 0", "vrrp_gna_interval 0.0", "smtp_alert no", "vrrp_startup_delay 0",
    "vrrp_down_timer_adverts 3", "vrrp_mcast_group4 224.0.0.18", "checker_log_all_failures off",
    "vrrp_notify_priority_changes false", "use_symlink_paths", "state_dump_file /tmp/x",
    "json_version 2", "vrrp_garp_extra_if all 100", "dbus_service_name a", "snmp_socket udp:::1",
])
def test_defaults_and_words_of_newer_versions_are_no_loss(write, line):
    report = convert(write(f"global_defs {{\n {line}\n}}\n" + instance("version 3")))
    assert lost(report) == [] and "not known" not in why(report, 2)


def test_the_checksum_of_rfc_9568(write):
    text = instance("version 3\nv3_checksum_as_v2")
    assert keys_of(convert(write(text)))["checksum"] == "rfc9568"


def test_the_summary_is_sorted_by_danger(write):
    text = ("global_defs {\n enable_snmp_vrrp\n}\n"
            + instance("auth_hmac {\n key 1 x\n}\ntrack_bfd {\n b\n}\nstate MASTER"))
    done = run("import", write(text))
    head = done.stdout.split("\n[")[0]
    assert head.index("ALIKE") < head.index("[instance VI_1] VRRP 2 on eth0, VRID 51")
    order = [head.index(word) for word in ("DIFFERS", "Two masters", "auth_hmac", "Fails over",
                                           "track_bfd", "not done any more", "enable_snmp_vrrp",
                                           "COSMETIC")]
    assert order == sorted(order)
    report = json.loads(run("import", "--json", write(text)).stdout)
    counts = report["statements"]
    assert counts["differ"] == 3 and sum(counts.values()) == 7
    assert (1, "enable_snmp_vrrp") not in notes(report)


def test_the_plan(write):
    path = write("virtual_server 192.0.2.1 80 {\n}\n" + script('script "killall -0 app"', "app")
                 + script("script /bin/true", "up")
                 + instance("auth_hmac {\n key 1 x\n}\ntrack_script {\n app\n up\n}"))
    done = run("import", "--plan", path)
    steps = done.stdout.split("\n\n")
    assert [step.split("\n")[0].split(":")[0] for step in steps[1:]] == [
        "1. On all nodes", "2. On each node", "3. On the backup", "4. On the master",
        "5. On all nodes", "6. On each node"]
    assert "auth_hmac" in steps[1] and "ProtectProc=default" in steps[2]
    assert "runuser -u vipd -- /bin/true" in steps[2]
    assert "ip -brief address show to 192.0.2.1" in steps[3] and "virtual_server" in steps[3]
    assert "systemctl disable --now keepalived" in steps[4] and "version = 3" in steps[5]
    report = json.loads(run("import", "--plan", "--json", path).stdout)
    assert [step["node"] for step in report["steps"]] == [
        "all nodes", "each node", "the backup", "the master", "all nodes", "each node"]
    assert all(step["do"] for step in report["steps"])
    path = write(instance("version 3"))
    done = run("import", "--plan", path)
    assert done.returncode == COMPLETE and "version 3" not in done.stdout


HEX = "".join(f"{i:02x}" for i in range(32))


@pytest.mark.parametrize("body, keys", [
    (f"key 1 hex:{HEX}\n active_key 1", {"auth-key": f"1:hex:{HEX}"}),
    (f"key 1 hex:{HEX}\n key 2 file:KEY\n active_key 2\n mode permissive\n"
     " anti_replay time\n time_window 9",
     {"auth-key": f"2:KEY, 1:hex:{HEX}", "auth-mode": "permissive",
      "auth-replay": "time", "auth-window": "9s"}),
    (f"key 7 {'s' * 32}\n active_key 7\n anti_replay monotonic\n time_window 9\n mode receive-only",
     {"auth-key": f"7:hex:{'73' * 32}", "auth-mode": "receive-only", "auth-replay": "monotonic"}),
])
def test_keys_of_auth_hmac_are_carried_over(write, tmp_path, body, keys):
    file = tmp_path / "k2"
    file.write_text(HEX + "\n")
    body, keys["auth-key"] = (text.replace("KEY", str(file)) for text in (body, keys["auth-key"]))
    report = convert(write(instance(f"auth_hmac {{\n {body}\n}}")))
    found = [i["danger"] for i in report["items"] if i["text"].startswith("auth")]
    assert found == ["cosmetic"]
    assert {k: v for k, v in keys_of(report).items() if k.startswith("auth-")} == keys


@pytest.mark.parametrize("body", [
    "", f"key 1 hex:{HEX}", f"key 1 hex:{HEX}\n active_key 2", "key 1 hex:00\n active_key 1",
    f"key 256 hex:{HEX}\n active_key 1", "key 1 file:relative\n active_key 1",
])
def test_what_keepalived_does_not_sign_with_is_not_carried_over(write, body):
    report = convert(write(instance(f"auth_hmac {{\n {body}\n}}")))
    found = [i["danger"] for i in report["items"] if i["text"].startswith("auth")]
    assert found == ["masters"] and "auth-key" not in keys_of(report)
    assert HEX not in json.dumps(report)
