"""Adverts that an attacker has recorded, sent to a node that comes back from a crash. Expected: of
what the node had believed, or could have heard before it came back, nothing is believed again: it
takes over as if nobody sent."""

import pathlib
import time

import pytest

from vipdlab import config
from vipdlab.inject import repeating

# The least there is; and one so wide that nothing is refused for its age here.
NARROW_S, WIDE_S = 5, 300
REFUSALS = ("auth_ext_replay", "auth_ext_stale")


def sequences(node):
    return pathlib.Path(node.directory, "state", "sequences")


def mark(node):
    """Of the master, as it is on the disk; 0: none."""
    path = sequences(node)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return next((int(line.split()[4], 16) for line in lines if line.startswith("mark web ")), 0)


def stamp(frame):
    return int.from_bytes(frame[-24:-16], "big")


def recorded(lab, capture):
    """The master's adverts, as this attacker sends them."""
    own = bytes.fromhex(lab.client.mac.replace(":", ""))
    return [frame[:6] + own + frame[12:] for frame in capture.octets("n1")]


def of_an_earlier_boot(text):
    """The file as another boot of the machine finds it: its boot clock has begun anew."""
    lines = text.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.startswith("boot "))
    lines[at] = f"boot {int(lines[at].split()[1], 16) - 10**12:#018x}\n"
    return "".join(lines)


def counters(node):
    router = node.router()
    return (router["counters"]["advertisement-rcvd"],
            sum(router["drops"][reason] for reason in REFUSALS))


@pytest.mark.limit(120)
@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("crash,replay", [("vipd", "time"), ("machine", "time"),
                                          ("machine", "monotonic")])
def test_what_was_recorded_before_a_crash_is_not_believed_after_it(lab, tmp_path, crash, replay):
    """vipd: SIGKILL, and started at once; the file is as old as can be. machine: what was not
    synced is lost, the boot clock begins anew, and the boot takes longer than the window."""
    key = tmp_path / "key"
    key.write_text("5a" * 32 + "\n")
    key.chmod(0o600)
    aged = replay == "time" and crash == "machine"
    keys = {"auth_key": f"1:{key}", "auth_replay": replay,
            "auth_window": f"{NARROW_S if aged else WIDE_S}s" if replay == "time" else None}
    node, capture = lab[2], lab.capture()
    lab.start_all([150, 100], **keys)
    first = lab.wait(lambda: capture.octets("n1"), "adverts are on the wire")[0]
    lab.wait(lambda: mark(node) >= stamp(first), "a mark was written", 30)
    synced = sequences(node).read_text(encoding="utf-8")
    heard = len(capture.octets("n1"))
    lab.wait(lambda: len(capture.octets("n1")) > heard + 10, "the master goes on")
    lab[1].kill()
    node.wait_state("MASTER")
    node.kill()
    # As if that had been the last time that it was written.
    sequences(node).write_text(synced if crash == "vipd" else of_an_earlier_boot(synced),
                               encoding="utf-8")
    if aged:
        time.sleep(NARROW_S + 1)
    frames = recorded(lab, capture)
    if replay == "monotonic":
        # Of what is newer than the mark on the disk only the rule of time knows.
        frames = [frame for frame in frames if stamp(frame) <= mark(node)]
    else:
        assert mark(node) < stamp(frames[-1]), "the file is older than what was recorded"
    injector = lab.injector()

    def attack():
        for frame in frames:
            injector.send(frame)
    with repeating(attack):
        node.start()
        lab.wait(lambda: counters(node)[1] > len(frames), "they are refused", 30)
        node.wait_state("MASTER", timeout=30)
        assert counters(node)[0] == 0, "one was believed"
        # The attack is one: whoever knows nothing of before believes them, unless they are old.
        if not aged:
            node.kill()
            sequences(node).unlink()
            node.start()
            lab.wait(lambda: counters(node)[0] > 0, "without the file they are believed", 30)
