"""What a key must not be found in: whatever shows what vipd does, and what a core dump would keep
of its memory."""

import os
import pathlib
import re
import secrets

import pytest

from vipdlab import config, node as nodes

CHUNK = 1 << 20
HEAD = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) ")


def dumped_mappings(pid):
    """Those that the kernel puts into a core dump: what can be written and is not excepted."""
    start = end = 0
    flags = ""
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
        for line in file:
            if found := HEAD.match(line):
                start, end, flags = int(found[1], 16), int(found[2], 16), found[3]
            elif line.startswith("VmFlags:") and flags.startswith("rw") and \
                    "dd" not in line.split():
                yield start, end


def dumped(pid, words):
    """How many octets were read, and which of the words are in them."""
    found, size, overlap = set(), 0, max(map(len, words))
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end in dumped_mappings(pid):
            before, at = b"", start
            while at < end:
                try:
                    memory.seek(at)
                    data = memory.read(min(CHUNK, end - at))
                except OSError:
                    break  # it was given back meanwhile
                if not data:
                    break
                found |= {word for word in words if word in before + data}
                before, at, size = data[-overlap:], at + len(data), size + len(data)
    return size, found


def content(path):
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:
        return b""  # replaced by a newer one


def shown(node, directory):
    """All that a user of the node, or whoever has its files, may read of it."""
    pid = node.process.pid
    texts = [node.log_text().encode()]
    texts += [pathlib.Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
    for words in (["status", "--json"], ["status", "--all", "web"], ["history", "--json"],
                  ["why", "web"], ["check", "--json", node.config], ["reload", "--dry-run"]):
        done = node.vipctl(*words)
        texts.append((done.stdout + done.stderr).encode())
    for where, _, names in os.walk(directory):
        texts += [content(pathlib.Path(where, name)) for name in names]
    return b"\n".join(texts)


@pytest.mark.skipif(nodes.sanitized() or bool(nodes.WRAPPER), reason="its memory is another's")
@pytest.mark.lab(nodes=2)
def test_a_key_is_in_nothing_that_is_shown_and_in_no_core_dump(lab, tmp_path):
    """One from a file and one that stands in the configuration, of a MASTER and of a BACKUP; also
    after the one of the file was replaced and both were read again."""
    octets = [secrets.token_bytes(32) for _ in range(3)]
    file = tmp_path / "key"
    file.write_text(octets[0].hex() + "\n", encoding="ascii")
    file.chmod(0o600)
    lab.start_all([150, 100], auth_key=f"1:{file}, 2:hex:{octets[1].hex()}")
    marker = f"marked-{secrets.token_hex(8)}"
    for node in lab.nodes:
        file.write_text(octets[2].hex() + "\n", encoding="ascii")
        node.write(config.instance(priority=120, auth_key=f"1:{file}, 2:hex:{octets[1].hex()}",
                                   on_master=f"/bin/true {marker}"))
        assert node.reload().returncode == 0
    # A part of each: what has overwritten the beginning of a buffer has not wiped it.
    words = [part for key in octets
             for part in (key[:16], key[16:], key.hex()[:32].encode(), key.hex()[32:].encode())]
    for node in lab.nodes:
        size, found = dumped(node.process.pid, [*words, marker.encode()])
        print(f"{node.name}: {size:,} octets")
        assert found == {marker.encode()}, "of the configuration this alone is there to be found"
        texts = shown(node, f"{node.directory}/state")
        assert [word for word in words if word in texts] == []
        assert b"web" in texts
