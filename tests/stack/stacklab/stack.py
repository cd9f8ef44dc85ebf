"""A stack: hosts on LANs, built from an example's folders. All that Lab has (wait(), never()) is here
too; it is taken down with the test."""

import glob
import itertools
import os

from vipdlab import netns
from vipdlab.lab import Lab

from .host import SOURCE, Host
from .load import Load


class Stack(Lab):
    """example: its name. The folders of examples/EXAMPLE are laid over the root of the hosts that
    they name: lb1/etc/... on lb1, lb1+lb2/etc/... on both."""

    def __init__(self, example):
        self.example = f"{SOURCE}/examples/{example}"
        if not os.path.isdir(self.example):
            raise RuntimeError(f"there is no {self.example}")
        self._indexes, self._lans, self._loads = itertools.count(1), set(), []
        super().__init__()

    def _build(self, *_):
        netns.run("ip", "netns", "add", self.switch)
        netns.sysctl(self.switch, net__ipv6__conf__all__disable_ipv6=1,
                     net__ipv6__conf__default__disable_ipv6=1)
        netns.ip_batch(["link set lo up"], self.switch)

    def lan(self, name):
        """Makes that LAN, unless it is there."""
        if name not in self._lans:
            netns.ip_batch([f"link add {name} type bridge stp_state 0 forward_delay 0"
                            " mcast_snooping 0", f"link set {name} up"], self.switch)
            self._lans.add(name)

    def host(self, name, *addresses):
        """A host with eth0 in the LAN "lan". host.plug() gives it more interfaces."""
        namespace = f"{self.prefix}-{name}"
        netns.run("ip", "netns", "add", namespace)
        netns.sysctl(namespace, net__ipv6__conf__all__accept_dad=0,
                     net__ipv6__conf__default__accept_dad=0,
                     net__ipv6__conf__default__dad_transmits=0)
        host = Host(self, name, next(self._indexes), self._folders(name))
        self.nodes.append(host)
        return host.plug("eth0", "lan", *addresses) if addresses else host

    def _folders(self, name):
        """Those that name it among others come first: its own wins."""
        found = [path for path in glob.glob(f"{self.example}/*/")
                 if name in os.path.basename(path.rstrip("/")).split("+")]
        return sorted(found, key=lambda path: -path.count("+"))

    def load(self, host, url, **keys):
        """A client that never stops on that host (load.py); it ends with the test."""
        self._loads.append(Load(host, url, **keys))
        return self._loads[-1]

    def close(self):
        for load in self._loads:
            load.kill()
        return super().close()
