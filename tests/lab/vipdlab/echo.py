"""UDP echo on all nodes of a lab: `echo.py PORT NAMESPACE=NAME...`. Run as a program.

Answers with what it got and the node's name, from the address that was asked. The sockets are
transparent, so a question that arrived while the address was held is answered even if the address
goes before this process gets to run: what is measured is the network, not this scheduler.
"""

import os
import select
import socket
import struct
import sys

import netns

SO_RCVBUFFORCE = 33
IP_TRANSPARENT = 19
IPV6_TRANSPARENT = 75
IP_PKTINFO = 8


def open_socket(family, port):
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
    if family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        sock.setsockopt(socket.IPPROTO_IP, IP_TRANSPARENT, 1)
        sock.bind(("0.0.0.0", port))
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
        sock.bind(("::", port))
    return sock


def answer(sock, name):
    data, control, _, peer = sock.recvmsg(2048, 256)
    for level, kind, value in control:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
            ifindex, _, asked = struct.unpack("i4s4s", value)
            info = struct.pack("i4s4s", 0 * ifindex, asked, bytes(4))
            sock.sendmsg([data, name], [(level, kind, info)], 0, peer)
        elif level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
            asked, ifindex = struct.unpack("16si", value)
            info = struct.pack("16si", asked, ifindex)
            sock.sendmsg([data, name], [(level, kind, info)], 0, peer)


def main():
    port = int(sys.argv[1])
    poller = select.poll()
    sockets = {}
    for pair in sys.argv[2:]:
        namespace, name = pair.split("=")
        for family in (socket.AF_INET, socket.AF_INET6):
            sock = netns.inside(namespace, lambda f=family: open_socket(f, port))
            sockets[sock.fileno()] = (sock, name.encode())
            poller.register(sock, select.POLLIN)
    print("ready", flush=True)
    parent = os.getppid()
    while os.getppid() == parent:
        for fd, _ in poller.poll(1000):
            try:
                answer(*sockets[fd])
            except OSError:
                continue  # no route to the client at this moment: the probe counts it as lost


if __name__ == "__main__":
    main()
