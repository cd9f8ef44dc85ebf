"""Services for health checks: small servers inside a namespace that a test changes while they run.
"""

import os
import select
import socket
import ssl
import subprocess
import sys
import threading

from . import netns

HERE = os.path.dirname(__file__)


class Server:
    """Answers every connection with answer(request octets) -> octets, pieces of them that may have
    no end, or None to say nothing and keep the connection. address: (host, port), or a path for a
    unix socket."""

    def __init__(self, namespace, address, answer, tls=None):
        self.requests = 0
        self._answer = answer
        self._tls = tls
        self._address = address
        self._held = []
        self._stopping = False
        self._socket = netns.inside(namespace, self._listen)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _listen(self):
        if isinstance(self._address, str):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(self._address)
            os.chmod(self._address, 0o777)
        else:
            family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
            listener = socket.socket(family)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(self._address)
        listener.listen(64)
        return listener

    def _serve(self):
        while not self._stopping:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.requests += 1
            threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client):
        try:
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            client.settimeout(0.3)
            try:
                request = client.recv(65536)
            except TimeoutError:
                request = b""
            answer = self._answer(request)
            if answer is None:
                self._held.append(client)
                return
            for piece in [answer] if isinstance(answer, bytes) else answer:
                if self._stopping:
                    break
                client.sendall(piece)
            client.close()
        except (OSError, ssl.SSLError):
            pass

    def close(self):
        self._stopping = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()
        self._thread.join(2)
        for client in self._held:
            client.close()


def http_answer(status=200, body=b"fine"):
    return (f"HTTP/1.1 {status} Reason\r\nContent-Length: {len(body)}\r\n"
            f"Connection: close\r\n\r\n").encode() + body


class FakeSystemd:
    """A private system bus with a systemd of one unit on it."""

    def __init__(self, directory, unit, state):
        self.bus = f"unix:path={directory}/bus"
        config = f"{directory}/bus.conf"
        with open(config, "w", encoding="ascii") as file:
            file.write('<busconfig><type>system</type><auth>EXTERNAL</auth><listen>' + self.bus +
                       '</listen><policy context="default"><allow user="*"/><allow own="*"/>'
                       '<allow send_type="method_call"/><allow send_type="signal"/>'
                       '<allow receive_type="method_call"/><allow receive_type="signal"/>'
                       '<allow receive_type="method_return"/><allow receive_type="error"/>'
                       '<allow send_requested_reply="true" send_type="method_return"/>'
                       '<allow send_requested_reply="true" send_type="error"/></policy>'
                       '</busconfig>')
        self._daemon = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile",
             "--print-address"], stdout=subprocess.PIPE, text=True,
            preexec_fn=netns.die_with_parent)
        self._expect(self._daemon, "unix:")
        self._unit = unit
        self._systemd = None
        self.start(state)

    @staticmethod
    def _expect(process, what):
        ready, _, _ = select.select([process.stdout], [], [], 10)
        line = process.stdout.readline() if ready else ""
        assert line.startswith(what), f"expected '{what}', got '{line}'"

    def environment(self):
        return {"DBUS_SYSTEM_BUS_ADDRESS": self.bus}

    def start(self, state):
        self._systemd = subprocess.Popen(
            [sys.executable, f"{HERE}/fake_systemd.py", self._unit, state],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **self.environment()}, preexec_fn=netns.die_with_parent)
        self._expect(self._systemd, "ready")

    def set(self, state):
        self._systemd.stdin.write(state + "\n")
        self._systemd.stdin.flush()

    def end_systemd(self):
        self._systemd.kill()
        self._systemd.wait()

    def close(self):
        for process in (self._systemd, self._daemon):
            if process.poll() is None:
                process.kill()
            process.wait()
