"""How long after the commit three open screens know: kitchen, display and the customer's phone, each a websocket.

    python -m bench.commit_to_screen URL TOKEN [ORDERS]

against a running café. Each order is placed and moved through all states; the delay is the receiving clock minus the
commit's own time stamp, on one machine, so one clock.
"""

import asyncio
import json
import statistics
import sys
import time
from datetime import datetime

import httpx
from websockets.asyncio.client import ClientConnection, connect

STEPS = ("start", "ready", "serve")


async def watch(name: str, socket: ClientConnection, delays: dict[str, list[float]], heard: asyncio.Event) -> None:
    """Notes the delay of every change."""
    async for text in socket:
        now = time.time()
        message = json.loads(text)
        if message["type"] == "change":
            delays[name].append((now - datetime.fromisoformat(message["committed_at"]).timestamp()) * 1000)
            heard.set()


async def one_order(http: httpx.AsyncClient, address: str, token: str, delays: dict[str, list[float]]) -> None:
    """One order through all states, with its customer watching."""
    body = {"customer_name": "Bench", "items": [{"id": 1, "quantity": 1}]}
    number = (await http.post("/api/orders", json=body)).raise_for_status().json()["order_number"]
    heard = asyncio.Event()
    async with connect(f"{address}/ws/orders/{number}") as phone:
        watching = asyncio.create_task(watch("customer", phone, delays, heard))
        await asyncio.sleep(0.02)
        for step in STEPS:
            heard.clear()
            answer = await http.post(
                f"/api/kitchen/orders/{number}/{step}", headers={"Authorization": f"Bearer {token}"}
            )
            answer.raise_for_status()
            await asyncio.wait_for(heard.wait(), 5)
        watching.cancel()


async def main(url: str, token: str, orders: int) -> None:
    """Measures and prints."""
    address = url.replace("http", "ws", 1)
    delays: dict[str, list[float]] = {"kitchen": [], "display": [], "customer": []}
    async with (
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
        connect(f"{address}/ws/kitchen", additional_headers={"Authorization": f"Bearer {token}"}) as kitchen,
        connect(f"{address}/ws/display") as display,
    ):
        watching = [
            asyncio.create_task(watch("kitchen", kitchen, delays, asyncio.Event())),
            asyncio.create_task(watch("display", display, delays, asyncio.Event())),
        ]
        for _ in range(orders):
            await one_order(http, address, token, delays)
        for task in watching:
            task.cancel()
    print(f"{'screen':<10}{'changes':>9}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}")
    for name, measured in delays.items():
        centiles = statistics.quantiles(measured, n=100)
        print(f"{name:<10}{len(measured):>9}{centiles[49]:>9.2f}{centiles[98]:>9.2f}{max(measured):>9.2f}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 200))
