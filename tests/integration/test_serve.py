"""`cafe serve`: one service in the foreground."""

import asyncio
import os
import signal
import sys

from apps.kit.paths import ROOT
from tests.ports import free_port

PATIENCE_SECONDS = 30


async def test_in_development_the_frontend_listens_as_the_database_url_and_warns(database_url: str) -> None:
    plain = {key: value for key, value in os.environ.items() if not key.startswith("CAFE_")}
    given = {"CAFE_DATABASE_URL": database_url, "CAFE_SECRET": "s" * 40, "CAFE_FRONTEND_PORT": str(free_port())}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "apps", "serve", "frontend"),
        env=plain | given | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout
    output = ""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while '"listening"' not in output and (line := (await process.stdout.readline()).decode()):
                output += line
            process.send_signal(signal.SIGTERM)
            output += (await process.stdout.read()).decode()
            assert await process.wait() == 0, output
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert "CAFE_LISTEN_URL is not set" in output
    assert '"listening"' in output
