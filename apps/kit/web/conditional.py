"""Conditional requests (RFC 9110 section 13): lists of entity tags, weak tags and `*`, as werkzeug parses them."""

from werkzeug.datastructures import Headers
from werkzeug.http import parse_etags

from apps.kit.errors import PreconditionFailed


def if_match_fails(header: str | None, tag: str) -> bool:
    """Whether If-Match forbids the change; compares strongly. What is no list of tags matches nothing."""
    return bool(header and header.strip()) and not parse_etags(header).contains(tag)


def if_none_match_hits(header: str | None, tag: str) -> bool:
    """Whether If-None-Match names what is there; compares weakly. What is no list of tags matches nothing."""
    return parse_etags(header).contains_weak(tag)


def check_before_change(headers: Headers, tag: str) -> None:
    """Raises PreconditionFailed where the caller has seen something else than `tag`."""
    if if_match_fails(headers.get("If-Match"), tag) or if_none_match_hits(headers.get("If-None-Match"), tag):
        raise PreconditionFailed(current=f'"{tag}"')
