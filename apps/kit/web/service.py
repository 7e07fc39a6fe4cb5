"""The Quart app of a service, with readiness, metrics and draining."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quart import Quart, Response

from apps.kit.paths import ROOT
from apps.kit.telemetry.metrics import Metrics
from apps.kit.web.product import Product

if TYPE_CHECKING:
    from apps.kit.telemetry.open_telemetry import Tracing


@dataclass(frozen=True)
class Health:
    """The state for /health; `ready` decides between 200 and 503."""

    ready: bool
    database: str


@dataclass(frozen=True)
class Ready:
    """The state for /readyz: whether it takes requests, and since when its answers may be out of date."""

    started: bool = True
    stale_since: str | None = None


Probe = Callable[[], Awaitable[Health]]


class Service(Quart):
    """A Quart app that can drain its long-lived connections."""

    def __init__(self, name: str, summary: str, product: Product) -> None:
        super().__init__(
            name, static_folder=None, template_folder=str(ROOT / "templates"), root_path=str(Path(__file__).parent)
        )
        self.summary = summary
        self.product = product
        self.metrics = Metrics()
        self.readiness: Callable[[], Ready] = Ready  # replaced by a service that has to load something first
        self.tracing: Tracing | None = None
        self.draining = False
        self.why_it_cannot_start = ""
        self.drains: list[Callable[[], Awaitable[None]]] = []
        self._under_way: set[asyncio.Task[Any]] = set()
        self.asgi_app = self._watched(self.asgi_app)  # type: ignore[method-assign]

    async def drain(self) -> None:
        """Turns unready, ends long-lived connections, and waits for the requests in progress."""
        self.draining = True
        under_way = tuple(self._under_way)
        for drain in self.drains:
            await drain()
        if under_way:
            await asyncio.wait(under_way)

    def _watched(self, inner: Any) -> Any:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            task = asyncio.current_task()
            if scope["type"] == "http" and task is not None:
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
            await inner(scope, receive, send)

        return app


def json_response(body: bytes, status: int = 200, headers: dict[str, Any] | None = None) -> Response:
    """JSON bytes as an answer."""
    return Response(body, status=status, headers=headers, content_type="application/json")
