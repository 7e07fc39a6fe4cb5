"""Whatever breaks, nothing is lost, doubled or reordered, and no screen is silently stale."""

import random
from collections.abc import Iterator
from random import SystemRandom

import pytest

from tests.faults.checker import judge
from tests.faults.fault_run import Campaign
from tests.faults.harness import durable_server, open_harness
from tests.faults.report import summary, write_report
from tests.postgres import PostgresServer

FAULTS = {"short": 60, "long": 1000}
LONG_EVERY = {"short": 26, "long": 60}


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A durable PostgreSQL that this test may stop."""
    with durable_server() as server:
        yield server


async def test_whatever_breaks_nothing_is_lost_doubled_or_reordered(
    own_server: PostgresServer, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    form = request.config.getoption("--faults", default="short")
    faults = request.config.getoption("--faults-count", default=0) or FAULTS[form]
    seed = request.config.getoption("--faults-seed", default=0) or SystemRandom().randrange(1, 2**32)
    with capsys.disabled():
        print(f"\nstorm of {faults} faults, --faults-seed {seed}")
    async with (
        open_harness(own_server, random.Random(seed)) as harness,  # noqa: S311 - replayable by its seed
        Campaign(harness, seed, LONG_EVERY[form]) as storm,
    ):
        await storm.inject_until(faults)
        history = await storm.finish()
    violations = judge(history)
    with capsys.disabled():
        print(summary(storm.outcome, history, violations))
    if form == "long" or request.config.getoption("--write-reliability", default=False):
        write_report(storm.outcome, history, violations)
    assert violations == [], "\n".join(map(str, violations[:40]))
