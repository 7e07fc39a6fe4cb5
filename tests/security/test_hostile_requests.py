"""Paths, headers and names that try to be something else, and bodies that never come."""

import asyncio
import json
from pathlib import Path

import pytest

from apps.kit.paths import ROOT
from apps.kit.web import app_factory
from tests.cafe import RunningCafe, run_cafe
from tests.security.harness import open_harness
from tests.security.test_hostile_input import say

FORGERIES = (
    "/a%0a%7b%22forged%22:%22critical%22%7d", "/b%0d%0aforged%20[critical]", "/forged%1b[2J",
    "/forged%1b%5d0;title%07", "/forged%c2%9b2J",
)  # fmt: skip
OUTSIDE = (
    "../pyproject.toml", "..%2fpyproject.toml", "%2e%2e/pyproject.toml", "....//pyproject.toml", "..%5cpyproject.toml",
    "/etc/passwd", "%2fetc%2fpasswd", "css/../../pyproject.toml", "css/%2e%2e/%2e%2e/pyproject.toml", "%00", "css",
    "a%00b",
)  # fmt: skip


async def test_no_path_leads_out_of_the_static_folder(cafe: RunningCafe) -> None:
    project = (ROOT / "pyproject.toml").read_bytes()[:40]
    for base in ("/static/x/", "/static/", "/"):
        for path in OUTSIDE:
            request = f"GET {base}{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
            answer = await say(cafe.settings.frontend_port, request)
            assert answer.startswith(b"HTTP/1.1 404"), (base + path, answer[:200])
            assert project not in answer
            assert b"root:" not in answer


async def test_a_request_id_that_is_none_is_not_repeated(cafe: RunningCafe) -> None:
    for given in ("a b", "x" * 65, "<script>", 'a","level":"critical', "é"):
        answer = await cafe.http.get(f"{cafe.frontend}/livez", headers={"X-Request-ID": given.encode()})
        assert answer.headers["X-Request-ID"] != given
        assert len(answer.headers["X-Request-ID"]) == 32
    assert (await cafe.http.get(f"{cafe.frontend}/livez", headers={"X-Request-ID": "a-1"})).headers[
        "X-Request-ID"
    ] == "a-1"


async def test_a_line_break_in_a_header_is_two_headers_or_none(cafe: RunningCafe) -> None:
    """A bare line feed or carriage return inside a value is refused (RFC 9112 section 2.2), and never sent back."""
    for value in (b"a\r\n Set-Cookie: x=1", b"a\rSet-Cookie: x=1", b"a\nSet-Cookie: x=1", b"a\x00b"):
        request = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-ID: " + value + b"\r\n\r\n"
        answer = await say(cafe.settings.frontend_port, request)
        assert b"x=1" not in answer
        assert answer.split()[1] in (b"200", b"400")


TWO_LENGTHS = (
    b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /nothing HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
)


@pytest.mark.parametrize("request_", TWO_LENGTHS, ids=["both kinds", "two numbers", "older than chunks"])
async def test_a_body_of_two_lengths_is_refused_and_what_follows_is_not_read(
    cafe: RunningCafe, request_: bytes
) -> None:
    """Where a proxy sees one request and we see two, the second would be smuggled past it."""
    smuggled = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for port in (cafe.settings.frontend_port, cafe.settings.orders_port, cafe.settings.kitchen_port):
        answer = await say(port, request_ + smuggled)
        assert answer.startswith(b"HTTP/1.1 400"), answer[:100]
        assert answer.count(b"HTTP/1.1 ") == 1


async def test_no_answer_repeats_a_line_break_of_the_address(cafe: RunningCafe) -> None:
    for path in (
        "/kitchen%0d%0aSet-Cookie:%20x=1",
        "/sign-in?next=%0d%0aSet-Cookie:%20x=1",
        "/orders/%0d%0aSet-Cookie:%20x=1",
    ):
        answer = await cafe.http.get(cafe.frontend + path)
        assert "set-cookie" not in answer.headers
        assert "\n" not in "".join(answer.headers.values())


@pytest.mark.parametrize("form", ["json", "text"])
async def test_a_line_of_the_log_cannot_be_forged(form: str, database_url: str, tmp_path: Path) -> None:
    async with open_harness(database_url, tmp_path, CAFE_LOG=form) as harness:
        for path in FORGERIES:
            assert (await harness.cafe.http.get(harness.cafe.frontend + path)).status_code == 404
    written = (tmp_path / "frontend.log").read_bytes()
    lines = written.splitlines()
    assert len([line for line in lines if b"forged" in line]) == len(FORGERIES)
    assert not [line for line in lines if line.startswith((b'{"forged', b"forged"))]
    assert not set(written) & {*range(10), *range(11, 32), 127}, "a control character reached the log"
    if form == "json":
        assert all(json.loads(line)["level"] != "critical" for line in lines)


async def test_a_body_that_does_not_come_ends_the_connection(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert app_factory.BODY_SECONDS == 15
    monkeypatch.setattr(app_factory, "BODY_SECONDS", 0.3)
    async with run_cafe(database_url) as cafe:
        for port in (cafe.settings.frontend_port, cafe.settings.orders_port):
            path = "/api/orders" if port == cafe.settings.frontend_port else "/orders"
            request = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode()
            answer = await asyncio.wait_for(say(port, request), 5)
            assert answer.startswith(b"HTTP/1.1 400")
            assert b"connection: close" in answer.lower()
