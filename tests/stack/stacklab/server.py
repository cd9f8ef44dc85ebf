"""What the servers of a stack have in common: one file a server derives from this."""

import signal


class Server:
    """A program on a host. A class for one has NAME, command() and is_ready(), and may have
    prepare(), which makes what the package or the administrator would have made."""

    NAME = ""
    STOP = signal.SIGTERM

    def __init__(self, host):
        self.host, self.process = host, None
        self.log = f"/var/log/stack/{self.NAME}.log"
        self.prepare()

    def prepare(self):
        """Nothing."""

    def command(self):
        raise NotImplementedError

    def is_ready(self):
        raise NotImplementedError

    def spawn(self):
        self.process = self.host.popen(*self.command(), log=self.log)
        return self

    def start(self, timeout=30):
        """Starts it and waits until it is ready."""
        self.spawn()
        self.host.lab.wait(self._came_up, f"{self.host.name}: {self.NAME} is ready", timeout)
        return self

    def _came_up(self):
        assert self.process.poll() is None, \
            f"{self.host.name}: {self.NAME} ended\n{self.host.read(self.log)[-2000:]}"
        return self.is_ready()

    def stop(self, timeout=20):
        """Ends it as systemd would."""
        self.process.end(self.STOP, timeout)

    def kill(self):
        """SIGKILL for all its processes."""
        self.process.kill()
        self.host.run("pkill", "-KILL", "-x", self.NAME, check=False)
        self.process.wait(10)

    def freeze(self):
        """SIGSTOP for all its processes: it hangs."""
        self.host.run("pkill", "-STOP", "-x", self.NAME)

    def thaw(self):
        self.host.run("pkill", "-CONT", "-x", self.NAME)
        self.process.send_signal(signal.SIGCONT)

    def listens(self, port, protocol="t"):
        """True if something in the host listens there."""
        return bool(self.host.run("ss", f"-H{protocol}ln", "sport", "=", str(port)).stdout.strip())
