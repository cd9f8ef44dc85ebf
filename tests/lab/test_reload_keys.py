"""A change of each key of the schema, reloaded under a probe to an instance that is not affected."""

import re
import subprocess

import pytest

from vipdlab import config
from vipdlab.calm import assert_steady
from vipdlab.node import SCHEMA_DOC

OTHER = "10.77.0.201"

# What each key is changed to and back from. None: left out.
INSTANCE = {
    "interface": ("eth0", "gone0"),
    "vrid": (52, 53),
    "priority": (120, 90),
    "addresses": (f"{OTHER}/24", [f"{OTHER}/24", "10.77.0.202/24"]),
    "extra-addresses": (None, "192.0.2.77/32 dev lo"),
    "version": (3, 2),
    "password": (None, "s3cret"),
    "password-file": (None, "/etc/hostname"),
    "auth-key": (None, f"1:hex:{'01' * 32}"),
    "auth-mode": (None, "permissive"),
    "auth-replay": (None, "monotonic"),
    "auth-window": (None, "9s"),
    "advert-interval": ("100ms", "1s"),
    "dead-factor": (3, 5),
    "preempt": ("yes", "no"),
    "unicast-peers": (None, "10.77.0.2"),
    "unicast-ttl": (255, 64),
    "unicast-min-ttl": (0, 255),
    "unicast-max-ttl": (255, 254),
    "multicast-group": (None, "224.0.0.77"),
    "source": (None, "10.77.0.1"),
    "mac": ("interface", "virtual"),
    "checksum": ("auto", "rfc9568"),
    "strict": ("no", "yes"),
    "accept": ("yes", "no"),
    "routes": (None, "198.51.100.0/24 via 10.77.0.100"),
    "rules": (None, "from 10.77.0.201 table 100"),
    "adopt": ("no", "yes"),
    "announce-repeat": (2, 3),
    "announce-refresh": ("off", "2s"),
    "announce-form": ("request", "both"),
    "lease": ("5s", "4s"),
    "linger": (None, "200ms"),
    "before-master": (None, "/bin/true"),
    "before-master-timeout": ("30s", "2s"),
    "before-master-failure": ("give-up", "claim"),
    "release-first": ("no", "yes"),
    "on-master": (None, "/bin/true"),
    "on-backup": (None, "/bin/true"),
    "on-init": (None, "/bin/true"),
    "on-change": (None, "/bin/true"),
    "on-rival": (None, "/bin/true"),
    "hook-timeout": ("30s", "20s"),
    "hook-user": (None, "nobody"),
    "systemd-target": ("no", "yes"),
    "follow-link": ("yes", "no"),
    "link-down-delay": ("0s", "1s"),
    "link-up-delay": ("0s", "1s"),
    "on-conflict": ("defend", "release"),
    "conflict-quiet": ("60s", "30s"),
    "avoid": (None, "web"),
    "track": (None, "app"),
    "flap-damping": ("off", "3 in 1m"),
}
NODE = {
    "name": ("lab", "lab-two"),
    "lease": ("5s", "6s"),
    "realtime": ("yes", "no"),
    "start-delay": ("0s", "1s"),
    "announce-pause": ("0s", "2ms"),
    "hook-user": (None, "nobody"),
    "recorder": ("on", "off"),
    "recorder-time": ("60s", "30s"),
    "recorder-files": (32, 8),
    "track": (None, "other"),
}
# One check of each type, and what each of its keys is changed to.
HTTP = {"type": "http", "url": "http://127.0.0.1:9/"}
FILE = {"type": "file", "path": "/etc/passwd"}
TCP = {"type": "tcp", "connect": "127.0.0.1:9"}
PROCESS = {"type": "process", "executable": "vipd"}
CHECK = {
    "type": (FILE, {"type": "process", "path": None, "executable": "vipd"}),
    "interval": (FILE, "2s"),
    "timeout": (TCP, "500ms"),
    "rise": (FILE, 3),
    "fall": (FILE, 4),
    "weight": (FILE, -7),
    "initially": (FILE, "passing"),
    "url": (HTTP, "http://127.0.0.1:9/other"),
    "method": (HTTP, "HEAD"),
    "expect-status": (HTTP, 204),
    "expect-body": (HTTP, "fine"),
    "unix-socket": (HTTP, "/run/nobody.sock"),
    "tls-verify": (HTTP, "no"),
    "tls-ca": (HTTP, "/etc/ssl/certs/ca-certificates.crt"),
    "tls-cert": ({**HTTP, "tls-key": "/etc/passwd", "tls-cert": "/etc/passwd"}, "/etc/group"),
    "tls-key": ({**HTTP, "tls-key": "/etc/passwd", "tls-cert": "/etc/passwd"}, "/etc/group"),
    "connect": (TCP, "127.0.0.1:10"),
    "send": (TCP, "PING"),
    "expect": (TCP, "PONG"),
    "command": ({"type": "exec", "command": "/bin/true"}, "/bin/false"),
    "user": ({"type": "exec", "command": "/bin/true"}, "nobody"),
    "pid-file": ({"type": "process", "pid-file": "/run/a.pid"}, "/run/b.pid"),
    "executable": (PROCESS, "nobody"),
    "path": (FILE, "/etc/group"),
    "content": (FILE, "absent"),
    "unit": ({"type": "unit", "unit": "a.service"}, "b.service"),
    "interface": ({"type": "link", "interface": "lo"}, "eth0"),
    "address": ({"type": "gateway", "interface": "eth0", "address": "10.77.0.100"}, "10.77.0.2"),
}
GROUP = {"instances": ("other, third", "other, fourth")}
# Needs whole seconds beside it.
V2 = {"version": 2, "advert-interval": "1s"}
KEY = {"auth-key": f"1:hex:{'01' * 32}"}
ALONG = {"version": {"advert-interval": "1s"}, "password": V2, "password-file": V2,
         "auth-mode": KEY, "auth-replay": KEY, "auth-window": KEY}


