"""Debian's Redis Sentinel with an example's /etc/redis/sentinel.conf."""

import os
import shutil

from .server import Server

CONFIG = "/etc/redis/sentinel.conf"


class Sentinel(Server):
    NAME = "redis-sentinel"

    def prepare(self):
        """It writes its configuration anew, in that folder."""
        for path in ("/var/lib/redis", "/etc/redis", CONFIG):
            inside = self.host.path(path)
            if path != CONFIG:
                os.makedirs(inside, exist_ok=True)
            shutil.chown(inside, "redis", "redis")

    def command(self):
        return ["setpriv", "--reuid=redis", "--regid=redis", "--clear-groups", "redis-sentinel",
                CONFIG, "--daemonize", "no", "--logfile", ""]

    def cli(self, *words):
        return self.host.run("redis-cli", "-p", "26379", *words, check=False).stdout.strip()

    def is_ready(self):
        return self.cli("PING") == "PONG"

    def primary(self):
        """Its address, as this one has it."""
        return self.cli("SENTINEL", "get-master-addr-by-name", "cache").split("\n", maxsplit=1)[0]

    def knows_all(self):
        """The replica, and both other Sentinels."""
        fields = self.cli("SENTINEL", "master", "cache").splitlines()
        known = dict(zip(fields[::2], fields[1::2]))
        return known.get("num-slaves") == "1" and known.get("num-other-sentinels") == "2"
