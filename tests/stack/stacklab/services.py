"""A stand-in for systemd on a host: `systemctl start|stop|restart|kill NAME` does what it says."""

import json

MANAGER = "/mnt/tests/stack/stacklab/service_manager.py"
SYSTEMCTL = f"""#!/bin/sh
exec python3 /mnt/tests/stack/stacklab/ask.py /run/systemctl "$*"
"""


class Services:
    """services: name -> command. They are started in that order, restarted when they end by
    themselves, and stopped in reverse order. One called vipd is the host's vipd from then on."""

    def __init__(self, host, services):
        self.host = host
        host.put("/usr/local/sbin/systemctl", SYSTEMCTL, mode=0o755)
        self.process = host.popen("python3", MANAGER, json.dumps(services),
                                  log="/var/log/stack/services.log")
        if "vipd" in services:
            host.process = self.process
        host.lab.wait(lambda: "ready" in host.read("/var/log/stack/services.log"),
                      f"{host.name}: the services were started", 20)
