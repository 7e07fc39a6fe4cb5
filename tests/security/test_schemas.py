"""Each service answers whatever it is sent in the way its own OpenAPI document says: thousands of calls, good and bad.

Schemathesis reads the document, and tries values in and out of bounds, methods and headers that nobody should send, and
chains along the links (place an order, look at it, move it, cancel it).
"""

import asyncio
import sys
from pathlib import Path

import pytest

from apps.kit.web.tokens import Role
from tests.cafe import RunningCafe, bearer

PROGRAM = Path(sys.executable).with_name("st")
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
CALLS_AN_OPERATION = "8"
AT_MOST_SECONDS = 180


async def explore(cafe: RunningCafe, service: str, folder: Path, *headers: str) -> tuple[int, str]:
    """How the exploration of one service ended, and what it says of it."""
    # the live streams never end
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "--config-file", CONFIGURATION, "run", cafe.settings.address_of(service) + "/openapi.json",
        "--max-examples", CALLS_AN_OPERATION, "--exclude-tag", "live", "--seed", "1", "--continue-on-failure",
        "--warnings", "off", "--request-timeout", "10", *(part for header in headers for part in ("--header", header)),
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(process.communicate(), AT_MOST_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, said.decode()


WHO = {"nobody": {}, "staff": bearer(Role.STAFF), "service": bearer(Role.SERVICE)}
EXPLORATIONS = [
    *((service, who) for service in ("orders", "kitchen", "frontend") for who in ("nobody", "staff")),
    ("orders", "service"),  # who alone may open and end sessions
]


@pytest.mark.parametrize(("service", "who"), EXPLORATIONS)
async def test_it_answers_everything_as_its_document_says(
    cafe: RunningCafe, service: str, who: str, tmp_path: Path
) -> None:
    for _ in range(2):
        await cafe.order()
    status, said = await explore(cafe, service, tmp_path, *(f"{name}: {value}" for name, value in WHO[who].items()))
    assert status == 0, said
    assert "API Links" in said or who == "nobody", said
