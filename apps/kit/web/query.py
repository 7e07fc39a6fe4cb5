"""Parameters of the query string."""

from quart import request

from apps.kit.errors import Invalid

MOST_BIGINT = 2**63 - 1


def int_param(name: str, *, default: int | None = None, least: int = 0, most: int = MOST_BIGINT) -> int | None:
    """A whole number from the query. Raises Invalid where it is none or out of bounds."""
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and least <= int(text) <= most):
        raise Invalid(f"{name} must be a whole number from {least} to {most}.", field=name)
    return int(text)


def list_param(name: str, known: tuple[str, ...]) -> list[str] | None:
    """A comma-separated list from the query, None where nothing is given. Raises Invalid on a word not in `known`."""
    text = request.args.get(name, "").strip(" ")
    if not text:
        return None
    words = [word.strip(" ") for word in text.split(",")]
    for word in words:
        if word not in known:
            raise Invalid(f"{name} may be any of {', '.join(known)}; {word[:40]!r} is none of them.", field=name)
    return words
