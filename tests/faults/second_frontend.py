"""A frontend in a process of its own beside a café that runs inside the test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.cafe import PASSWORD, SECRET, RunningCafe
from tests.faults.service import RunningService
from tests.ports import free_port


@asynccontextmanager
async def frontend_beside(cafe: RunningCafe, **variables: str) -> AsyncIterator[RunningService]:
    """A frontend that really gets signals; it is started again when it ends."""
    with TemporaryDirectory(prefix="cafe-beside-") as folder:
        port = free_port()
        settings = {
            "CAFE_SECRET": SECRET,
            "CAFE_STAFF_PASSWORD": PASSWORD,
            "CAFE_RATE_LIMITS": "off",
            "CAFE_TIMEZONE": "Europe/Lisbon",
            "CAFE_LOG": "json",
            "CAFE_STATE_DIR": folder,
            "CAFE_FRONTEND_PORT": str(port),
            "CAFE_ORDERS_URL": cafe.orders,
            "CAFE_KITCHEN_URL": cafe.kitchen,
            "CAFE_LISTEN_URL": cafe.database_url,
            **variables,
        }
        service = RunningService("frontend", "frontend", f"http://127.0.0.1:{port}", settings, Path(folder) / "log")
        service.start()
        try:
            await service.until_it_runs(cafe.http, 0, "/health")
            yield service
        finally:
            await service.stop()
