"""A disk that hangs, is full, or has odd things in the place of our files: adverts go on, the
addresses are taken over and kept, and vipctl is answered."""

import contextlib
import os

import pytest

from vipdlab import config
from vipdlab.calm import assert_steady
from vipdlab.config import VIP4
from vipdlab.disk import frozen, small_disk

@pytest.mark.lab(nodes=2)
def test_the_successor_serves_while_its_disk_is_frozen(lab):
    with small_disk(lab[2]) as state:
        lab.start_all([150, 100])
        with frozen(state):
            capture = lab.capture()
            lab[1].kill()
            lab.wait_master(lab[2])
            # Longer than any lease.
            lab.never(lambda: lab[2].state() != "MASTER" or not lab[2].holds(VIP4),
                      "it keeps the address, and answers", 7)
            assert_steady(capture.adverts("n2", vrid=51), 3 * config.INTERVAL_MS / 1000)
            assert "disk does not answer" not in lab[2].log_text()
        lab.wait(lambda: '"to":"MASTER"' in open(f"{state}/history.jsonl", encoding="utf-8").read(),
                 "what happened is written after the thaw")
        lab[2].stop()


@pytest.mark.lab(nodes=2)
def test_a_drain_with_a_frozen_disk_is_done_and_said_and_the_end_is_not_held_up(lab):
    with small_disk(lab[1]) as state:
        lab.start_all([150, 100])
        with frozen(state):
            done = lab[1].vipctl("drain", "web")
            assert done.returncode == 0 and "the disk does not answer" in done.stdout, done
            assert lab[2].state() == "MASTER"
            lab[1].process.terminate()
            # The thaw is later than any wait here.
            lab.wait(lambda: "stopped" in lab[1].log_text(), "it has ended its work")
            lab.never(lambda: lab[2].state() != "MASTER", "the other one serves", 1)
        # The kernel lets go of the thread that waits for the disk only now.
        assert lab[1].wait_exit() == 0


@pytest.mark.lab(nodes=2)
def test_a_drain_with_a_full_disk_is_said(lab):
    with small_disk(lab[1]) as state:
        with contextlib.suppress(OSError), open(f"{state}/filler", "wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        lab.start_all([150, 100])
        done = lab[1].vipctl("drain", "web")
        assert done.returncode == 0 and "cannot be saved" in done.stdout, done
        assert "No space left" in lab[1].log_text()
        lab[1].stop()


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("name", ["drained.json", "history.jsonl", "history.jsonl.1"])
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: os.symlink("/dev/zero", path)],
                         ids=["fifo", "endless"])
def test_what_is_no_file_is_said_and_not_waited_for(lab, name, make):
    make(f"{lab[1].directory}/state/{name}")
    lab.start_all([150])
    assert lab[1].state() == "MASTER"
    assert f"{name}: it is no regular file" in lab[1].log_text()
    lab[1].stop()
