"""`cafe order`: an order from the command line, followed until it can be collected."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from apps.kit.paths import ROOT
from tests.cafe import RunningCafe

PATIENCE_SECONDS = 30


class Command:
    """The running command and what it has printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.output = ""

    async def line(self, pattern: str) -> re.Match[str]:
        """Reads up to the first line that matches."""
        assert self.process.stdout
        async with asyncio.timeout(PATIENCE_SECONDS):
            while line := (await self.process.stdout.readline()).decode():
                self.output += line
                if found := re.search(pattern, line):
                    return found
        raise AssertionError(f"no {pattern!r} in {self.output}")

    async def end(self) -> int:
        assert self.process.stdout
        async with asyncio.timeout(PATIENCE_SECONDS):
            self.output += (await self.process.stdout.read()).decode()
            return await self.process.wait()


@asynccontextmanager
async def order(cafe: RunningCafe, text: str, name: str = "Ana") -> AsyncIterator[Command]:
    plain = {key: value for key, value in os.environ.items() if not key.startswith("CAFE_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "apps", "order", text, "--name", name),
        env=plain | {"PYTHONPATH": str(ROOT), "CAFE_FRONTEND_PORT": str(cafe.settings.frontend_port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield Command(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_an_order_in_words_is_placed_and_followed_until_it_is_ready(cafe: RunningCafe) -> None:
    async with order(cafe, "2 cappuccino oat, butter croissant", "Ana María") as command:
        await command.line(r"^001  2 × Cappuccino \(Oat drink\); 1 × Butter Croissant  \d+\.\d\d EUR$")
        number = (await command.line(r"/orders/(001-\w+)$"))[1]
        await command.line("ordered$")
        placed = (await cafe.http.get(f"{cafe.frontend}/api/orders/{number}")).json()
        assert placed["customer_name"] == "Ana María"
        assert [(line["name"], line["quantity"]) for line in placed["items"]] == [
            ("Cappuccino", 2),
            ("Butter Croissant", 1),
        ]
        async with cafe.sql() as sql:
            assert await sql.fetchval("select count(*) from idempotency_keys") == 1, "a retry would not order again"
        await cafe.step(number, "start")
        await command.line("preparing$")
        await cafe.step(number, "ready")
        assert await command.end() == 0
        assert "Number 001 can be collected." in command.output


async def test_it_follows_the_order_over_a_restart_of_the_frontend(cafe: RunningCafe) -> None:
    async with order(cafe, "espresso") as command:
        number = (await command.line(r"/orders/(001-\w+)$"))[1]
        await command.line("ordered$")
        await cafe.stop("frontend")
        async with cafe.sql() as sql:
            await sql.execute("update orders set status = 'preparing' where order_number = $1", number)
        cafe.start("frontend")
        await command.line("preparing$")
        await cafe.until_healthy("frontend")
        await cafe.step(number, "ready")
        assert await command.end() == 0
        assert command.output.count("preparing") == 1


async def test_a_cancelled_order_ends_it_with_status_1(cafe: RunningCafe) -> None:
    async with order(cafe, "espresso") as command:
        number = (await command.line(r"/orders/(001-\w+)$"))[1]
        await command.line("ordered$")
        await cafe.http.post(f"{cafe.frontend}/api/orders/{number}/cancel")
        assert await command.end() == 1
        assert "Number 001 is cancelled." in command.output


async def test_what_cannot_be_ordered_is_said_in_a_sentence_and_nothing_is_placed(cafe: RunningCafe) -> None:
    async with order(cafe, "capuccino") as command:
        assert await command.end() == 1
    assert command.output == 'cafe: there is no "capuccino" on the menu; did you mean Cappuccino?\n'
    async with order(cafe, "espresso", " ") as command:
        assert await command.end() == 1
    assert command.output.startswith("cafe: ")
    assert command.output.count("\n") == 1
    async with cafe.sql() as sql:
        assert await sql.fetchval("select count(*) from orders") == 0


async def test_without_a_cafe_it_says_how_to_start_one(cafe: RunningCafe) -> None:
    await cafe.stop("frontend")
    async with order(cafe, "espresso") as command:
        assert await command.end() == 1
    assert "start it with ./cafe up" in command.output
