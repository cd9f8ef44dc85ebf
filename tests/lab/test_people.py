"""People at the control socket: as many as like, as often as they like, and adverts go out."""

import subprocess
import sys
import time

import pytest

from vipdlab import netns, strain
from vipdlab.config import INTERVAL_MS, instance
from vipdlab.watch import widest_gap

CLIENTS = 4
SECONDS = 6
# The budget is 5 % and 0.3 s at the start; the rest is what a busy machine makes of it.
SHARE_MAX = 0.05 + 0.3 / SECONDS + 0.05
ASK = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
while True:
    s.sendall(b'{"method":"io.vipd.GetStatus","parameters":{}}' + bytes(1))
    answer = b""
    while not answer.endswith(bytes(1)):
        answer = s.recv(65536)
        if not answer:
            sys.exit("the server hung up")
"""


def loop_cpu_s(node):
    """CPU time of the thread that adverts."""
    pid = node.process.pid
    with open(f"/proc/{pid}/task/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


@pytest.mark.lab(nodes=2)
def test_clients_that_ask_without_end_get_a_share_of_the_cpu(lab):
    lab[1].start(instance(priority=150),
                 *[instance(f"i{n}", vrid=n, addresses=f"10.77.1.{n}/24") for n in range(1, 41)])
    lab[2].start(instance(priority=100))
    lab[1].wait_state("MASTER")
    before, began = loop_cpu_s(lab[1]), time.monotonic()
    time.sleep(2)
    idle = (loop_cpu_s(lab[1]) - before) / (time.monotonic() - began)
    capture = lab.capture()
    loops = [lab.keep(subprocess.Popen(
        [sys.executable, "-c", ASK, lab[1].control], stdin=subprocess.DEVNULL,
        preexec_fn=netns.die_with_parent)) for _ in range(CLIENTS)]
    with strain.Control() as control:
        before, began = loop_cpu_s(lab[1]), time.monotonic()
        time.sleep(SECONDS)
        share = (loop_cpu_s(lab[1]) - before) / (time.monotonic() - began)
    assert all(process.poll() is None for process in loops)
    answered_in = time.monotonic()
    assert lab[1].status() is not None, "one more is served too"
    print(f"share {share:.3f}, without clients {idle:.3f}, one more answered in "
          f"{time.monotonic() - answered_in:.2f} s")
    gap_s = widest_gap(capture.adverts("n1", vrid=51))
    assert share - idle < SHARE_MAX
    assert gap_s - INTERVAL_MS / 1000 < INTERVAL_MS / 1000 + 2 * control.worst_s
