"""vipctl import: keepalived's own samples, the shapes that tutorials have; and what it makes of a
configuration, run against the original."""

import gzip
import json
import re
from pathlib import Path

import pytest

from vipdlab.importing import (INCOMPLETE, convert, lost, notes, run, schema_keys, sections, takes,
                               why)
from vipdlab.node import keepalived_version

DATA = Path(__file__).parent / "data" / "import"
SAMPLES = sorted(Path("/usr/share/doc/keepalived/samples").glob("keepalived.conf*"))


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


# Lines that are not carried over, whatever this build of vipd has. Programs of these files are not on
# this machine, which is said of each.
SHAPES = {
    "haproxy": [(9, "script")],
    "nginx": [(3, "notification_email"), (6, "notification_email_from"), (7, "smtp_server"),
              (8, "smtp_connect_timeout"), (37, "smtp_alert"), (14, "script"),
              (34, "notify_master"), (35, "notify_backup"), (36, "notify_fault")],
    "mariadb": [(32, "notify"), (10, "script")],
    "firewall": [(15, "notify_master"), (16, "notify_backup"), (17, "notify_fault")],
    "cloud": [(3, "process"), (4, "quorum"), (22, "notify_master")],
    "dual-stack": [(28, "virtual_ipaddress:"), (27, "2001:db8::7/64")],
    "vmac": [(12, "vmac_xmit_base")],
    "active-active": [],
    "nopreempt": [],
    "definitions": [(38, "include"), (34, "notify_master")],
}
# Lines that are carried over by a build that has the keys for it.
LATER = {
    "haproxy": [(20, "authentication")],
    "nginx": [(29, "virtual_ipaddress:")],
    "firewall": [(32, "virtual_routes:")],
    "dual-stack": [(15, "virtual_ipaddress_excluded"), (13, "192.0.2.7/24")],
    "vmac": [(4, "vrrp_garp_interval")],
}


# What a build has to take for the values of these.
NEEDS = {"nginx": "addresses = 192.0.2.9/24 label x:1", "dual-stack": "extra-addresses = 192.0.2.9",
         "nopreempt": "addresses = 192.0.2.9/24 brd +"}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_tutorials(shape):
    known = schema_keys()
    report = convert(DATA / shape / "keepalived.conf", "--config-id", "high")
    expected = sections((DATA / shape / "vipd.conf").read_text())
    expected = {header: {key: value for key, value in keys.items()
                         if key in known[header.split()[0]]}
                for header, keys in expected.items() if header.split()[0] in known}
    if takes(NEEDS.get(shape, "")):
        assert sections(report["config"]) == expected
    later = set(LATER.get(shape, []))
    assert sorted(set(lost(report, absent=True)) - later) == sorted(SHAPES[shape])
    assert "s3cr3t" not in json.dumps(report["items"])


def test_what_is_left_out_is_told_beside_it_with_its_line():
    path = DATA / "haproxy" / "keepalived.conf"
    done = run("import", path)
    assert done.returncode == INCOMPLETE
    assert "not carried over" in done.stderr and str(path) in done.stderr
    assert "# NOT CARRIED OVER: keepalived.conf:9: script /usr/bin/killall -0 haproxy\n#     in" \
        in done.stdout
    assert "# Note: keepalived.conf:16: state MASTER\n" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120


def test_what_keepalived_ignores_is_left_out_with_a_note():
    """As its own log says: weights in members of a sync group, a peer that is this node."""
    assert (36, "eth1") in notes(convert(DATA / "firewall" / "keepalived.conf"))
    assert (15, "10.0.1.10") in notes(convert(DATA / "cloud" / "keepalived.conf"))
    assert (15, "nopreempt") in notes(convert(DATA / "vmac" / "keepalived.conf"))


def test_includes_name_their_own_file():
    report = convert(DATA / "definitions" / "keepalived.conf", "--config-id", "low")
    files = {Path(item["file"]).name for item in report["items"]}
    assert {"keepalived.conf", "10-mail.conf", "20.conf"} <= files
    made = sections(report["config"])
    assert made["instance VI_31"]["priority"] == "100"
    assert made["instance VI_31"]["announce-repeat"] == "2"
    assert "192.0.2.99" not in made["instance MANY"]["addresses"]


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
    """keepalived 2.2 ignores adverts with another list than its own, so that both become master: it
    lists an address twice that it has twice. 2.3 leaves it out, and is content with any list."""
    moved, original = (KEEPALIVED_PAIR.format(priority=p).replace("0.201/24", "0.200/24")
                       for p in (150, 100))
    report = convert(write(moved))
    assert "both sides become master" in why(report, 13)
    lab[1].write_text(report["config"])
    lab[1].start()
    lab[1].wait_state("MASTER", "VI_1")
    lab[2].start(original)
    if keepalived_version() >= (2, 3):
        lab.wait(lambda: "duplicates a VIP" in lab[2].log_text(), "it leaves the second out")
        lab.wait(lambda: "master set to" in lab[2].log_text(), "and hears vipd")
        assert not lab[2].holds("10.77.0.200")
        lab[2].stop()
        lab[2].start(KEEPALIVED_PAIR.format(priority=100))
        lab.wait(lambda: "expected 2 VIPs but received 1" in lab[2].log_text(), "it says so")
        lab.never(lambda: lab[2].holds("10.77.0.201"), "2.3 ignores another list, too", 2)
        return
    lab.wait(lambda: lab[2].holds("10.77.0.200"), "keepalived ignores vipd")
    assert lab[1].holds("10.77.0.200")
