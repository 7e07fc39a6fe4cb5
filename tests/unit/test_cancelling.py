"""What is told to end in the very moment in which something happens ends all the same."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import httpx
import pytest

from apps.frontend.auth.sessions import Sessions
from apps.frontend.streams.live import Live
from apps.frontend.streams.order_board import OrderBoard
from apps.frontend.streams.order_log import OrderLog
from apps.live.feed import Feed
from tests.ports import free_port
from tools.rush.socket import Socket

Running = tuple[Coroutine[Any, Any, object], Callable[[], None], Callable[[], bool]]


def sessions(http: httpx.AsyncClient) -> Running:
    """Runs it, makes something happen, and says whether it is waiting for that."""
    them = Sessions(http, "secret")
    return them.run(), them.doubt, lambda: bool(them._doubt._waiters)  # type: ignore[attr-defined]


def feed(http: httpx.AsyncClient) -> Running:
    it = Feed(Live(), OrderLog(http, "a secret of at least 32 characters"), OrderBoard)
    return it.run(), it.wake, lambda: bool(it._wake._waiters)  # type: ignore[attr-defined]


def screen(_: httpx.AsyncClient) -> Running:
    reader = asyncio.StreamReader()
    socket = Socket(reader, cast("asyncio.StreamWriter", None))
    return anext(socket.messages()), lambda: reader.feed_data(b"HTTP/1.1 "), lambda: bool(reader._waiter)  # type: ignore[return-value, attr-defined]


@pytest.mark.parametrize("what", [sessions, feed, screen], ids=lambda what: what.__name__)
async def test_a_cancellation_is_not_forgotten_when_news_come_with_it(
    what: Callable[[httpx.AsyncClient], Running],
) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port()}", trust_env=False) as http:
        run, happen, is_waiting = what(http)
        task = asyncio.ensure_future(run)
        try:
            async with asyncio.timeout(10):
                while not is_waiting():
                    await asyncio.sleep(0)
            happen()
            task.cancel()
            await asyncio.wait({task}, timeout=5)
            assert task.cancelled()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
