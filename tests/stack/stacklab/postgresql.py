"""Debian's PostgreSQL, cluster main, with /etc/postgresql and what an example lays over it."""

import functools
import glob
import os
import shlex

import psycopg2

from vipdlab import netns

from .server import Server
from .template import copy, template, version

RUN, DROP_IN = "/run/postgresql", "/etc/systemd/system/postgresql@.service.d/vipd.conf"
# A lab has little memory for a server.
SMALL = """shared_buffers = 16MB
min_wal_size = 32MB
max_wal_size = 128MB
wal_keep_size = 64MB
"""


@functools.cache
def release():
    """The newest one that is installed: "15"."""
    return max((os.path.basename(path) for path in glob.glob("/usr/lib/postgresql/*")), key=int)


def program(name):
    return f"/usr/lib/postgresql/{release()}/bin/{name}"


def _install(path):
    os.mkdir(path, 0o700)
    netns.run("chown", "postgres:postgres", path)
    netns.run("runuser", "-u", "postgres", "--", program("initdb"), "-D", path, "--encoding=UTF8",
              "--locale=C.UTF-8", "--auth-local=peer", "--auth-host=scram-sha-256", "--no-sync",
              timeout=120)


class Postgresql(Server):
    NAME = "postgres"

    def prepare(self):
        """A server as it is after the installation of the package."""
        cluster = f"{release()}/main"
        self.cluster, self.data = (release(), "main"), f"/var/lib/postgresql/{cluster}"
        self.log = f"/var/log/postgresql/postgresql-{release()}-main.log"
        self.host.put(f"/etc/postgresql/{cluster}/conf.d/small.conf", SMALL)
        for directory in (RUN, self.data, os.path.dirname(self.log)):
            os.makedirs(self.host.path(directory), exist_ok=True)
            self.host.run("chown", "-R", "postgres:postgres", directory)
        os.chmod(self.host.path(self.data), 0o700)
        copy(template(version(program("postgres"), "--version"), _install),
             self.host.path(self.data))

    def spawn(self):
        """As Debian's unit does, with what the example's drop-in has done before."""
        if os.path.exists(self.host.path(DROP_IN)):
            for line in self.host.read(DROP_IN).splitlines():
                if line.startswith("ExecStartPre="):
                    self.host.run(*shlex.split(line.split("=", 1)[1].replace(
                        "%I", "/".join(self.cluster))))
        self.host.run("pg_ctlcluster", *self.cluster, "start", timeout=60)
        return self

    def _came_up(self):
        return self.is_ready()

    def is_ready(self):
        try:
            return bool(self.query("SELECT 1"))
        except psycopg2.OperationalError:
            return False

    def stop(self, timeout=20):
        self.host.run("pg_ctlcluster", *self.cluster, "stop", "-m", "fast", timeout=timeout)

    def kill(self):
        """SIGKILL for all its processes, and nothing has been removed."""
        self.host.run("pkill", "-KILL", "-x", self.NAME, check=False)
        self.host.lab.wait(lambda: self.host.run("pgrep", "-x", self.NAME, check=False).returncode,
                           "it is dead")

    def thaw(self):
        self.host.run("pkill", "-CONT", "-x", self.NAME)

    def query(self, *statements, database="postgres"):
        """Runs SQL as postgres by the server's socket; returns the rows of the last statement."""
        rows = []
        for statement in statements:
            text = self.host.run("runuser", "-u", "postgres", "--", program("psql"), "-XAtq",
                                 "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", database,
                                 "-c", statement, check=False)
            if text.returncode != 0:
                raise psycopg2.OperationalError(text.stderr)
            rows = [tuple(line.split("\t")) for line in text.stdout.splitlines()]
        return rows

    def value(self, expression, database="postgres"):
        return self.query(f"SELECT {expression}", database=database)[0][0]

    def source(self, inside):
        """Runs the file of SQL as postgres, as `psql -f FILE`."""
        self.host.run(f"runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 < {inside}")


def connect(address, user, password, database, timeout_s=2):
    """A connection for a Writer (writer.py): write(number) returns who has taken the row."""
    connection = psycopg2.connect(
        host=address, user=user, password=password, dbname=database, connect_timeout=timeout_s,
        tcp_user_timeout=timeout_s * 1000, options=f"-c statement_timeout={timeout_s * 1000}")
    connection.autocommit = True
    cursor = connection.cursor()

    def write(number):
        cursor.execute("INSERT INTO rows_written (id) VALUES (%s)"
                       " RETURNING current_setting('cluster_name')", (number,))
        return cursor.fetchone()[0]

    write.close = connection.close
    return write
