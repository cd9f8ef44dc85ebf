"""vipctl import: keepalived's own samples, the shapes that tutorials have, damaged files; and what
it makes of a configuration, run against the original."""

import gzip
import json
import re
import subprocess
from pathlib import Path

import pytest

from vipdlab.node import BUILD, VIPCTL

DATA = Path(__file__).parent / "data" / "import"
SAMPLES = sorted(Path("/usr/share/doc/keepalived/samples").glob("keepalived.conf*"))
COMPLETE, DAMAGED, USAGE, INCOMPLETE = 0, 1, 2, 3
# What a build without that key or section says; which those are is not of the conversion.
ABSENT = "this version of vipd has no "


def run(*arguments):
    return subprocess.run([VIPCTL, *map(str, arguments)], capture_output=True, text=True,
                          timeout=30, check=False)


def convert(path, *options):
    """The exit code and the report, whose configuration passes `vipctl check`."""
    done = run("import", "--json", *options, path)
    assert done.returncode in (COMPLETE, INCOMPLETE), done.stderr
    report = json.loads(done.stdout)
    assert report["complete"] == (done.returncode == COMPLETE)
    assert report["not_carried_over"] == len(lost(report, absent=True))
    assert checked(report["config"]).returncode == 0, checked(report["config"]).stdout
    return report


def checked(text):
    return subprocess.run([VIPCTL, "check", "/dev/stdin"], input=text, capture_output=True,
                          text=True, timeout=30, check=False)


def lost(report, absent=False):
    """(line, first word) of what was not carried over."""
    return [(item["line"], item["text"].split()[0]) for item in report["items"]
            if item["kind"] == "not-carried-over"
            and (absent or not item["why"].startswith(ABSENT))]


def notes(report):
    return [(item["line"], item["text"].split()[0]) for item in report["items"]
            if item["kind"] == "note"]


def why(report, line):
    return " / ".join(item["why"] for item in report["items"] if item["line"] == line)


def sections(text):
    """{header: {key: value}} of a configuration."""
    result, keys, name = {}, None, None
    for line in text.splitlines():
        if line.startswith("["):
            keys = result.setdefault(line.strip("[]"), {})
        elif line.startswith(" ") and name:
            keys[name] += " " + line.strip()
        elif line and not line.startswith("#"):
            name, value = (part.strip() for part in line.split("=", 1))
            assert name not in keys, line
            keys[name] = value
    return result


@pytest.fixture(scope="session")
def known():
    """{section: keys} that this build has."""
    text = subprocess.run([f"{BUILD}/tools/check/schema_doc", "completion"], capture_output=True,
                          text=True, timeout=30, check=True).stdout
    result, keys = {}, None
    for line in text.split():
        if line.startswith("["):
            keys = result.setdefault(line.strip("[]"), set())
        else:
            keys.add(line)
    return result


