"""An unprivileged user at the control socket."""

import os
import subprocess
import sys

import pytest

from vipdlab import netns
from vipdlab.node import sanitized
from vipdlab.strain import NOBODY

GROWTH_KIB = 16 << 10
# Giant messages, half ones, requests whose answers are never read, changes; over and over.
HOSTILE = """
import itertools, socket, sys
REQUESTS = (b"[" * (1 << 20), b'{"method":"io.vipd.GetStatus"',
            b'{"method":"io.vipd.GetStatus"}\\0' * 64,
            b'{"method":"io.vipd.GetHistory","more":true}\\0', b"\\0" * 4096,
            b'{"method":"io.vipd.Drain","parameters":{"instance":"web"}}\\0',
            b'{"method":"io.vipd.Reload","parameters":{"force":true}}\\0')
clients = [None] * 300
print("begun", flush=True)
for n in itertools.count():
    place = n % len(clients)
    try:
        if clients[place] is None:
            clients[place] = socket.socket(socket.AF_UNIX)
            clients[place].setblocking(False)
            clients[place].connect(sys.argv[1])
        clients[place].send(REQUESTS[n % len(REQUESTS)])
    except BlockingIOError:
        pass
    except OSError:
        clients[place].close()
        clients[place] = None
"""


def resident_kib(node):
    with open(f"/proc/{node.process.pid}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1])


@pytest.mark.lab(nodes=2)
def test_an_unprivileged_user_changes_and_delays_nothing(lab):
    """Flood, giant messages, half-open and slow readers at once. Expected: nothing changes hands,
    the memory is bounded, everybody else is served, and an administrator's drain is done."""
    lab.start_all([150, 100])
    sampler, before = lab.sampler(), resident_kib(lab[1])
    process = lab.keep(subprocess.Popen(
        ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", sys.executable,
         "-c", HOSTILE, lab[1].control],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd="/", preexec_fn=netns.die_with_parent))
    assert process.stdout.readline() == "begun\n"
    for _ in range(5):
        lab.wait(lambda: lab[1].status() is not None, "others are served", 30)
    assert lab[1].state() == "MASTER" and sampler.sequence() == [{"n1"}]
    assert sanitized() or resident_kib(lab[1]) - before < GROWTH_KIB
    done = lab[1].vipctl("drain", "web", timeout=60)
    assert done.returncode == 0, done.stderr
    lab.wait(lambda: lab[2].state() == "MASTER", "the administrator's drain is done", 30)
    assert process.poll() is None
    process.kill()
    process.wait()
    reports = [e for e in lab[1].history() if e["reason"] == "drained"]
    assert len(reports) == 1 and reports[0]["evidence"]["uid"] == os.getuid()
