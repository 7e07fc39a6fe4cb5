"""The course of a rush: opens screens, starts customers and kitchen, and judges the result at the end."""

import asyncio
import contextlib
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from apps.kit.user_error import UserError
from tools.rush.cafe import Cafe, Closing
from tools.rush.customer import Customer
from tools.rush.kitchen import Kitchen
from tools.rush.progress import show_progress
from tools.rush.screen import Screen, watching
from tools.rush.stream import Audience, Stream
from tools.rush.verdict import Log, logged, violations

OPENS_WITHIN_SECONDS = 15.0
FULL_PACE_SECONDS = 60.0
BUSY_SECONDS_AN_ORDER = 3.0
FEWEST_STATIONS = 3
OVERTIME_SECONDS = 60.0
CLOSING_SECONDS = 20.0
CATCHES_UP_SECONDS = 30.0


@dataclass(frozen=True)
class Plan:
    """The number of customers, and the seconds within which they come."""

    customers: int
    seconds: float

    @property
    def pace(self) -> float:
        """The factor on all waiting times; small in a short rush."""
        return min(1.0, self.seconds / FULL_PACE_SECONDS)

    @property
    def stations(self) -> int:
        """The number of kitchen stations, enough to keep up with the customers."""
        return max(FEWEST_STATIONS, round(self.customers / self.seconds * BUSY_SECONDS_AN_ORDER * self.pace) + 1)


@dataclass(frozen=True)
class Found:
    """The result: the number of screens, what they were compared with, and the violations.

    `whole` is false where the rush was interrupted.
    """

    streams: int
    compared: str
    violations: list[str]
    whole: bool


async def run(cafe: Cafe, plan: Plan) -> Found:
    """Runs one rush. Ctrl-C ends it early, a second one at once."""
    dice = random.Random()  # noqa: S311 - bots, not secrets
    streams = [Stream("kitchen", Audience.KITCHEN), Stream("display", Audience.DISPLAY)]
    with _interruptible(cafe) as interrupted:
        async with watching(cafe, streams[0]) as kitchen_screen, watching(cafe, streams[1]) as display:
            await _until_open(kitchen_screen, display)
            begins_at = min(stream.begins_at for stream in streams)
            kitchen = Kitchen(cafe, kitchen_screen, dice, plan.stations, plan.pace)
            progress = asyncio.ensure_future(show_progress(cafe.tally, plan.customers))
            try:
                async with asyncio.TaskGroup() as bots:
                    working = bots.create_task(kitchen.work())
                    customers_under_way = [
                        bots.create_task(
                            Customer(cafe, kitchen, streams, dice, plan.pace).visit(dice.triangular(0, plan.seconds))
                        )
                        for _ in range(plan.customers)
                    ]
                    await _until_over(cafe, customers_under_way, plan.seconds + OVERTIME_SECONDS)
                    await working
                    with contextlib.suppress(httpx.HTTPError, ValueError, TimeoutError):
                        async with asyncio.timeout(CLOSING_SECONDS):
                            await kitchen.close()
                    due = await _catch_up(cafe, streams, begins_at)
                    cafe.judged.set()
            finally:
                progress.cancel()
                await asyncio.gather(progress, return_exceptions=True)
    return await _judge(cafe, streams, begins_at, due, whole=not interrupted)


@contextlib.contextmanager
def _interruptible(cafe: Cafe) -> Iterator[list[int]]:
    """Collects SIGINT and SIGTERM: the first ends the rush early, the second ends the process."""
    loop, me, came = asyncio.get_running_loop(), asyncio.current_task(), []

    def hear(number: int) -> None:
        came.append(number)
        if len(came) == 1:
            cafe.enough.set()
        elif me is not None:
            me.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, hear, number)
    try:
        yield came
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _until_open(*screens: Screen) -> None:
    try:
        async with asyncio.timeout(OPENS_WITHIN_SECONDS):
            for screen in screens:
                await screen.until(lambda stream: stream.snapshots > 0)
    except Closing:
        raise UserError("ended before it began") from None
    except TimeoutError:
        raise UserError(f"the café's live streams did not open within {OPENS_WITHIN_SECONDS:g} s") from None


async def _until_over(cafe: Cafe, customers_under_way: list["asyncio.Task[None]"], seconds: float) -> None:
    """Waits until all customers have left, the rush is interrupted, or the time is over."""
    enough = asyncio.ensure_future(cafe.enough.wait())
    everyone = asyncio.ensure_future(asyncio.wait(customers_under_way))
    try:
        await asyncio.wait((enough, everyone), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        enough.cancel()
        everyone.cancel()
    cafe.enough.set()


async def _catch_up(cafe: Cafe, streams: list[Stream], begins_at: int) -> int | None:
    """Waits until the screens have the log's head; returns that head, None where it is not known."""
    read = await cafe.read_log(begins_at)
    if read is None:
        return None
    head, lines = read
    newest = {line["order"]["order_number"]: line["order"]["version"] for line in lines}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CATCHES_UP_SECONDS):
            while any(  # noqa: ASYNC110 - on one of very many streams
                stream.stayed and stream.position < (head if stream.whole else newest.get(stream.order_number, 0))
                for stream in streams
            ):
                await asyncio.sleep(0.05)
    return head


async def _judge(cafe: Cafe, streams: list[Stream], begins_at: int, due: int | None, *, whole: bool) -> Found:
    read = None if due is None else await cafe.read_log(begins_at)
    log = None if read is None or due is None else Log([logged(line) for line in read[1]], due)
    compared = (
        "(not compared with the log: the orders service could not be asked)"
        if log is None
        else f"the same {len(log.lines)} that the log has, and {len(cafe.tally.answered)} answers kept"
    )
    return Found(len(streams), compared, violations(log, cafe.tally.answered, streams), whole)
