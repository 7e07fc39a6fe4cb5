"""A rush through the balancer during which a frontend is killed: no answered order may be lost."""

import asyncio
import os
import subprocess
import sys
import time

from apps.kit.paths import ROOT
from apps.kit.user_error import UserError
from tools.release.engine import Engine
from tools.release.screens import cafe_at
from tools.rush.cafe import Cafe

CUSTOMERS = 60
MINUTES = 0.6
CHANGES_BEFORE_THE_KILL = 40
PATIENCE_SECONDS = 180.0


def rush_while_a_frontend_is_killed(engine: Engine) -> str:
    """Raises UserError where the rush finds a violation, or ended before the frontend could be killed."""
    command = [sys.executable, "-P", "-m", "apps", "rush", f"--customers={CUSTOMERS}", f"--minutes={MINUTES}"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    before = asyncio.run(_head(_cafe(engine)))
    rush = subprocess.Popen(  # noqa: S603
        command, env=_environment(engine), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        while asyncio.run(_head(_cafe(engine))) < before + CHANGES_BEFORE_THE_KILL:
            if rush.poll() is not None or time.monotonic() > deadline:
                raise UserError("the rush never got going:\n" + _said(rush))
            time.sleep(0.2)
        engine.compose("kill", "frontend-1")
        if rush.poll() is not None:
            raise UserError("the rush was over before a frontend could be killed")
        output, _ = rush.communicate(timeout=max(1.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise UserError(f"the rush did not end within {PATIENCE_SECONDS:g} s") from None
    finally:
        rush.kill()
        rush.wait()
    print(output.rstrip())
    if rush.returncode:
        raise UserError("a frontend was killed during a rush, and the promise was not kept")
    if "lost and taken up again" not in output:
        raise UserError("a frontend was killed, and no screen was on it: that proves nothing")
    return f"a frontend was killed {CHANGES_BEFORE_THE_KILL} changes into a rush, nothing was lost, and it came back"


def _cafe(engine: Engine) -> Cafe:
    frontend, orders = (f"http://127.0.0.1:{engine.port(port)}" for port in ("BALANCER_PORT", "CAFE_ORDERS_PORT"))
    return cafe_at(frontend, orders, engine.env["CAFE_SECRET"])


async def _head(cafe: Cafe) -> int:
    async with cafe.http:
        answer = await cafe.http.get(f"{cafe.orders}/orders/events?after=0&limit=1", headers=cafe.staff)
        return int(answer.raise_for_status().json()["head"])


def _environment(engine: Engine) -> dict[str, str]:
    """The environment of the rush: the addresses and the secret of this café."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CAFE_")}
    return plain | {
        "CAFE_FRONTEND_PORT": engine.env["BALANCER_PORT"],
        "CAFE_ORDERS_PORT": engine.env["CAFE_ORDERS_PORT"],
        "CAFE_KITCHEN_PORT": engine.env["CAFE_KITCHEN_PORT"],
        "CAFE_SECRET": engine.env["CAFE_SECRET"],
        "PYTHONPATH": str(ROOT),
    }


def _said(rush: "subprocess.Popen[str]") -> str:
    rush.kill()
    return rush.communicate()[0]
