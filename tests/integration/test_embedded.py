"""The PostgreSQL a café brings along: made whole or not at all, durable, and alone on its folder."""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGINT, SIGKILL

import asyncpg
import pytest

from apps.api.roles import LISTEN_ROLE, ORDERS_ROLE
from apps.kit.database.roles import open_roles, role_password
from apps.kit.postgres import data_folder, embedded
from apps.kit.postgres.run_as import choose_account
from tests.postgres import PostgresServer, binaries


@pytest.fixture
def folder() -> Iterator[Path]:
    one = Path(tempfile.mkdtemp(prefix="cafe-embedded-"))
    one.chmod(0o711)
    yield one
    shutil.rmtree(one)


async def prepared(folder: Path) -> embedded.Server:
    run_as = choose_account(binaries(), folder)
    await data_folder.prepare(folder / "postgres", binaries(), "a password", run_as)
    return embedded.Server(binaries(), folder / "postgres", "a password", run_as)


@asynccontextmanager
async def running(server: embedded.Server, folder: Path) -> AsyncIterator[asyncpg.Connection]:
    process = await server.start(folder / "log")
    try:
        await server.ready()
        connection = await asyncpg.connect(server.url())
        try:
            yield connection
        finally:
            await connection.close()
    finally:
        process.send_signal(SIGINT)
        await process.wait()


async def test_it_is_utf8_durable_and_reachable_from_this_machine_only(folder: Path) -> None:
    async with running(await prepared(folder), folder) as connection:
        shown = {
            name: await connection.fetchval("select current_setting($1)", name)
            for name in (
                "server_encoding",
                "listen_addresses",
                "unix_socket_directories",
                "fsync",
                "synchronous_commit",
            )
        }
    assert list(shown.values()) == ["UTF8", "127.0.0.1", "", "on", "on"]


async def test_a_wrong_password_is_not_let_in(folder: Path) -> None:
    server = await prepared(folder)
    async with running(server, folder):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.url(password="another"))


async def test_a_folder_that_was_only_half_made_is_made_again(folder: Path) -> None:
    half = folder / "postgres.new" / "data"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    async with running(await prepared(folder), folder) as connection:
        assert await connection.fetchval("select 1") == 1
    assert not (folder / "postgres.new").exists()


@pytest.mark.parametrize("version", ["9.6\n", "14\n", "99\n"])
async def test_data_of_another_major_version_is_refused_with_a_way_out(folder: Path, version: str) -> None:
    await prepared(folder)
    (folder / "postgres" / "PG_VERSION").write_text(version)
    with pytest.raises(embedded.EmbeddedError, match=r"cafe backup(.|\n)*cafe restore"):
        await prepared(folder)


@pytest.mark.parametrize("version", ["", "seventeen\n", None])
async def test_a_folder_that_is_none_of_postgresqls_is_refused_and_left_alone(
    folder: Path, version: str | None
) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "diary").write_text("dear diary")
    if version is not None:
        (folder / "postgres" / "PG_VERSION").write_text(version)
    with pytest.raises(embedded.EmbeddedError, match="not a data folder of PostgreSQL"):
        await prepared(folder)
    assert (folder / "postgres" / "diary").read_text() == "dear diary"


async def test_a_server_left_over_is_stopped_before_the_next_starts(folder: Path) -> None:
    first = await prepared(folder)
    leftover = await first.start(folder / "log")
    await first.ready()
    async with running(await prepared(folder), folder) as connection:
        assert leftover.returncode is not None or await leftover.wait() == 0
        assert await connection.fetchval("select 1") == 1


async def test_a_stale_pid_file_does_no_harm_to_whoever_has_that_number_now(folder: Path) -> None:
    server = await prepared(folder)
    stranger = await asyncio.create_subprocess_exec("sleep", "60")
    (server.data / "postmaster.pid").write_text(f"{stranger.pid}\n{server.data}\n1\n1\n\n127.0.0.1\n\n\n")
    (server.data / "postmaster.pid").chmod(0o600)
    await prepared(folder)
    assert stranger.returncode is None
    stranger.kill()
    await stranger.wait()


async def test_what_was_committed_survives_the_server_being_killed(folder: Path) -> None:
    server = await prepared(folder)
    process = await server.start(folder / "log")
    await server.ready()
    connection = await asyncpg.connect(server.url())
    await connection.execute("create table kept as select 42 as answer")
    process.send_signal(SIGKILL)
    await process.wait()
    connection.terminate()
    async with running(await prepared(folder), folder) as again:
        assert await again.fetchval("select answer from kept") == 42


async def test_the_roles_get_passwords_and_the_listener_may_listen_and_read_nothing(
    postgres_server: PostgresServer, database_url: str
) -> None:
    secret = secrets.token_hex()
    await open_roles(database_url, {role: role_password(secret, role) for role in (ORDERS_ROLE, LISTEN_ROLE)})
    database = database_url.rpartition("/")[2]
    as_listener = postgres_server.server.url(database, LISTEN_ROLE, role_password(secret, LISTEN_ROLE))
    listener = await asyncpg.connect(as_listener)
    await listener.execute("listen cafe_orders")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await listener.fetch("select * from orders")
    await listener.close()
    as_orders = postgres_server.server.url(database, ORDERS_ROLE, role_password(secret, ORDERS_ROLE))
    orders = await asyncpg.connect(as_orders)
    assert await orders.fetchval("select count(*) from orders") == 0
    await orders.close()


def test_root_hands_it_to_somebody_else_and_others_keep_it(folder: Path) -> None:
    run_as = choose_account(binaries(), folder)
    assert run_as.status(["sh", "-c", 'test "$(id -u)" != 0']) == 0
