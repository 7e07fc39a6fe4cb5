"""X-Forwarded-* headers, believed from as many proxies as CAFE_TRUSTED_HOPS says, and no more.

Each proxy appends to X-Forwarded-For the address it was called from, so `hops` proxies wrote the last `hops` entries;
whatever stands to the left of them was sent by the client, and may be forged.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

App = Callable[[Any, Any, Any], Awaitable[None]]
Header = tuple[bytes, bytes]

HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
PORT_AT_END = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<four>[\d.]+))(?::\d+)?")


@dataclass(frozen=True)
class RequestOrigin:
    """The client's address, the scheme (`http` or `https`) and the host of a request."""

    address: str
    scheme: str
    host: str


def _at(hops: int, values: Iterable[str]) -> str | None:
    """The entry of the outermost trusted proxy; where there are fewer entries, the first one."""
    entries = [entry.strip() for value in values for entry in value.split(",")]
    return entries[-min(hops, len(entries))] if entries else None


def _address(text: str | None) -> str | None:
    if text is None:
        return None
    with_port = PORT_AT_END.fullmatch(text)
    try:
        return str(ipaddress.ip_address(with_port["six"] or with_port["four"] if with_port else text))
    except ValueError:
        return None


def origin_behind(hops: int, direct: RequestOrigin, headers: Iterable[Header]) -> RequestOrigin:
    """The request's origin as the outermost of `hops` proxies saw it; missing or malformed parts stay unchanged."""
    if hops <= 0:
        return direct
    forwarded: dict[bytes, list[str]] = {}
    for name, value in headers:
        forwarded.setdefault(name.lower(), []).append(value.decode("latin-1"))
    scheme = (_at(hops, forwarded.get(b"x-forwarded-proto", [])) or "").lower()
    host = _at(hops, forwarded.get(b"x-forwarded-host", [])) or ""
    return RequestOrigin(
        _address(_at(hops, forwarded.get(b"x-forwarded-for", []))) or direct.address,
        scheme if scheme in ("http", "https") else direct.scheme,
        host if HOST.fullmatch(host) else direct.host,
    )


def _apply(scope: MutableMapping[str, Any], hops: int) -> None:
    secure = scope["scheme"] in ("https", "wss")
    names: dict[bytes, bytes] = dict(reversed(scope["headers"]))
    direct = RequestOrigin(
        (scope.get("client") or ("", 0))[0], "https" if secure else "http", names.get(b"host", b"").decode("latin-1")
    )
    origin = origin_behind(hops, direct, scope["headers"])
    schemes = {"http": "ws", "https": "wss"} if scope["type"] == "websocket" else {}
    scope["scheme"] = schemes.get(origin.scheme, origin.scheme)
    scope["client"] = (origin.address, 0)
    if origin.host != direct.host:
        others = [(name, value) for name, value in scope["headers"] if name.lower() != b"host"]
        scope["headers"] = [(b"host", origin.host.encode()), *others]


def behind(inner: App, hops: int) -> App:
    """An ASGI app whose requests have the address, scheme and host that the outermost of `hops` proxies saw."""
    if hops <= 0:
        return inner

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = dict(scope)
            _apply(scope, hops)
        await inner(scope, receive, send)

    return app
