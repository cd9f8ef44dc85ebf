"""Debian's Prometheus with the files of /etc/prometheus, and what it says."""

import json
import urllib.parse

from .server import Server

PORT = 9090


class Prometheus(Server):
    NAME = "prometheus"

    def command(self):
        return ["prometheus", "--config.file=/etc/prometheus/prometheus.yml",
                "--storage.tsdb.path=/var/lib/prometheus", f"--web.listen-address=127.0.0.1:{PORT}"]

    def is_ready(self):
        return self.host.run("curl", "-fs", f"http://127.0.0.1:{PORT}/-/ready",
                             check=False).returncode == 0

    def ask(self, path, **parameters):
        """The "data" of an answer of /api/v1/..."""
        query = urllib.parse.urlencode(parameters)
        done = self.host.run("curl", "-sS", f"http://127.0.0.1:{PORT}/api/v1/{path}?{query}")
        answer = json.loads(done.stdout)
        assert answer["status"] == "success", (path, parameters, answer)
        return answer["data"]

    def value(self, expression):
        """{labels as JSON: value} of an expression now."""
        return {json.dumps(item["metric"], sort_keys=True): float(item["value"][1])
                for item in self.ask("query", query=expression)["result"]}

    def alerts(self):
        """Names of the alerts that fire."""
        return {alert["labels"]["alertname"] for alert in self.ask("alerts")["alerts"]
                if alert["state"] == "firing"}
