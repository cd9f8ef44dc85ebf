"""Connections that last, and an echo: talk.py serve PORT... | talk.py ADDRESS PORT N.

The client says something on each of N connections every 20 ms and waits for it to come back. Says
"open" when all are; SIGINT ends it, and it says in JSON how many still live and the longest silence
of those.
"""

import asyncio
import json
import signal
import sys
import time

SPACING_S = 0.02
WAIT_S = 20


async def echo(reader, writer):
    try:
        while data := await reader.read(100):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def talk(reader, writer, ended):
    """Seconds of the longest silence, or None when the connection was lost."""
    longest, last = 0.0, time.monotonic()
    try:
        while not ended.is_set():
            writer.write(b"x")
            await asyncio.wait_for(reader.readexactly(1), WAIT_S)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
            await asyncio.sleep(SPACING_S)
    except (OSError, EOFError, asyncio.TimeoutError):
        return None
    finally:
        writer.transport.abort()
    return longest


async def client(address, port, count):
    pairs = [await asyncio.open_connection(address, port) for _ in range(count)]
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, ended.set)
    print("open", flush=True)
    silences = await asyncio.gather(*(talk(*pair, ended) for pair in pairs))
    alive = [silence for silence in silences if silence is not None]
    print(json.dumps({"alive": len(alive), "longest_s": max(alive, default=None)}), flush=True)


async def serve(ports):
    for port in ports:
        await asyncio.start_server(echo, "0.0.0.0", port)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(sys.argv[2:]))
    else:
        asyncio.run(client(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
