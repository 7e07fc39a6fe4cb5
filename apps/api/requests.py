"""What callers may send, on whichever service they send it."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from apps.domain.lifecycle import Status
from apps.domain.menu import ItemId, WantedLine
from apps.kit.web.bodies import Body, JsonNumber, PlainText

Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
OptionId = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Money = Annotated[
    Decimal, JsonNumber, Field(strict=False, ge=0, le=Decimal("99999999.99"), json_schema_extra={"type": "number"})
]


class ChosenOption(Body):
    option: OptionId
    choice: OptionId


class CartLine(Body):
    id: Id
    quantity: Annotated[int, Field(ge=1, le=50)]
    options: Annotated[list[ChosenOption], Field(default_factory=list, max_length=20)]
    notes: Annotated[PlainText, Field(max_length=200)] = ""
    price: Money | None = None

    def wanted(self) -> WantedLine:
        choices = tuple((chosen.option, chosen.choice) for chosen in self.options)
        return WantedLine(ItemId(self.id), self.quantity, choices, self.notes, self.price)


class Cart(Body):
    """What a customer wants. A price or total may be sent as it was seen; it is checked, never believed."""

    customer_name: Annotated[PlainText, Field(min_length=1, max_length=100)]
    items: Annotated[list[CartLine], Field(min_length=1, max_length=50)]
    total_price: Money | None = None


class Move(Body):
    """Where an order is to go."""

    status: Literal["ordered", "preparing", "ready", "served", "cancelled"]

    @property
    def target(self) -> Status:
        return Status(self.status)


class Availability(Body):
    """Whether an item can be ordered."""

    available: bool