@pytest.fixture
def write(tmp_path):
    def write_file(text, name="keepalived.conf"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path
    return write_file


def instance(body, name="VI_1"):
    return (f"vrrp_instance {name} {{\n    interface eth0\n    virtual_router_id 51\n{body}\n"
            "    virtual_ipaddress {\n        192.0.2.1/24\n    }\n}\n")


def keys_of(report, name="instance VI_1"):
    return sections(report["config"])[name]


def test_there_are_samples():
    if not Path("/usr/share/doc/keepalived").is_dir():
        pytest.skip("this machine installs packages without their documentation")
    assert len(SAMPLES) > 20


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_keepalived_s_own_samples(path, tmp_path):
    if path.suffix == ".gz":
        plain = tmp_path / path.stem
        plain.write_bytes(gzip.decompress(path.read_bytes()))
        path = plain
    report = convert(path)
    text = path.read_text(encoding="utf-8", errors="replace")
    text = re.sub(r"[!#].*", "", text)
    names = re.findall(r"^\s*vrrp_instance\s+(\S+)", text, re.MULTILINE)
    made = sections(report["config"])
    assert [n for n in made if n.startswith("instance ")] == [f"instance {n}" for n in names]
    servers = re.findall(r"^\s*virtual_server\s", text, re.MULTILINE)
    assert len([word for _, word in lost(report) if word == "virtual_server"]) == len(servers)
    for name, line in re.findall(r"vrrp_instance\s+(\S+)\s*{(.*?virtual_router_id\s+\d+)", text,
                                 re.DOTALL):
        assert made[f"instance {name}"]["vrid"] == line.split()[-1]


# Lines that are not carried over, whatever this build of vipd has.
SHAPES = {
    "haproxy": [(9, "script"), (20, "authentication")],
    "nginx": [(3, "notification_email"), (6, "notification_email_from"), (7, "smtp_server"),
              (8, "smtp_connect_timeout"), (29, "virtual_ipaddress:"), (37, "smtp_alert")],
    "mariadb": [],
    "firewall": [(32, "virtual_routes:")],
    "cloud": [(12, "10.0.3.10"), (24, "process"), (25, "quorum")],
    "dual-stack": [(28, "virtual_ipaddress:")],
    "vmac": [(3, "vrrp_strict"), (4, "vrrp_garp_interval"), (12, "vmac_xmit_base")],
    "active-active": [],
    "nopreempt": [(19, "virtual_ipaddress:")],
    "definitions": [(38, "include")],
}
# Lines of users that commands ran as, which need a vipd that knows commands.
USERS = {"mariadb": [13], "cloud": [17]}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_tutorials(shape, known):
    report = convert(DATA / shape / "keepalived.conf", "--config-id", "high")
    expected = sections((DATA / shape / "vipd.conf").read_text())
    expected = {header: {key: value for key, value in keys.items()
                         if key in known[header.split()[0]]}
                for header, keys in expected.items() if header.split()[0] in known}
    assert sections(report["config"]) == expected
    users = [(item["line"], item["text"].split()[0]) for item in report["items"]
             if item["why"].startswith("the user:")]
    assert {line for line, _ in users} <= set(USERS.get(shape, []))
    assert sorted(set(lost(report)) - set(users)) == sorted(SHAPES[shape])
    assert "s3cr3t" not in json.dumps(report)


def test_what_is_left_out_is_told_beside_it_with_its_line():
    path = DATA / "haproxy" / "keepalived.conf"
    done = run("import", path)
    assert done.returncode == INCOMPLETE
    assert "not carried over" in done.stderr and str(path) in done.stderr
    assert "# NOT CARRIED OVER: keepalived.conf:20: authentication { ... }\n#     VRRP" \
        in done.stdout
    assert "# Note: keepalived.conf:16: state MASTER\n" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120


def test_what_keepalived_ignores_is_left_out_with_a_note():
    """As its own log says: weights in members of a sync group, a peer that is this node."""
    assert (36, "eth1") in notes(convert(DATA / "firewall" / "keepalived.conf"))
    assert (10, "10.0.1.10") in notes(convert(DATA / "cloud" / "keepalived.conf"))
    assert (15, "nopreempt") in notes(convert(DATA / "vmac" / "keepalived.conf"))


def test_includes_name_their_own_file():
    report = convert(DATA / "definitions" / "keepalived.conf", "--config-id", "low")
    files = {Path(item["file"]).name for item in report["items"]}
    assert {"keepalived.conf", "10-mail.conf", "20.conf"} <= files
    made = sections(report["config"])
    assert made["instance VI_31"]["priority"] == "100"
    assert made["instance VI_31"]["announce-repeat"] == "2"
    assert "192.0.2.99" not in made["instance MANY"]["addresses"]


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
    ("    use_vmac\n    unicast_peer {\n 192.0.2.9\n }", {"mac": None,
                                                         "unicast-peers": "192.0.2.9"}),
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
    "authentication {\n auth_type PASS\n auth_pass x\n}", "dont_track_primary", "no_accept",
    "strict_mode", "down_timer_adverts 5", "use_ipvlan", "mcast_dst_ip 224.0.0.19", "unicast_ttl 3",
    "virtual_rules {\n from 192.0.2.0/24 table 1\n}", "promote_secondaries", "garp_extra_if 5",
    "smtp_alert", "track_bfd {\n b\n}", "prioritty 5", "track_script {\n nothing\n}",
    "virtual_ipaddress_excluded {\n 2001:db8::1/64\n}",
    "track_interface {\n eth9 weight 5 reverse\n}",
])
def test_words_without_a_counterpart(write, line):
    report = convert(write(instance(line)))
    assert len(lost(report)) == 1, report["items"]
    assert lost(report)[0][0] in (4, 5)


@pytest.mark.parametrize("line", ["state BACKUP", "preempt", "debug 4", "accept", "native_ipv6",
                                  "strict_mode off", "down_timer_adverts 3", "track_src_ip"])
def test_words_that_need_no_counterpart(write, line):
    assert lost(convert(write(instance(line)))) == []


