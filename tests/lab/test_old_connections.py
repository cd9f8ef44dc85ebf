"""What a node remembers of connections from the time when it had the address last does not stand in
the way of those that it gets with it when it comes back."""

import subprocess
import sys

import pytest

from vipdlab.config import VIP4

PORT, CLIENT_PORT = 7070, 5555

# Closes first, as web servers do: its side of the connection stays in TIME-WAIT for a minute.
SERVER = f"""
import socket
listener = socket.create_server(("", {PORT}))
print("ready", flush=True)
kept = []
while True:
    connection, _ = listener.accept()
    if connection.recv(5) == b"short":
        connection.close()
    else:
        kept.append(connection)
"""

CLIENT = f"""
import socket, sys
connection = socket.socket()
connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
connection.bind(("", {CLIENT_PORT}))
connection.settimeout(25)
connection.connect(("{VIP4}", {PORT}))
connection.sendall(sys.argv[1].encode())
if sys.argv[1] == "short":
    assert connection.recv(1) == b""
else:
    print("connected", flush=True)
    sys.stdin.readline()
    connection.sendall(b"more")
    try:
        print(connection.recv(1))
    except OSError as error:
        print(type(error).__name__)
"""


def start(lab, machine, program, *arguments):
    return lab.keep(subprocess.Popen(
        ["ip", "netns", "exec", machine.namespace, sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))


@pytest.mark.lab(nodes=2)
def test_a_connection_that_comes_with_the_address_is_reset(lab):
    lab.start_all([150, 100])
    for node in lab.nodes:
        assert start(lab, node, SERVER).stdout.readline() == "ready\n"
    assert start(lab, lab.client, CLIENT, "short").wait(30) == 0
    lab.wait(lambda: lab[1].run("ss", "-Htn", "state", "time-wait", "src", VIP4).stdout,
             "its side is in TIME-WAIT")
    lab[1].vipctl("drain", "web")
    lab.wait(lambda: lab[2].holds(VIP4) and not lab[1].holds(VIP4), "n2 alone has the address")
    client = start(lab, lab.client, CLIENT, "keep")
    assert client.stdout.readline() == "connected\n"
    lab[1].vipctl("resume", "web")
    lab.wait_master(lab[1])
    # By what the node remembers it would be answered as a late one, and again and again.
    assert client.communicate("go on\n", timeout=60)[0] == "ConnectionResetError\n"
