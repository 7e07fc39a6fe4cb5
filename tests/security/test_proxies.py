"""What proxies say about a visitor is believed from as many as we were told of, and from nobody else."""

import pytest

from apps.kit.web.proxies import RequestOrigin, origin_behind
from tests.cafe import PASSWORD, run_cafe

MET = RequestOrigin("10.0.0.1", "http", "inside:5000")


def told(**headers: str) -> list[tuple[bytes, bytes]]:
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]


def test_without_a_trusted_proxy_nothing_is_believed() -> None:
    lies = told(X_Forwarded_For="1.2.3.4", X_Forwarded_Proto="https", X_Forwarded_Host="evil.example")
    assert origin_behind(0, MET, lies) == MET


@pytest.mark.parametrize(
    ("hops", "chain", "address"),
    [
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "127.0.0.1, 203.0.113.7", "203.0.113.7"),  # what the visitor sent stands to the left of the truth
        (1, "1.1.1.1,2.2.2.2 , 203.0.113.7", "203.0.113.7"),
        (2, "127.0.0.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (2, "203.0.113.7", "203.0.113.7"),
        (3, "9.9.9.9, 203.0.113.7, 10.0.0.3, 10.0.0.2", "203.0.113.7"),
        (1, "203.0.113.7:51234", "203.0.113.7"),
        (1, "2001:db8::7", "2001:db8::7"),
        (1, "[2001:db8::7]:443", "2001:db8::7"),
        (1, "nonsense", "10.0.0.1"),
        (1, "203.0.113.7, unknown", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "203.0.113.7,", "10.0.0.1"),
        (1, "1.2.3.4\r\nX: y", "10.0.0.1"),
    ],
)
def test_the_address_is_what_the_outermost_believed_proxy_saw(hops: int, chain: str, address: str) -> None:
    assert origin_behind(hops, MET, told(X_Forwarded_For=chain)).address == address


def test_a_chain_in_several_headers_is_one_chain() -> None:
    chain = [(b"x-forwarded-for", b"127.0.0.1"), (b"X-Forwarded-For", b"203.0.113.7")]
    assert origin_behind(1, MET, chain).address == "203.0.113.7"


@pytest.mark.parametrize(
    ("hops", "proto", "scheme"),
    [
        (1, "https", "https"),
        (1, "HTTPS", "https"),
        (1, "https, http", "http"),
        (2, "https, http", "https"),
        (2, "https", "https"),
        (1, "gopher", "http"),
        (1, "", "http"),
    ],
)
def test_so_is_the_scheme(hops: int, proto: str, scheme: str) -> None:
    assert origin_behind(hops, MET, told(X_Forwarded_Proto=proto)).scheme == scheme


@pytest.mark.parametrize(
    ("sent", "host"),
    [("cafe.example", "cafe.example"), ("evil.example, cafe.example:8443", "cafe.example:8443"), ("[::1]:5000",) * 2]
    + [(bad, "inside:5000") for bad in ("a b", "a/b", "a@b", "<img>", "", "a:port")],
)
def test_and_the_host(sent: str, host: str) -> None:
    assert origin_behind(1, MET, told(X_Forwarded_Host=sent)).host == host


async def test_forged_headers_change_nothing_at_a_cafe_without_a_proxy(database_url: str) -> None:
    async with run_cafe(database_url) as cafe:
        lies = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "203.0.113.7"}
        answer = await cafe.http.post(f"{cafe.frontend}/sign-in", data={"password": PASSWORD}, headers=lies)
        assert answer.headers["Set-Cookie"].startswith("cafe_session=")
        assert "Secure" not in answer.headers["Set-Cookie"]
        forged = {**lies, "Origin": "https://evil.example"}
        assert (await cafe.http.post(f"{cafe.frontend}/sign-out", headers=forged)).status_code == 403


async def test_behind_a_proxy_with_https_the_cookie_is_secure_and_our_origin_is_the_outer_one(
    database_url: str,
) -> None:
    async with run_cafe(database_url, CAFE_TRUSTED_HOPS="1") as cafe:
        outside = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "cafe.example", "X-Forwarded-For": "203.0.113.7"}
        for origin, status in (
            ("http://cafe.example", 403),
            (cafe.frontend, 403),
            ("https://cafe.example.evil.example", 403),
            ("https://cafe.example", 303),
        ):
            answer = await cafe.http.post(
                f"{cafe.frontend}/sign-in", data={"password": PASSWORD}, headers={**outside, "Origin": origin}
            )
            assert answer.status_code == status, origin
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-cafe_session=")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        token = cookie.partition("=")[2].partition(";")[0]
        cafe.http.cookies.clear()
        kitchen = f"{cafe.frontend}/api/kitchen/orders"
        for name, status in (("__Host-cafe_session", 200), ("cafe_session", 401)):
            answer = await cafe.http.get(kitchen, headers={**outside, "Cookie": f"{name}={token}"})
            assert answer.status_code == status, name
        own = {**outside, "Cookie": f"__Host-cafe_session={token}", "Origin": "https://cafe.example"}
        async with cafe.screen("/ws/kitchen", **own) as screen:
            assert (await screen.next())["type"] == "snapshot"
