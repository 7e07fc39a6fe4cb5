"""A rush is served, judged and tidied up after; and its judge is not fooled."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from typing import Any

import pytest

from apps.kit.paths import ROOT
from tests.cafe import CREATE, SECRET, RunningCafe, eventually, run_cafe
from tools.rush.cafe import Cafe, Closing
from tools.rush.stream import Audience, Stream
from tools.rush.tally import Tally, centile
from tools.rush.verdict import Answered, Log, Logged, violations

OPEN = "SELECT count(*) FROM orders WHERE status NOT IN ('served', 'cancelled')"


@contextlib.asynccontextmanager
async def rush(cafe: RunningCafe, *words: str, **variables: str) -> AsyncIterator[Process]:
    """`cafe rush` in a process of its own, against a café in the test."""
    ports = {f"CAFE_{name.upper()}_PORT": str(cafe.settings.port_of(name)) for name in CREATE}
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CAFE_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "apps", "rush", *words),
        env=plain | ports | {"CAFE_SECRET": SECRET, "PYTHONPATH": str(ROOT)} | variables,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(process: Process) -> tuple[int, str, str]:
    """Its exit status, its summary, and what it said on the way."""
    summary, on_the_way = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode is not None
    return process.returncode, summary.decode(), on_the_way.decode()


async def asked(cafe: RunningCafe, statement: str) -> Any:
    async with cafe.sql() as sql:
        return await sql.fetchval(statement)


async def test_a_small_rush_is_served_and_the_promise_kept(cafe: RunningCafe) -> None:
    async with rush(cafe, "--customers", "25", "--minutes", "0.05") as process:
        status, summary, on_the_way = await ended(process)
    assert status == 0, summary + on_the_way
    assert "promise       kept: 27 screens" in summary
    assert "25/25 came" in on_the_way
    assert await asked(cafe, "SELECT count(*) FROM orders") == 25
    assert await asked(cafe, OPEN) == 0
    events = await asked(cafe, "SELECT count(*) FROM order_events")
    assert f"the same {events} that the log has" in summary
    assert await asked(cafe, "SELECT count(DISTINCT items) FROM orders") > 10, "they order all kinds of things"


async def test_customers_who_are_too_many_for_one_address_wait_as_they_are_told(database_url: str) -> None:
    # the rush believes that there are no limits, and finds that there are
    async with run_cafe(database_url, CAFE_RATE_LIMITS="on") as cafe:
        async with rush(cafe, "--customers", "68", "--minutes", "0.05", CAFE_RATE_LIMITS="off") as process:
            status, summary, on_the_way = await ended(process)
        assert status == 0, summary + on_the_way
        assert await asked(cafe, "SELECT count(*) FROM orders") == 68, "nobody gave up"


async def test_a_bot_that_is_told_when_to_come_back_waits_so_long_and_says_how_often() -> None:
    asked_at: list[float] = []
    busy = b'HTTP/1.1 429 \r\nRetry-After: 1\r\nContent-Length: 28\r\n\r\n{"code":"too_many_requests"}'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                asked_at.append(time.monotonic())
                writer.write(busy if len(asked_at) == 1 else b"HTTP/1.1 204 \r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        here = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        bots = Cafe(here, here, SECRET, certificate=True, customer_headers={}, tally=Tally())
        async with bots.http:
            assert (await bots.ask("POST", "/api/orders", {})).status_code == 204
            assert asked_at[1] - asked_at[0] >= 1
            assert bots.tally.refused == {"too_many_requests": 1}
            asked_at.clear()
            bots.enough.set()
            with pytest.raises(Closing):
                await bots.ask("POST", "/api/orders", {})


async def test_a_crowd_comes_with_a_services_token_and_the_summary_says_so(database_url: str) -> None:
    async with run_cafe(database_url, CAFE_RATE_LIMITS="on") as cafe:
        async with rush(cafe, "--customers", "70", "--minutes", "0.05") as process:
            status, summary, on_the_way = await ended(process)
        assert status == 0, summary + on_the_way
        assert "too_many_requests" not in summary
        assert "came with a service's token" in summary
        actors = "SELECT string_agg(DISTINCT actor, ',') FROM order_events WHERE body->>'version' = '1'"
        assert await asked(cafe, actors) == "service:rush"


async def test_ctrl_c_ends_a_rush_with_a_summary_and_leaves_nothing_of_it_open(cafe: RunningCafe) -> None:
    mine = await cafe.order("Not of the rush")
    async with rush(cafe, "--customers", "200", "--minutes", "1", CAFE_RATE_LIMITS="off") as process:
        await eventually(lambda: _some_in_work(cafe), 60)
        process.send_signal(signal.SIGINT)
        status, summary, on_the_way = await ended(process)
    assert status == 0, summary + on_the_way
    assert "ended early; so far" in summary
    assert "promise       kept" in summary
    async with cafe.sql() as sql:
        assert [row["order_number"] for row in await sql.fetch(OPEN.replace("count(*)", "order_number"))] == [
            mine["order_number"]
        ]


async def _some_in_work(cafe: RunningCafe) -> bool:
    return bool(await asked(cafe, OPEN) >= 3)


async def test_a_lost_event_is_found_and_the_command_fails(cafe: RunningCafe) -> None:
    """The log is doctored while the rush is on: what was answered is not there any more."""
    async with rush(cafe, "--customers", "12", "--minutes", "0.05") as process:
        await eventually(lambda: _first_served(cafe), 60)
        async with cafe.sql() as sql:
            await sql.execute("DELETE FROM order_events WHERE seq = (SELECT min(seq) + 2 FROM order_events)")
        status, summary, on_the_way = await ended(process)
    assert status == 1, summary + on_the_way
    assert "promise       BROKEN" in summary


async def _first_served(cafe: RunningCafe) -> bool:
    return bool(await asked(cafe, "SELECT count(*) FROM orders WHERE status = 'served'"))


async def test_a_rush_without_a_cafe_says_so_in_a_sentence(cafe: RunningCafe) -> None:
    await cafe.stop("frontend")
    async with rush(cafe) as process:
        status, _, said = await ended(process)
    assert (status, "Traceback" in said) == (1, False)
    assert "start it with ./cafe up" in said


async def test_a_rush_with_another_secret_says_so_in_a_sentence(cafe: RunningCafe) -> None:
    async with rush(cafe, CAFE_SECRET="another secret, long enough to be taken") as process:
        status, _, said = await ended(process)
    assert (status, "Traceback" in said) == (1, False)
    assert "another secret" in said


@pytest.mark.parametrize("words", [("--customers", "0"), ("--minutes", "0"), ("--minutes", "nan")])
async def test_a_rush_that_cannot_be_is_refused(cafe: RunningCafe, words: tuple[str, str]) -> None:
    async with rush(cafe, *words) as process:
        status, _, said = await ended(process)
    assert status == 1
    assert said.startswith(f"cafe: {words[0]} must be")


def change(seq: int, number: str, status: str, version: int, *, lobby: bool = False) -> dict[str, Any]:
    order = {"pickup_number": number[:3], "status": status, "since": "2026-11-22T09:15:00Z"}
    order |= {} if lobby else {"order_number": number, "version": version}
    return {"type": "change", "epoch": "e", "seq": seq, "order": order}


STEPS = [("001-A", "ordered", 1), ("002-B", "ordered", 1), ("001-A", "preparing", 2), ("001-A", "ready", 3)]
START = {"type": "snapshot", "epoch": "e", "seq": 10, "orders": []}
BEAT = {"type": "heartbeat", "epoch": "e", "seq": 14}
Story = dict[Audience, list[dict[str, Any]]]


def right() -> Story:
    """What three screens are told of four changes, 11 to 14; the customer's is there from their order on."""
    seqs = list(enumerate(STEPS, start=11))
    shown = {"type": "snapshot", "epoch": "e", "seq": 11, "orders": [change(11, *STEPS[0])["order"]]}
    return {
        Audience.KITCHEN: [START, *(change(seq, *step) for seq, step in seqs), BEAT],
        Audience.DISPLAY: [START, *(change(seq, *step, lobby=True) for seq, step in seqs), BEAT],
        Audience.CUSTOMER: [shown, *(change(seq, *step) for seq, step in seqs[2:]), BEAT],
    }


