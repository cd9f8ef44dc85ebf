"""Debian's HAProxy with /etc/haproxy/haproxy.cfg."""

import os
import signal

from .server import Server

RUN = "/run/haproxy"


class Haproxy(Server):
    NAME = "haproxy"
    STOP = signal.SIGUSR1

    def __init__(self, host, port=80):
        self.port = port
        super().__init__(host)

    def prepare(self):
        os.makedirs(self.host.path(RUN), exist_ok=True)

    def command(self):
        """As Debian's unit does."""
        return ["haproxy", "-Ws", "-f", "/etc/haproxy/haproxy.cfg", "-p", "/run/haproxy.pid"]

    def is_ready(self):
        return self.listens(self.port)

    def reload(self):
        """A new worker takes over; the old one serves its connections to the end."""
        self.process.send_signal(signal.SIGUSR2)

    def ask(self, line):
        """A command for the admin socket, as for `socat`."""
        return self.host.run("python3", "/mnt/tests/stack/stacklab/ask.py", f"{RUN}/admin.sock",
                             line).stdout
