#!/usr/bin/python3
"""Notes: an application as many a site has one. It keeps texts in MariaDB and sessions in Redis.

    POST /sessions      a new session, as a cookie
    PUT  /notes/ID      stores a text; the answer comes when the database has committed it
    GET  /notes/ID      the text, from the cache if it is there
    GET  /health        whether this process answers (what is behind it is not its own health)

Database and cache are asked at their floating addresses. While one of them moves to another node
the application tries again for as long as a person would wait: a statement that is tried twice
must then do no harm, so a note's ID comes from the client.
"""

import configparser
import http.server
import secrets
import signal
import socket
import sys
import threading
import time

import pymysql

from stores import Pool, Redis, RedisError

PATIENCE_S = 15
PAUSE_S = 0.1
SESSION_S = 3600
CACHED_S = 60
MOST_BYTES = 64 * 1024
TABLE = """CREATE TABLE IF NOT EXISTS notes (
    id VARCHAR(64) PRIMARY KEY, body TEXT NOT NULL, at TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3))"""
PUT = "INSERT INTO notes (id, body) VALUES (%s, %s) ON DUPLICATE KEY UPDATE body = VALUES(body)"
GET = "SELECT body FROM notes WHERE id = %s"


class Stores:
    """The database and the cache, and how long a request waits for them in all."""

    def __init__(self, config):
        database, cache = config["database"], config["cache"]
        self.database = Pool(lambda: pymysql.connect(
            host=database["host"], user=database["user"], password=database["password"],
            database=database["name"], autocommit=True,
            connect_timeout=1, read_timeout=2, write_timeout=2))
        self.cache = Pool(lambda: Redis(
            cache["host"], cache.getint("port", 6379), cache["password"], timeout=1))
        self.request = threading.local()
        self.begin_request()

    def begin_request(self):
        self.request.until = time.monotonic() + PATIENCE_S

    def patiently(self, pool, action, errors):
        """action(connection), again and again on fresh ones until it goes well or time is up."""
        while True:
            try:
                with pool.take() as connection:
                    return action(connection)
            except errors:
                pool.forget()
                if time.monotonic() > self.request.until:
                    raise
                time.sleep(PAUSE_S)

    def sql(self, statement, *values):
        def action(connection):
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchone()
        return self.patiently(self.database, action, (pymysql.MySQLError, OSError))

    def redis(self, *words):
        return self.patiently(self.cache, lambda c: c.ask(*words), (RedisError, OSError))

    def new_session(self):
        """Waits until the replica has it too, but no longer than a moment: it may be away."""
        token = secrets.token_hex(16)

        def action(connection):
            connection.ask("SET", f"session:{token}", "1", "EX", SESSION_S)
            connection.ask("WAIT", 1, 100)
        self.patiently(self.cache, action, (RedisError, OSError))
        return token

    def is_session(self, token):
        return bool(token) and self.redis("GET", f"session:{token}") is not None

    def put(self, key, body):
        self.sql(PUT, key, body)
        self.remember(key, body)

    def get(self, key):
        cached = self.redis("GET", f"note:{key}")
        if cached is not None:
            return cached
        row = self.sql(GET, key)
        if row:
            self.remember(key, row[0])
        return row[0] if row else None

    def remember(self, key, body):
        self.redis("SET", f"note:{key}", body, "EX", CACHED_S)


class Handler(http.server.BaseHTTPRequestHandler):
    stores, name, timeout = None, socket.gethostname(), 10

    def answer(self, status, text="", **headers):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-App", self.name)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def guarded(self, action):
        self.stores.begin_request()
        try:
            if not self.stores.is_session(self.headers.get("Cookie", "").partition("session=")[2]):
                self.answer(401, "no such session\n")
            else:
                action(self.path.removeprefix("/notes/"))
        except (pymysql.MySQLError, RedisError, OSError) as error:
            self.log_error("%s %s: %r", self.command, self.path, error)
            self.answer(503, "try again\n")

    def do_GET(self):
        if self.path == "/health":
            self.answer(200, "well\n")
        else:
            self.guarded(self.get_note)

    def get_note(self, key):
        body = self.stores.get(key)
        self.answer(200, body) if body is not None else self.answer(404, "no such note\n")

    def do_PUT(self):
        length = min(int(self.headers.get("Content-Length") or 0), MOST_BYTES)
        body = self.rfile.read(length).decode()
        self.guarded(lambda key: (self.stores.put(key, body), self.answer(201, "stored\n")))

    def do_POST(self):
        self.stores.begin_request()
        try:
            self.answer(201, Set_Cookie=f"session={self.stores.new_session()}")
        except (RedisError, OSError) as error:
            self.log_error("session: %r", error)
            self.answer(503, "try again\n")

    def log_request(self, code="-", size="-"):
        """nginx has the access log."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False  # those that are being served are served to the end
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """Whoever asked does not wait for the answer any more."""
        print(f"{client_address[0]}: {sys.exc_info()[1]!r}", file=sys.stderr, flush=True)


def main():
    config = configparser.ConfigParser()
    with open("/etc/notes.ini", encoding="utf-8") as file:
        config.read_file(file)
    Handler.stores = Stores(config)
    Handler.stores.sql(TABLE)
    server = Server(("", config.getint("server", "port", fallback=8000)), Handler)
    # shutdown() waits for the loop that this handler interrupts: it needs a thread of its own.
    signal.signal(signal.SIGTERM,
                  lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    with server:
        server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
