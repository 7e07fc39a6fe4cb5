"""The café's errors over HTTP: one tree below `ApiError`, and what the domain refuses translated into it."""

from apps.domain.errors import CartRefused, PriceChanged, SoldOut, UnknownItem
from apps.kit.errors import ApiError, Conflict, Invalid, NotFound

REFUSED_CART_STATUSES: dict[type[CartRefused], int] = {SoldOut: 409, PriceChanged: 409, UnknownItem: 422}


class OrderNotFound(NotFound):
    """There is no order with that number."""

    code = "order_not_found"


class IllegalStep(Conflict):
    """The order cannot go there from where it is."""

    code = "illegal_step"


class KeyReused(Invalid):
    """This Idempotency-Key was used with another request; use a new key for a new order."""

    code = "idempotency_key_reused"


class RefusedCart(ApiError):
    """This cart cannot be ordered."""

    def __init__(self, refused: CartRefused) -> None:
        super().__init__(refused.detail, **refused.members)
        self.status = REFUSED_CART_STATUSES[type(refused)]
        self.code = refused.code
