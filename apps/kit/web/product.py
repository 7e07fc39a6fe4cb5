"""What the kit needs to know of the product that is built on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.kit.errors import ApiError


@dataclass(frozen=True)
class Product:
    """Shared by all services of a product."""

    title: str
    """What the OpenAPI documents are called."""
    problems: Callable[[], list[dict[str, Any]]]
    """`{"code", "status", "description"}` of every problem that an answer may carry, sorted by code."""
    log_label: Callable[[str | None], str | None]
    """What a log may call the thing that a reference or an address names; None where it names none."""
    translate: Mapping[type[Exception], Callable[[Any], ApiError]] = field(default_factory=dict)
    """Exceptions of the product's rules, and how each becomes an answer."""
