"""A backup is whole, private and true to one moment; what is restored is the same café with a new beginning."""

import asyncio
import contextlib
import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from apps.kit.database.migrations import migrate
from apps.kit.postgres.programs import without_password
from apps.kit.web.tokens import mint_sign_in_key
from tests.cafe import PASSWORD, SECRET, RunningCafe, bearer, run_cafe
from tests.integration.command import cafe as command
from tests.integration.running_cafe import Cafe, cafe_folder
from tests.postgres import PostgresServer

ORDERS = "select coalesce(json_agg(order_json(orders.*) order by id), '[]')::text from orders"
EVENTS = "select coalesce(json_agg(e order by seq), '[]')::text from order_events e"


@pytest.fixture
def empty(postgres_server: PostgresServer) -> Iterator[Callable[[], str]]:
    """Makes empty databases."""
    made: list[str] = []

    def make() -> str:
        made.append(postgres_server.create_database(template="template0"))
        return made[-1]

    yield make
    for url in made:
        postgres_server.drop(url)


async def ask(url: str, statement: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def backed_up(url: str, file: Path) -> Path:
    done = await asyncio.to_thread(command, "backup", str(file), CAFE_DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    return file


async def restored(file: Path, url: str) -> str:
    done = await asyncio.to_thread(command, "restore", str(file), CAFE_DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    return url


async def refused(word: str, file: Path, url: str) -> str:
    done = await asyncio.to_thread(command, word, str(file), CAFE_DATABASE_URL=url)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def files_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def a_morning(cafe: RunningCafe) -> list[str]:
    numbers = [(await cafe.order(f"Connection {n}"))["order_number"] for n in range(6)]
    for number, steps in zip(numbers, (["start", "ready", "serve"], ["start", "ready"], ["start"]), strict=False):
        for step in steps:
            assert (await cafe.step(number, step)).status_code == 200
    await cafe.http.post(f"{cafe.frontend}/api/orders/{numbers[5]}/cancel")
    return numbers


async def test_a_backup_while_orders_come_in_is_one_moment_of_the_cafe(
    cafe: RunningCafe, empty: Callable[[], str], tmp_path: Path
) -> None:
    await a_morning(cafe)

    async def rush() -> None:
        while True:
            number = (await cafe.order("In a force_stop"))["order_number"]
            await cafe.step(number, "start")

    rushing = [asyncio.create_task(rush()) for _ in range(3)]
    try:
        file = await backed_up(cafe.database_url, tmp_path / "cafe.dump")
    finally:
        for task in rushing:
            task.cancel()
        await asyncio.gather(*rushing, return_exceptions=True)
    url = await restored(file, empty())
    then, now = json.loads(await ask(url, EVENTS)), json.loads(await ask(cafe.database_url, EVENTS))
    assert 13 < len(then) <= len(now)
    assert then == now[: len(then)], "a beginning of the history, without a hole"
    assert await ask(url, "select seq from stream_head") == len(then)
    orders = {order["order_number"]: order for order in json.loads(await ask(url, ORDERS))}
    last = {event["body"]["order_number"]: event["body"] for event in then}
    assert orders == last, "every order is as the history left it"


async def test_what_is_restored_is_the_same_cafe_with_a_new_beginning(
    cafe: RunningCafe, empty: Callable[[], str], tmp_path: Path
) -> None:
    numbers = await a_morning(cafe)
    key = mint_sign_in_key(SECRET)
    async with httpx.AsyncClient(base_url=cafe.frontend, trust_env=False) as browser:
        assert (await browser.post("/sign-in", data={"password": PASSWORD})).status_code == 303
        cookies = browser.cookies
    async with cafe.screen("/ws/kitchen", staff=True) as kitchen:
        before = await kitchen.next()
    file = await backed_up(cafe.database_url, tmp_path / "cafe.dump")
    lost = await cafe.order("After the backup")
    assert (await cafe.http.get(f"{cafe.frontend}/sign-in", params={"key": key})).status_code == 303

    url = await restored(file, empty())
    async with run_cafe(url) as again:
        board = (await again.http.get(f"{again.orders}/board", headers=bearer())).json()
        assert (board["seq"], board["orders"]) == (before["seq"], _all_orders(board, await ask(url, ORDERS)))
        assert board["epoch"] != before["epoch"]
        for position in (before["seq"], before["seq"] - 1, before["seq"] + 1):
            resume = f"/ws/kitchen?epoch={before['epoch']}&seq={position}"
            async with again.screen(resume, staff=True) as screen:
                first = await screen.next()
                assert (first["type"], first["epoch"]) == ("snapshot", board["epoch"])
                assert first["orders"] == before["orders"]
        found = await again.http.get(f"{again.frontend}/api/orders/{numbers[0]}")
        assert found.json()["status"] == "served"
        gone = await again.http.get(f"{again.frontend}/api/orders/{lost['order_number']}")
        assert gone.status_code == 404
        async with httpx.AsyncClient(base_url=again.frontend, cookies=cookies, trust_env=False) as browser:
            assert (await browser.get("/api/orders")).status_code == 401, "nobody is still signed in"
        used_since = await again.http.get(f"{again.frontend}/sign-in", params={"key": key})
        assert used_since.status_code != 303, "a link that was used after the backup is not good again"
        async with again.screen("/ws/kitchen", staff=True) as screen:
            assert (await screen.next())["seq"] == before["seq"]
            placed = await again.order("First of the new beginning")
            change = await screen.change()
        assert (change["seq"], change["epoch"]) == (before["seq"] + 1, board["epoch"])
        assert placed["id"] > max(order["id"] for order in board["orders"])
        assert placed["pickup_number"] == f"{len(numbers) + 1:03}"


def _all_orders(board: dict[str, Any], orders: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(orders)
    assert len(board["orders"]) == len(listed)
    return listed


async def test_a_backup_is_private_whole_and_overwrites_nothing(database_url: str, tmp_path: Path) -> None:
    file = await backed_up(database_url, tmp_path / "cafe.dump")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    assert "overwrites nothing" in await refused("backup", file, database_url)
    assert file.read_bytes() == before
    nowhere = database_url.rpartition("/")[0] + "/no_such_cafe"
    assert "cannot reach the database" in await refused("backup", tmp_path / "another", nowhere)
    assert "no folder" in await refused("backup", tmp_path / "no" / "folder", database_url)
    assert files_in(tmp_path) == ["cafe.dump"]


async def test_a_backup_that_fails_on_the_way_leaves_nothing(
    postgres_server: PostgresServer, database_url: str, tmp_path: Path
) -> None:
    # pg_dump may not read a table of somebody else's
    name = database_url.rpartition("/")[2]
    postgres_server.execute("postgres", "create role onlooker login password 'of-no-importance-at-all'")
    try:
        url = postgres_server.server.url(name, "onlooker", "of-no-importance-at-all")
        assert "permission denied" in await refused("backup", tmp_path / "cafe.dump", url)
        assert files_in(tmp_path) == []
    finally:
        postgres_server.execute("postgres", "drop role onlooker")


async def test_a_place_that_is_not_empty_is_left_alone(
    database_url: str, empty: Callable[[], str], tmp_path: Path
) -> None:
    file = await backed_up(database_url, tmp_path / "cafe.dump")
    other = empty()
    await migrate(other)
    epoch = await ask(other, "select epoch from stream_head")
    assert "not empty" in await refused("restore", file, other)
    assert await ask(other, "select epoch from stream_head") == epoch


async def test_a_damaged_backup_restores_nothing_at_all(
    cafe: RunningCafe, empty: Callable[[], str], tmp_path: Path
) -> None:
    await a_morning(cafe)
    async with cafe.sql() as sql:
        await sql.execute(
            "insert into orders (order_number, customer_name, items, total_price) "
            "select 'x' || n, md5(n::text), '[]', n from generate_series(1, 3000) n"
        )
    whole = (await backed_up(cafe.database_url, tmp_path / "cafe.dump")).read_bytes()
    url = empty()
    for name, content in (
        ("cut", whole[: len(whole) * 9 // 10]),
        ("torn", whole[: len(whole) // 2] + b"\xff" * 2000 + whole[len(whole) // 2 + 2000 :]),
        ("text", b"select 1;\n"),
        ("nothing", b""),
    ):
        (tmp_path / name).write_bytes(content)
        await refused("restore", tmp_path / name, url)
        assert await ask(url, "select count(*) from pg_class where relnamespace = 'public'::regnamespace") == 0, name
    await restored(tmp_path / "cafe.dump", url)
    assert await ask(url, "select count(*) from orders") == 3006


async def test_a_backup_of_a_newer_release_is_refused(
    database_url: str, empty: Callable[[], str], tmp_path: Path
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("insert into schema_migrations values ('9999')")
    await connection.close()
    url = empty()
    assert "newer release" in await refused("restore", await backed_up(database_url, tmp_path / "cafe.dump"), url)
    assert await ask(url, "select to_regclass('orders')") is None


async def test_nobody_but_the_services_roles_gets_a_right_in_what_is_restored(
    database_url: str, empty: Callable[[], str], tmp_path: Path
) -> None:
    rights = """
        select json_agg(json_build_object('what', what, 'acl', acl) order by what)::text from (
            select relname::text as what, relacl::text as acl from pg_class where relnamespace = 'public'::regnamespace
            union all
            select proname::text, proacl::text from pg_proc where pronamespace = 'public'::regnamespace) each
    """
    url = await restored(await backed_up(database_url, tmp_path / "cafe.dump"), empty())
    there, here = await ask(database_url, rights), await ask(url, rights)
    assert json.loads(here) == json.loads(there)


def test_a_password_is_not_shown_to_who_lists_processes() -> None:
    shown, told = without_password("postgresql://owner:p%40ss@db.example:5433/cafe?sslmode=verify-full&password=x")
    assert shown == "postgresql://owner@db.example:5433/cafe?sslmode=verify-full"
    assert told["PGPASSWORD"] == "x"
    assert without_password("postgresql://owner:p%40ss@db.example/cafe")[1]["PGPASSWORD"] == "p@ss"


@pytest.fixture
def two_folders() -> Iterator[tuple[Cafe, Cafe]]:
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(cafe_folder()), stack.enter_context(cafe_folder())


def test_the_cafe_on_this_machine_is_backed_up_running_or_not_and_opens_again_elsewhere(
    two_folders: tuple[Cafe, Cafe], tmp_path: Path
) -> None:
    first, second = two_folders
    here, there = ({"CAFE_STATE_DIR": str(each.folder)} for each in two_folders)
    first.open()
    body = {"customer_name": "Ana", "items": [{"id": 1, "quantity": 1}]}
    placed = httpx.post(f"http://127.0.0.1:{first.ports['frontend']}/api/orders", json=body, trust_env=False).json()
    running = command("backup", str(tmp_path / "running"), **here)
    assert running.returncode == 0, running.stderr
    onto_itself = command("restore", str(tmp_path / "running"), **here)
    assert onto_itself.returncode == 1
    assert "already running" in onto_itself.stderr
    first.end()
    asleep = command("backup", str(tmp_path / "asleep"), **here)
    assert asleep.returncode == 0, asleep.stderr
    assert first.processes() == {}
    back = command("restore", str(tmp_path / "asleep"), **there)
    assert back.returncode == 0, back.stderr
    assert "Back: 1 order, " in back.stdout
    second.open()
    address = f"http://127.0.0.1:{second.ports['frontend']}/api/orders/{placed['order_number']}"
    assert httpx.get(address, trust_env=False).json() == placed
    second.end()
    nothing = command("backup", str(tmp_path / "nothing"), CAFE_STATE_DIR=str(tmp_path / "no cafe"))
    assert nothing.returncode == 1
    assert "there is no café" in nothing.stderr
