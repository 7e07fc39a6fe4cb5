"""Every problem's `type` is the address of a sentence about it, on the docs page of whichever service said it."""

import re
import subprocess
import sys
from collections import Counter

import pytest

from apps.api.errors import REFUSED_CART_STATUSES
from apps.frontend.app import create_app as create_frontend
from apps.kit.errors import ApiError
from apps.kit.paths import ROOT
from apps.kitchen.app import create_app as create_kitchen
from apps.orders.app import create_app as create_orders
from tests.cafe import RunningCafe, bearer

EVERYTHING = (create_frontend, create_kitchen, create_orders)  # importing them makes the tree of errors whole
PAGE = """
import asyncio
from apps.{service}.app import create_app
from apps.kit.settings.settings import Settings

async def page():
    answer = await create_app(Settings.load({{"CAFE_SECRET": "s" * 40}})).test_client().get("/docs")
    print(await answer.get_data(as_text=True))

asyncio.run(page())
"""


def errors_below(error: type[ApiError]) -> list[type[ApiError]]:
    return [error, *(below for kind in error.__subclasses__() for below in errors_below(kind))]


@pytest.mark.parametrize("service", ["frontend", "kitchen", "orders"])
def test_each_docs_page_explains_every_code(service: str) -> None:
    """In a process of its own: what only another service has loaded is not known there, and may be passed on by it."""
    said = subprocess.run(  # noqa: S603
        [sys.executable, "-c", PAGE.format(service=service)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    ids = Counter(re.findall(r'\sid="([^"]+)"', said.stdout))
    heard = {error.code for error in errors_below(ApiError) if _may_come_from(error, service)}
    assert heard <= ids.keys()
    assert {"internal_error", "busy", "item_not_found"} <= heard
    assert {refusal.code for refusal in REFUSED_CART_STATUSES} <= ids.keys()
    assert max(ids.values()) == 1, "an address is that of one thing"


def _may_come_from(error: type[ApiError], service: str) -> bool:
    """The frontend passes on what the others say; nobody passes on what it says."""
    return service == "frontend" or not error.__module__.startswith("apps.frontend")


async def test_a_problem_points_there(cafe: RunningCafe) -> None:
    for url in (f"{cafe.frontend}/nothing", f"{cafe.kitchen}/kitchen/orders", f"{cafe.frontend}/api/orders/0"):
        problem = (await cafe.http.get(url)).json()
        assert problem["type"] == f"/docs#{problem['code']}"
    passed_on = await cafe.http.patch(f"{cafe.frontend}/api/menu/999999", json={"available": True}, headers=bearer())
    assert passed_on.json()["type"] == "/docs#item_not_found"
