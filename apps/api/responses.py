"""The shapes of what the café answers, for the OpenAPI documents."""

from typing import Literal

from pydantic import BaseModel, Field

StatusName = Literal["ordered", "preparing", "ready", "served", "cancelled"]
BoardCollector = Field(description="UTC, ISO 8601 with Z", examples=["2026-11-22T09:15:00.123456Z"])


class ChosenOption(BaseModel):
    option: str
    choice: str
    name: str
    choice_name: str
    price: float


class Line(BaseModel):
    id: int
    name: str
    price: float = Field(description="one unit, with its options")
    quantity: int
    options: list[ChosenOption]
    notes: str


class Order(BaseModel):
    """An order, as whoever may see it sees it."""

    id: int
    order_number: str
    pickup_number: str
    customer_name: str
    items: list[Line]
    total_price: float
    status: StatusName
    version: int
    created_at: str = BoardCollector
    updated_at: str = BoardCollector
    ordered_at: str | None
    preparing_at: str | None
    ready_at: str | None
    served_at: str | None
    cancelled_at: str | None


class OrderEvent(BaseModel):
    seq: int
    committed_at: str = BoardCollector
    actor: str
    order: Order


class Events(BaseModel):
    epoch: str
    head: int
    events: list[OrderEvent]


class Board(BaseModel):
    epoch: str
    seq: int
    orders: list[Order]


class DisplayOrder(BaseModel):
    pickup_number: str
    status: StatusName
    since: str = BoardCollector


class DisplayBoard(BaseModel):
    epoch: str
    seq: int
    orders: list[DisplayOrder]


class MenuChoice(BaseModel):
    id: str
    name: str
    price: float = Field(description="what it adds to one unit")


class MenuOption(BaseModel):
    id: str
    name: str
    choices: list[MenuChoice]


class MenuItem(BaseModel):
    id: int
    name: str
    description: str
    category: str
    price: float
    allergens: list[str]
    available: bool
    options: list[MenuOption]


class MenuCategory(BaseModel):
    id: str
    name: str


class Menu(BaseModel):
    currency: str
    categories: list[MenuCategory]
    items: list[MenuItem]


class Counts(BaseModel):
    ordered: int
    preparing: int
    ready: int


class Spread(BaseModel):
    """Seconds; null before the first."""

    average: float | None
    p50: float | None
    p90: float | None


class Hour(BaseModel):
    hour: int = Field(description="of the café's day, 0 to 23 in its own time zone")
    orders: int


class ToMake(BaseModel):
    id: int
    name: str
    options: list[ChosenOption]
    quantity: int


class Statistics(BaseModel):
    """The kitchen's figures of today's café day."""

    counts: Counts
    served_today: int
    cancelled_today: int
    waiting_seconds: Spread
    pickup_seconds: Spread
    orders_per_hour: list[Hour]
    all_day: list[ToMake]
