"""More interfaces than vipd may open files for: what it has serves, and people are answered."""

import pytest

from vipdlab import config, netns

INTERFACES = 60
FILES = 110
REASON = "Too many open files"


@pytest.mark.lab(nodes=1)
def test_what_fits_serves_and_people_are_answered(lab):
    node = lab[1]
    numbers = range(1, INTERFACES + 1)
    netns.ip_batch([line for n in numbers for line in (
        f"link add d{n} type veth peer name p{n}", f"link set p{n} up",
        f"addr add 10.78.{n}.1/24 dev d{n}", f"link set d{n} up")], node.namespace)
    node.write(*[config.instance(f"i{n}", interface=f"d{n}", addresses=f"10.78.{n}.200/24")
                 for n in numbers])
    node.spawn(prefix=("prlimit", f"--nofile={FILES}:{FILES}"))
    lab.wait(lambda: node.state("i1") == "MASTER", "what it has descriptors for serves", 30)
    states = [i["state"] for i in node.status()["instances"]]
    assert "INIT" in states, "there are too few of them"
    held = [i for i in node.status()["instances"] if i["state"] == "INIT"]
    assert all(i["held_by"] for i in held)
    said = [line for line in node.log_text().splitlines() if REASON in line]
    general = [line for line in said if "it takes no part" not in line]
    # A line a kind of failure, and each instance its own; files have what they need.
    assert 1 <= len(general) <= 4 and not any("cannot write" in line for line in general), general
    assert len(said) - len(general) == states.count("INIT")
    node.write(*[config.instance(f"i{n}", interface=f"d{n}", addresses=f"10.78.{n}.200/24")
                 for n in (1, INTERFACES)])
    assert node.reload().returncode == 0
    lab.wait(lambda: node.state(f"i{INTERFACES}") == "MASTER", "it has one when others let go", 30)
