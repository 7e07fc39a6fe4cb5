"""JSON encoding: exact decimals as numbers; JSON that the database built is passed through as bytes."""

from datetime import UTC, datetime
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")


def to_json(value: Any) -> bytes:
    """`value` as JSON; Decimal becomes a number with its own digits, `msgspec.Raw` is passed through."""
    return _encoder.encode(value)


def compact(document: bytes) -> bytes:
    """The same JSON without white space between its tokens."""
    return msgspec.json.format(document, indent=-1)


def utc_text(moment: datetime) -> str:
    """A time in the API's format: UTC, microseconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def utc_now() -> str:
    """The present time in the API's format."""
    return utc_text(datetime.now(UTC))