def test_addresses(write):
    report = convert(write("""vrrp_instance A {
        interface eth0
        virtual_router_id 5
        version 3
        virtual_ipaddress { 192.0.2.1 192.0.2.2/25 dev eth0
            192.0.2.3/24 dev eth1
            192.0.2.2/24
            2001:db8::1/64
            nonsense
            192.0.2.4/24 brd + scope global no_track }
        virtual_ipaddress_excluded {
            192.0.2.5
        } }"""))
    assert keys_of(report, "instance A")["addresses"] == \
        "192.0.2.1/32, 192.0.2.2/25, 192.0.2.4/24, 192.0.2.5/32"
    assert [line for line, _ in lost(report)] == [6, 8, 9, 10]
    assert "an instance of its own" in why(report, 6)
    assert "once is enough" in why(report, 7)
    assert "vipd advertises all addresses" in why(report, 11)


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


DAMAGED_FILES = {
    "no closing brace": (instance("").rstrip("}\n"), ":5: found the end of the file, expected the"
                         " '}' of 'virtual_ipaddress'"),
    "one missing before the next": ("vrrp_instance A {\n virtual_ipaddress {\n 192.0.2.1\n }\n"
                                    + instance(""), ":5: found 'vrrp_instance VI_1', expected the"
                                    " '}' of 'vrrp_instance A' in line 1"),
    "one too many": (instance("") + "}\n", ":9: found '}', but no block is open"),
    "a lone one": ("{\n", ":1: found '{', expected a keyword before it"),
    "an open quote": ('global_defs {\n router_id "a\n}\n', ":2: found a quote that is never"),
    "binary": (b"\x7fELF\x02\x01\x01" + bytes(range(1, 256)) * 40, ":1: found a control character"),
    "endless definition": ("$A=${B}\n$B=${A}\nglobal_defs {\n router_id ${A}\n}\n", ":4: the def"),
    "a definition that grows": ("$A=x${A}${A}\nrouter_id ${A}\n", ":2: the definitions"),
    "a block that grows": ("$A= \\\n${A} \\\n${A}\n$A\n", ":4: definitions, sequences"),
    "too many repetitions": ("~SEQ(A, 0, 1000000) x\n", ":1: more repetitions"),
    "sequences of sequences": ("~SEQ(A, 60000) ~SEQ(B, 60000) x\n", ":1: found more than 500000"),
    "no end of a sequence": ("~SEQ(A, 1, 5 x\n", ":1: expected ~SEQ("),
    "a step that leads away": ("~SEQ(A, 1, -1, 5) x\n", ":1: expected ~SEQ("),
    "lists of other lengths": ("~LST({A, B}, {1, 2}, {3}) x\n", ":1: expected ~LST("),
    "a deep one": ("x {\n" * 100, ":33: found a block more than 32 deep"),
    "a long line": ("x" * 70000, ":1: found a line of more than 64 KiB"),
}


@pytest.mark.limit(30)
@pytest.mark.parametrize("name", DAMAGED_FILES)
def test_damaged_files(write, name):
    text, expected = DAMAGED_FILES[name]
    path = write(text)
    done = run("import", path)
    assert done.returncode == DAMAGED and done.stdout == ""
    assert done.stderr.startswith(f"vipctl: {path}{expected}"), done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.limit(30)
@pytest.mark.parametrize("text", ["include keepalived.conf\n", "include *.conf\n",
                                  "include ./*\ninclude *\n"])
def test_endless_includes(write, text):
    write(text, "b.conf")
    done = run("import", write(text))
    assert done.returncode == DAMAGED
    assert "include" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["", "# nothing\n", "root:x:0:0:root:/root:/bin/bash\n",
                                  "[instance web]\ninterface = eth0\n"])
def test_what_is_not_keepalived_s_is_said_to_be(write, text):
    done = run("import", write(text))
    assert done.returncode == DAMAGED and "nothing of a keepalived configuration" in done.stderr


def test_files_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        done = run("import", path)
        assert done.returncode == USAGE and str(path) in done.stderr
    (tmp_path / "nul").write_bytes(b"global_defs {\n\0}\n")
    assert run("import", tmp_path / "nul").returncode == USAGE


@pytest.mark.parametrize("arguments", [["--nonsense"], ["a", "b"], ["--force", "a"]])
def test_usage(arguments):
    done = run("import", *arguments)
    assert done.returncode == USAGE and "usage: vipctl import" in done.stderr


