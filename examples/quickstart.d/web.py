"""HTTP requests to the address, one every 5 ms, each on a new connection, whether or not those
before it have been answered.

Run in the client's namespace: web.py ADDRESS. Each line on standard input ends a period; a line of
JSON answers what happened to the requests that began in it.
"""

import asyncio
import json
import sys
import time

SPACING_S = 0.005
TIMEOUT_S = 1.0


async def ask(address):
    """One request. Whether it was answered well."""
    writer = None
    try:
        reader, writer = await asyncio.open_connection(address, 80)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        return b" 200 " in (await reader.read()).split(b"\r\n", 1)[0]
    except OSError:
        return False
    finally:
        if writer is not None:
            writer.close()


class Requests:
    def __init__(self, address):
        self.address, self.tasks = address, []

    async def _one(self):
        try:
            return await asyncio.wait_for(ask(self.address), TIMEOUT_S)
        except asyncio.TimeoutError:
            return False

    async def run(self):
        due = time.monotonic()
        while True:
            self.tasks.append(asyncio.create_task(self._one()))
            due = max(due + SPACING_S, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    async def period(self):
        tasks, self.tasks = self.tasks, []
        good = await asyncio.gather(*tasks)
        return {"requests": len(good), "requests_failed": good.count(False)}


async def main():
    requests = Requests(sys.argv[1])
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    asking = asyncio.create_task(requests.run())
    while await lines.readline():
        print(json.dumps(await requests.period()), flush=True)
    asking.cancel()


if __name__ == "__main__":
    asyncio.run(main())
