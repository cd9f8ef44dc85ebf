"""Empty data directories of database servers: made once in a build directory, and copied for each
host."""

import fcntl
import os
import shutil
import subprocess

from vipdlab.node import BUILD


def template(name, make):
    """The directory of that name, which make(path) has filled. The name tells the server's version:
    a newer one gets a directory of its own."""
    store = f"{BUILD}/stack-templates"
    path = f"{store}/{name}"
    os.makedirs(store, mode=0o755, exist_ok=True)
    with open(f"{store}/lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        if not os.path.isdir(path):
            shutil.rmtree(f"{path}.new", ignore_errors=True)
            make(f"{path}.new")
            os.rename(f"{path}.new", path)
    return path


def copy(source, target):
    """With owners and modes; what is in `target` before is lost, the directory itself stays."""
    for entry in os.listdir(target):
        subprocess.run(["rm", "-rf", "--", f"{target}/{entry}"], check=True)
    subprocess.run(["cp", "-a", f"{source}/.", target], check=True, timeout=60)


def version(*command):
    """The last line of that command as part of a name."""
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return "".join(c if c.isalnum() or c in ".-" else "-" for c in text.strip().splitlines()[-1])