def schema_keys():
    text = subprocess.run([SCHEMA_DOC, "completion"], check=True,
                          capture_output=True, text=True).stdout
    found, section = set(), None
    for line in text.split():
        header = re.fullmatch(r"\[(\w+)\]", line)
        section = header.group(1) if header else section
        if not header:
            found.add((section, line))
    return found


def sections(**changed):
    """web, which never changes, and other with these values."""
    keys = {key: values[0] for key, values in INSTANCE.items()}
    keys.update({key.replace("_", "-"): value for key, value in changed.items()})
    return (config.instance("web", priority=150),
            config.section("instance other", keys),
            config.section("check app", {"type": "file", "path": "/etc/passwd"}),
            config.section("check other", {"type": "file", "path": "/etc/group"}))


def test_each_key_of_the_schema_is_tried():
    tables = {"instance": INSTANCE, "node": NODE, "check": CHECK, "group": GROUP}
    tried = {(section, key) for section, keys in tables.items() for key in keys}
    assert schema_keys() == tried


@pytest.mark.lab(nodes=2)
def test_no_change_of_another_instance_costs_a_probe(lab):
    lab[1].start(*sections(), **{key: values[0] for key, values in NODE.items()})
    lab[2].start(config.instance("web", priority=100))
    lab[1].wait_state("MASTER")
    lab[1].wait_state("MASTER", "other")
    capture, sampler = lab.capture(), lab.sampler()
    probe = lab.probe(interval_ms=0.5)
    node = {key: values[0] for key, values in NODE.items()}
    changes = [("instance", key, value) for key, (_, value) in INSTANCE.items()]
    changes += [("node", key, value) for key, (_, value) in NODE.items()]
    for section, key, value in changes:
        here = {key: value} if section == "instance" else {}
        here.update(ALONG.get(key, {}) if section == "instance" else {})
        there = {**node, key: value} if section == "node" else node
        for sections_now, node_now in ((sections(**here), there), (sections(), node)):
            lab[1].write(*sections_now, **node_now)
            done = lab[1].reload()
            assert done.returncode == 0, (section, key, value, done.stderr)
    result = probe.stop()
    assert result.lost == [], str(result)
    assert sampler.sequence() == [{"n1"}], "the address of web was touched"
    assert_steady(capture.adverts("n1", vrid=51), 3 * config.INTERVAL_MS / 1000)
    assert lab[1].state() == "MASTER" and lab[2].state() == "BACKUP"
    lab.wait(lambda: lab[1].state("other") == "MASTER" and lab[1].holds(OTHER),
             "the other is back where it was")


def reload_under_probe(lab, files):
    """Each text in turn, while the client asks for the address of web."""
    capture, sampler = lab.capture(), lab.sampler()
    probe = lab.probe(interval_ms=0.5)
    for what, texts in files:
        lab[1].write(config.instance("web", priority=150), *texts)
        done = lab[1].reload()
        assert done.returncode == 0, (what, done.stderr)
    result = probe.stop()
    assert result.lost == [], str(result)
    assert sampler.sequence() == [{"n1"}], "the address of web was touched"
    assert_steady(capture.adverts("n1", vrid=51), 3 * config.INTERVAL_MS / 1000)
    assert lab[1].state() == "MASTER"


def check_files():
    other = config.instance("other", vrid=52, addresses=f"{OTHER}/24", track="app")
    for key, (base, value) in CHECK.items():
        changed = {**base, **(value if isinstance(value, dict) else {key: value})}
        for keys in (base, changed):
            yield key, (other, config.section("check app", keys))


@pytest.mark.lab(nodes=1)
def test_no_change_of_a_check_costs_another_instance_a_probe(lab):
    lab.start_all([150])
    reload_under_probe(lab, list(check_files()))


@pytest.mark.lab(nodes=1)
def test_no_change_of_a_group_costs_another_instance_a_probe(lab):
    lab.start_all([150])
    members = [config.instance(name, vrid=52 + i, addresses=f"10.77.0.{201 + i}/24")
               for i, name in enumerate(("other", "third", "fourth"))]
    reload_under_probe(lab, [("group", (*members, config.section("group g", {"instances": names})))
                             for names in (*GROUP["instances"], *GROUP["instances"])])
