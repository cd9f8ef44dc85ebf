"""Debian's conntrackd with /etc/conntrackd/conntrackd.conf, and what the kernel knows."""

from .server import Server


class Conntrackd(Server):
    NAME = "conntrackd"

    def command(self):
        return ["conntrackd", "-C", "/etc/conntrackd/conntrackd.conf"]

    def is_ready(self):
        return self.host.run("conntrackd", "-s", check=False).returncode == 0


def connections(host, *arguments):
    """Lines of `conntrack -L` on that host: connections(host, "-p", "tcp", "--dport", "80")"""
    return host.run("conntrack", "-L", *arguments, check=False).stdout.splitlines()
