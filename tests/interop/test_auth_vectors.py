"""Every vector of authenticated adverts through `vipctl decode`, with its keys in files, its marks in
another, and the receiver's clock in front of each packet."""

import ipaddress
import json
import os
import subprocess

import pytest

from vipdlab.config import section
from vipdlab.node import VIPCTL

DATA = os.path.join(os.path.dirname(__file__), "..", "unit", "data")


def vectors():
    with open(f"{DATA}/auth-hmac-vectors.json", encoding="utf-8") as file:
        for vector in json.load(file)["vectors"]:
            yield pytest.param(vector, id=vector["name"])


def parts(packet_hex):
    """Destination and listed addresses of a packet."""
    packet = bytes.fromhex(packet_hex)
    ipv6 = packet[0] >> 4 == 6
    header, width = (40, 16) if ipv6 else (20, 4)
    address = ipaddress.IPv6Address if ipv6 else ipaddress.IPv4Address
    count = packet[header + 3]
    at = header + 8
    listed = [str(address(packet[at + i * width:at + (i + 1) * width])) for i in range(count)]
    return str(address(packet[header - width:header])), listed


def configuration(vector, directory):
    receiver = vector["receiver"]
    destination, listed = parts(vector["deliveries"][0]["ip_packet_hex"])
    unicast = receiver["unicast_peers"] is not None
    keys = []
    for key in receiver["keys"]:
        path = directory / f"{key['id']}.key"
        path.write_text(key["key_hex"] + "\n")
        keys.append(f"{key['id']}:{path}")
    window = receiver["window_s"]
    return section("instance x", {
        "interface": "eth0", "vrid": receiver["vrid"], "version": receiver["version"],
        "addresses": listed, "unicast_peers": receiver["unicast_peers"],
        "source": destination if unicast else None, "auth_key": keys,
        "auth_mode": receiver["mode"], "auth_replay": receiver["anti_replay"],
        "auth_window": None if window is None else f"{window}s"})


def decode(directory, lines, *arguments):
    done = subprocess.run([VIPCTL, "decode", "--json", "--config", str(directory / "vipd.conf"),
                           "--instance", "x", *arguments], capture_output=True, text=True,
                          input="".join(lines), timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("vector", vectors())
def test_as_its_receiver(vector, tmp_path):
    marks = tmp_path / "marks"
    (tmp_path / "vipd.conf").write_text(configuration(vector, tmp_path))
    marks.write_text("".join(f"{address} {mark}\n" for address, mark
                             in vector["receiver"]["initial_marks"].items()))
    deliveries = vector["deliveries"]
    lines = [f"@{one['now_s']} {one['ip_packet_hex']}\n" for one in deliveries]
    got = decode(tmp_path, lines, "--marks", str(marks))
    assert len(got) == len(deliveries)
    for answer, one in zip(got, deliveries):
        assert answer["auth"] in [one["expect"], *one.get("also_allowed", [])], answer
        assert (answer["expect"] == "accept") == answer["auth"].startswith("ok"), answer
        wanted = list(one["marks_after"].values())
        assert answer["mark"] == (wanted[0] if wanted else None), answer


def test_without_a_clock_it_is_now(tmp_path):
    """The vectors are of 2025, and long stale."""
    vector = next(vectors()).values[0]
    (tmp_path / "vipd.conf").write_text(configuration(vector, tmp_path))
    got = decode(tmp_path, [vector["deliveries"][0]["ip_packet_hex"] + "\n"])
    assert got[0]["auth"] == "stale" and got[0]["reason"] == "auth_ext_stale"


def test_without_a_key_a_trailer_is_a_wrong_length(tmp_path):
    vector = next(vectors()).values[0]
    text = configuration(vector, tmp_path)
    kept = [line for line in text.splitlines() if not line.startswith("auth")]
    (tmp_path / "vipd.conf").write_text("\n".join(kept) + "\n")
    got = decode(tmp_path, [vector["deliveries"][0]["ip_packet_hex"] + "\n"])
    assert got[0]["reason"] == "packet_length_error" and "auth" not in got[0]
