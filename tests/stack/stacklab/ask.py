"""Sends a line to a unix socket and prints the answer: ask.py PATH LINE."""

import socket
import sys

with socket.socket(socket.AF_UNIX) as sock:
    sock.settimeout(10)
    sock.connect(sys.argv[1])
    sock.sendall(sys.argv[2].encode() + b"\n")
    while data := sock.recv(65536):
        sys.stdout.write(data.decode())
