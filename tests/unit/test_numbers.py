"""Pickup numbers and order numbers."""

import math

import pytest

from apps.domain.numbers import CROCKFORD, order_number, redact


@pytest.mark.parametrize(("count", "front"), [(1, "001"), (42, "042"), (999, "999"), (1000, "1000"), (12345, "12345")])
def test_an_order_number_is_short_enough_for_its_column_and_random_enough_for_a_key(count: int, front: str) -> None:
    number = order_number(count)
    pickup, _, secret = number.partition("-")
    assert pickup == front
    assert len(number) <= 20
    assert set(secret) <= set(CROCKFORD)
    assert len(secret) * math.log2(len(CROCKFORD)) >= 70


def test_two_order_numbers_of_one_pickup_number_differ() -> None:
    assert order_number(7) != order_number(7)


def test_a_log_line_keeps_the_pickup_number_and_loses_the_rest() -> None:
    assert redact(f"GET /orders/{order_number(42)} and {order_number(1042)}") == "GET /orders/042-… and 1042-…"
