"""vipctl import, word by word: values, addresses, names, and what has no counterpart."""

import json

import pytest

from vipdlab.importing import (COMPLETE, INCOMPLETE, checked, convert, instance, keys_of, lost, run,
                               schema_keys, sections, takes, why)


def test_everything_carried_over_is_0(write):
    path = write(instance("    version 3\n    priority 50"))
    done = run("import", path)
    assert (done.returncode, done.stderr) == (COMPLETE, "")
    assert "All of it is carried over." in done.stdout


@pytest.mark.parametrize("block, use", [
    (f'vrrp_script up {{\n    script "{command}"\n}}\n', "script")
    for command in ("killall -0 app", "/usr/bin/killall -q -0 app", "pidof app", "pgrep -x app")
] + [("vrrp_track_process up {\n    process /usr/sbin/app\n}\n", "process")])
def test_processes_that_the_unit_hides_take_a_drop_in(write, block, use):
    """The packaged unit hides processes of other users: without it such a check always fails."""
    path = write(block + instance(f"    version 3\n    track_{use} {{\n        up\n    }}"))
    report = convert(path)
    assert lost(report) == [(2, use)]
    assert "ProtectProc=default" in why(report, 2) and "systemctl edit vipd" in why(report, 2)
    check = keys_of(report, "check up")
    assert (check["type"], check["executable"]) == ("process", "app")
    done = run("import", path)
    assert done.returncode == INCOMPLETE and "All of it is carried over" not in done.stdout
    said = done.stdout.split(f"# NOT CARRIED OVER: {path.name}:2: {use}")[1]
    assert "ProtectProc=default" in said
    assert "[check up] executable: " in checked(report["config"]).stderr


@pytest.mark.parametrize("body, expected", [
    ("", {"priority": "100", "version": "2", "advert-interval": "1s"}),
    ("    state MASTER", {"priority": "255"}),
    ("    priority 300", {"priority": "100"}),
    ("    advert_int 0.4", {"advert-interval": "1s"}),
    ("    advert_int 1.5", {"advert-interval": "2s"}),
    ("    version 3\n    advert_int 0.123", {"advert-interval": "120ms"}),
    ("    nopreempt", {"preempt": "no"}),
    ("    nopreempt\n    state MASTER", {"preempt": None}),
    ("    preempt_delay 4.5", {"preempt": "after 4.5s"}),
    ("    preempt_delay 5\n    state MASTER\n    priority 9", {"preempt": None}),
    ("    preempt_delay 5\n    nopreempt", {"preempt": "no"}),
    ("    use_vmac", {"mac": "virtual"}),
    ("    mcast_src_ip 192.0.2.8", {"source": "192.0.2.8"}),
    ("    garp_master_repeat 40", {"announce-repeat": "10"}),
    ("    garp_master_refresh 0", {"announce-refresh": "off"}),
    ("    priority 10\n    priority 20", {"priority": "20"}),
    ('    priority "30"', {"priority": "30"}),
])
def test_values(write, body, expected):
    keys = keys_of(convert(write(instance(body))))
    assert {key: keys.get(key) for key in expected} == expected


@pytest.mark.parametrize("line", [
    "authentication {\n auth_type AH\n auth_pass x\n}", "use_ipvlan", "vrf red",
    "smtp_alert", "track_bfd {\n b\n}", "prioritty 5", "auth_hmac {\n key 1 x\n}",
    "track_interface {\n eth9 weight 5 reverse\n}", "linkbeat_use_polling",
])
def test_words_without_a_counterpart(write, line):
    report = convert(write(instance(line)))
    assert len(lost(report)) == 1, report["items"]
    assert lost(report)[0][0] in (4, 5)


