"""The flight recorder: what was on the wire before and after an unplanned transition, in a file."""

import glob
import os
import subprocess
import time

import pytest

from vipdlab import config
from vipdlab.calm import assert_steady
from vipdlab.config import INTERVAL_MS, VIP4, VIP6
from vipdlab.disk import frozen, small_disk
from vipdlab.wire import gratuitous_arp

AFTER_S = 1.25  # how much of what follows is recorded


def recordings(node):
    return sorted(glob.glob(f"{node.directory}/state/recordings/*.pcap"))


def recorder_of(node):
    return node.status()["recorder"]


def last(node):
    return node.history()[-1]


def wait_written(lab, node, count=1):
    lab.wait(lambda: recorder_of(node)["written"] >= count, f"{node.name} has written {count}", 50)


def frames(path, *expression):
    """Lines of tcpdump: it must be able to read the whole file."""
    done = subprocess.run(["tcpdump", "-nn", "-r", path, *expression], capture_output=True,
                          text=True, check=True)
    assert "truncated" not in done.stderr
    return done.stdout.splitlines()


def text_of(path):
    with open(path.replace(".pcap", ".txt"), encoding="utf-8") as file:
        return file.read()


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("mac", ["interface", "virtual"])
def test_a_dead_master_leaves_a_recording_of_its_last_adverts_and_of_the_takeover(lab, mac):
    lab.start_all([150, 100], mac=mac, addresses=[f"{VIP4}/24", f"{VIP6}/64"])
    lab.inject(gratuitous_arp(lab.client.mac, "10.77.0.99"))
    lab.client.run("ping", "-c", "1", "-W", "5", VIP4)
    time.sleep(5 * INTERVAL_MS / 1000)
    lab[1].kill()
    lab.wait_master(lab[2])
    entry = last(lab[2])
    path = entry["recording"]
    assert entry["reason"] == "no-response" and os.path.basename(path).endswith(
        "-web-BACKUP-MASTER.pcap")
    assert f"recording: {path}" in lab[2].vipctl("history").stdout
    wait_written(lab, lab[2])
    assert recordings(lab[2]) == [path]
    lines = frames(path)
    peer = [i for i, line in enumerate(lines) if "10.77.0.1 > 224.0.0.18" in line]
    own = [i for i, line in enumerate(lines) if "10.77.0.2 > 224.0.0.18" in line]
    announced = [i for i, line in enumerate(lines) if f"who-has {VIP4} tell {VIP4}" in line]
    assert len(peer) >= 3 and len(own) >= 0.5 * AFTER_S * 1000 / INTERVAL_MS
    assert max(peer) < min(own) and max(peer) < max(announced)
    assert any(f"who-has {VIP4} tell {lab.client.address4}" in line for line in lines)
    assert any("IP6" in line and "VRRPv3" in line for line in lines)
    assert any(f"neighbor advertisement, tgt is {VIP6}" in line for line in lines)
    # Strangers' ARP is not recorded.
    assert not any("10.77.0.99" in line for line in lines)
    text = text_of(path)
    assert "transition  BACKUP -> MASTER\n" in text and "reason      no-response: " in text
    assert "web: INIT -> BACKUP: started" in text
    # No file says more than the group may read.
    assert os.stat(path).st_mode & 0o777 == 0o640


@pytest.mark.lab(nodes=2)
def test_what_follows_does_not_push_out_what_led_to_it(lab):
    lab.start_all([150, 100])
    time.sleep(5 * INTERVAL_MS / 1000)
    frame = lab.injector().build(vrid=77)
    lab[1].kill()
    lab.wait_master(lab[2])
    # Twice of what the ring has room for, as fast as it goes.
    for _ in range(6000):
        lab.inject(frame)
    wait_written(lab, lab[2])
    path = last(lab[2])["recording"]
    lines = frames(path, "vrrp")
    assert sum("10.77.0.1 > 224.0.0.18" in line for line in lines) >= 3
    assert sum("vrid 77" in line for line in lines) > 1000
    assert os.path.getsize(path) < 8 * 256 * 1024


