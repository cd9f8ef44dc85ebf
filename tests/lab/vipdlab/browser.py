"""Chromium without a window, in a namespace: what a page becomes, and how it looks."""

import os
import shutil
import struct
import subprocess
import tempfile
import zlib

from . import netns

BINARY = shutil.which("chromium")
LIMIT_S = 100  # its start alone takes seconds on a busy machine


def _run(namespace, url, *options):
    with tempfile.TemporaryDirectory(prefix="vipd-browser-") as profile:
        done = subprocess.run(
            ["ip", "netns", "exec", namespace, BINARY, "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--hide-scrollbars", f"--user-data-dir={profile}", *options,
             url],
            env={**os.environ, "HOME": profile}, capture_output=True, timeout=LIMIT_S, check=False,
            preexec_fn=netns.die_with_parent)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return done.stdout.decode()


def dom(namespace, url):
    """The document as Chromium has it after loading."""
    return _run(namespace, url, "--dump-dom")


def screenshot(namespace, url, path, width, height, dark):
    """Writes a PNG of the page, in a window of that size, and returns it."""
    scheme = 0 if dark else 1  # of Blink's mojom::PreferredColorScheme: kDark, kLight
    _run(namespace, url, f"--screenshot={path}", f"--window-size={width},{height}",
         f"--blink-settings=preferredColorScheme={scheme}")
    return Picture(path)


class Picture:
    """An RGB or RGBA PNG of 8 bits."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        assert data.startswith(b"\x89PNG\r\n\x1a\n"), path
        at, packed = 8, b""
        while at < len(data):
            size, kind = struct.unpack_from(">I4s", data, at)
            body = data[at + 8:at + 8 + size]
            if kind == b"IHDR":
                self.width, self.height, depth, colour = struct.unpack_from(">IIBB", body)
                assert depth == 8 and colour in (2, 6), (depth, colour)
                self.step = 3 if colour == 2 else 4
            elif kind == b"IDAT":
                packed += body
            at += size + 12
        self._lines = self._unfilter(zlib.decompress(packed))

    def _unfilter(self, raw):
        """Lines of octets, as PNG's filters have them (RFC 2083 6)."""
        size, step, lines = self.width * self.step, self.step, []
        before = bytearray(size)
        for y in range(self.height):
            kind = raw[y * (size + 1)]
            line = bytearray(raw[y * (size + 1) + 1:(y + 1) * (size + 1)])
            for i in range(size) if kind else ():
                left = line[i - step] if i >= step else 0
                corner = before[i - step] if i >= step else 0
                line[i] = (line[i] + self._guess(kind, left, before[i], corner)) & 255
            lines.append(line)
            before = line
        return lines

    @staticmethod
    def _guess(kind, left, up, corner):
        if kind == 4:
            guess = left + up - corner
            return min((left, up, corner), key=lambda value: abs(guess - value))
        return (0, left, up, (left + up) // 2)[kind]

    def brightness(self, x, y):
        """0 to 255."""
        return sum(self._lines[y][x * self.step:x * self.step + 3]) // 3

    def column(self, x):
        return [self.brightness(x, y) for y in range(self.height)]
