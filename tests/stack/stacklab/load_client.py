"""What Load starts on a host: see load.py. Says a line of JSON for every request when it is over."""

import asyncio
import itertools
import json
import signal
import ssl
import sys
import time
from urllib.parse import urlsplit

AT_MOST = 200


class Client:
    def __init__(self, keys):
        self.keys, self.url = keys, urlsplit(keys["url"])
        self.addresses = itertools.cycle(keys["addresses"] or [self.url.hostname])
        self.tls = None
        if self.url.scheme == "https":
            self.tls = ssl.create_default_context(cafile=keys["ca"])
        lines = [f"GET {self.url.path or '/'} HTTP/1.1", f"Host: {self.url.hostname}",
                 "Connection: close"] + [f"{k}: {v}" for k, v in keys["headers"].items()]
        self.request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self.room = asyncio.Semaphore(AT_MOST)
        self.running = {}  # number of a request: when it began

    async def ask(self, address):
        """One try: (status, server). OSError and EOFError: the connection was lost."""
        port = self.url.port or (443 if self.tls else 80)
        reader, writer = await asyncio.open_connection(
            address, port, ssl=self.tls, server_hostname=self.url.hostname if self.tls else None)
        try:
            writer.write(self.request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:]
                          if ": " in line)
            body = await (reader.readexactly(int(fields["content-length"]))
                          if "content-length" in fields else reader.read())
            server = fields.get("x-served-by") or (body.decode("latin-1").split() or [""])[0]
            return int(head.split()[1]), server
        finally:
            writer.transport.abort()

    async def one(self, number, begun):
        status, server, error, tries = 0, "", "", 0
        try:
            async with asyncio.timeout(self.keys["timeout_s"]):
                while tries < self.keys["tries"]:
                    tries += 1
                    try:
                        status, server = await self.ask(next(self.addresses))
                        error = ""
                        break
                    except (OSError, EOFError) as lost:
                        error = type(lost).__name__
        except TimeoutError:
            error = "timeout"
        except (ValueError, IndexError) as odd:
            error = repr(odd)
        finally:
            self.room.release()
        now = time.monotonic()
        del self.running[number]
        complete_until = min(self.running.values(), default=now)
        print(json.dumps([begun, now - begun, status == 200 and not error, tries, server, status,
                          error, complete_until]), flush=True)

    async def run(self):
        stopping, tasks = asyncio.Event(), set()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopping.set)
        due = time.monotonic()
        for number in itertools.count():
            await self.room.acquire()
            if stopping.is_set():
                break
            self.running[number] = time.monotonic()
            task = asyncio.create_task(self.one(number, self.running[number]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            due = max(due + self.keys["interval_s"], time.monotonic())
            await asyncio.sleep(due - time.monotonic())
        if tasks:
            await asyncio.wait(tasks)


async def main():
    await Client(json.loads(sys.argv[1])).run()


if __name__ == "__main__":
    asyncio.run(main())
