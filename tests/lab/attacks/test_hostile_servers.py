"""An HTTP server that a check asks, in the hands of somebody else."""

import itertools
import time

import pytest

from vipdlab import config
from vipdlab.checks import check_of, wait_check
from vipdlab.node import sanitized
from vipdlab.watch import widest_gap

HEAD = b"HTTP/1.1 200 OK\r\n"
TIMEOUT_S = 1
GROWTH_KIB = 16 << 10


def slowly(octets):
    for octet in octets:
        yield bytes([octet])
        time.sleep(0.1)


# What it sends, and what becomes of the check (None: either, within its bounds).
SERVERS = {
    "endless body": (
        lambda: itertools.chain([HEAD + b"\r\n"], itertools.repeat(b"x" * 65536)), None),
    "endless headers": (
        lambda: itertools.chain([HEAD], (b"X-%d: %s\r\n" % (n, b"y" * 8192) for n in range(10**6))),
        "failing"),
    "slow headers": (lambda: slowly(HEAD + b"Server: slow\r\n" * 100), "failing"),
    "redirect to a file": (lambda: [b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n"
                                    b"Content-Length: 0\r\n\r\n"], None),
    "no HTTP": (lambda: [b"\0\xff" * 4096], "failing"),
    "a length of all": (lambda: [HEAD + b"Content-Length: 18446744073709551615\r\n\r\nx"], None),
}


def resident_kib(node):
    with open(f"/proc/{node.process.pid}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1])


@pytest.mark.lab(nodes=1)
def test_hostile_answers_fail_within_the_timeout_and_cost_nothing(lab, serve):
    """Expected: what is no good answer within its timeout fails the check, redirects are not
    followed, memory is bounded, and adverts go out all the time."""
    node, port = lab[1], 8400
    checks = []
    for number, (answer, _) in enumerate(SERVERS.values()):
        serve(node, ("127.0.0.1", port + number), lambda _, a=answer: a())
        checks.append(config.check(f"c{number}", "http", url=f"http://127.0.0.1:{port + number}/",
                                   weight=-1, interval=f"{TIMEOUT_S}s", timeout=f"{TIMEOUT_S}s"))
    names = [f"c{number}" for number in range(len(checks))]
    node.start(config.instance(priority=150, track=names), *checks)
    node.wait_state("MASTER")
    before, capture = resident_kib(node), lab.capture()
    for name, (_, state) in zip(names, SERVERS.values()):
        if state is not None:
            wait_check(lab, node, name, state)
        else:
            lab.wait(lambda n=name: check_of(node, n)["state"] != "pending", f"{name} has a result")
    time.sleep(2 * TIMEOUT_S)
    assert sanitized() or resident_kib(node) - before < GROWTH_KIB
    assert "root:" not in node.vipctl("status", "--json").stdout
    assert node.state() == "MASTER"
    print(f"widest gap between adverts {widest_gap(capture.adverts('n1')):.3f} s")
