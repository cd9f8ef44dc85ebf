"""A raw-socket sender inside a machine's namespace: frames as faulty as a test wants them."""

import contextlib
import socket
import threading

from . import config, netns, wire


@contextlib.contextmanager
def repeating(action, interval=config.INTERVAL_MS / 1000):
    """Does something over and over, in a thread."""
    stop = threading.Event()

    def body():
        while not stop.wait(interval):
            action()
    thread = threading.Thread(target=body)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class Injector:
    """Sends frames out of a machine's interface; the socket outlives the interface."""

    def __init__(self, machine, device="eth0"):
        self._machine = machine
        self._device = device
        self._socket = netns.inside(
            machine.namespace, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))

    def close(self):
        self._socket.close()

    def send(self, frame):
        self._socket.sendto(frame, (self._device, 0))

    def build(self, source=None, family=4, destination=None, ttl=255, **fields):
        """The frame of a VRRP advert, as faulty as the fields say (wire.vrrp_message)."""
        machine = self._machine
        source = source or (machine.address4 if family == 4 else machine.link_local)
        group = destination or (wire.GROUP4 if family == 4 else wire.GROUP6)
        if family == 6:
            fields.setdefault("addresses", ["fe80::77:200", config.VIP6])
        message = wire.vrrp_message(source, group, **fields)
        return wire.frame(machine.mac, source, message, group, ttl)

    def advert(self, **fields):
        self.send(self.build(**fields))