def test_output_is_not_overwritten_unless_asked_for(write, tmp_path):
    path, output = write(instance("version 3")), tmp_path / "vipd.conf"
    assert run("import", path, "-o", output).returncode == COMPLETE
    first = output.read_text()
    assert run("check", output).returncode == 0
    output.write_text("mine")
    done = run("import", path, "-o", output)
    assert done.returncode == USAGE and "--force" in done.stderr
    assert output.read_text() == "mine"
    done = run("import", path, "-o", output, "--force", "--json")
    assert done.returncode == COMPLETE
    assert output.read_text() == first == json.loads(done.stdout)["config"]
    assert run("import", path, "-o", tmp_path / "no" / "vipd.conf").returncode == USAGE


@pytest.mark.limit(60)
def test_a_large_configuration(write):
    text = "".join(instance(f"    priority {i % 200 + 1}", f"VI_{i}").replace("eth0", f"e{i}")
                   .replace("192.0.2.1/24", f"10.{i // 250}.{i % 250}.1/24") for i in range(4000))
    report = convert(write(text))
    assert len(sections(report["config"])) == 4000
    assert lost(report) == []


@pytest.mark.limit(60)
def test_many_refused_instances_do_not_take_long(write):
    text = "".join(instance("", f"VI_{i}") for i in range(1000))
    report = convert(write(text))
    assert list(sections(report["config"])) == ["instance VI_0"]


@pytest.mark.limit(60)
def test_more_than_vipd_takes_is_told(write):
    text = "".join(instance("", f"VI_{i}").replace("eth0", f"e{i}")
                   .replace("192.0.2.1/24", f"10.{i >> 8}.{i & 255}.1") for i in range(4100))
    report = convert(write(text))
    assert len(sections(report["config"])) == 4096 and len(lost(report)) == 4
    text = "\n".join(f"10.{i >> 8}.{i & 255}.1" for i in range(4100))
    report = convert(write(instance("").replace("192.0.2.1/24", text)))
    assert keys_of(report)["addresses"].count(",") == 4094 and len(lost(report)) == 5
    tracked = "track_interface {\n" + "\n".join(f"e{i}" for i in range(5000)) + "\n}"
    convert(write(instance(tracked)))


KEEPALIVED_PAIR = """global_defs {{
    router_id lab
    vrrp_version 3
}}
vrrp_instance VI_1 {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 0.1
    virtual_ipaddress {{
        10.77.0.200/24
        10.77.0.201/24
    }}
}}
"""


@pytest.mark.lab(nodes=1, keepalived=1)
def test_the_result_against_the_original(lab, write):
    """One node of a keepalived pair is moved: both sides take each other for what they were."""
    original, moved = (KEEPALIVED_PAIR.format(priority=p) for p in (100, 150))
    addresses = ("10.77.0.200", "10.77.0.201")
    text = convert(write(moved))["config"]

    def held(node):
        return [node.holds(address) for address in addresses]
    lab[2].start(original)
    lab.wait(lambda: held(lab[2]) == [True, True], "keepalived is MASTER alone")
    lab[1].write_text(text)
    lab[1].start()
    lab[1].wait_state("MASTER", "VI_1")
    lab.wait(lambda: held(lab[2]) == [False, False], "keepalived gave them up")
    lab.never(lambda: any(held(lab[2])), "keepalived does not follow our adverts", 1)
    assert held(lab[1]) == [True, True]
    lab[1].stop()
    lab.wait(lambda: held(lab[2]) == [True, True], "keepalived took over")
    lab[1].start()
    lab.wait(lambda: held(lab[1]) == [True, True] and held(lab[2]) == [False, False],
             "vipd took it back")
    router = lab[1].router("ipv4", "VI_1")
    assert sum(router["drops"].values()) == sum(router["warnings"].values()) == 0


@pytest.mark.lab(nodes=1, keepalived=1)
def test_the_warning_about_lists_of_addresses_is_true(lab, write):
    """keepalived ignores adverts with another list than its own, so that both become master."""
    moved = KEEPALIVED_PAIR.format(priority=150).replace("10.77.0.201/24", "10.77.0.201/24 dev e1")
    report = convert(write(moved))
    assert "both sides become master" in why(report, 13)
    lab[1].write_text(report["config"])
    lab[1].start()
    lab[1].wait_state("MASTER", "VI_1")
    lab[2].start(KEEPALIVED_PAIR.format(priority=100))
    lab.wait(lambda: lab[2].holds("10.77.0.200"), "keepalived ignores vipd")
    assert lab[1].holds("10.77.0.200")


