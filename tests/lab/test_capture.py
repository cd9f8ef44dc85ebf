"""vipctl capture: what passes, live and from files, in lines for people and as JSON."""

import json
import os
import re
import struct
import subprocess
import time

import pytest

from vipdlab import config
from vipdlab.config import INTERVAL_MS, VIP4, VIP6
from vipdlab.node import VIPCTL, environment
from vipdlab.wire import gratuitous_arp

DLT_RAW, DLT_EN10MB, DLT_SLL = 101, 1, 113  # LINKTYPE_ values of the file
LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}  ")


def capture(*arguments, namespace=None, timeout=30, **keys):
    where = ["ip", "netns", "exec", namespace] if namespace else []
    return subprocess.run([*where, VIPCTL, "capture", *arguments], capture_output=True, text=True,
                          timeout=timeout, env=environment(), check=False, **keys)


def objects(done):
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def write_pcap(path, frames, linktype=DLT_EN10MB, lengths=None):
    """A classic pcap file; frame n is seen at second n."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, linktype))
        for n, frame in enumerate(frames):
            length = lengths[n] if lengths else len(frame)
            file.write(struct.pack("<IIII", n, 7, len(frame), length) + frame)
    return str(path)


def sections(node):
    return config.instance(priority=200 - 50 * node.index, addresses=[f"{VIP4}/24", f"{VIP6}/64"])


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def start_live(machine, *arguments, into=None):
    """Returns the process once it captures: there is one more packet socket. into: a file for its
    output, instead of a pipe."""
    def sockets():
        return len(machine.run("cat", "/proc/net/packet").stdout.splitlines())
    before = sockets()
    with open(into or os.devnull, "w", encoding="utf-8") as out:
        process = subprocess.Popen(
            ["ip", "netns", "exec", machine.namespace, VIPCTL, "capture", *arguments],
            stdout=out if into else subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment())
    machine.lab.keep(process)
    machine.lab.wait(lambda: sockets() > before or process.poll() is not None, "it captures")
    time.sleep(0.2)
    return process


@pytest.mark.lab(nodes=2)
def test_a_recording_is_told_in_order_with_its_events(lab):
    for node in lab.nodes:
        node.start(sections(node))
    lab.wait_master(lab[1])
    lab.advert(spoil_checksum=True)
    time.sleep(5 * INTERVAL_MS / 1000)
    lab[1].kill()
    lab.wait_master(lab[2])
    path = lab[2].history()[-1]["recording"]
    lab.wait(lambda: os.path.exists(path), "the recording is written")
    text = capture("-r", path)
    assert text.returncode == 0 and text.stderr == ""
    lines = text.stdout.splitlines()
    assert all(LINE.match(line) for line in lines)
    assert lines == sorted(lines)
    told = next(i for i, line in enumerate(lines) if "web: BACKUP -> MASTER: no-response" in line)
    before, after = lines[:told], lines[told:]
    advert = "valid    VRRPv3 vrid 51 priority {} every 100 ms: {}"
    assert sum("10.77.0.1 " in line and advert.format(150, VIP4) in line for line in before) >= 3
    assert sum("10.77.0.2 " in line and advert.format(100, VIP4) in line for line in after) >= 3
    assert not any("priority 150" in line for line in after)
    # The transition is told while the kernel adds the addresses; once it has, they are announced.
    assert any(f"valid    announces {VIP4}" in line and lab[2].mac in line for line in lines)
    assert any(f"announces {VIP6} at {lab[2].mac}" in line for line in lines)
    assert any(f"{lab.client.address4} " in line and "invalid  checksum_error" in line
               for line in before)
    # Columns line up.
    assert len({line.index(" valid ") for line in lines if " valid " in line}) == 1
    found = objects(capture("-r", path, "--json"))
    assert len(found) == len(lines)
    adverts = [o for o in found if o["kind"] == "advert" and o["verdict"] == "valid"]
    assert {(o["source"], o["vrid"], o["priority"]) for o in adverts} >= {
        ("10.77.0.1", 51, 150), ("10.77.0.2", 51, 100)}
    assert [o["reason"] for o in found if o.get("verdict") == "invalid"] == ["checksum_error"]
    assert [o["text"] for o in found if o["kind"] == "event"] == [
        line.split("event   ")[1] for line in lines if "  event   " in line]


@pytest.mark.lab(nodes=1)
def test_live_it_names_interface_and_direction(lab):
    node = lab[1].start(sections(lab[1]))
    node.wait_state("MASTER")
    path = f"{node.directory}/live"
    process = start_live(node, into=path)
    frame = gratuitous_arp(lab.client.mac, "10.77.0.99")
    lab.wait(lambda: lab.inject(frame) or "announces 10.77.0.99" in text_of(path), "it listens")
    lab.client.run("ping", "-c", "1", "-W", "5", VIP4)
    # Of no interest: somebody asks for an address that is not advertised.
    lab.client.run("ping", "-c", "1", "-W", "1", "10.77.0.88", check=False)
    client = f"{lab.client.mac} +valid "
    for wanted in (rf"  eth0 +out  advert  {node.address4} ",
                   rf"  eth0 +in   arp     {client} +announces 10.77.0.99",
                   rf"  eth0 +in   arp     {client} +asks for {VIP4} as {lab.client.address4}",
                   rf"  eth0 +out  arp .* answers for {VIP4} to {lab.client.address4}"):
        lab.wait(lambda w=wanted: re.search(w, text_of(path)), wanted)
    # It has come to what was sent behind the last question.
    behind = text_of(path).count("  advert  ")
    lab.wait(lambda: text_of(path).count("  advert  ") > behind + 4, "it goes on")
    process.terminate()
    assert process.communicate(timeout=10)[1] == ""
    lines = text_of(path).splitlines()
    assert all(LINE.match(line) for line in lines)
    assert not any("10.77.0.88" in line for line in lines)


@pytest.mark.lab(nodes=1)
def test_live_on_one_interface_as_json(lab):
    node = lab[1].start(sections(lab[1]))
    node.wait_state("MASTER")
    found = objects(capture("-i", "eth0", "--json", "--count", "5", namespace=node.namespace))
    assert len(found) == 5
    assert {o["interface"] for o in found} == {"eth0"}
    assert {o["direction"] for o in found if o["kind"] == "advert"} == {"out"}
    # On the loopback interface nothing of this passes.
    process = start_live(node, "-i", "lo")
    time.sleep(5 * INTERVAL_MS / 1000)
    process.terminate()
    assert process.communicate(timeout=10)[0] == ""


@pytest.mark.lab(nodes=1)
def test_it_ends_with_its_reader(lab):
    node = lab[1].start(sections(lab[1]))
    node.wait_state("MASTER")
    process = start_live(node)
    assert LINE.match(process.stdout.readline())
    process.stdout.close()
    process.wait(timeout=10)
    assert process.stderr.read() == ""


@pytest.mark.lab(nodes=1)
def test_who_may_not_is_told_so(lab):
    done = lab[1].run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                      "--bounding-set=-all", "--inh-caps=-all", VIPCTL, "capture", check=False)
    assert done.returncode == 4 and "CAP_NET_RAW" in done.stderr
    done = lab[1].run(VIPCTL, "capture", "-i", "eth7", check=False)
    assert done.returncode == 2 and done.stderr == "vipctl: there is no interface 'eth7'\n"


@pytest.mark.lab(nodes=1)
def test_files_of_other_links_and_cut_frames(lab, tmp_path):
    frame = lab.injector().build(priority=150)
    arp = gratuitous_arp(lab.client.mac, VIP4)
    cooked = struct.pack("!HHH8sH", 4, 1, 6, bytes(8), 0x0800) + frame[14:]
    tagged = frame[:12] + struct.pack("!HH", 0x8100, 5) + frame[12:]
    other = frame[:23] + b"\x11" + frame[24:]  # UDP
    path = write_pcap(tmp_path / "ethernet", [frame, tagged, other, arp, arp[:30], b"", frame[:40]],
                      lengths=[len(frame), len(tagged), len(other), len(arp), len(arp), 0,
                               len(frame)])
    found = objects(capture("-r", path, "--json"))
    assert [(o["kind"], o["verdict"], o.get("reason")) for o in found] == [
        ("advert", "valid", None), ("advert", "valid", None), ("arp", "valid", None),
        ("arp", "unknown", "cut_short"), ("advert", "unknown", "cut_short")]
    assert found[0]["time"] == "1970-01-01T00:00:00.000007Z" and found[0]["priority"] == 150
    assert len(objects(capture("-r", path, "--json", "--count", "2"))) == 2
    for linktype, octets, direction in ((DLT_RAW, frame[14:], None), (DLT_SLL, cooked, "out")):
        path = write_pcap(tmp_path / "other", [octets], linktype)
        (one,) = objects(capture("-r", path, "--json"))
        assert one["verdict"] == "valid" and one.get("direction") == direction
        with open(path, "rb") as file:
            assert objects(capture("-r", "-", "--json", stdin=file)) == [one]


def test_what_is_no_capture_is_told_so(tmp_path):
    text = tmp_path / "text"
    text.write_text("no capture at all, but long enough for a header", encoding="utf-8")
    for path, part in ((text, "unknown file format"), (tmp_path / "nowhere", "No such file"),
                       (write_pcap(tmp_path / "wifi", [], 105), "frames of links of type")):
        done = capture("-r", str(path))
        assert done.returncode == 2 and part in done.stderr and str(path) in done.stderr
    path = write_pcap(tmp_path / "ends", [gratuitous_arp("02:77:00:00:00:01", VIP4)])
    os.truncate(path, os.path.getsize(path) - 5)
    done = capture("-r", path)
    assert done.returncode == 1 and "truncated" in done.stderr
    for wrong in (["-r", path, "-i", "eth0"], ["--count", "0"], ["more"]):
        assert capture(*wrong).returncode == 2
