"""Connections that are kept for the next request, and as much of Redis' protocol as is needed."""

import contextlib
import queue
import socket


class Pool:
    """connect() makes a connection; one on which anything failed is not used again."""

    def __init__(self, connect):
        self.connect, self.idle = connect, queue.LifoQueue()

    @contextlib.contextmanager
    def take(self):
        try:
            connection = self.idle.get_nowait()
        except queue.Empty:
            connection = self.connect()
        try:
            yield connection
        except BaseException:
            _close(connection)
            raise
        self.idle.put(connection)

    def forget(self):
        """The server is another one by now: those that wait lead to the old one."""
        with contextlib.suppress(queue.Empty):
            while True:
                _close(self.idle.get_nowait())


def _close(connection):
    with contextlib.suppress(Exception):
        connection.close()


class RedisError(Exception):
    """The server refused: it is a replica now, or still loads its data."""


class Redis:
    def __init__(self, host, port, password, timeout):
        self.socket = socket.create_connection((host, port), timeout)
        self.reader = self.socket.makefile("rb")
        self.ask("AUTH", password)

    def close(self):
        self.reader.close()
        self.socket.close()

    def ask(self, *words):
        """Sends one command; returns its answer: text, number or None."""
        parts = [str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(
            b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        line = self.reader.readline()
        kind, rest = line[:1], line[1:].strip()
        if kind == b"$":
            return None if rest == b"-1" else self.reader.read(int(rest) + 2)[:-2].decode()
        if kind == b"-":
            raise RedisError(rest.decode())
        if not line:
            raise OSError("the cache has closed the connection")
        return int(rest) if kind == b":" else rest.decode()
