"""vipctl doctor on a node of the lab: runs it and looks at its findings."""

import json
import subprocess

from .config import VIP4, VIP6
from .node import SANITIZER_MARKS, VIPCTL, environment

LISTEN = "1s"
DUAL = {"addresses": [f"{VIP4}/24", f"{VIP6}/64"]}


def call(node, *arguments, prefix=(), file=None, control=None, listen=LISTEN):
    """Runs `vipctl doctor` in the node's namespace."""
    command = ["ip", "netns", "exec", node.namespace, *prefix, VIPCTL, "--control",
               control or node.control, "doctor", "--config", file or node.config, "--listen",
               listen, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, env=environment(),
                          check=False)
    for mark in SANITIZER_MARKS:
        assert mark not in done.stderr, done.stderr
    return done


def doctor(node, *arguments, **keys):
    """The findings as JSON: a list of dictionaries."""
    done = call(node, "--json", *arguments, **keys)
    assert done.returncode in (0, 1), done.stderr
    result = json.loads(done.stdout)
    assert (done.returncode == 1) == (result["errors"] + result["warnings"] > 0)
    return result["findings"]


def find(findings, code):
    return [f for f in findings if f["code"] == code]


def only(findings, code, severity, mention="", obj=None):
    """The single finding of that code, after looking at its fields."""
    found = find(findings, code)
    assert len(found) == 1, findings
    assert found[0]["severity"] == severity and mention in found[0]["seen"], found
    assert obj is None or found[0]["object"] == obj, found
    assert severity == "not-checked" or found[0]["fix"], found
    return found[0]


def bad(findings):
    """But for a vipd that does not run: many tests examine a node without one."""
    return [f for f in findings if f["severity"] in ("error", "warning", "not-checked")
            and f["code"] != "vipd-not-running"]


def wait_link_local(node):
    """The kernel makes the link-local address some time after the link has come up."""
    node.lab.wait(lambda: node.holds(node.link_local), f"{node.name} has its link-local address")
