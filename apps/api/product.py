"""What the café tells `apps.kit.web` about itself."""

from apps.api.correlation import order_mark
from apps.api.errors import REFUSED_CART_STATUSES, RefusedCart
from apps.domain.errors import CartRefused
from apps.kit.database.pool import DatabaseAway
from apps.kit.errors import ApiError
from apps.kit.web.http_client import Unreachable
from apps.kit.web.passwords import Busy
from apps.kit.web.product import Product
from apps.kit.web.rate_limits import TooManyRequests

ANSWERED_BY_EVERY_SERVICE = (Busy, DatabaseAway, TooManyRequests, Unreachable)
"""Named here because a service that does not raise them itself may pass them on."""
RELAYED = {
    "history_forgotten": (410, "Not all that came after this is kept any more. Begin with /board."),
    "idempotency_in_progress": (409, "A request with this Idempotency-Key is still being worked on."),
    "item_not_found": (404, "There is no such item on the menu."),
}
"""Problems that only the orders service raises, and the others relay: code → status, description."""


def _below(error: type[ApiError]) -> list[type[ApiError]]:
    return [error, *(each for kind in error.__subclasses__() for each in _below(kind))]


def _problem(code: str, status: int, description: str) -> dict[str, object]:
    return {"code": code, "status": status, "description": description.strip()}


def problems() -> list[dict[str, object]]:
    """Every code that a problem may carry: what `type` points to (RFC 9457 section 3.1.1)."""
    found = {code: _problem(code, status, text) for code, (status, text) in RELAYED.items()}
    for refusal, status in REFUSED_CART_STATUSES.items():
        found[refusal.code] = _problem(refusal.code, status, refusal.__doc__ or "")
    known: tuple[type[ApiError], ...] = (*_below(ApiError), *ANSWERED_BY_EVERY_SERVICE)
    for error in known:
        if "code" in vars(error):
            found[error.code] = _problem(error.code, error.status, error.__doc__ or "")
    return [found[code] for code in sorted(found)]


CAFE = Product("Café Lumière", problems, order_mark, {CartRefused: RefusedCart})
