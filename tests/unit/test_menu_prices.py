"""What a cart costs."""

from decimal import Decimal

import pytest

from apps.domain.errors import PriceChanged, SoldOut, UnknownItem
from apps.domain.menu import Choice, ItemId, MenuItem, Option, WantedLine, price_cart

MILK = Option("milk", "Milk", (Choice("whole", "Whole", Decimal("0.00")), Choice("oat", "Oat", Decimal("0.50"))))
SHOT = Option("shot", "Shot", (Choice("none", "None", Decimal("0.00")), Choice("more", "More", Decimal("0.80"))))
LATTE = MenuItem(ItemId(1), "Latte", Decimal("4.10"), available=True, options=(MILK, SHOT))
CAKE = MenuItem(ItemId(2), "Cake", Decimal("3.33"), available=False, options=())
MENU = {LATTE.id: LATTE, CAKE.id: CAKE}


def wanted(item: int = 1, quantity: int = 1, *choices: tuple[str, str], price: str | None = None) -> WantedLine:
    return WantedLine(ItemId(item), quantity, choices, "", Decimal(price) if price else None)


def test_choices_add_to_each_unit_in_exact_decimals() -> None:
    (line,), total = price_cart(MENU, [wanted(1, 3, ("milk", "oat"), ("shot", "more"))])
    assert line.price == Decimal("5.40")
    assert total == Decimal("16.20")


def test_an_option_nobody_chose_is_had_in_its_first_way() -> None:
    (line,), _ = price_cart(MENU, [wanted(1, 1, ("shot", "more"))])
    assert [(option.id, choice.id) for option, choice in line.chosen] == [("milk", "whole"), ("shot", "more")]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (wanted(9), "items[0].id"),
        (wanted(1, 1, ("size", "large")), "items[0].options[0]"),
        (wanted(1, 1, ("milk", "soy")), "items[0].options[0]"),
        (wanted(1, 1, ("milk", "oat"), ("milk", "whole")), "items[0].options[1]"),
    ],
)
def test_what_is_not_on_the_menu_is_named(line: WantedLine, field: str) -> None:
    with pytest.raises(UnknownItem) as refused:
        price_cart(MENU, [line])
    assert refused.value.members["field"] == field


def test_a_sold_out_item_is_refused() -> None:
    with pytest.raises(SoldOut):
        price_cart(MENU, [wanted(2)])


def test_a_price_or_total_that_was_seen_must_still_be_right() -> None:
    price_cart(MENU, [wanted(1, 2, price="4.1")], Decimal("8.2"))
    with pytest.raises(PriceChanged) as refused:
        price_cart(MENU, [wanted(1, 2, price="4.00")])
    assert refused.value.members["price"] == Decimal("4.10")
    with pytest.raises(PriceChanged) as refused:
        price_cart(MENU, [wanted(1, 2)], Decimal("8.00"))
    assert refused.value.members["total_price"] == Decimal("8.20")
