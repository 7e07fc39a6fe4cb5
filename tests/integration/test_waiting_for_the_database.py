"""Patience at the start, and none for ever."""

import pytest

from apps.kit.database.pool import START_ATTEMPTS, START_EVERY_SECONDS, DatabaseNeverCame, open_database
from tests.cafe import RunningCafe
from tests.ports import free_port
from tests.postgres import PostgresServer


async def test_a_database_that_never_comes_is_given_up_with_a_clear_word() -> None:
    assert (START_ATTEMPTS, START_EVERY_SECONDS) == (10, 3.0)
    url = f"postgresql://cafe@127.0.0.1:{free_port()}/cafe"
    with pytest.raises(DatabaseNeverCame, match=r"3 times.*CAFE_DATABASE_URL"):
        async with open_database(url, attempts=3, every_seconds=0.01):
            pass


async def test_the_cafe_says_that_its_database_is_away_and_recovers_by_itself(
    cafe: RunningCafe, postgres_server: PostgresServer
) -> None:
    number = (await cafe.order())["order_number"]
    async with cafe.screen("/ws/kitchen", staff=True) as kitchen:
        await kitchen.next()
        postgres_server.stop("immediate")
        try:
            health = await cafe.http.get(f"{cafe.orders}/health")
            assert (health.status_code, health.json()["database"]) == (503, "unreachable")
            refused = await cafe.http.put(f"{cafe.orders}/orders/{number}", json={"status": "ready"})
            assert refused.status_code in (401, 503)
            told = await kitchen.until(lambda message: message["type"] == "stale")
            assert told["since"].endswith("Z")
            poll = await cafe.http.get(f"{cafe.frontend}/api/orders/{number}")
            assert (poll.status_code, poll.headers["Cafe-Stale-Since"]) == (200, told["since"])
            with pytest.raises(Exception, match="503"):
                async with cafe.screen("/ws/display"):
                    pass
        finally:
            postgres_server.start()
        await cafe.until_healthy()
        async with cafe.sql() as sql:
            await sql.execute("UPDATE orders SET status = 'preparing'")
        change = await kitchen.change()
        assert (change["seq"], change["order"]["status"]) == (2, "preparing")
        assert "stale" in [message["type"] for message in kitchen.seen]
        assert [message["type"] for message in kitchen.seen].index("heartbeat") > 0
    assert "Cafe-Stale-Since" not in (await cafe.http.get(f"{cafe.frontend}/api/orders/{number}")).headers


async def test_static_files_may_be_kept_for_ever_because_their_address_changes(cafe: RunningCafe) -> None:
    page = (await cafe.http.get(f"{cafe.frontend}/display")).text
    address = page.partition('href="/static/')[2].partition('"')[0]
    kept = await cafe.http.get(f"{cafe.frontend}/static/{address}")
    assert (kept.status_code, kept.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    digest, _, name = address.partition("/")
    old = await cafe.http.get(f"{cafe.frontend}/static/{'0' * len(digest)}/{name}")
    assert (old.status_code, old.headers["Cache-Control"]) == (200, "no-cache")
    for climbing in (
        "/static/x/../../pyproject.toml",
        "/static/x/%2e%2e/%2e%2e/pyproject.toml",
        "/static/x/..%2fREADME.md",
    ):
        assert (await cafe.http.get(cafe.frontend + climbing)).status_code == 404
