"""Clients that ask, send garbage, or never read, as fast as they can. Run as a program:
`flood.py CONTROL_SOCKET`, until it is ended."""

import contextlib
import itertools
import socket
import subprocess
import sys

REQUESTS = (b'{"method":"io.vipd.GetStatus"}\0', b'{"method":"io.vipd.GetHistory"}\0',
            b"\xff\xfe not json\0", b'{"method":', b"[" * 65536)
CLIENTS = 48


@contextlib.contextmanager
def flooding(path, lab):
    """A flood for as long as the block runs; it must have been served all the time."""
    process = lab.keep(subprocess.Popen([sys.executable, __file__, path], stdout=subprocess.PIPE,
                                        text=True))
    if process.stdout.readline() != "flooding\n":
        raise AssertionError("the flood did not start")
    yield
    if process.poll() is not None:
        raise AssertionError(f"the flood ended with {process.returncode}")
    process.kill()
    process.wait()


def poke(clients, place, path, request):
    """Sends on the client at that place without ever waiting; replaces it when it was dropped."""
    try:
        if clients[place] is None:
            clients[place] = socket.socket(socket.AF_UNIX)
            clients[place].setblocking(False)
            clients[place].connect(path)
        clients[place].send(request)
        if place % 2:  # the others never read
            clients[place].recv(1 << 16)
    except BlockingIOError:
        pass
    except OSError:
        clients[place].close()
        clients[place] = None


def main():
    path = sys.argv[1]
    clients = [None] * CLIENTS
    print("flooding", flush=True)
    for number in itertools.count():
        # Requests and clients go round at different lengths: each client gets to send each.
        poke(clients, number % CLIENTS, path, REQUESTS[number // 7 % len(REQUESTS)])


if __name__ == "__main__":
    main()
