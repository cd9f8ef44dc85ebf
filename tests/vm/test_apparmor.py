"""The profile of the package in force: vipd and what it runs do under it what they do without it, and
nothing of what it forbids."""

import os
import pathlib
import subprocess

import pytest

from vipdlab import config
from vipdlab.node import VIPD

pytestmark = pytest.mark.skipif("VIPD_VM" not in os.environ, reason="for a machine with AppArmor")

PROFILE = pathlib.Path(__file__).parents[2] / "packaging/apparmor/usr.sbin.vipd"
# As the unit starts it: not root, two capabilities, no new privileges.
UNIT = ["setpriv", "--reuid", "daemon", "--regid", "daemon", "--clear-groups", "--no-new-privs",
        "--inh-caps", "+net_admin,+net_raw", "--ambient-caps", "+net_admin,+net_raw"]


@pytest.fixture(name="profile", scope="module")
def _profile():
    text = PROFILE.read_text(encoding="utf-8").replace("/usr/sbin/vipd flags", f"{VIPD} flags")
    subprocess.run(["apparmor_parser", "--replace", "--skip-cache"], input=text, text=True, check=True)
    yield
    subprocess.run(["apparmor_parser", "--remove"], input=text, text=True, check=True)


def confinement(pid):
    return pathlib.Path(f"/proc/{pid}/attr/current").read_text(encoding="utf-8").strip()


def kernel_log(descriptor):
    """What the kernel has said since it was opened."""
    lines = []
    while True:
        try:
            lines.append(os.read(descriptor, 8192).decode(errors="replace"))
        except BlockingIOError:
            os.close(descriptor)
            return lines


@pytest.mark.lab(nodes=1)
@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize("prefix", [[], UNIT], ids=["root", "unit"])
def test_under_the_profile(lab, prefix):
    start = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    os.lseek(start, 0, os.SEEK_END)
    node = lab[1]
    directory = pathlib.Path(node.directory)
    os.chmod(directory, 0o777)
    hook = directory / "hook"
    hook.write_text(f"#!/bin/sh\n/bin/cat /proc/self/attr/current > {directory}/hooked\n"
                    f"echo x > /vipd/forbidden || echo refused >> {directory}/hooked\n"
                    "ip -brief link > /dev/null\n", encoding="utf-8")
    hook.chmod(0o755)
    os.chmod("/", 0o755)
    os.chmod("/vipd", 0o777)
    node.write(config.instance(priority=150, mac="virtual", track="it", on_master=str(hook)),
               config.check("it", "exec", command="/bin/sh -c 'ip -brief address > /dev/null'"))
    node.spawn(prefix=prefix)
    node.wait_state("MASTER")
    assert confinement(node.process.pid) == "vipd (enforce)"
    lab.wait(lambda: "refused" in (directory / "hooked").read_text(encoding="utf-8")
             if (directory / "hooked").exists() else False, "the hook has run")
    assert (directory / "hooked").read_text(encoding="utf-8").split("\n")[0] == "vipd (enforce)"
    assert not os.path.exists("/vipd/forbidden")
    assert node.instance()["addresses"][0]["held"]
    lab.wait(lambda: "on-master: exit status 0" in node.log_text(), "and has ended well")
    node.stop()
    refused = [line for text in kernel_log(start) for line in text.splitlines()
               if 'apparmor="DENIED"' in line]
    assert any('name="/vipd/forbidden"' in line for line in refused)
    others = [line for line in refused if 'name="/vipd/forbidden"' not in line]
    assert not others, "\n".join(others)
