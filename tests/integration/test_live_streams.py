"""What the screens are told, over real sockets, from real commits."""

import asyncio
import json

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.cafe import RunningCafe, bearer, eventually


async def test_an_order_moves_through_all_states_on_three_open_screens(cafe: RunningCafe) -> None:
    order = await cafe.order("Ana", item=2, quantity=2)
    number, pickup = order["order_number"], order["pickup_number"]
    async with (
        cafe.screen("/ws/kitchen", staff=True) as kitchen,
        cafe.screen("/ws/display") as display,
        cafe.screen(f"/ws/orders/{number}") as phone,
    ):
        assert [each["order_number"] for each in (await kitchen.next())["orders"]] == [number]
        assert (await display.next())["orders"] == []
        assert (await phone.next())["orders"] == [order]
        for step, status in (("start", "preparing"), ("ready", "ready"), ("serve", "served")):
            assert (await cafe.step(number, step)).json()["status"] == status
            for screen in (kitchen, phone):
                change = await screen.change()
                assert (change["order"]["order_number"], change["order"]["status"]) == (number, status)
            shown = (await display.change())["order"]
            assert set(shown) == {"pickup_number", "status", "since"}
            assert (shown["pickup_number"], shown["status"]) == (pickup, status)
        assert [message["seq"] for message in kitchen.seen] == [1, 2, 3, 4]
        assert [message["order"]["version"] for message in phone.seen[1:]] == [2, 3, 4]


