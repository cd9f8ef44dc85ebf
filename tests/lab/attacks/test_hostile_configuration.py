"""Configurations that are no honest mistake. (Pipes, devices and directories in conf.d:
tests/lab/test_reload.py.)"""

import os
import time

import pytest

from vipdlab import config

MANY = 100_000
CHECK_S = 20


def nul(good):
    return good.replace("interface = eth0", "interface = eth0\0evil")


FILES = {
    "NUL octets": nul,
    "a line of 10 MB": lambda good: good + "# " + "x" * 10_000_000 + "\n",
    "a line of 3 MB": lambda good: good + "password = " + "x" * 3_000_000 + "\n",
    "100,000 sections": lambda good: good + "".join(f"[check c{n}]\n" for n in range(MANY)),
    "100,000 times the same": lambda good: good + "[check c]\n" * MANY,
    "100,000 keys": lambda good: good + "".join(f"key{n} = 1\n" for n in range(MANY)),
}


@pytest.mark.limit(120)
@pytest.mark.lab(nodes=2)
def test_what_is_hostile_is_refused_soon_and_disturbs_nobody(lab):
    """Expected: `vipctl check` and a reload refuse each with a problem named, within seconds and
    few lines; the running configuration stays, and the other node believes in the master."""
    lab.start_all([150, 100])
    sampler, node = lab.sampler(), lab[1]
    had = lab[2].router()["counters"]["master-transitions"]
    good = config.instance(priority=150)
    for name, text in FILES.items():
        node.write_text(text(good))
        began = time.monotonic()
        checked = node.vipctl("check", node.config, timeout=CHECK_S)
        lasted = time.monotonic() - began
        done = node.reload()
        print(f"{name}: {lasted:.2f} s, {len(checked.stderr.splitlines())} lines")
        for refused in (checked, done):
            assert refused.returncode in (1, 2) and os.path.basename(node.config) in (
                refused.stderr + refused.stdout), (name, refused.stderr[:500])
            assert len(refused.stderr + refused.stdout) < 100_000, name
    assert node.state() == "MASTER" and sampler.sequence() == [{"n1"}]
    assert lab[2].router()["counters"]["master-transitions"] == had
