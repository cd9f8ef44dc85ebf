"""Debian's nginx with the files of /etc/nginx."""

import os
import signal

from .server import Server


class Nginx(Server):
    NAME = "nginx"
    STOP = signal.SIGQUIT

    def __init__(self, host, port=80):
        self.port = port
        super().__init__(host)

    def prepare(self):
        default = self.host.path("/etc/nginx/sites-enabled/default")
        if os.path.lexists(default):
            os.remove(default)  # as the READMEs of the examples say

    def command(self):
        return ["nginx", "-g", "daemon off;"]

    def is_ready(self):
        return self.listens(self.port)

    def reload(self):
        self.host.run("nginx", "-s", "reload")