def judged(story: Story, answered: list[Answered] | None = None, log: Log | None = None) -> list[str]:
    lines = [
        Logged(seq, number, number[:3], version, status) for seq, (number, status, version) in enumerate(STEPS, 11)
    ]
    streams = []
    for audience, messages in story.items():
        stream = Stream(audience.value, audience, "001-A" if audience is Audience.CUSTOMER else "")
        for message in messages:
            if message == "cut":
                stream.lost()
            else:
                stream.take(message)
        streams.append(stream)
    return violations(log or Log(lines, 14), answered or [Answered("w", "001-A", 1, "ordered")], streams)


def test_the_judge_finds_nothing_in_a_right_story() -> None:
    assert judged(right()) == []


def test_a_resumption_that_gives_all_that_was_missed_is_right() -> None:
    story = right()
    resumed = {"type": "resumed", "epoch": "e", "seq": 12, "missed": 2}
    story[Audience.KITCHEN][3:3] = ["cut", resumed]  # type: ignore[list-item]
    assert judged(story) == []


def test_a_snapshot_on_a_new_connection_may_leave_changes_out() -> None:
    story = right()
    orders = [change(13, *STEPS[2])["order"], change(12, *STEPS[1])["order"]]
    story[Audience.KITCHEN][2:4] = ["cut", {**START, "seq": 13, "orders": orders}]  # type: ignore[list-item]
    assert judged(story) == []


