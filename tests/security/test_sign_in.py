"""Staff sessions: proved by a password kept as a hash, ended everywhere at once, and their streams with them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import asyncpg
import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from apps.api.roles import LISTEN_ROLE
from apps.frontend.app import create_app as create_frontend
from apps.kit.server import server
from apps.kit.settings.settings import Settings, SettingsError
from apps.kit.web import passwords
from apps.kit.web.tokens import Role, mint
from tests.cafe import PASSWORD, PATIENCE_SECONDS, SECRET, RunningCafe, Screen, eventually, run_cafe
from tests.ports import free_port

AT_ONCE_SECONDS = 3.0  # far below the 20 s for which a frontend would otherwise remember


async def sign_in(cafe: RunningCafe, password: str = PASSWORD) -> str:
    """The Cookie header of a new session."""
    answer = await cafe.http.post(f"{cafe.frontend}/sign-in", data={"password": password})
    assert answer.status_code == 303, answer.text
    cafe.http.cookies.clear()
    return answer.headers["Set-Cookie"].partition(";")[0]


async def sign_out(cafe: RunningCafe, cookie: str, **form: str) -> httpx.Response:
    headers = {"Cookie": cookie, "Origin": cafe.frontend}
    return await cafe.http.post(f"{cafe.frontend}/sign-out", headers=headers, data=form)


async def opens(cafe: RunningCafe, cookie: str, frontend: str = "") -> bool:
    url = f"{frontend or cafe.frontend}/api/kitchen/orders"
    return (await cafe.http.get(url, headers={"Cookie": cookie})).status_code == 200


async def close_code(screen: Screen) -> int | None:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            await asyncio.wait_for(screen.socket.recv(), AT_ONCE_SECONDS)
    return closed.value.rcvd.code if closed.value.rcvd else None


@asynccontextmanager
async def second_frontend(cafe: RunningCafe) -> AsyncIterator[str]:
    port, stop = free_port(), asyncio.Event()

    async def until() -> None:
        await stop.wait()

    running = asyncio.create_task(
        server.run(create_frontend(replace(cafe.settings, frontend_port=port)), "127.0.0.1", port, until)
    )
    address = f"http://127.0.0.1:{port}"

    async def healthy() -> bool:
        try:
            return (await cafe.http.get(f"{address}/health")).status_code == 200
        except httpx.TransportError:
            return False

    try:
        await eventually(healthy)
        yield address
    finally:
        stop.set()
        await asyncio.wait_for(running, PATIENCE_SECONDS)


async def test_a_password_is_looked_at_beside_the_event_loop(
    cafe: RunningCafe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HASHER", _Slow())
    attempts = [
        asyncio.create_task(cafe.http.post(f"{cafe.frontend}/sign-in", data={"password": "x"})) for _ in range(4)
    ]
    await asyncio.sleep(0.2)
    longest = 0.0
    for _ in range(10):
        began = time.monotonic()
        assert (await cafe.http.get(f"{cafe.orders}/livez")).status_code == 200
        longest = max(longest, time.monotonic() - began)
    assert longest < 0.5, "the others notice nothing"
    assert _Slow.most_at_once <= passwords.AT_A_TIME
    assert {(await attempt).status_code for attempt in attempts} == {401}


class _Slow:
    """A hash that takes a whole second, as under a flood."""

    at_once = most_at_once = 0

    def verify(self, _hash: str, _attempt: str) -> bool:
        _Slow.at_once += 1
        _Slow.most_at_once = max(_Slow.most_at_once, _Slow.at_once)
        time.sleep(1)
        _Slow.at_once -= 1
        return False


async def test_a_queue_of_attempts_has_an_end() -> None:
    password = passwords.Password(passwords.hashed("right"))
    answers = await asyncio.gather(*(password.matches("wrong") for _ in range(60)), return_exceptions=True)
    assert sum(isinstance(answer, passwords.Busy) for answer in answers) == 60 - passwords.MOST_WAITING
    assert await password.matches("right")


async def test_an_argon2id_hash_does_for_the_password(database_url: str) -> None:
    kept = passwords.hashed(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept
    async with run_cafe(database_url, CAFE_STAFF_PASSWORD=kept) as cafe:
        assert await opens(cafe, await sign_in(cafe))
        refused = await cafe.http.post(f"{cafe.frontend}/sign-in", data={"password": kept})
        assert refused.status_code == 401, "the hash itself opens nothing"


@pytest.mark.parametrize(
    "bad",
    ["$argon2id$nonsense", "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$iWh06vD8Fy27wf9npn6FXWiCX4K6pW6Ue1Bnzz07Z8A"],
)
def test_another_kind_of_hash_is_refused_at_the_start(bad: str) -> None:
    with pytest.raises(SettingsError, match="CAFE_STAFF_PASSWORD") as raised:
        Settings.load({"CAFE_STAFF_PASSWORD": bad})
    assert bad not in str(raised.value)


async def test_no_password_set_lets_nobody_in() -> None:
    assert not await passwords.Password("").matches("")


async def test_the_session_lasts_twelve_hours_and_is_kept_as_a_hash(cafe: RunningCafe) -> None:
    answer = await cafe.http.post(f"{cafe.frontend}/sign-in", data={"password": PASSWORD})
    assert "Max-Age=43200" in answer.headers["Set-Cookie"]
    token = answer.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    async with cafe.sql() as sql:
        (row,) = await sql.fetch("SELECT *, expires_at - created_at AS lasts FROM staff_sessions")
    assert row["lasts"] == timedelta(hours=12)
    assert token.encode() not in row["token_hash"]
    assert len(row["token_hash"]) == 32


async def test_a_stream_closes_at_once_when_its_session_is_ended(cafe: RunningCafe) -> None:
    mine, other = await sign_in(cafe), await sign_in(cafe)
    async with (
        cafe.screen("/ws/kitchen", Cookie=mine, Origin=cafe.frontend) as ending,
        cafe.screen("/ws/kitchen", Cookie=other, Origin=cafe.frontend) as staying,
        cafe.http.stream("GET", f"{cafe.frontend}/api/kitchen/events", headers={"Cookie": mine}) as events,
    ):
        await ending.next()
        await staying.next()
        assert events.status_code == 200
        assert (await sign_out(cafe, mine)).status_code == 303
        assert await close_code(ending) == 1008
        async with asyncio.timeout(AT_ONCE_SECONDS):
            assert b"snapshot" in await events.aread()
        await cafe.order()
        assert (await staying.change())["seq"] == 1, "who is still signed in goes on watching"
    assert not await opens(cafe, mine)


async def test_a_stream_closes_when_its_session_expires(cafe: RunningCafe) -> None:
    cookie = await sign_in(cafe)
    async with cafe.sql() as sql:
        await sql.execute("UPDATE staff_sessions SET expires_at = now() + interval '4 seconds'")
    async with cafe.screen("/ws/kitchen", Cookie=cookie, Origin=cafe.frontend) as screen:
        assert (await screen.next())["type"] == "snapshot", "until then it is open"
        await asyncio.wait_for(screen.socket.wait_closed(), PATIENCE_SECONDS)
        assert screen.socket.close_code == 1008
    assert not await opens(cafe, cookie)


async def test_a_stream_closes_when_its_bearer_token_expires(cafe: RunningCafe) -> None:
    token = mint(SECRET, subject="staff:test", role=Role.STAFF, lifetime=timedelta(seconds=2))
    async with cafe.screen("/ws/kitchen", Authorization=f"Bearer {token}") as screen:
        assert await close_code(screen) == 1008


async def test_signing_out_everywhere_ends_every_session_on_every_frontend(cafe: RunningCafe) -> None:
    async with second_frontend(cafe) as other:
        mine, tablet = await sign_in(cafe), await sign_in(cafe)
        assert await opens(cafe, mine, other)
        assert await opens(cafe, tablet, other)
        async with cafe.screen("/ws/kitchen", Cookie=tablet, Origin=cafe.frontend) as screen:
            assert (await sign_out(cafe, mine, everywhere="1")).status_code == 303
            assert await close_code(screen) == 1008

        async def gone() -> bool:
            return not any([await opens(cafe, cookie, at) for cookie in (mine, tablet) for at in (other, "")])

        await eventually(gone, AT_ONCE_SECONDS)


async def test_only_who_is_signed_in_may_sign_everybody_out(cafe: RunningCafe) -> None:
    cookie = await sign_in(cafe)
    assert (await sign_out(cafe, "cafe_session=made-up", everywhere="1")).status_code == 401
    foreign = {"Cookie": cookie, "Origin": "http://evil.example"}
    answer = await cafe.http.post(f"{cafe.frontend}/sign-out", headers=foreign, data={"everywhere": "1"})
    assert answer.status_code == 403
    assert (await cafe.http.delete(f"{cafe.orders}/sessions")).status_code == 401
    assert await opens(cafe, cookie)


async def test_a_session_deleted_by_hand_is_over_at_once_too(cafe: RunningCafe) -> None:
    for way in ("DELETE FROM staff_sessions", "TRUNCATE staff_sessions"):
        cookie = await sign_in(cafe)
        assert await opens(cafe, cookie)
        async with cafe.screen("/ws/kitchen", Cookie=cookie, Origin=cafe.frontend) as screen:
            await screen.next()
            async with cafe.sql() as sql:
                await sql.execute(way)
            assert await close_code(screen) == 1008, way
        assert not await opens(cafe, cookie)


async def test_a_revocation_that_was_not_heard_is_noticed_when_listening_again(cafe: RunningCafe) -> None:
    cookie = await sign_in(cafe)
    async with cafe.screen("/ws/kitchen", Cookie=cookie, Origin=cafe.frontend) as screen, cafe.sql() as sql:
        await screen.next()
        await sql.execute("ALTER TABLE staff_sessions DISABLE TRIGGER USER")
        await sql.execute("DELETE FROM staff_sessions")
        await sql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'cafe-listener' AND datname = current_database()"
        )
        assert await close_code(screen) == 1008


async def test_the_news_of_a_session_tells_the_listening_role_nothing_it_could_use(
    cafe: RunningCafe, database_url: str
) -> None:
    heard: list[str] = []
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"SET ROLE {LISTEN_ROLE}")
        await connection.add_listener("cafe_sessions", lambda *news: heard.append(str(news[3])))
        cookie = await sign_in(cafe)
        await sign_out(cafe, cookie)

        async def told() -> bool:
            return bool(heard)

        await eventually(told)
        assert len(heard[0]) == 16
        assert heard[0] not in cookie
        for table in ("staff_sessions", "rate_limits", "spent_sign_in_keys", "orders", "order_events"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"SELECT * FROM {table}")  # noqa: S608 - names from the line above
    finally:
        await connection.close()
