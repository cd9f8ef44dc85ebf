"""Health checks of a node: what its status has of them, and what they look at."""

import os

from . import config


def check_of(node, name, instance="web"):
    """The check as the status of an instance has it."""
    found = node.instance(instance) or {"checks": []}
    return next((c for c in found["checks"] if c["name"] == name), None)


def wait_check(lab, node, name, state, timeout=10):
    return lab.wait(lambda: (check_of(node, name) or {}).get("state") == state,
                    f"check {name} is {state} on {node.name}", timeout)


def write_file(path, text=""):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def script(node, name, text):
    """A shell script in the directory of the node; its path."""
    path = f"{node.directory}/{name}"
    write_file(path, "#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def effective(node):
    return node.instance()["effective_priority"]


def start_with(node, *checks, **node_keys):
    """One instance that follows these checks, by which it cannot lose a rival: there is none."""
    names = [c.split("]")[0].split()[-1] for c in checks]
    return node.start(config.instance(priority=150, track=names), *checks, **node_keys)