# (words of a vrrp_instance, what they become, words of vipd.conf that a build has to take for it)
CARRIED = [
    ("authentication {\n auth_type PASS\n auth_pass secret-9\n}", {"password": "secret-9"},
     "version = 2\npassword = secret-9"),
    ("authentication {\n auth_type PASS\n auth_pass 0123456789\n}", {"password": "01234567"},
     "version = 2\npassword = secret-9"),
    ("down_timer_adverts 5", {"dead-factor": "5"}, "dead-factor = 5"),
    ("mcast_dst_ip 224.0.0.19", {"multicast-group": "224.0.0.19"},
     "multicast-group = 224.0.0.19"),
    ("unicast_ttl 64\nunicast_peer {\n 192.0.2.9\n}", {"unicast-ttl": "64"},
     "unicast-peers = 192.0.2.2\nunicast-ttl = 64"),
    ("unicast_peer {\n 192.0.2.9 min_ttl 250 max_ttl 254\n}",
     {"unicast-min-ttl": "250", "unicast-max-ttl": "254"},
     "unicast-peers = 192.0.2.2\nunicast-max-ttl = 64"),
    ("use_vmac\nvmac_xmit_base\nunicast_peer {\n 192.0.2.9\n}", {"mac": "virtual"},
     "unicast-peers = 192.0.2.2\nmac = virtual"),
    ("no_accept", {"accept": "no"}, "accept = no"),
    ("strict_mode", {"accept": "no"}, "accept = no"),
    ("dont_track_primary", {"follow-link": "no"}, "follow-link = no"),
    ("notify_master_rx_lower_pri /bin/true", {"on-rival": "/bin/true"}, "on-rival = /bin/true"),
    ("virtual_ipaddress_excluded {\n 2001:db8::1/64\n 192.0.2.5\n}",
     {"extra-addresses": "2001:db8::1/64, 192.0.2.5/32", "version": "2"},
     "extra-addresses = 192.0.2.9"),
    ("virtual_ipaddress {\n 192.0.2.5/24 dev lo label lo:1 scope link brd +\n}",
     {"addresses": "192.0.2.5/24 dev lo label lo:1 scope link brd +, 192.0.2.1/24"},
     "addresses = 192.0.2.9/24 dev lo label lo:1 scope link"),
    ("virtual_routes {\n 0.0.0.0/0 via 192.0.2.9 dev eth0 no_track\n}",
     {"routes": "0.0.0.0/0 via 192.0.2.9 dev eth0"}, "routes = 0.0.0.0/0 via 192.0.2.9 dev eth0"),
    ("virtual_rules {\n from 192.0.2.0/24 table 1 priority 100\n}",
     {"rules": "from 192.0.2.0/24 table 1 priority 100"},
     "rules = from 192.0.2.0/24 table 1 priority 100"),
]


@pytest.mark.parametrize("body, expected, needed", CARRIED)
def test_words_that_are_carried_over_where_there_are_keys(write, body, expected, needed):
    report = convert(write(instance(body)))
    if takes(needed):
        keys = keys_of(report)
        assert {key: keys.get(key) for key in expected} == expected
        assert lost(report, absent=True) == []
    else:
        assert lost(report, absent=True) != []


@pytest.mark.parametrize("text, key, value", [
    ("vrrp_startup_delay 5.5", "start-delay", "5.5s"),
    ("vrrp_startup_delay 5\nvrrp_delay_after_boot 20", "start-delay", "20s"),
    ("vrrp_garp_interval 0.002\nvrrp_gna_interval 0.000001", "announce-pause", "2ms"),
])
def test_words_that_become_keys_of_the_node(write, text, key, value):
    report = convert(write(f"global_defs {{\n{text}\n}}\n" + instance("")))
    if key in schema_keys()["node"]:
        assert keys_of(report, "node")[key] == value and lost(report) == []
    else:
        assert len(lost(report, absent=True)) == 1


def test_delays_of_interfaces(write):
    text = "interface_up_down_delays {\n eth0 1.5\n eth1 2 3\n eth9 4\n}\n"
    report = convert(write(text + instance("", "A") + instance("", "B").replace("eth0", "eth1")
                           .replace("2.1/", "2.2/")))
    if "link-down-delay" in schema_keys()["instance"]:
        assert [(keys_of(report, f"instance {n}")["link-down-delay"],
                 keys_of(report, f"instance {n}")["link-up-delay"])
                for n in "AB"] == [("1.5s", "1.5s"), ("2s", "3s")]
    assert (4, "eth9") in lost(report)


