"""So many bare listeners in one process, as the frontends' LISTEN connections are: how late each notification comes.

python -m bench.listen_worker URL LISTENERS

Prints `listening`, then at the end of its input what they heard, as JSON.
"""

import asyncio
import json
import sys
import time
from datetime import datetime

import asyncpg
import uvloop


async def main(url: str, listeners: int) -> None:
    """Listens until standard input ends."""
    delays: list[float] = []

    def hear(_connection: object, _pid: int, _channel: str, payload: object) -> None:
        now = time.time()
        committed = json.loads(str(payload))["committed_at"]
        delays.append((now - datetime.fromisoformat(committed).timestamp()) * 1000)

    connections = []
    for _ in range(listeners):
        connections.append(await asyncpg.connect(url))
        await connections[-1].add_listener("cafe_orders", hear)
    print("listening", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await asyncio.sleep(0.5)
    for connection in connections:
        connection.terminate()
    print(json.dumps(delays))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1], int(sys.argv[2])))
