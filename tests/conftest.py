"""What every test may ask for: a database of its own, and a whole café on it."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop

from tests.cafe import RunningCafe, run_cafe
from tests.postgres import PostgresServer, database_url, postgres_server

__all__ = ["PostgresServer", "database_url", "postgres_server"]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that the services run on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def cafe(database_url: str) -> AsyncIterator[RunningCafe]:
    """The three services, really serving, on a database that is this test's alone."""
    async with run_cafe(database_url) as running:
        yield running
