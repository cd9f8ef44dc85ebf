"""Debian's Redis with /etc/redis/redis.conf and, at its end, an example's /etc/redis/pair.conf."""

import os
import shutil
import socket

from .server import Server

PAIR = "/etc/redis/pair.conf"


class RedisError(Exception):
    """The server answered with an error, or nothing."""


class Connection:
    """A client: redis("SET", "key", "value") returns the answer. Errors are RedisError, OSError."""

    def __init__(self, address, password=None, port=6379, timeout_s=2):
        self._socket = socket.create_connection((address, port), timeout_s)
        self._file = self._socket.makefile("rb")
        if password:
            self("AUTH", password)

    def __call__(self, *words):
        octets = [str(word).encode() for word in words]
        parts = [b"*%d\r\n" % len(octets)] + [b"$%d\r\n%s\r\n" % (len(o), o) for o in octets]
        self._socket.sendall(b"".join(parts))
        return self._answer()

    def _answer(self):
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise RedisError("the connection was closed")
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise RedisError(rest)
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == "-1" else self._file.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return [self._answer() for _ in range(int(rest))]
        return rest

    def close(self):
        self._file.close()
        self._socket.close()


class Redis(Server):
    NAME = "redis-server"

    def prepare(self):
        for directory in ("/run/redis", "/var/lib/redis", "/var/log/redis"):
            path = self.host.path(directory)
            os.makedirs(path, exist_ok=True)
            shutil.chown(path, "redis", "redis")

    def command(self):
        """As Debian's unit does; the words at the end are lines at the end of redis.conf."""
        return ["setpriv", "--reuid=redis", "--regid=redis", "--clear-groups", "redis-server",
                "/etc/redis/redis.conf", "--include", PAIR, "--daemonize", "no", "--logfile", ""]

    def cli(self, *words):
        """redis-cli on the host, with the password of the example."""
        password = [line.split()[1] for line in self.host.read(PAIR).splitlines()
                    if line.startswith("requirepass")]
        login = ["env", f"REDISCLI_AUTH={password[0]}"] if password else []
        return self.host.run(*login, "redis-cli", *words, check=False).stdout.strip()

    def is_ready(self):
        return self.cli("PING") == "PONG"

    def info(self):
        """The fields of INFO."""
        return dict(line.split(":", 1) for line in self.cli("INFO", "everything").splitlines()
                    if ":" in line)


def connect(address, password):
    """A connection for a Writer (writer.py): write(number) returns who has taken the key."""
    redis = Connection(address, password)

    def write(number, value="written"):
        redis("SET", f"row:{number}", value)
        return redis("CONFIG", "GET", "replicaof")[1]

    write.close = redis.close
    return write
