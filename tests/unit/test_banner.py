"""What `cafe up` prints: the way in from this machine, and from phones where it listens for them."""

import pytest
import segno

from apps.cli.banner import banner, qr_code
from apps.kit.settings.machine import network_addresses, reachable
from apps.kit.settings.settings import Settings

HALF_BLOCKS = {" ": (1, 1), "▀": (0, 1), "▄": (1, 0), "█": (0, 0)}
ADDRESSES = ["192.168.1.20", "10.0.0.7"]


def shown(**environ: str) -> str:
    settings = Settings.load({"CAFE_SECRET": "s" * 40, **environ})
    return banner(settings, ADDRESSES, password_is_generated=True)


def test_on_every_address_phones_and_the_sign_in_link_get_one_of_the_network() -> None:
    text = shown(CAFE_HOST="0.0.0.0", CAFE_FRONTEND_PORT="6000")
    assert "http://192.168.1.20:6000/\n" in text
    assert "http://10.0.0.7:6000/\n" in text
    assert "http://192.168.1.20:6000/sign-in?key=" in text
    assert "Kitchen   http://127.0.0.1:6000/kitchen" in text


def test_on_one_address_of_the_network_phones_get_that_one() -> None:
    text = shown(CAFE_HOST="10.0.0.7")
    assert "this network:\n    http://10.0.0.7:5000/\n" in text
    assert "192.168.1.20" not in text


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_loopback_nothing_is_said_of_the_network(host: str) -> None:
    text = shown(CAFE_HOST=host)
    assert "network" not in text
    assert "192.168.1.20" not in text


def test_the_qr_code_is_that_of_the_address_with_a_quiet_zone() -> None:
    rows: list[list[int]] = []
    for line in qr_code("http://192.168.1.20:5000/", colour=False).splitlines():
        pairs = [HALF_BLOCKS[character] for character in line.removeprefix("    ")]
        rows += [[top for top, _ in pairs], [bottom for _, bottom in pairs]]
    matrix = segno.make("http://192.168.1.20:5000/", error="l", micro=False).matrix
    assert [row[2:-2] for row in rows[2 : 2 + len(matrix)]] == [list(row) for row in matrix]
    assert not any(any(row) for row in rows[:2])


@pytest.mark.parametrize(
    ("address", "is_reachable"),
    [("192.168.1.20", True), ("10.0.0.7", True), ("127.0.1.1", False), ("169.254.7.7", False), ("0.0.0.0", False)],
)
def test_only_addresses_that_others_can_reach_are_shown(address: str, is_reachable: bool) -> None:  # noqa: FBT001 - a case
    assert reachable(address) is is_reachable
    assert all(reachable(own) for own in network_addresses())
