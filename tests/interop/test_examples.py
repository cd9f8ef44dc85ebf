"""Every example is a configuration that vipd takes, and so is the README's."""

import glob
import os
import re
import subprocess

import pytest

from vipdlab.node import VIPCTL

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
EXAMPLES = sorted(glob.glob(f"{TOP}/examples/*/*.conf")
                  + glob.glob(f"{TOP}/examples/*/*/etc/vipd/vipd.conf"))


def check(path):
    return subprocess.run([VIPCTL, "check", path], capture_output=True, text=True, timeout=20,
                          check=False)


def test_there_are_examples():
    assert len(EXAMPLES) >= 8


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: os.path.relpath(p, TOP))
def test_example(path):
    done = check(path)
    assert done.returncode == 0, done.stdout


def test_the_readmes_configuration(tmp_path):
    with open(f"{TOP}/README.md", encoding="utf-8") as file:
        blocks = re.findall(r"```ini\n(.*?)```", file.read(), re.S)
    assert len(blocks) == 1
    path = tmp_path / "vipd.conf"
    path.write_text(blocks[0])
    done = check(str(path))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", [
    f"{os.environ.get('VIPD_BUILD', 'build')}/packaging/vipd.conf.reference",
    f"{TOP}/packaging/config/vipd.conf",
])
def test_what_is_installed_has_no_instance(path):
    done = check(path)
    assert done.returncode == 0 and "0 instances" in done.stdout


def test_the_installed_configurations_example_is_one(tmp_path):
    with open(f"{TOP}/packaging/config/vipd.conf", encoding="utf-8") as file:
        lines = file.read().splitlines()
    path = tmp_path / "vipd.conf"
    path.write_text("\n".join(re.sub("^#", "", line) for line in lines if line[1:2].strip()))
    done = check(str(path))
    assert done.returncode == 0 and "1 instance" in done.stdout, done.stdout
