"""What hooks and programs of checks write, and what they leave behind."""

import json
import pathlib

import pytest

from vipdlab import config
from vipdlab.checks import check_of, script, wait_check

# Escapes of a terminal, octets that are no text, an end of line in the middle, no end at all.
SAYS = r"""
printf '\033]0;owned\007\033[2J\377\376\000x\r\nwarning: web: forged line\n'
head -c 3000000 /dev/zero | tr '\0' A
printf '%s%n%s' '%s%n%s' '{"state":"MASTER"}'
"""


@pytest.mark.lab(nodes=1)
def test_hostile_output_of_a_hook_and_a_check(lab):
    """Expected: in the log each line says whose it is, without control characters, and is cut;
    status stays valid JSON; nothing else happens."""
    node = lab[1]
    hook = pathlib.Path(node.directory, "hook")
    hook.write_text(f"#!/bin/sh\n{SAYS}", encoding="utf-8")
    hook.chmod(0o755)
    node.start(config.instance(priority=150, on_master=hook, track="app"),
               config.check("app", "exec", command=script(node, "app", f"{SAYS}\nexit 1"),
                            weight=-10))
    node.wait_state("MASTER")
    wait_check(lab, node, "app", "failing")
    lab.wait(lambda: "on-master: warning: web: forged line" in node.log_text(), "it is logged", 30)
    with open(node.log, "rb") as file:
        log = file.read()
    assert not any(octet in log for octet in (b"\033", b"\007", b"\r", b"\0"))
    assert b"\nwarning: web: forged line" not in log
    assert max(map(len, log.splitlines())) < 5000
    assert json.loads(node.vipctl("status", "--json").stdout)["instances"][0]["state"] == "MASTER"
    assert "\033" not in json.dumps(check_of(node, "app")) + node.vipctl("status").stdout