def lose(told: list[Any]) -> None:
    del told[-3]


def lose_the_last(told: list[Any]) -> None:
    del told[-2:]


def double(told: list[Any]) -> None:
    told.insert(-1, told[-2])


def swap(told: list[Any]) -> None:
    told[-3], told[-2] = told[-2], told[-3]


def lie(told: list[Any]) -> None:
    told[-2] = deepcopy(told[-2])
    told[-2]["order"]["status"] = "served"


def resume_with_a_part(told: list[Any]) -> None:
    told[-3:-1] = ["cut", {"type": "resumed", "epoch": "e", "seq": told[-4]["seq"], "missed": 2}, told[-2]]


def begin_without_a_snapshot(told: list[Any]) -> None:
    del told[0]


def other_history(told: list[Any]) -> None:
    told[-1] = {**told[-1], "epoch": "another"}


@pytest.mark.parametrize("audience", list(Audience))
@pytest.mark.parametrize(
    "doctor",
    [lose, lose_the_last, double, swap, lie, resume_with_a_part, begin_without_a_snapshot, other_history],
    ids=lambda doctor: doctor.__name__,
)
def test_the_judge_finds_what_was_doctored(audience: Audience, doctor: Callable[[list[Any]], None]) -> None:
    story = right()
    doctor(story[audience])
    found = judged(story)
    assert found
    assert all(each.startswith(audience.value) for each in found), found


def test_the_judge_finds_an_answer_that_is_not_in_the_log_and_a_cart_that_made_two_orders() -> None:
    [lost] = judged(right(), [Answered("w", "001-A", 4, "served")])
    assert "the log has it not" in lost
    [twice] = judged(right(), [Answered("w", "001-A", 1, "ordered"), Answered("w", "002-B", 1, "ordered")])
    assert twice == "one cart made 2 orders"


def test_the_judge_finds_holes_in_the_log_itself() -> None:
    lines = [Logged(11, "001-A", "001", 1, "ordered"), Logged(13, "001-A", "001", 2, "preparing")]
    assert violations(Log(lines, 13), [], []) == ["the log has seq 13 where 12 was due"]
    lines = [Logged(11, "001-A", "001", 1, "ordered"), Logged(12, "001-A", "001", 3, "preparing")]
    assert violations(Log(lines, 12), [], []) == ["the log has version 3 of 001 after 1"]


def test_no_verdict_gives_an_order_number_away() -> None:
    story = right()
    lie(story[Audience.KITCHEN])
    assert "001-A" not in json.dumps(judged(story, [Answered("w", "001-A", 9, "served")]))


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert [centile([3.0, 1.0, 2.0], each) for each in (1, 50, 99, 100)] == [1.0, 2.0, 3.0, 3.0]
