"""Links in the run and state directories, put there by whoever could write to them."""

import os
import pathlib

import pytest

from vipdlab import config

SECRET = "nobody else's business\n" * 200
RUN_STATE = ("web", "web~")


def names(node):
    """What a vipd that has run and was drained has in its directories, and what it makes of them
    for a moment."""
    found = []
    for folder in ("state", "run"):
        top = pathlib.Path(node.directory, folder)
        found += [path for path in top.rglob("*") if path.is_file()]
    found += [path.with_name(path.name + ".new") for path in found]
    found += [pathlib.Path(node.directory, "run", "state", name) for name in RUN_STATE]
    return sorted(set(found))


def worked(lab, key):
    """One life of it in which everything is written."""
    node = lab[1]
    node.start(config.instance(priority=150, auth_key=f"1:{key}", auth_replay="monotonic"))
    node.wait_state("MASTER")
    lab.wait(lambda: os.path.exists(f"{node.directory}/run/state/web"), "its state file", 10)
    node.vipctl("drain", "web", "--force")
    node.vipctl("resume", "web")
    node.wait_state("MASTER")


@pytest.mark.limit(120)
@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("make", [os.symlink, os.link], ids=["symlink", "hardlink"])
def test_what_links_lead_to_is_neither_written_nor_given_away(lab, tmp_path, make):
    """Expected: vipd serves, and writes to no file but its own: what a symbolic or hard link of any
    name it uses leads to is as it was, its mode and owner too."""
    key = tmp_path / "key"
    key.write_text("5a" * 32 + "\n")
    key.chmod(0o600)
    node = lab[1]
    worked(lab, key)
    assert node.stop() == 0
    victims = {}
    for number, path in enumerate(names(node)):
        victim = pathlib.Path(lab.directory, f"victim{number}")
        victim.write_text(SECRET)
        victim.chmod(0o604)
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        make(victim, path)
        victims[victim] = path
    print(sorted(str(path.relative_to(node.directory)) for path in victims.values()))
    worked(lab, key)
    assert node.stop() == 0
    changed = [str(path.relative_to(node.directory)) for victim, path in victims.items()
               if victim.read_text() != SECRET or victim.stat().st_mode & 0o7777 != 0o604]
    assert changed == []


@pytest.mark.lab(nodes=1)
def test_a_control_socket_that_is_no_socket_is_left_alone(lab):
    """Expected: vipd refuses to start rather than to remove or follow what is in the place of its
    socket."""
    node = lab[1]
    victim = pathlib.Path(lab.directory, "victim")
    victim.write_text(SECRET)
    os.symlink(victim, node.control)
    node.write(config.instance(priority=150)).spawn()
    code = node.wait_exit(20)
    assert code != 0 and victim.read_text() == SECRET and os.path.islink(node.control), code
