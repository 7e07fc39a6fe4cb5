"""Every kind of fault by its name in the report, and how often it is drawn."""

import random

from tests.faults import strikes

LONG = "one frontend in the dark for 16 s"
STRIKES: dict[str, tuple[int, strikes.Strike]] = {
    "client connections cut": (6, strikes.clients_cut),
    "client link black-holed": (4, strikes.clients_silent),
    "client link delayed": (3, strikes.clients_delayed),
    "client link cut into bytes": (3, strikes.clients_sliced),
    "a client that stops reading": (4, strikes.slow_reader),
    "LISTEN backends killed": (6, strikes.listener_killed),
    "LISTEN link cut": (5, strikes.listen_link_cut),
    "LISTEN link black-holed": (5, strikes.listen_link_silent),
    "LISTEN link delayed": (4, strikes.listen_link_delayed),
    "LISTEN link cut into bytes": (4, strikes.listen_link_sliced),
    "notifications lost": (6, strikes.notifications_lost),
    "notifications malformed and forged": (4, strikes.notifications_forged),
    "link from frontend to orders cut": (4, strikes.orders_link_cut),
    "link from frontend to orders black-holed": (3, strikes.orders_link_silent),
    "link from orders to PostgreSQL cut": (4, strikes.database_link_cut),
    "link from orders to PostgreSQL black-holed": (2, strikes.database_link_silent),
    "PostgreSQL stopped at once and started": (6, strikes.postgres_stopped),
    "a transaction left open on an order": (4, strikes.long_transaction),
    "orders killed (SIGKILL)": (3, strikes.killed(lambda scene: scene.house.orders)),
    "kitchen killed (SIGKILL)": (3, strikes.killed(lambda scene: scene.house.kitchen)),
    "a frontend killed (SIGKILL)": (4, strikes.killed(lambda scene: scene.front().service)),
    "orders frozen (SIGSTOP)": (3, strikes.frozen(lambda scene: scene.house.orders)),
    "kitchen frozen (SIGSTOP)": (3, strikes.frozen(lambda scene: scene.house.kitchen)),
    "a frontend frozen (SIGSTOP)": (4, strikes.frozen(lambda scene: scene.front().service)),
    "orders restarted (SIGTERM)": (2, strikes.restarted(lambda scene: scene.house.orders)),
    "a frontend restarted (SIGTERM)": (5, strikes.restarted(lambda scene: scene.front().service)),
    LONG: (0, strikes.one_frontend_in_the_dark),
}


class Deck:
    """All kinds come before any comes twice as often as it should."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._cards: list[str] = []

    def draw(self, most: int) -> list[str]:
        """One to three different faults for one round."""
        chosen: list[str] = []
        for _ in range(min(most, self._dice.choice((1, 1, 2, 3)))):
            if not self._cards:
                self._shuffle()
            if self._cards[-1] in chosen:
                break
            chosen.append(self._cards.pop())
        return chosen

    def _shuffle(self) -> None:
        """One of each, and half as many again by weight."""
        kinds = [name for name, (weight, _) in STRIKES.items() if weight]
        weights = [STRIKES[name][0] - 1 for name in kinds]
        self._cards = kinds + self._dice.choices(kinds, weights, k=len(kinds) // 2)
        self._dice.shuffle(self._cards)