async def test_an_update_typed_in_psql_moves_the_screens_and_a_rolled_back_one_does_not(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    async with cafe.screen("/ws/kitchen", staff=True) as kitchen, cafe.sql() as sql:
        await kitchen.next()
        with pytest.raises(ZeroDivisionError):
            async with sql.transaction():
                await sql.execute("UPDATE orders SET status = 'ready' WHERE order_number = $1", number)
                raise ZeroDivisionError
        await sql.execute("UPDATE orders SET status = 'preparing' WHERE order_number = $1", number)
        change = await kitchen.change()
        assert (change["seq"], change["order"]["status"], change["order"]["version"]) == (2, "preparing", 2)


async def test_a_deleted_order_leaves_the_screens_as_a_cancelled_one(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    async with cafe.screen("/ws/kitchen", staff=True) as kitchen, cafe.sql() as sql:
        await kitchen.next()
        await sql.execute("DELETE FROM orders WHERE order_number = $1", number)
        assert (await kitchen.change())["order"]["status"] == "cancelled"


async def test_a_change_goes_only_to_the_customer_it_concerns(cafe: RunningCafe) -> None:
    mine, other = [(await cafe.order(name))["order_number"] for name in ("Ana", "Ben")]
    async with cafe.screen(f"/ws/orders/{mine}") as phone:
        await phone.next()
        await cafe.step(other, "start")
        await cafe.step(mine, "start")
        change = await phone.change()
        assert (change["order"]["order_number"], change["seq"]) == (mine, 4)
        assert len(phone.seen) == 2


async def test_a_client_that_comes_back_gets_all_it_missed(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    async with cafe.screen("/ws/display") as display:
        left = await display.next()
    for step in ("start", "ready"):
        await cafe.step(number, step)
    async with cafe.screen(f"/ws/display?epoch={left['epoch']}&seq={left['seq']}") as display:
        first = await display.next()
        assert first == {"type": "resumed", "epoch": left["epoch"], "seq": left["seq"], "missed": 2}
        assert [(await display.next())["order"]["status"] for _ in range(2)] == ["preparing", "ready"]


@pytest.mark.parametrize(
    "position", ["epoch=another&seq=1", "epoch={epoch}&seq=999", "epoch={epoch}&seq=-1", "seq=1", "epoch={epoch}"]
)
async def test_a_position_that_cannot_be_resumed_gets_a_fresh_snapshot(cafe: RunningCafe, position: str) -> None:
    await cafe.order()
    async with cafe.screen("/ws/display") as display:
        epoch = (await display.next())["epoch"]
    async with cafe.screen("/ws/display?" + position.format(epoch=epoch)) as display:
        assert (await display.next())["type"] == "snapshot"


async def test_a_sold_out_item_reaches_every_open_menu(cafe: RunningCafe) -> None:
    async with cafe.screen("/ws/menu") as menu:
        assert next(item for item in (await menu.next())["items"] if item["id"] == 3)["available"]
        answer = await cafe.http.patch(f"{cafe.frontend}/api/menu/3", json={"available": False}, headers=bearer())
        assert answer.json()["available"] is False
        message = await menu.until(lambda message: message["type"] == "menu")
        assert not next(item for item in message["items"] if item["id"] == 3)["available"]


async def test_the_same_streams_are_there_as_server_sent_events(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    async with cafe.http.stream("GET", f"{cafe.frontend}/api/orders/{number}/events") as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        lines = events.aiter_lines()
        position = (await anext(lines)).removeprefix("id: ")
        assert json.loads((await anext(lines)).removeprefix("data: "))["type"] == "snapshot"
    await cafe.step(number, "start")
    again = cafe.http.stream("GET", f"{cafe.frontend}/api/orders/{number}/events", headers={"Last-Event-ID": position})
    async with again as events:
        data = [
            line.removeprefix("data: ") async for line in _first(events.aiter_lines(), 6) if line.startswith("data")
        ]
        assert [json.loads(each)["type"] for each in data] == ["resumed", "change"]


async def _first(lines, number):  # type: ignore[no-untyped-def]
    for _ in range(number):
        yield await anext(lines)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/ws/kitchen", {}, 401),
        ("/ws/kitchen", {"Authorization": "Bearer nonsense"}, 401),
        ("/ws/display", {"Origin": "http://evil.example"}, 403),
        ("/ws/orders/042-0000000000000000", {}, 404),
        ("/ws/nothing", {}, 404),
    ],
)
async def test_a_refusal_comes_before_the_handshake(
    cafe: RunningCafe, path: str, headers: dict[str, str], status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with cafe.screen(path, **headers):
            pass
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body or b"")["status"] == status


async def test_a_page_of_our_own_origin_may_open_a_socket_and_one_that_looks_alike_may_not(cafe: RunningCafe) -> None:
    async with cafe.screen("/ws/display", Origin=cafe.frontend) as display:
        assert (await display.next())["type"] == "snapshot"
    with pytest.raises(InvalidStatus):
        async with cafe.screen("/ws/display", Origin=cafe.frontend + ".evil.example"):
            pass


async def test_a_stop_closes_every_socket_with_1012(cafe: RunningCafe) -> None:
    async with cafe.screen("/ws/display") as display:
        await display.next()
        await cafe.stop("frontend")
        with pytest.raises(ConnectionClosed) as closed:
            await display.until(lambda _: False)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012


async def test_a_client_that_floods_is_let_go_with_1008(cafe: RunningCafe) -> None:
    async with cafe.screen("/ws/display") as display:
        with pytest.raises(ConnectionClosed):
            for _ in range(200):
                await display.socket.send("hello")
                await asyncio.sleep(0)
            await display.until(lambda _: False)
        assert display.socket.close_code == 1008


async def test_a_new_history_starts_every_screen_afresh(cafe: RunningCafe) -> None:
    await cafe.order()
    async with cafe.screen("/ws/kitchen", staff=True) as kitchen, cafe.sql() as sql:
        before = await kitchen.next()
        await sql.execute("TRUNCATE orders")
        after = await kitchen.until(lambda message: message["type"] == "snapshot")
        assert after["orders"] == []
        assert after["epoch"] != before["epoch"]


async def test_a_lost_notification_is_healed_from_the_log(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    async with cafe.screen("/ws/kitchen", staff=True) as kitchen, cafe.sql() as sql:
        await kitchen.next()
        await sql.execute("ALTER TABLE orders DISABLE TRIGGER record_changed_order")
        await sql.execute("UPDATE orders SET status = 'preparing' WHERE order_number = $1", number)
        await sql.execute(
            "INSERT INTO order_events "
            "SELECT (advance_stream()).seq, id, clock_timestamp(), 'test', order_json(orders.*) FROM orders"
        )
        change = await kitchen.change()
        assert (change["seq"], change["order"]["status"]) == (2, "preparing")


async def test_a_malformed_notification_is_passed_over(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    async with cafe.screen("/ws/kitchen", staff=True) as kitchen, cafe.sql() as sql:
        await kitchen.next()
        for payload in ("", "garbage", "{}", "[1]", '{"epoch":"x","seq":"y"}', '{"epoch":"x","seq":7,"order":{}}'):
            await sql.execute("SELECT pg_notify('cafe_orders', $1)", payload)
        await cafe.step(number, "start")
        assert (await kitchen.change())["order"]["status"] == "preparing"


async def test_an_order_too_large_for_a_notification_arrives_all_the_same(cafe: RunningCafe) -> None:
    async with cafe.screen("/ws/kitchen", staff=True) as kitchen:
        await kitchen.next()
        lines = [{"id": 2, "quantity": 1, "notes": "x" * 200} for _ in range(40)]
        answer = await cafe.http.post(f"{cafe.frontend}/api/orders", json={"customer_name": "Ana", "items": lines})
        assert len(answer.content) > 8000
        assert (await kitchen.change())["order"] == answer.json()


async def test_a_killed_listening_backend_is_replaced_and_nothing_is_missed(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    async with cafe.screen("/ws/kitchen", staff=True) as kitchen, cafe.sql() as sql:
        await kitchen.next()

        async def kill() -> bool:
            return bool(
                await sql.fetchval(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    "WHERE application_name = 'cafe-listener' AND datname = current_database()"
                )
            )

        await eventually(kill)
        await sql.execute("UPDATE orders SET status = 'preparing' WHERE order_number = $1", number)
        assert (await kitchen.change())["seq"] == 2
