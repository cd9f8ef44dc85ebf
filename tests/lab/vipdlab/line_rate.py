"""Frames as fast as one CPU sends them. Run as a program in a machine's namespace, with the frames
in hexadecimal on its input, one a line: `line_rate.py DEVICE`, until it is ended by SIGTERM; then
it prints how many it has sent and for how long."""

import contextlib
import ctypes
import json
import signal
import socket
import subprocess
import sys
import time

from pathlib import Path

BATCH = 256
PACKET_QDISC_BYPASS, SOL_PACKET = 20, 263


class _Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]


class _Header(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32),
                ("vectors", ctypes.POINTER(_Vector)), ("count", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("done", ctypes.c_uint)]


@contextlib.contextmanager
def flooding(lab, frames, counts=None):
    """From the lab's client, for as long as the block runs; counts gets `sent` and `seconds`."""
    process = lab.keep(subprocess.Popen(
        ["ip", "netns", "exec", lab.client.namespace, sys.executable, str(Path(__file__)), "eth0"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    process.stdin.write("".join(frame.hex() + "\n" for frame in frames))
    process.stdin.close()
    process.stdin = None
    assert process.stdout.readline() == "flooding\n", "the flood did not start"
    try:
        yield
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=20)
    if counts is not None:
        counts.update(json.loads(output))


def headers(frames):
    """BATCH messages, the frames by turns."""
    vectors = (_Vector * BATCH)()
    found = (_Header * BATCH)()
    for i in range(BATCH):
        frame = frames[i % len(frames)]
        vectors[i] = _Vector(frame, len(frame))
        found[i].vectors = ctypes.pointer(vectors[i])
        found[i].count = 1
    return found, vectors


def main():
    libc = ctypes.CDLL(None)
    frames = [bytes.fromhex(line) for line in sys.stdin]
    # More frames than fit one batch take several.
    batches = [headers(frames[i:i + BATCH]) for i in range(0, len(frames), BATCH)]
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((sys.argv[1], 0))
        sender.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
        print("flooding", flush=True)
        sent, began = 0, time.monotonic()
        while not ended:
            for batch, _ in batches:
                sent += max(0, libc.sendmmsg(sender.fileno(), batch, BATCH, 0))
        print(json.dumps({"sent": sent, "seconds": time.monotonic() - began}))


if __name__ == "__main__":
    main()
