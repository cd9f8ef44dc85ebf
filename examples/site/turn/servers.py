"""The servers that only the site has; the others are those of tests/stack."""

import json
import os
import shutil
import signal
import urllib.parse
import urllib.request

from stacklab.server import Server
from vipdlab import netns


class Notes(Server):
    """The site's own application."""

    NAME = "notes"

    def command(self):
        return ["/usr/bin/python3", "/usr/local/lib/notes/notes.py"]

    def is_ready(self):
        return self.listens(8000)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


class Prometheus(Server):
    NAME = "prometheus"
    DATA = "/var/lib/prometheus/metrics2"

    def prepare(self):
        os.makedirs(self.host.path(self.DATA), exist_ok=True)
        shutil.chown(self.host.path(self.DATA), "prometheus", "prometheus")

    def command(self):
        """As Debian's unit does."""
        return ["setpriv", "--reuid=prometheus", "--regid=prometheus", "--clear-groups",
                "prometheus", "--config.file=/etc/prometheus/prometheus.yml",
                f"--storage.tsdb.path={self.DATA}"]

    def is_ready(self):
        return self.listens(9090)

    def ask(self, expression):
        """The value of an expression that has one, as a number; None while there is none."""
        address = "http://127.0.0.1:9090/api/v1/query?" + urllib.parse.urlencode(
            {"query": expression})

        def ask():
            with urllib.request.urlopen(address, timeout=10) as answer:
                return json.load(answer)["data"]["result"]
        result = netns.inside(self.host.namespace, ask)
        return float(result[0]["value"][1]) if result else None