def test_instances_without_an_interface_or_addresses(write):
    peers = "unicast-peers = 192.0.2.2"
    text = instance("unicast_peer {\n 192.0.2.9\n}").replace("    interface eth0\n", "")
    carried = "instance VI_1" in sections(convert(write(text))["config"])
    assert carried == (checked(f"[instance x]\nvrid = 1\naddresses = 192.0.2.1/24\n{peers}\n")
                       .returncode == 0)
    text = instance("no_virtual_ipaddress\nnotify_master /bin/true").replace("192.0.2.1/24", "")
    report = convert(write(text))
    assert ("instance VI_1" in sections(report["config"])) == takes("on-master = /bin/true", "")


@pytest.mark.parametrize("line", ["state BACKUP", "preempt", "debug 4", "accept", "native_ipv6",
                                  "strict_mode off", "down_timer_adverts 3", "track_src_ip",
                                  "promote_secondaries", "garp_extra_if 5", "unicast_ttl 255",
                                  "smtp_alert off", "timer_expired_backup", "mcast_dst_ip 224.0.0.18",
                                  "track_script {\n nothing\n}", "notify_priority_changes no"])
def test_words_that_need_no_counterpart(write, line):
    assert lost(convert(write(instance(line)))) == []


def test_addresses(write):
    """keepalived takes the first of a line and ignores the rest with a message, so does this."""
    report = convert(write("""vrrp_instance A {
        interface eth0
        virtual_router_id 5
        version 3
        virtual_ipaddress { 192.0.2.1 192.0.2.2/25 dev eth0
            192.0.2.3/25
            192.0.2.3/24
            2001:db8::1/64
            nonsense
            192.0.2.4/24 scope global no_track }
        }"""))
    assert keys_of(report, "instance A")["addresses"] == "192.0.2.1/32, 192.0.2.3/25, 192.0.2.4/24"
    assert [line for line, _ in lost(report)] == [7, 9]
    assert "ignores '192.0.2.2/25'" in why(report, 5)
    assert "advertises twice" in why(report, 7)
    assert "ignores an address of the other family" in why(report, 8)


def test_a_link_local_address_that_peers_have_to_list(write):
    text = instance("").replace("192.0.2.1/24", "2001:db8::1/64")
    report = convert(write(text))
    assert "fe80::200:5eff:fe00:233" in why(report, 6)
    text = text.replace("2001:db8::1/64", "fe80::1/64\n2001:db8::1/64")
    assert "link-local" not in json.dumps(convert(write(text))["items"])


def test_an_instance_that_vipd_cannot_have_is_a_comment(write):
    report = convert(write("vrrp_instance A {\n virtual_router_id 300\n}\n" + instance("")))
    assert list(sections(report["config"])) == ["instance VI_1"]
    assert "#[instance A]" in report["config"] and "#priority        = 100" in report["config"]
    assert [line for line, _ in lost(report)] == [1]
    report = convert(write(instance("", "A") + instance("virtual_router_id 0", "B")))
    assert list(sections(report["config"])) == ["instance A"]
    assert [line for line, _ in lost(report)] == [12, 14, 9]
    assert keys_of(report, "instance A") == keys_of(convert(write(instance("", "A"))), "instance A")


def test_the_same_vrid_twice_is_left_to_the_first(write):
    report = convert(write(instance("", "A") + instance("", "B")))
    assert list(sections(report["config"])) == ["instance A"]
    assert "instance A" in json.dumps([item["why"] for item in report["items"]])


def test_names_that_vipd_has_not(write):
    report = convert(write(instance("", '"VI 1/a"')))
    assert "instance VI-1-a" in sections(report["config"])
    assert "called 'VI-1-a'" in why(report, 1)


def test_quotes_escapes_and_comments(write):
    text = ('global_defs { # "\n router_id "a"\'b\'\\x63 ! it\'s\n}\n'
            "vrrp_instance 'VI_1' { interface eth0 \n virtual_router_id 51\n"
            "virtual_ipaddress { 192.0.2.1/24 } }\r\n")
    report = convert(write(text))
    assert keys_of(report, "node") == {"name": "abc"}
    assert keys_of(report)["vrid"] == "51"
