"""Every packet vector through `vipctl decode`: alone, and as the router it arrives at."""

import glob
import json
import os
import subprocess

import pytest

from vipdlab.config import section
from vipdlab.node import VIPCTL

DATA = os.path.join(os.path.dirname(__file__), "..", "unit", "data")
CHECKSUMS = {"either": "auto", "message-only": "rfc9568", "pseudo-header": "rfc5798"}


def vectors():
    for path in sorted(glob.glob(f"{DATA}/vectors*.json")):
        with open(path, encoding="utf-8") as file:
            for vector in json.load(file)["vectors"]:
                yield pytest.param(vector, id=vector["name"])


def decode(vector, *arguments):
    done = subprocess.run([VIPCTL, "decode", "--json", *arguments], capture_output=True, text=True,
                          input=vector["ip_packet_hex"] + "\n", timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def agrees(got, wanted):
    if got["verdict"] != wanted["verdict"] or got.get("reason") != wanted.get("reason"):
        return False
    if "warnings" in wanted and "warnings" in got and \
            sorted(got["warnings"]) != sorted(wanted["warnings"]):
        return False
    return all(got.get(key) == value for key, value in wanted.get("fields", {}).items())


def configuration(receiver):
    return section("instance x", {
        "interface": "eth0", "vrid": receiver["vrid"], "priority": receiver["priority"],
        "version": receiver["version"], "addresses": receiver["addresses"],
        "source": receiver["source"], "advert_interval": f"{receiver['advert_interval_ms']}ms",
        "unicast_peers": receiver["unicast_peers"], "password": receiver.get("password"),
        "checksum": CHECKSUMS[receiver["v3_ipv4_checksum"]] if receiver["version"] == 3 else None,
        "strict": "yes" if receiver["strict_rfc9568"] else "no"})


@pytest.mark.parametrize("vector", vectors())
def test_alone(vector):
    got = decode(vector)
    assert agrees(got, vector["stateless"]), got


def of_file(name):
    with open(f"{DATA}/{name}", encoding="utf-8") as file:
        return json.load(file)["vectors"]


def test_a_password_may_stand_in_a_file(tmp_path):
    for vector in of_file("vectors-auth.json"):
        receiver = dict(vector["receiver"])
        password = receiver.pop("password")
        if password is None:
            continue
        (tmp_path / "password").write_text(password + "\n")
        path = tmp_path / "vipd.conf"
        path.write_text(configuration(receiver) + f"password-file = {tmp_path}/password\n")
        got = decode(vector, "--config", str(path), "--instance", "x")
        assert agrees(got, vector["expect"]), got


@pytest.mark.parametrize("vector", vectors())
def test_as_its_receiver(vector, tmp_path):
    path = tmp_path / "vipd.conf"
    path.write_text(configuration(vector["receiver"]))
    got = decode(vector, "--config", str(path), "--instance", "x")
    allowed = [{"verdict": a} if isinstance(a, str) else a for a in vector["also_allowed"]]
    assert agrees(got, vector["expect"]) or any(agrees(got, a) for a in allowed), got


def test_a_line_that_is_no_packet():
    done = subprocess.run([VIPCTL, "decode", "--json"], capture_output=True, text=True,
                          input="hello\n\n# a comment\n45\n", timeout=20, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert "error" in lines[0] and lines[1] == {"verdict": "invalid", "stateless": "invalid",
                                                "reason": "ip_header"}
