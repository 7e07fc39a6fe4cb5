"""`cafe rush`: a simulated rush against the running café, and a verdict on its ordering promises."""

import argparse
import asyncio
import math
from datetime import timedelta

import httpx
import uvloop

from apps.cli.issue_token import signing_secret
from apps.cli.load_environment import load_environment
from apps.cli.trust_own_certificate import own_certificate
from apps.kit.settings.settings import Settings
from apps.kit.user_error import UserError
from apps.kit.web.http_client import as_bearer
from apps.kit.web.tokens import Role, mint
from apps.orders.limits import ORDERS_FROM_ONE_ADDRESS
from tools.rush.cafe import Cafe
from tools.rush.course import Found, Plan, run
from tools.rush.tally import Tally

MOST_CUSTOMERS, MOST_MINUTES = 10_000, 24 * 60
MOST_VIOLATIONS_SHOWN = 20
INTERRUPTED = 130


def rush(args: argparse.Namespace) -> int:
    if not 1 <= args.customers <= MOST_CUSTOMERS:
        raise UserError(f"--customers must be from 1 to {MOST_CUSTOMERS}")
    if not (math.isfinite(args.minutes) and 0 < args.minutes <= MOST_MINUTES):
        raise UserError(f"--minutes must be above 0 and at most {MOST_MINUTES}")
    settings = Settings.load(load_environment())
    plan = Plan(args.customers, args.minutes * 60)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(_rush(settings, signing_secret(settings), plan))
        except asyncio.CancelledError:
            return INTERRUPTED


async def _rush(settings: Settings, secret: str, plan: Plan) -> int:
    tally, customer_headers = Tally(), {}
    crowd = settings.rate_limits and plan.customers > _from_one_address(plan)
    if crowd:
        lifetime = timedelta(seconds=plan.seconds) + timedelta(hours=1)
        customer_headers = as_bearer(mint(secret, subject="service:rush", role=Role.SERVICE, lifetime=lifetime))
    cafe = Cafe(
        settings.address_of("frontend"), settings.orders_url, secret, own_certificate(settings), customer_headers, tally
    )
    async with cafe.http:
        await _somebody_is_home(cafe)
        found = await run(cafe, plan)
    for line in _report(found, tally, crowd=crowd):
        print(line)
    return 1 if found.violations else 0


def _from_one_address(plan: Plan) -> float:
    """How many orders one address may place in that time; all customers of a rush have the same address."""
    return ORDERS_FROM_ONE_ADDRESS.burst + ORDERS_FROM_ONE_ADDRESS.per_minute * plan.seconds / 60


async def _somebody_is_home(cafe: Cafe) -> None:
    try:
        answer = await cafe.http.get(f"{cafe.frontend}/health")
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        raise UserError(f"no café answers at {cafe.frontend} ({reason}): start it with ./cafe up") from None
    if answer.status_code != 200:
        raise UserError(f"the café at {cafe.frontend} is not well ({answer.status_code}): look at its log")


def _report(found: Found, tally: Tally, *, crowd: bool) -> list[str]:
    verdict = [f"promise       kept: {found.streams} screens, each change once and in order, {found.compared}"]
    if found.violations:
        shown = found.violations[:MOST_VIOLATIONS_SHOWN]
        more = len(found.violations) - len(shown)
        verdict = [
            f"promise       BROKEN, {len(found.violations)} times ({found.streams} screens, {found.compared}):",
            *(f"  {each}" for each in shown),
            *([f"  … and {more} more"] if more else []),
        ]
    return [
        "",
        "The rush is over." if found.whole else "The rush ended early; so far:",
        *tally.summary(),
        *(
            ["              (more than one address may order, so they came with a service's token, which has no limit)"]
            if crowd
            else []
        ),
        *verdict,
    ]
