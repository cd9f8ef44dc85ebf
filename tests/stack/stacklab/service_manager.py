"""What Services starts on a host: see services.py. Asked over /run/systemctl, a line a connection."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time

PAUSE_S, STOP_S = 0.2, 60


class Service:
    def __init__(self, name, command):
        self.name, self.command = name, command
        self.process, self.wanted, self.code = None, False, 0
        self.lock = threading.Lock()

    def start(self):
        self.wanted = True
        with open(f"/var/log/stack/{self.name}.log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)

    def stop(self):
        self.wanted = False
        self.process.terminate()
        try:
            self.code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.code = self.process.wait()

    def do(self, verb):
        with self.lock:
            if verb in ("stop", "restart"):
                self.stop()
            if verb in ("start", "restart"):
                self.start()

    def look(self):
        """Restart=always"""
        with self.lock:
            if self.wanted and self.process.poll() is not None:
                self.start()


def serve(services, listener):
    while True:
        client, _ = listener.accept()
        with client:
            verb, name = client.recv(200).decode().split()
            services[name].do(verb)


def main():
    services = {name: Service(name, command) for name, command in json.loads(sys.argv[1]).items()}
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("/run/systemctl")
    listener.listen()
    for service in services.values():
        service.do("start")
    threading.Thread(target=serve, args=(services, listener), daemon=True).start()
    print("ready", flush=True)
    while not stopping:
        time.sleep(PAUSE_S)
        for service in services.values():
            service.look()
    for service in reversed(services.values()):
        service.do("stop")
    sys.exit(services["vipd"].code if "vipd" in services else 0)


if __name__ == "__main__":
    main()