@pytest.mark.lab(nodes=2)
def test_a_planned_hand_over_is_not_recorded(lab):
    lab.start_all([150, 100])
    lab.stop_and_start(lab[1], lab[2])
    assert lab[1].vipctl("reload").returncode == 0
    time.sleep(AFTER_S + 0.5)
    for node in lab.nodes:
        assert recordings(node) == [] and recorder_of(node)["written"] == 0
        assert all("recording" not in entry for entry in node.history())
    # The same lab does record, when there is something to record.
    lab[1].kill()
    lab.wait_master(lab[2])
    wait_written(lab, lab[2])


@pytest.mark.lab(nodes=1)
def test_link_events_are_told_and_the_oldest_recordings_go(lab):
    node = lab[1].start(config.instance(priority=150), recorder_files=2)
    named = []
    for count in range(1, 5):
        node.wait_state("MASTER")
        node.carrier_off()
        node.wait_state("INIT")
        named.append(last(node)["recording"])
        node.carrier_on()
        wait_written(lab, node, count)
    assert len(set(named)) == 4 and recordings(node) == named[2:]
    assert len(os.listdir(f"{node.directory}/state/recordings")) == 4
    text = text_of(named[-1])
    assert "link eth0 is up without carrier\n" in text and "link eth0 is up\n" in text
    assert "MASTER -> INIT: link-down" in text


@pytest.mark.lab(nodes=1)
def test_the_past_outlives_the_interface(lab):
    node = lab[1].start(config.instance(priority=150))
    node.wait_state("MASTER")
    time.sleep(5 * INTERVAL_MS / 1000)
    node.delete_interface()
    node.wait_state("INIT")
    path = last(node)["recording"]
    wait_written(lab, node)
    assert len(frames(path, "vrrp")) >= 3
    assert "link eth0 is gone\n" in text_of(path)
    node.create_interface()
    node.wait_state("MASTER")
    node.carrier_off()
    node.wait_state("INIT")
    wait_written(lab, node, 2)
    # One ring: the time before the interface went is still in it.
    assert frames(last(node)["recording"], "vrrp")[0] == frames(path, "vrrp")[0]
    node.carrier_on()


@pytest.mark.lab(nodes=2)
def test_old_frames_are_not_kept(lab):
    lab[1].start(config.instance(priority=150))
    lab[2].start(config.instance(priority=100), recorder_time="1s")
    lab.wait_master(lab[1])
    time.sleep(4)
    lab[1].kill()
    lab.wait_master(lab[2])
    wait_written(lab, lab[2])
    lines = frames(last(lab[2])["recording"])
    first, end = (subprocess.run(["date", "-d", line.split()[0], "+%s.%N"], capture_output=True,
                                 text=True, check=True).stdout for line in (lines[0], lines[-1]))
    # One second before the transition and what follows, of more than five that there were.
    assert float(end) - float(first) < 1.5 + AFTER_S


@pytest.mark.lab(nodes=2)
def test_a_recording_that_is_due_is_written_before_the_end(lab):
    lab.start_all([150, 100])
    killed = time.monotonic()
    lab[1].kill()
    lab.wait_master(lab[2])
    path = last(lab[2])["recording"]
    written = os.path.exists(path)
    # On a busy machine it may have come to be due before it was looked for.
    assert not written or time.monotonic() - killed > AFTER_S
    lab[2].stop()
    assert frames(path, "vrrp") and "BACKUP -> MASTER" in text_of(path)


