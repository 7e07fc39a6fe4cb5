"""Parsers of settings; the message of a ValueError is shown to the user."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import tzlocal

from apps.kit.paths import ROOT


def url_of(*schemes: str) -> Callable[[str | None], str | None]:
    def check(text: str | None) -> str | None:
        try:
            parts = urlsplit(text or "")
            port_parses = parts.port is None or parts.port > 0
        except ValueError:
            port_parses = False
        if not port_parses or parts.scheme not in schemes:
            raise ValueError(f"write it as {schemes[0]}://…")
        return text and text.rstrip("/")

    return check


def origins(text: str | tuple[str, ...]) -> tuple[str, ...]:
    """Origins as browsers send them: scheme, host and optional port; no path, no pattern."""
    found = tuple(one.strip() for one in text.split(",") if one.strip()) if isinstance(text, str) else text
    for one in found:
        parts = urlsplit(one)
        exact = parts.scheme in {"http", "https"} and parts.netloc and one == f"{parts.scheme}://{parts.netloc.lower()}"
        if one != "*" and not (exact and "*" not in one and "@" not in one):
            raise ValueError(f"{one!r} is not an exact origin such as https://cafe.example, without a path")
    return found


def password(text: str) -> str:
    """A plain password, or an argon2id hash."""
    if text.startswith("$argon2"):
        passwords = import_module(
            "apps.kit.web.passwords"
        )  # imported here because argon2 is slow to load and every command reads the settings
        passwords.hashed(text)
    return text


def addresses(text: str | tuple[str, ...]) -> tuple[str, ...]:
    """Email addresses of staff, or `@cafe.example` for everybody at that domain."""
    found = tuple(one.strip().lower() for one in text.split(",") if one.strip()) if isinstance(text, str) else text
    for one in found:
        name, at, domain = one.rpartition("@")
        if not at or "." not in domain or "@" in name or "*" in one:
            raise ValueError(f"{one!r} is neither an email address nor a domain such as @cafe.example")
    return found


def file(text: str | Path | None) -> Path | None:
    """A file that exists and can be read."""
    if text is None:
        return None
    path = ROOT / Path(text).expanduser()
    try:
        path.open("rb").close()
    except OSError as error:
        raise ValueError(f"cannot read it: {error.strerror}") from None
    return path


def state_folder(text: str | Path) -> Path:
    """A relative path is resolved from the checkout, so that the working directory does not matter."""
    return ROOT / Path(text).expanduser()


def switch(text: str | bool) -> bool:  # noqa: FBT001 - a validator has one positional argument
    known = {"on": True, "off": False, True: True, False: False}
    if text not in known:
        raise ValueError("should be on or off")
    return known[text]


def zone(name: str | ZoneInfo) -> ZoneInfo:
    try:
        return name if isinstance(name, ZoneInfo) else ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValueError("no such timezone; write it like Europe/Lisbon") from None


def machine_timezone() -> ZoneInfo:
    """The machine's time zone by its IANA name, which PostgreSQL needs as well; UTC where it is not known."""
    try:
        return ZoneInfo(tzlocal.get_localzone_name() or "UTC")
    except (ValueError, OSError, LookupError):
        return ZoneInfo("UTC")
