"""What a browser is told beside the answer itself, on every page and every kind of answer."""

import re

import pytest
from websockets.exceptions import InvalidStatus

from apps.frontend.app import create_app as create_frontend
from apps.kit.web.service import Service
from tests.cafe import RunningCafe, bearer, run_cafe

EVERYWHERE = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PAGES = ("/", "/display", "/sign-in", "/kitchen", "/docs")
ANSWERS = (
    "/api/menu",
    "/api/display/orders",
    "/api/orders",
    "/nothing",
    "/orders/042-0000000000000000",
    "/favicon.ico",
)
HTML = {"Accept": "text/html,*/*;q=0.8"}
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:|<base\b|<iframe|srcdoc=", re.IGNORECASE
)


async def test_every_answer_of_every_service_carries_the_strict_headers(cafe: RunningCafe) -> None:
    urls = [cafe.frontend + path for path in (*PAGES, *ANSWERS)]
    urls += [base + path for base in (cafe.orders, cafe.kitchen) for path in ("/docs", "/livez", "/orders", "/none")]
    for url in urls:
        for accept in ({}, HTML):
            headers = (await cafe.http.get(url, headers=accept)).headers
            assert {name: headers.get(name) for name in EVERYWHERE} == EVERYWHERE, url
            assert headers["Referrer-Policy"] == "same-origin", url
            assert "Server" not in headers
            assert "Strict-Transport-Security" not in headers, "this is plain HTTP"


async def test_a_tracking_page_and_its_refusals_tell_nobody_its_address(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    page = await cafe.http.get(f"{cafe.frontend}/orders/{number}", headers=HTML)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert {name: page.headers.get(name) for name in EVERYWHERE} == EVERYWHERE


def addresses_of(app: Service) -> set[str]:
    """Every address of a service that one can simply go to."""
    return {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments}


async def test_no_page_has_anything_inline_as_it_is_sent(cafe: RunningCafe) -> None:
    """All of them: whichever address answers HTML, whoever asks, refusals and mistakes included."""
    name = '<img src=x onerror="alert(1)">'
    number = (await cafe.order(name))["order_number"]
    frontend = addresses_of(create_frontend(cafe.settings)) - {"/api/display/events", "/api/kitchen/events"}
    urls = [cafe.frontend + path for path in (*frontend, f"/orders/{number}", "/nothing", "/orders/042-0")]
    urls += [base + path for base in (cafe.orders, cafe.kitchen) for path in ("/docs", "/nothing")]
    urls += [f"{cafe.frontend}/sign-in?key=bad", f"{cafe.frontend}/sign-in?next=%22onload=%22"]
    answers = [await cafe.http.get(url, headers={**HTML, **who}) for url in urls for who in ({}, bearer())]
    answers.append(await cafe.http.post(f"{cafe.frontend}/sign-in", data={"password": name}, headers=HTML))
    pages = [answer for answer in answers if answer.headers.get("content-type", "").startswith("text/html")]
    assert {page.url.path for page in pages} >= {*PAGES, f"/orders/{number}", "/nothing"}
    for page in pages:
        assert not INLINE.search(page.text), (page.url, INLINE.search(page.text))
        assert "<img src=x" not in page.text
        assert "unsafe" not in page.headers["Content-Security-Policy"]


async def test_https_is_asked_to_stay_https(database_url: str) -> None:
    async with run_cafe(database_url, CAFE_TRUSTED_HOPS="1") as cafe:
        for scheme, told in (("https", "max-age=31536000"), ("http", None)):
            for path in ("/", "/api/menu", "/nothing"):
                answer = await cafe.http.get(cafe.frontend + path, headers={"X-Forwarded-Proto": scheme})
                assert answer.headers.get("Strict-Transport-Security") == told


async def test_what_a_stranger_says_of_the_scheme_is_not_believed(cafe: RunningCafe) -> None:
    answer = await cafe.http.get(cafe.frontend, headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in answer.headers


LOOK_ALIKES = (
    "https://shop.example.evil.example", "https://shop.examplex", "http://shop.example", "https://shop.example:444",
    "https://xshop.example", "https://SHOP.example.", "null", "https://shop.example/", "*",
    "https://shop.example,https://e.example",
)  # fmt: skip


async def test_a_preflight_lets_in_the_exact_origin_and_no_look_alike(database_url: str) -> None:
    async with run_cafe(database_url, CAFE_CORS_ORIGINS="https://shop.example") as cafe:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        url = f"{cafe.frontend}/api/orders"
        allowed = (await cafe.http.options(url, headers={"Origin": "https://shop.example", **asked})).headers
        assert allowed["Access-Control-Allow-Origin"] == "https://shop.example"
        assert "POST" in allowed["Access-Control-Allow-Methods"]
        assert "DELETE" not in allowed["Access-Control-Allow-Methods"]
        assert "Access-Control-Allow-Credentials" not in allowed
        for origin in LOOK_ALIKES:
            refused = await cafe.http.options(url, headers={"Origin": origin, **asked})
            assert "Access-Control-Allow-Origin" not in refused.headers, origin
            with pytest.raises(InvalidStatus, match="403"):
                async with cafe.screen("/ws/display", Origin=origin):
                    pass


async def test_without_a_setting_no_other_origin_is_let_in(cafe: RunningCafe) -> None:
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    for base in (cafe.frontend, cafe.orders, cafe.kitchen):
        for answer in (
            await cafe.http.options(f"{base}/livez", headers=asked),
            await cafe.http.get(f"{base}/livez", headers=asked),
        ):
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
