"""UDP echo on port 7: answers with what it got and NAME, from the address that was asked.

The socket is transparent, so that a question that came while the node had the address is answered
even if the address goes before this program gets to run: the network is measured, not Python.
"""

import socket
import struct
import sys

IP_PKTINFO, IP_TRANSPARENT = 8, 19


def main():
    name = sys.argv[1].encode()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    sock.setsockopt(socket.IPPROTO_IP, IP_TRANSPARENT, 1)
    sock.bind(("0.0.0.0", 7))
    while True:
        data, control, _, peer = sock.recvmsg(2048, 256)
        for level, kind, value in control:
            if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
                asked = struct.unpack("i4s4s", value)[1]
                info = struct.pack("i4s4s", 0, asked, bytes(4))
                try:
                    sock.sendmsg([data, name], [(level, kind, info)], 0, peer)
                except OSError:
                    pass  # no way back at the moment: the client counts it as lost


if __name__ == "__main__":
    main()
