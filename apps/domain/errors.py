"""What the menu refuses; a class's docstring is the sentence that a person may read."""

from typing import Any


class CartRefused(Exception):
    """This cart cannot be ordered."""

    code = "cart_refused"

    def __init__(self, detail: str | None = None, **members: Any) -> None:
        """`members` say which line, item or price it is about."""
        self.detail = detail or (type(self).__doc__ or "").strip()
        self.members = members
        super().__init__(self.detail)


class SoldOut(CartRefused):
    """Something you chose has just sold out."""

    code = "sold_out"


class PriceChanged(CartRefused):
    """A price has changed since you looked at the menu."""

    code = "price_changed"


class UnknownItem(CartRefused):
    """There is no such item or option on the menu."""

    code = "unknown_item"
