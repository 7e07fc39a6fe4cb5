"""Conditional requests, as in RFC 9110 section 13: lists, weak tags and `*`."""

import re

from werkzeug.datastructures import Headers

from apps.kit.errors import BadRequest, PreconditionFailed

_TAG = re.compile(r'\s*(W/)?"([^"\x00-\x20\x7f]*)"\s*(?:,|$)')


def tags(header: str) -> list[tuple[bool, str]]:
    """The entity tags of a list as (is weak, opaque part). Raises BadRequest where it is not such a list."""
    found, position = [], 0
    while position < len(header):
        match = _TAG.match(header, position)
        if match is None:
            raise BadRequest(f'Entity tags look like "v1" or W/"v1", separated by commas; got {header[:80]!r}.')
        found.append((match[1] is not None, match[2]))
        position = match.end()
    return found


def _lists(header: str | None) -> str | None:
    return header.strip() if header is not None and header.strip() else None


def if_match_fails(header: str | None, opaque: str) -> bool:
    """Whether If-Match forbids going on; compares strongly, so a weak tag never matches."""
    header = _lists(header)
    return header is not None and header != "*" and (False, opaque) not in tags(header)


def if_none_match_hits(header: str | None, opaque: str) -> bool:
    """Whether If-None-Match names what is there; compares weakly."""
    header = _lists(header)
    return header is not None and (header == "*" or opaque in (tag for _, tag in tags(header)))


def check_before_change(headers: Headers, opaque: str) -> None:
    """Raises PreconditionFailed where the caller has seen something else than `opaque`."""
    if if_match_fails(headers.get("If-Match"), opaque) or if_none_match_hits(headers.get("If-None-Match"), opaque):
        raise PreconditionFailed(current=f'"{opaque}"')
