"""Somebody else's request: asks one address again and again, and prints when, and how long each answer took.

python -m bench.probe URL

Goes on to the end of its standard input; then prints a JSON list of [when it was asked, milliseconds to the answer].
"""

import asyncio
import json
import sys
import time
from urllib.parse import SplitResult, urlsplit

PAUSE_SECONDS = 0.001
ONE_CONNECTION = 500


async def main(url: str) -> None:
    """Asks on one connection after the other: a server keeps none for ever."""
    enough = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    samples: list[tuple[float, float]] = []
    while not enough.done():
        samples += await _one_connection(urlsplit(url))
    print(json.dumps(samples))


async def _one_connection(at: SplitResult) -> list[tuple[float, float]]:
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    asked = f"GET {at.path} HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n".encode()
    samples = []
    for _ in range(ONE_CONNECTION):
        began = time.time()
        writer.write(asked)
        lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        samples.append((began, (time.time() - began) * 1000))
        await asyncio.sleep(PAUSE_SECONDS)
    writer.close()
    return samples


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
