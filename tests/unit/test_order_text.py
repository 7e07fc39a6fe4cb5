"""What people type for an order, read by the words of the menu."""

from typing import Any

import pytest

from apps.cli.order_text import parse_order
from apps.kit.user_error import UserError


def option(name: str, *choices: str) -> dict[str, Any]:
    pairs = [each.split("=") for each in choices]
    return {
        "id": name.lower(),
        "name": name,
        "choices": [{"id": id_, "name": shown, "price": 0} for id_, shown in pairs],
    }


MILK = option("Milk", "whole=Whole milk", "skimmed=Skimmed milk", "oat=Oat drink")
SIZE = option("Size", "regular=Regular", "large=Large")
ICE = option("Ice", "ice=With ice", "less=A little ice", "none=No ice")
SHOT = option("Shot", "none=No extra", "double=Two more shots")
WITH = option("With", "plain=Nothing", "butter=Butter", "jam=Butter and jam")
ITEMS = [
    {"id": 1, "name": "Espresso", "options": [SHOT], "available": True},
    {"id": 2, "name": "Cappuccino", "options": [SIZE, MILK, SHOT], "available": True},
    {"id": 3, "name": "Caffè Latte", "options": [SIZE, MILK], "available": True},
    {"id": 4, "name": "Iced Latte", "options": [SIZE, MILK, SHOT, ICE], "available": True},
    {"id": 5, "name": "Espresso Tonic", "options": [SHOT, ICE], "available": True},
    {"id": 6, "name": "Butter Croissant", "options": [WITH], "available": True},
    {"id": 7, "name": "Soup of the Day", "options": [], "available": False},
]
MENU = {"currency": "EUR", "items": ITEMS}


@pytest.mark.parametrize(
    ("text", "item", "quantity", "options"),
    [
        ("cappuccino", 2, 1, {}),
        ("2 cappuccino oat", 2, 2, {"milk": "oat"}),
        ("two large Cappuccinos with oat milk, please", 2, 2, {"size": "large", "milk": "oat"}),
        ("3x espresso", 1, 3, {}),
        ("3 x espresso double", 1, 3, {"shot": "double"}),
        ("a caffe latte", 3, 1, {}),
        ("espresso tonic no ice", 5, 1, {"ice": "none"}),
        ("iced latte no ice skimmed", 4, 1, {"ice": "none", "milk": "skimmed"}),
        ("croissant", 6, 1, {}),
        ("croissant with butter and jam", 6, 1, {"with": "jam"}),
        ("12 ESPRESSO", 1, 12, {}),
    ],
)
def test_words_name_an_item_its_number_and_its_choices(
    text: str, item: int, quantity: int, options: dict[str, str]
) -> None:
    [line] = parse_order(text.replace(", please", " please"), MENU)
    assert (line.item, line.quantity, dict(line.options)) == (item, quantity, options)


def test_commas_separate_lines_and_the_cart_has_them_by_id() -> None:
    lines = parse_order("2 cappuccino oat, croissant", MENU)
    assert [line.json() for line in lines] == [
        {"id": 2, "quantity": 2, "options": [{"option": "milk", "choice": "oat"}]},
        {"id": 6, "quantity": 1, "options": []},
    ]
    assert [line.text for line in lines] == ["2 × Cappuccino (Oat drink)", "1 × Butter Croissant"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("latte", '"latte" could be Caffè Latte, Iced Latte: which one?'),
        ("capuccino", 'there is no "capuccino" on the menu; did you mean Cappuccino?'),
        ("pizza", 'there is no "pizza" on the menu'),
        ("cappuccino soy", 'Cappuccino cannot be had "soy": there is Regular, Large, Whole milk'),
        ("cappuccino milk", "Cappuccino: Whole milk, Skimmed milk: which one?"),
        ("soup", "Soup of the Day is sold out"),
        (" , ", "nothing to order"),
        ("2", 'there is no "2" on the menu'),
    ],
)
def test_what_cannot_be_understood_or_had_is_said_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UserError) as raised:
        parse_order(text, MENU)
    assert sentence in str(raised.value)


def test_a_choice_that_is_sold_out_is_not_replaced_by_another() -> None:
    oat = {"id": "oat", "name": "Oat drink", "price": 0, "available": False}
    milk = {"id": "milk", "name": "Milk", "choices": [{"id": "whole", "name": "Whole milk", "price": 0}, oat]}
    menu = {"items": [{"id": 2, "name": "Cappuccino", "options": [milk], "available": True}]}
    with pytest.raises(UserError, match="Oat drink is sold out"):
        parse_order("cappuccino oat", menu)
