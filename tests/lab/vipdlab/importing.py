"""vipctl import: runs it and looks at what it made of a keepalived configuration."""

import functools
import json
import subprocess

from .node import SCHEMA_DOC, VIPCTL

COMPLETE, DAMAGED, USAGE, INCOMPLETE = 0, 1, 2, 3
# What a build without that key or section says; which those are is not of the conversion.
ABSENT = "this version of vipd has no "
# 4,000 instances take a second of CPU; a busy machine gave a twentieth of one.
LIMIT_S = 100


def run(*arguments):
    return subprocess.run([VIPCTL, *map(str, arguments)], capture_output=True, text=True,
                          timeout=LIMIT_S, check=False)


@functools.lru_cache
def schema_keys():
    """{section: keys} that this build has."""
    text = subprocess.run([SCHEMA_DOC, "completion"], capture_output=True,
                          text=True, timeout=LIMIT_S, check=True).stdout
    result, keys = {}, None
    for line in text.split():
        if line.startswith("["):
            keys = result.setdefault(line.strip("[]"), set())
        else:
            keys.add(line)
    return result


def takes(lines, instance="addresses = 192.0.2.1"):
    """Whether this build has that in an [instance]."""
    text = f"[instance x]\ninterface = x\nvrid = 1\n{instance}\n{lines}\n"
    return checked(text).returncode == 0


def checked(text):
    return subprocess.run([VIPCTL, "check", "/dev/stdin"], input=text, capture_output=True,
                          text=True, timeout=LIMIT_S, check=False)


def convert(path, *options):
    """The report, whose configuration passes `vipctl check`; the exit status agrees with it."""
    done = run("import", "--json", *options, path)
    assert done.returncode in (COMPLETE, INCOMPLETE), done.stderr
    report = json.loads(done.stdout)
    assert report["complete"] == (done.returncode == COMPLETE)
    assert report["not_carried_over"] == len(lost(report, absent=True))
    assert checked(report["config"]).returncode == 0, checked(report["config"]).stdout
    return report


def lost(report, absent=False):
    """(line, first word) of what was not carried over."""
    return [(item["line"], item["text"].split()[0]) for item in report["items"]
            if item["kind"] == "not-carried-over"
            and (absent or not item["why"].startswith(ABSENT))]


def notes(report):
    return [(item["line"], item["text"].split()[0]) for item in report["items"]
            if item["kind"] == "note"]


def why(report, line):
    return " / ".join(item["why"] for item in report["items"] if item["line"] == line)


def sections(text):
    """{header: {key: value}} of a configuration."""
    result, keys, name = {}, None, None
    for line in text.splitlines():
        if line.startswith("["):
            keys = result.setdefault(line.strip("[]"), {})
        elif line.startswith(" ") and name:
            keys[name] += " " + line.strip()
        elif line and not line.startswith("#"):
            name, value = (part.strip() for part in line.split("=", 1))
            assert name not in keys, line
            keys[name] = value
    return result


def instance(body, name="VI_1"):
    return (f"vrrp_instance {name} {{\n    interface eth0\n    virtual_router_id 51\n{body}\n"
            "    virtual_ipaddress {\n        192.0.2.1/24\n    }\n}\n")


def keys_of(report, name="instance VI_1"):
    return sections(report["config"])[name]
