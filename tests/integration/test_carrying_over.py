"""From one PostgreSQL to the next: what an older one made is refused by `up` and carried over by backup and restore."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from signal import SIGINT

import asyncpg
import httpx
import pytest

from apps.cli.sample_menu import insert_sample_menu
from apps.kit.database.migrations import migrate
from apps.kit.postgres import data_folder, embedded
from apps.kit.postgres.run_as import choose_account
from apps.kit.settings.state_folder import generated_once, make
from tests.cafe import run_cafe
from tests.integration.command import cafe as command
from tests.integration.running_cafe import Cafe, cafe_folder
from tests.postgres import PostgresServer

OLDER = Path("/usr/lib/postgresql/15/bin")
pytestmark = pytest.mark.skipif(not (OLDER / "postgres").exists(), reason="needs Debian's PostgreSQL 15")


@pytest.fixture
def old_cafe() -> Iterator[Cafe]:
    """A state folder as a release with PostgreSQL 15 would have left it, with one order."""
    with cafe_folder() as cafe:
        make(cafe.folder)
        asyncio.run(_live_a_little(cafe.folder))
        yield cafe


async def _live_a_little(folder: Path) -> None:
    password = generated_once(folder / "postgres-password", lambda: "of-no-importance")
    run_as = choose_account(OLDER, folder)
    await data_folder.prepare(folder / "postgres", OLDER, password, run_as)
    server = embedded.Server(OLDER, folder / "postgres", password, run_as)
    process = await server.start(folder / "postgres.log")
    try:
        await server.ready()
        await migrate(server.url())
        await insert_sample_menu(server.url())
        async with run_cafe(server.url()) as running:
            await running.order("Ana")
    finally:
        process.send_signal(SIGINT)
        await process.wait()


def test_up_says_what_to_do_and_doing_it_brings_every_order_over(old_cafe: Cafe, tmp_path: Path) -> None:
    old_cafe.launch()
    assert old_cafe.ended(30) == 1
    assert "was made by PostgreSQL 15" in old_cafe.output
    assert "Traceback" not in old_cafe.output
    here = {"CAFE_STATE_DIR": str(old_cafe.folder)}
    done = command("backup", str(tmp_path / "cafe.dump"), **here)
    assert done.returncode == 0, done.stderr
    shutil.move(old_cafe.folder / "postgres", old_cafe.folder / "postgres-15")
    done = command("restore", str(tmp_path / "cafe.dump"), **here)
    assert done.returncode == 0, done.stderr
    old_cafe.open()
    token = command("token", **here).stdout.strip()
    orders = httpx.get(
        f"http://127.0.0.1:{old_cafe.ports['frontend']}/api/orders",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )
    assert [order["customer_name"] for order in orders.json()] == ["Ana"]
    old_cafe.end()


def test_without_that_postgresql_it_says_which_one_is_needed(old_cafe: Cafe, tmp_path: Path) -> None:
    (old_cafe.folder / "postgres" / "PG_VERSION").write_text("11\n")
    done = command("backup", str(tmp_path / "cafe.dump"), CAFE_STATE_DIR=str(old_cafe.folder))
    assert done.returncode == 1
    assert "PostgreSQL 11 is not on this machine" in done.stderr


async def test_a_backup_of_the_newest_server_can_be_restored_into_the_oldest(
    old_cafe: Cafe, postgres_server: PostgresServer, database_url: str, tmp_path: Path
) -> None:
    async with run_cafe(database_url) as running:
        placed = await running.order("Ben")
        await running.step(placed["order_number"], "start")
    done = await asyncio.to_thread(command, "backup", str(tmp_path / "cafe.dump"), CAFE_DATABASE_URL=database_url)
    assert done.returncode == 0, done.stderr
    password = (old_cafe.folder / "postgres-password").read_text().strip()
    run_as = choose_account(OLDER, old_cafe.folder)
    server = embedded.Server(OLDER, old_cafe.folder / "postgres", password, run_as)
    process = await server.start(old_cafe.folder / "postgres.log")
    try:
        await server.ready()
        owner = await asyncpg.connect(server.url("postgres"))
        await owner.execute("create database fresh")
        await owner.close()
        url = server.url("fresh")
        done = await asyncio.to_thread(command, "restore", str(tmp_path / "cafe.dump"), CAFE_DATABASE_URL=url)
        assert done.returncode == 0, done.stderr
        async with run_cafe(url) as running:
            found = (await running.http.get(f"{running.frontend}/api/orders/{placed['order_number']}")).json()
            assert (found["customer_name"], found["status"]) == ("Ben", "preparing")
            assert (await running.step(placed["order_number"], "ready")).status_code == 200
    finally:
        process.send_signal(SIGINT)
        await process.wait()
