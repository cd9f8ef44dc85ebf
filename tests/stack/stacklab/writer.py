"""A client that never stops writing: rows with rising numbers, of which it keeps those that were
acknowledged. Afterwards each of them has to be there."""

import collections
import threading
import time

from vipdlab import netns

Row = collections.namedtuple("Row", "number begun ended server")


class Writer:
    """connect(): a connection of which write(number) writes a row and returns who took it; either
    may raise any exception, after which there is a new connection and the next number. It runs in
    the namespace of `host`, until stop()."""

    def __init__(self, host, connect, pause_s=0.005):
        self.host, self.rows, self.failures = host, [], []
        self._connect, self._pause_s = connect, pause_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=lambda: netns.inside(host.namespace, self._run), daemon=True)
        self._thread.start()

    def _run(self):
        write, number = None, 0
        while not self._stopping.is_set():
            number, begun = number + 1, time.monotonic()
            try:
                write = write or self._connect()
                server = write(number)
                self.rows.append(Row(number, begun, time.monotonic(), server))
            except Exception as error:  # whatever the library calls it: not acknowledged
                self.failures.append((number, begun, error))
                self._close(write)
                write = None
            time.sleep(self._pause_s)
        self._close(write)

    @staticmethod
    def _close(write):
        try:
            if write is not None:
                write.close()
        except Exception as error:
            print(f"closing a connection: {error}")

    def wait_written(self, timeout=30):
        """Waits until a row that was begun after now is acknowledged."""
        now = time.monotonic()
        self.host.lab.wait(lambda: self.rows and self.rows[-1].begun >= now,
                           "a row is acknowledged", timeout)
        return self

    def numbers(self):
        """Of all acknowledged rows."""
        return {row.number for row in self.rows}

    def longest_gap_s(self, since=0.0):
        """Between two acknowledgements, the later of which came after `since` (time.monotonic())."""
        ends = [row.ended for row in self.rows]
        return max((b - a for a, b in zip(ends, ends[1:]) if b >= since), default=float("inf"))

    def stop(self):
        """Ends it; returns itself."""
        self._stopping.set()
        self._thread.join(30)
        assert not self._thread.is_alive(), "the writer does not end"
        return self
