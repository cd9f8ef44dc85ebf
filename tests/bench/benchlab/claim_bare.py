"""Run as a program inside a namespace: adds addresses to eth0 with nothing but the netlink messages
that it takes, `claim_bare.py LIFETIME_S ADDRESS/LENGTH...` (stdin), and prints when it began."""

import ipaddress
import socket
import struct
import sys
import time

RTM_NEWADDR = 20
NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL = 1, 4, 0x400, 0x200
NLMSG_ERROR = 2
IFA_ADDRESS, IFA_LOCAL, IFA_CACHEINFO, IFA_FLAGS, IFA_PROTO = 1, 2, 6, 8, 11
IFA_F_NODAD = 2
BATCH = 128  # messages of one send, as vipd has it


def attribute(kind, octets):
    return (struct.pack("=HH", 4 + len(octets), kind) + octets).ljust((7 + len(octets)) & ~3, b"\0")


def message(prefix, index, lifetime_s, number, last):
    ipv6 = prefix.version == 6
    octets = prefix.ip.packed
    body = struct.pack("=BBBBI", socket.AF_INET6 if ipv6 else socket.AF_INET,
                       prefix.network.prefixlen, 0, 0, index)
    body += attribute(IFA_LOCAL, octets) + attribute(IFA_ADDRESS, octets)
    body += attribute(IFA_FLAGS, struct.pack("=I", IFA_F_NODAD if ipv6 else 0))
    body += attribute(IFA_CACHEINFO,
                      struct.pack("=IIII", 0 if ipv6 else lifetime_s, lifetime_s, 0, 0))
    body += attribute(IFA_PROTO, b"\x56")
    flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | (NLM_F_ACK if last else 0)
    return struct.pack("=IHHII", 16 + len(body), RTM_NEWADDR, flags, number, 0) + body


def acknowledged(sock, number):
    """Waits for that message's answer; an error of another one ends it all."""
    while True:
        data = sock.recv(1 << 16)
        kind, _, sequence, _, error = struct.unpack_from("=HHIIi", data, 4)
        if kind == NLMSG_ERROR and error:
            raise OSError(-error, "the kernel refused an address")
        if sequence == number:
            return


def main():
    lifetime_s = int(sys.argv[1])
    prefixes = [ipaddress.ip_interface(text) for text in sys.stdin.read().split()]
    index = socket.if_nametoindex("eth0")
    batches = []
    for first in range(0, len(prefixes), BATCH):
        part = prefixes[first:first + BATCH]
        last = first + len(part) - 1
        batches.append((last, b"".join(
            message(prefix, index, lifetime_s, first + i, first + i == last)
            for i, prefix in enumerate(part))))
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    sock.settimeout(60)
    began = time.time()
    for last, octets in batches:
        sock.send(octets)
        acknowledged(sock, last)
    print(began)


if __name__ == "__main__":
    main()
