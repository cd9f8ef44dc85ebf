"""vipd-exporter beside the agent of a node: started in its namespace, asked by HTTP."""

import os
import re
import signal
import socket
import subprocess

from . import netns
from .node import BUILD, SANITIZER_MARKS, environment

EXPORTER = f"{BUILD}/tools/vipd-exporter"
PORT = 9560
OPEN_METRICS = "application/openmetrics-text; version=1.0.0"
SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def samples(text):
    """{(name, ((label, value), ...sorted)): value} of metrics as text."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.match(line).groups()
            found[name, tuple(sorted(LABEL.findall(labels or "")))] = float(value)
    return found


class Exporter:
    """Listens on every address of the namespace, port 9560, and is asked from inside it."""

    def __init__(self, node, control=None, listen=f":{PORT}"):
        self.namespace, self.log = node.namespace, f"{node.directory}/exporter.log"
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", node.namespace, EXPORTER, "--listen", listen,
                 "--control", control or node.control],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(),
                preexec_fn=netns.die_with_parent)
        node.lab.wait(lambda: "listens on" in self.log_text(), "the exporter listens")

    def log_text(self):
        with open(self.log, encoding="utf-8") as log:
            return log.read()

    def connect(self, address=("127.0.0.1", PORT), timeout=20):
        """A connected socket in the namespace."""
        def make():
            return socket.create_connection(address, timeout)
        return netns.inside(self.namespace, make)

    def ask(self, path, method="GET", timeout=20, **headers):
        """(status, headers in lower case, body) of one request."""
        lines = [f"{method} {path} HTTP/1.1", "Host: node",
                 *(f"{name}: {value}" for name, value in headers.items())]
        with self.connect(timeout=timeout) as client:
            client.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            answer = b""
            while piece := client.recv(65536):
                answer += piece
        head, _, body = answer.decode().partition("\r\n\r\n")
        first, *rest = head.split("\r\n")
        return (int(first.split()[1]),
                {k.lower(): v for k, v in (line.split(": ", 1) for line in rest)}, body)

    def code(self, path):
        return self.ask(path)[0]

    def samples(self):
        status, _, body = self.ask("/metrics")
        assert status == 200
        return samples(body)

    def value(self, name, **labels):
        """The one sample with (at least) these labels; None: there is none."""
        found = [value for (n, l), value in self.samples().items()
                 if n == name and set(labels.items()) <= set(l)]
        assert len(found) <= 1, f"{name}{labels}: {found}"
        return found[0] if found else None

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))

    def close(self):
        """Ends it, which it is to do at once and well."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "no end"
        text = self.log_text()
        assert code == 0, f"exporter: {code}\n{text}"
        for mark in SANITIZER_MARKS:
            assert mark not in text, text
