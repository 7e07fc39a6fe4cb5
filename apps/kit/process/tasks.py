"""The one place that starts tasks: an unexpected exception is logged, counted, and the task begins again.

Nothing else calls `create_task` or `ensure_future`; `asyncio.TaskGroup` is for work that a caller waits for.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

import structlog
from prometheus_client import Counter

from apps.kit.telemetry.metrics import Group

log = structlog.get_logger("cafe.tasks")

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 2.0

group = Group()
failures = Counter(
    "cafe_task_failures_total", "Tasks that ended by an exception nobody expected.", ["task"], registry=group
)

Result = TypeVar("Result")
_running: set[asyncio.Future[Any]] = set()


def start(name: str, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
    """Runs `work` beside its caller, who may await, cancel or ignore it; what it raises is logged and counted."""
    task = asyncio.get_running_loop().create_task(work, name=name)
    _running.add(task)  # the loop itself keeps only a weak reference
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Future[Any]) -> None:
    _running.discard(task)
    if not task.cancelled():
        task.exception()  # whoever awaits it gets it; nobody else needs asyncio's complaint


@contextlib.asynccontextmanager
async def supervised(**work: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Runs each coroutine function under its name until the block ends, and again whenever it ends before that.

    A failure is logged with its traceback and counted; the pause before the next start grows to 2 s.
    """
    tasks = [start(name, _for_ever(name, function)) for name, function in work.items()]
    for name in work:
        failures.labels(name)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _for_ever(name: str, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
    wait = FIRST_WAIT_SECONDS
    clock = asyncio.get_running_loop().time
    while True:
        began = clock()
        try:
            await function()
            log.error("a task ended that should not", task=name)
        except Exception:
            log.exception("a task failed; starting it again", task=name)
        failures.labels(name).inc()
        wait = FIRST_WAIT_SECONDS if clock() - began > LONGEST_WAIT_SECONDS else min(wait * 2, LONGEST_WAIT_SECONDS)
        await asyncio.sleep(random.uniform(wait / 2, wait))  # noqa: S311 - jitter
