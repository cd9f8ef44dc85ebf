"""Debian's Alertmanager with /etc/prometheus/alertmanager.yml, and what it would tell people."""

import json

from .server import Server

PORT = 9093


class Alertmanager(Server):
    NAME = "prometheus-alertmanager"

    def command(self):
        return [self.NAME, "--config.file=/etc/prometheus/alertmanager.yml",
                "--storage.path=/var/lib/prometheus/alertmanager", "--cluster.listen-address=",
                f"--web.listen-address=127.0.0.1:{PORT}"]

    def is_ready(self):
        return self.host.run("curl", "-fs", f"http://127.0.0.1:{PORT}/-/ready",
                             check=False).returncode == 0

    def alerts(self):
        """[(alert's name, receivers)] of those that go on."""
        done = self.host.run("curl", "-sS", f"http://127.0.0.1:{PORT}/api/v2/alerts?active=true")
        return sorted((alert["labels"]["alertname"], tuple(r["name"] for r in alert["receivers"]))
                      for alert in json.loads(done.stdout))
