"""Debian's BIRD with /etc/bird/bird.conf, or another file there."""

import os

from .server import Server

CONTROL = "/run/bird/bird.ctl"


class Bird(Server):
    NAME = "bird"

    def __init__(self, host, config="bird.conf"):
        super().__init__(host)
        self.config = config

    def prepare(self):
        os.makedirs(self.host.path(os.path.dirname(CONTROL)), exist_ok=True)

    def command(self):
        return ["bird", "-f", "-c", f"/etc/bird/{self.config}", "-s", CONTROL]

    def ask(self, *words):
        """What birdc answers."""
        return self.host.run("birdc", "-r", "-s", CONTROL, *words, check=False).stdout

    def is_ready(self):
        return "Daemon is up and running" in self.ask("show", "status")

    def established(self, protocol):
        return "Established" in self.ask("show", "protocols", protocol)

    def neighbours(self):
        """How many OSPF neighbours are there with all they know."""
        return self.ask("show", "ospf", "neighbors").count("Full")
