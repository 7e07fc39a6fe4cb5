"""Services log in as roles that may do their work and no more; `cafe migrate` gives them their passwords."""

import asyncio
import secrets
from collections.abc import Iterator

import asyncpg
import pytest

from apps.api.roles import LISTEN_ROLE, ORDERS_ROLE
from apps.cli.sample_menu import insert_sample_menu
from apps.kit.database.migrations import migrate
from apps.kit.database.roles import RoleRefused, as_role, open_roles, scram_verifier
from tests.cafe import PASSWORD, bearer, run_cafe
from tests.integration.command import cafe
from tests.integration.running_cafe import cafe_folder
from tests.postgres import PostgresServer


@pytest.fixture
def empty_url(postgres_server: PostgresServer) -> Iterator[str]:
    url = postgres_server.create_database(template="template0")
    yield url
    postgres_server.drop(url)


@pytest.fixture
def modest_owner_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty database whose owner may make no roles, as with many hosted ones."""
    url = postgres_server.create_database(template="template0")
    name = url.rpartition("/")[2]
    password = secrets.token_hex(16)
    postgres_server.execute("postgres", f"create role modest login password '{password}'")
    postgres_server.execute("postgres", f"alter database {name} owner to modest")
    yield as_role(url, "modest", password)
    postgres_server.drop(url)
    postgres_server.execute("postgres", "drop role modest")


def passwords() -> dict[str, str]:
    return {
        "CAFE_ORDERS_ROLE_PASSWORD": secrets.token_hex(16) + "/@:%#?",
        "CAFE_LISTEN_ROLE_PASSWORD": secrets.token_hex(16),
    }


async def test_a_cafe_runs_on_the_two_roles_that_migrate_opened(empty_url: str) -> None:
    given = passwords()
    done = await asyncio.to_thread(cafe, "migrate", CAFE_DATABASE_URL=empty_url, **given)
    assert done.returncode == 0, done.stderr
    await insert_sample_menu(empty_url)
    orders = as_role(empty_url, ORDERS_ROLE, given["CAFE_ORDERS_ROLE_PASSWORD"])
    listen = as_role(empty_url, LISTEN_ROLE, given["CAFE_LISTEN_ROLE_PASSWORD"])
    more = {"CAFE_LISTEN_URL": listen, "CAFE_KEEP_ORDERS_DAYS": "1", "CAFE_RATE_LIMITS": "on"}
    async with run_cafe(orders, **more) as running, running.screen("/ws/kitchen", staff=True) as kitchen:
        await kitchen.next()
        number = (await running.order(headers={"Idempotency-Key": "once"}))["order_number"]
        assert (await kitchen.change())["order"]["status"] == "ordered"
        for step in ("start", "ready", "serve"):
            assert (await running.step(number, step)).status_code == 200
        sign_in = await running.http.post(f"{running.frontend}/sign-in", data={"password": PASSWORD})
        assert sign_in.status_code in (200, 303), sign_in.text
        for path in ("/api/orders", "/api/kitchen/stats"):
            assert (await running.http.get(running.frontend + path, headers=bearer())).status_code == 200
        sold_out = await running.http.patch(
            f"{running.frontend}/api/menu/1", json={"available": False}, headers=bearer()
        )
        assert sold_out.status_code == 200
        owner = await asyncpg.connect(empty_url)
        rows = await owner.fetch(
            "select distinct usename from pg_stat_activity where datname = current_database() "
            "and pid <> pg_backend_pid()"
        )
        await owner.close()
        assert {row["usename"] for row in rows} == {ORDERS_ROLE, LISTEN_ROLE}


def test_up_on_a_database_elsewhere_gives_each_service_its_own_role(empty_url: str) -> None:
    async def who_is_there() -> set[str]:
        owner = await asyncpg.connect(empty_url)
        try:
            rows = await owner.fetch(
                "select usename, application_name from pg_stat_activity "
                "where datname = current_database() and application_name like 'cafe-%'"
            )
        finally:
            await owner.close()
        return {f"{row['application_name']} as {row['usename']}" for row in rows}

    with cafe_folder() as harness:
        harness.extra = {"CAFE_DATABASE_URL": empty_url, **passwords()}
        harness.open()
        assert asyncio.run(who_is_there()) == {"cafe-orders as cafe_orders", "cafe-listener as cafe_listen"}
        assert harness.end() == 0


def test_a_password_is_never_in_the_servers_log(postgres_server: PostgresServer, empty_url: str) -> None:
    name = empty_url.rpartition("/")[2]
    postgres_server.execute("postgres", f"alter database {name} set log_statement = 'all'")
    given = passwords()
    assert cafe("migrate", CAFE_DATABASE_URL=empty_url, **given).returncode == 0
    log = postgres_server.log.read_text(errors="replace")
    assert "ALTER ROLE cafe_orders LOGIN" in log
    assert not [password for password in given.values() if password in log]


async def test_many_places_may_do_it_at_once_also_from_two_databases(
    postgres_server: PostgresServer, empty_url: str, database_url: str
) -> None:
    wanted = {ORDERS_ROLE: secrets.token_hex(16), LISTEN_ROLE: secrets.token_hex(16)}

    async def place(url: str) -> None:
        await migrate(url)
        for _ in range(4):
            await open_roles(url, wanted)

    async with asyncio.TaskGroup() as places:
        for url in (empty_url, database_url) * 4:
            places.create_task(place(url))
    for role, password in wanted.items():
        await (await asyncpg.connect(as_role(empty_url, role, password))).close()


@pytest.mark.parametrize(
    "password", ["short", "a" * 40, "sixteen characters with blanks in them", "ünicode-ünicode-99"]
)
def test_a_password_that_could_be_guessed_or_mistyped_is_refused_before_anything_is_done(
    password: str, empty_url: str
) -> None:
    done = cafe("migrate", CAFE_DATABASE_URL=empty_url, CAFE_ORDERS_ROLE_PASSWORD=password)
    assert done.returncode == 1
    assert "CAFE_ORDERS_ROLE_PASSWORD" in done.stderr
    assert password not in done.stderr


async def test_an_owner_who_may_make_no_roles_migrates_and_is_told_what_to_ask_for(
    postgres_server: PostgresServer, modest_owner_url: str
) -> None:
    for role in (ORDERS_ROLE, LISTEN_ROLE):
        postgres_server.execute("postgres", f"alter role {role} rename to hidden_{role}")
    try:
        done = await asyncio.to_thread(cafe, "migrate", CAFE_DATABASE_URL=modest_owner_url)
        assert done.returncode == 0
        assert "up to date" in done.stdout
        for role in (ORDERS_ROLE, LISTEN_ROLE):
            assert f"there is no role {role}" in done.stderr
        with pytest.raises(RoleRefused, match="let an administrator run CREATE ROLE cafe_orders"):
            await open_roles(modest_owner_url, {ORDERS_ROLE: secrets.token_hex(16)})
    finally:
        for role in (ORDERS_ROLE, LISTEN_ROLE):
            postgres_server.execute("postgres", f"alter role hidden_{role} rename to {role}")
    # an administrator has made them since: the next migrate gives them their rights
    await migrate(modest_owner_url)
    password = secrets.token_hex(16)
    postgres_server.execute("postgres", f"alter role {ORDERS_ROLE} login password '{scram_verifier(password)}'")
    orders = await asyncpg.connect(as_role(modest_owner_url, ORDERS_ROLE, password))
    assert await orders.fetchval("select count(*) from orders") == 0
    await orders.close()


async def test_a_role_that_already_has_the_password_needs_no_right_to_change_it(
    postgres_server: PostgresServer, modest_owner_url: str
) -> None:
    password = secrets.token_hex(16)
    postgres_server.execute("postgres", f"alter role {ORDERS_ROLE} login password '{password}'")
    await open_roles(modest_owner_url, {ORDERS_ROLE: password})
    with pytest.raises(RoleRefused, match="may not give cafe_orders its password"):
        await open_roles(modest_owner_url, {ORDERS_ROLE: secrets.token_hex(16)})
