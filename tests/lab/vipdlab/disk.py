"""A file system of its own for what a node keeps, which can be frozen."""

import contextlib
import subprocess

import pytest

from . import netns

SIZE = 4 * 1024 * 1024


@contextlib.contextmanager
def small_disk(node):
    """An ext4 file system of its own under the state directory."""
    image, state = f"{node.directory}/image", f"{node.directory}/state"
    with open(image, "wb") as file:
        file.truncate(SIZE)
    netns.run("mkfs.ext4", "-q", "-F", image)
    if subprocess.run(["mount", "-o", "loop", image, state], capture_output=True,
                      check=False).returncode != 0:
        pytest.skip("no loop devices here")
    try:
        yield state
    finally:
        subprocess.run(["fsfreeze", "-u", state], capture_output=True, check=False)
        subprocess.run(["umount", "-l", state], capture_output=True, check=False)


@contextlib.contextmanager
def frozen(state):
    """As a snapshot of a virtual machine does it: whoever writes waits."""
    netns.run("fsfreeze", "-f", state)
    try:
        yield
    finally:
        netns.run("fsfreeze", "-u", state)