@pytest.mark.lab(nodes=2)
def test_a_full_disk_is_told_once_and_harms_nothing(lab):
    lab[1].start(config.instance(priority=150))
    lab.wait_master(lab[1])
    state = f"{lab[2].directory}/state"
    # In a mount namespace of its own, so that nothing is left behind.
    fill = (f"mount -t tmpfs -o size=64k none {state} && mkdir {state}/recordings && "
            f"dd if=/dev/zero of={state}/full bs=4k 2>/dev/null; exec \"$@\"")
    lab[2].write(config.instance(priority=100))
    lab[2].spawn(prefix=["unshare", "--mount", "sh", "-c", fill, "sh"])
    lab.wait_master(lab[1])
    lab.wait(lambda: lab[2].instance()["master"], "n2 has heard the master")
    capture = lab.capture()
    for count in (1, 2):
        lab[1].kill()
        lab.wait_master(lab[2])
        # It is named until that is found out, which may be before this is looked at.
        assert "recording" in last(lab[2]) or recorder_of(lab[2])["failed"] >= 2 * count - 1
        lab.wait(lambda: recorder_of(lab[2])["failed"] >= 2 * count - 1, "it was not written")
        assert "recording" not in last(lab[2])
        lab[1].start()
        lab.wait_master(lab[1])
        # The way back from an unplanned takeover is a part of it.
        lab.wait(lambda: recorder_of(lab[2])["failed"] == 2 * count, "it was not written")
    assert recorder_of(lab[2])["written"] == 0
    told = [line for line in lab[2].log_text().splitlines() if "No space left on device" in line]
    assert sum("cannot write the recording" in line for line in told) == 1, told
    assert sum("history: cannot write" in line for line in told) <= 1, told
    assert f"cannot write the recording {state}/recordings/" in lab[2].log_text()
    # The adverts went on while it failed.
    lab[1].kill()
    lab.wait_master(lab[2])
    since = time.time()
    lab.wait(lambda: recorder_of(lab[2])["failed"] == 5, "it was not written")
    assert_steady(capture.adverts("n2", since=since), 3 * INTERVAL_MS / 1000)
    inside = ["nsenter", "--mount", "--target", str(lab[2].process.pid)]
    subprocess.run([*inside, "rm", f"{state}/full"], check=True)
    lab[1].start()
    lab.wait_master(lab[1])
    wait_written(lab, lab[2])
    assert "recordings can be written again" in lab[2].log_text()
    files = subprocess.run([*inside, "ls", f"{state}/recordings"], capture_output=True, text=True,
                           check=True).stdout.split()
    assert len(files) == 2 and files[0].endswith("-web-MASTER-BACKUP.pcap")


@pytest.mark.lab(nodes=2)
@pytest.mark.limit(120)
def test_a_disk_that_hangs_delays_no_advert(lab):
    with small_disk(lab[2]) as state:
        lab.start_all([150, 100])
        capture = lab.capture()
        lab[1].kill()
        lab.wait_master(lab[2])
        since = time.time()
        with frozen(state):
            time.sleep(AFTER_S + 1)
            assert "vipd-recorder" in lab[2].threads() and recorder_of(lab[2])["written"] == 0
            assert_steady(capture.adverts("n2", since=since), 3 * INTERVAL_MS / 1000)
        wait_written(lab, lab[2])
        lab[2].stop()


@pytest.mark.lab(nodes=2)
def test_the_end_does_not_wait_for_a_disk_that_hangs(lab):
    with small_disk(lab[2]) as state:
        lab.start_all([150, 100])
        lab[1].kill()
        lab.wait_master(lab[2])
        with frozen(state):
            time.sleep(AFTER_S + 0.5)
            lab[2].process.terminate()
            lab.wait(lambda: lab[2].ours() == [], "it has ended its work")
        assert lab[2].wait_exit() == 0


@pytest.mark.lab(nodes=2)
def test_it_can_be_turned_off(lab):
    lab[1].start(config.instance(priority=150))
    lab[2].start(config.instance(priority=100), recorder="off")
    lab.wait_master(lab[1])
    assert "vipd-recorder" in lab[1].threads()
    assert "vipd-recorder" not in lab[2].threads()
    lab[1].kill()
    lab.wait_master(lab[2])
    assert "recording" not in last(lab[2])
    time.sleep(AFTER_S + 0.5)
    assert not os.path.exists(f"{lab[2].directory}/state/recordings")
    assert recorder_of(lab[2]) == {"enabled": False, "written": 0, "failed": 0}
