"""Debian's MariaDB with /etc/mysql and what an example lays over it."""

import os
import shutil

import pymysql

from vipdlab import netns

from .server import Server
from .template import copy, template, version

DATA, SOCKET = "/var/lib/mysql", "/run/mysqld/mysqld.sock"
# A lab has little memory for a server, and nobody reads its tables twice.
SMALL = """[mariadbd]
innodb_buffer_pool_size = 32M
innodb_log_file_size    = 8M
key_buffer_size         = 1M
aria_pagecache_buffer_size = 8M
performance_schema      = 0
"""


def _install(path):
    netns.run("mariadb-install-db", "--no-defaults", "--user=mysql", f"--datadir={path}",
              "--skip-test-db", "--skip-name-resolve", "--innodb-log-file-size=8M", timeout=120)


class Mariadb(Server):
    NAME = "mariadbd"

    def prepare(self):
        """A server as it is after the installation of the package."""
        self.host.put("/etc/mysql/mariadb.conf.d/99-small.cnf", SMALL)
        run = self.host.path(os.path.dirname(SOCKET))
        os.makedirs(run, mode=0o755, exist_ok=True)
        shutil.chown(run, "mysql", "mysql")
        os.makedirs(self.host.path(DATA), exist_ok=True)
        copy(template(version("mariadbd", "--version"), _install), self.host.path(DATA))
        shutil.chown(self.host.path(DATA), "mysql", "mysql")

    def command(self):
        return ["mariadbd", "--user=mysql"]

    def is_ready(self):
        try:
            return bool(self.query("SELECT 1"))
        except pymysql.err.OperationalError:
            return False

    def query(self, *statements):
        """Runs SQL as root by the server's socket; returns the rows of the last statement."""
        connection = pymysql.connect(unix_socket=self.host.path(SOCKET), user="root",
                                     autocommit=True, connect_timeout=5, read_timeout=20)
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    def source(self, inside):
        """Runs the file of SQL, as `mariadb < FILE`."""
        self.host.run(f"mariadb < {inside}")

    def value(self, expression):
        return self.query(f"SELECT {expression}")[0][0]

    def replication(self):
        """SHOW SLAVE STATUS as a dict; {} on a server that follows nobody."""
        connection = pymysql.connect(unix_socket=self.host.path(SOCKET), user="root",
                                     cursorclass=pymysql.cursors.DictCursor, connect_timeout=5)
        with connection, connection.cursor() as cursor:
            cursor.execute("SHOW SLAVE STATUS")
            return cursor.fetchone() or {}


def connect(address, user, password, database, timeout_s=2):
    """A connection for a Writer (writer.py): write(number) returns who has taken the row."""
    connection = pymysql.connect(host=address, user=user, password=password, database=database,
                                 autocommit=True, connect_timeout=timeout_s,
                                 read_timeout=timeout_s, write_timeout=timeout_s)
    cursor = connection.cursor()

    def write(number):
        cursor.execute("INSERT INTO rows_written (id) VALUES (%s)", (number,))
        cursor.execute("SELECT @@server_id")
        return cursor.fetchone()[0]

    write.close = connection.close
    return write
