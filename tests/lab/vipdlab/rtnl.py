"""The kernel's addresses, read over netlink: Debian 12's `ip` does not show IFA_PROTO."""

import ipaddress
import socket
import struct
from dataclasses import dataclass

from . import netns

RTM_NEWADDR = 20
RTM_GETADDR = 22
NLMSG_ERROR = 2
NLMSG_DONE = 3
NLM_F_REQUEST_DUMP = 0x301
IFA_ADDRESS, IFA_LOCAL, IFA_CACHEINFO, IFA_FLAGS = 1, 2, 6, 8
IFA_RT_PRIORITY, IFA_PROTO = 9, 11
IFA_F_NODAD = 0x02
IFA_F_TENTATIVE = 0x40
VIPD_PROTO = 0x56
VIPD_METRIC = 0x56495044
FOREVER = 0xFFFFFFFF


@dataclass(frozen=True)
class Address:
    ifindex: int
    address: str
    length: int
    flags: int
    proto: int
    metric: int
    valid_s: int

    @property
    def ours(self):
        """Added by vipd."""
        return self.proto == VIPD_PROTO or self.metric == VIPD_METRIC


class AddressReader:
    """A netlink socket inside a namespace; read() is one dump (about 0.1 ms)."""

    def __init__(self, namespace):
        self._socket = netns.inside(
            namespace, lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
        self._socket.settimeout(5)
        self._sequence = 0

    def close(self):
        self._socket.close()

    def read(self):
        self._sequence += 1
        self._socket.send(struct.pack("=IHHII BBBBI", 24, RTM_GETADDR, NLM_F_REQUEST_DUMP,
                                      self._sequence, 0, socket.AF_UNSPEC, 0, 0, 0, 0))
        found = []
        while True:
            data = self._socket.recv(1 << 16)
            offset = 0
            while offset + 16 <= len(data):
                length, kind, _, sequence, _ = struct.unpack_from("=IHHII", data, offset)
                if sequence == self._sequence:
                    if kind == NLMSG_DONE:
                        return found
                    if kind == NLMSG_ERROR:
                        raise OSError("netlink: address dump refused")
                    if kind == RTM_NEWADDR:
                        found.append(_parse(data[offset + 16:offset + length]))
                offset += (length + 3) & ~3


def _parse(body):
    _, length, flags, _, ifindex = struct.unpack_from("=BBBBI", body)
    proto, metric, valid_s, address = 0, 0, FOREVER, b""
    local = b""
    offset = 8
    while offset + 4 <= len(body):
        size, kind = struct.unpack_from("=HH", body, offset)
        if size < 4:
            break
        value = body[offset + 4:offset + size]
        if kind == IFA_ADDRESS:
            address = value
        elif kind == IFA_LOCAL:
            local = value
        elif kind == IFA_FLAGS:
            flags = struct.unpack("=I", value)[0]
        elif kind == IFA_PROTO:
            proto = value[0]
        elif kind == IFA_RT_PRIORITY:
            metric = struct.unpack("=I", value)[0]
        elif kind == IFA_CACHEINFO:
            valid_s = struct.unpack_from("=II", value)[1]
        offset += (size + 3) & ~3
    return Address(ifindex, str(ipaddress.ip_address(local or address)), length, flags, proto,
                   metric, valid_s)
