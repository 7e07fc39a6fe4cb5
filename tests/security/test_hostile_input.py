"""What nobody should send is refused in the café's own words: never a traceback, never a 5xx, and never believed."""

import asyncio
import json

import pytest

from tests.cafe import RunningCafe, bearer

PLAIN = {"customer_name": "Ana", "items": [{"id": 1, "quantity": 1}]}
LINE = '"items":[{"id":1,"quantity":1}]'


async def say(port: int, request: bytes) -> bytes:
    """Everything that is answered to these bytes until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


BODIES = {
    "nothing": (400, b""),
    "not UTF-8": (400, b"\xff\xfe"),
    "deep lists": (400, b"[" * 30_000),
    "deep objects": (400, b'{"items":' * 3_000),
    "two documents": (400, b'{"customer_name":"Ana",' + LINE.encode() + b"} {}"),
    "half a surrogate pair": (400, b'{"customer_name":"\\ud800",' + LINE.encode() + b"}"),
    "NUL": (422, b'{"customer_name":"\\u0000",' + LINE.encode() + b"}"),
    "bidi override": (422, '{"customer_name":"Ana\u202e",'.encode() + LINE.encode() + b"}"),
    "line break": (422, b'{"customer_name":"a\\r\\nSet-Cookie: x",' + LINE.encode() + b"}"),
    "only blanks": (422, b'{"customer_name":"   ",' + LINE.encode() + b"}"),
    "infinite number": (422, b'{"customer_name":"Ana","items":[{"id":1,"quantity":1e400}]}'),
    "huge id": (400, b'{"customer_name":"Ana","items":[{"id":' + b"9" * 9000 + b',"quantity":1}]}'),
    "number as text": (422, b'{"customer_name":"Ana","items":[{"id":1,"quantity":"1"}]}'),
    "truth as number": (422, b'{"customer_name":"Ana","items":[{"id":1,"quantity":true}]}'),
    "part of a cup": (422, b'{"customer_name":"Ana","items":[{"id":1,"quantity":1.0000001}]}'),
    "not a number": (422, b'{"customer_name":"Ana","total_price":NaN,' + LINE.encode() + b"}"),
    "unknown field": (422, b'{"customer_name":"Ana","admin":true,' + LINE.encode() + b"}"),
    "__proto__": (422, b'{"__proto__":{},"customer_name":"Ana",' + LINE.encode() + b"}"),
    "too large": (413, b" " * 33_000),
}


async def test_a_body_that_no_customer_sends_is_refused_on_both_ways_in(cafe: RunningCafe) -> None:
    for what, (status, body) in BODIES.items():
        for url in (f"{cafe.orders}/orders", f"{cafe.frontend}/api/orders"):
            answer = await cafe.http.post(url, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == status, (what, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert "pydantic" not in answer.text.lower()
    async with cafe.sql() as sql:
        assert await sql.fetchval("SELECT count(*) FROM orders") == 0


async def test_of_two_fields_with_one_name_all_look_at_the_same_one(cafe: RunningCafe) -> None:
    """RFC 8259 section 4 leaves it open, so that a proxy and a service may differ; ours only pass the bytes on."""
    body = b'{"customer_name":"\\u0000","customer_name":"Ana",' + LINE.encode() + b"}"
    answer = await cafe.http.post(f"{cafe.frontend}/api/orders", content=body)
    assert (answer.status_code, answer.json().get("customer_name")) == (201, "Ana")


PATHS = (
    "%00", "042%00-7KQX3M9P2D4RT6VW", "%ff%fe", "%ed%a0%80", "..%2f..%2fsessions", "%2e%2e/board", "a%0d%0ab",
    "-1", "%252e",
    "'; drop table orders; --", "9" * 5000, "{number}", "042-7KQX3M9P2D4RT6VW%20",
)  # fmt: skip


async def test_a_path_that_names_no_order_finds_none(cafe: RunningCafe) -> None:
    for path in PATHS:
        for base in (f"{cafe.orders}/orders/", f"{cafe.frontend}/api/orders/", f"{cafe.frontend}/orders/"):
            for headers in ({}, bearer()):
                answer = await cafe.http.get(base + path, headers=headers)
                assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
        moved = await cafe.http.post(f"{cafe.frontend}/api/kitchen/orders/{path}/start", headers=bearer())
        assert moved.status_code == 404, path


@pytest.mark.parametrize("header", ["Idempotency-Key", "If-Match", "If-None-Match", "X-Request-ID", "Content-Type"])
async def test_a_malformed_header_is_no_fault_of_ours(cafe: RunningCafe, header: str) -> None:
    for value in (b"\xe9\xff", b'"', b"x" * 5000, b"%0d%0aSet-Cookie: a=b", b"{{7*7}}"):
        await _send_everywhere(cafe, header, value)


async def _send_everywhere(cafe: RunningCafe, header: str, value: bytes) -> None:
    number = (await cafe.order())["order_number"]
    headers = {**{key.encode(): text.encode() for key, text in bearer().items()}, header.encode(): value}
    for base, path in ((cafe.orders, "/orders"), (cafe.frontend, "/api/orders")):
        answers = [
            await cafe.http.post(base + path, content=json.dumps(PLAIN), headers=headers),
            await cafe.http.get(f"{base}{path}/{number}", headers=headers),
            await cafe.http.post(f"{base}{path}/{number}/cancel", headers=headers),
        ]
        assert {answer.status_code for answer in answers} <= {200, 201, 400, 409, 412, 422}, header
    step = await cafe.http.post(f"{cafe.kitchen}/kitchen/orders/{number}/cancel", headers=headers)
    assert step.status_code in (200, 400, 409, 412)


async def test_a_position_that_is_none_gets_the_present(cafe: RunningCafe) -> None:
    for value in ("", ":", "x:y", ":9", "a:" + "9" * 400, "a:-1", "\xff:1", "a:١"):
        headers = [(b"Last-Event-ID", value.encode())]
        async with cafe.http.stream("GET", f"{cafe.frontend}/api/display/events", headers=headers) as events:
            assert events.status_code == 200
            lines = events.aiter_lines()
            assert (await anext(lines)).startswith("id: ")
            assert json.loads((await anext(lines)).removeprefix("data: "))["type"] == "snapshot"


async def test_an_unusual_method_is_refused_in_words(cafe: RunningCafe) -> None:
    for method in ("TRACE", "CONNECT", "PROPFIND", "DELETE", "G" * 300):
        for port in map(cafe.settings.port_of, ("orders", "kitchen", "frontend")):
            answer = await say(port, f"{method} /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            assert int(answer.split(b" ", 2)[1]) in (400, 405), answer
