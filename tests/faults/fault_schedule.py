"""Every kind of fault by its name in the report, and how often it is drawn."""

import random

from tests.faults import fault_injection

LONG = "one frontend in the dark for 16 s"
STRIKES: dict[str, tuple[int, fault_injection.Fault]] = {
    "client connections cut": (6, fault_injection.clients_cut),
    "client link black-holed": (4, fault_injection.clients_silent),
    "client link delayed": (3, fault_injection.clients_delayed),
    "client link cut into bytes": (3, fault_injection.clients_sliced),
    "a client that stops reading": (4, fault_injection.slow_reader),
    "LISTEN backends killed": (6, fault_injection.listener_killed),
    "LISTEN link cut": (5, fault_injection.listen_link_cut),
    "LISTEN link black-holed": (5, fault_injection.listen_link_silent),
    "LISTEN link delayed": (4, fault_injection.listen_link_delayed),
    "LISTEN link cut into bytes": (4, fault_injection.listen_link_sliced),
    "notifications lost": (6, fault_injection.notifications_lost),
    "notifications malformed and forged": (4, fault_injection.notifications_forged),
    "link from frontend to orders cut": (4, fault_injection.orders_link_cut),
    "link from frontend to orders black-holed": (3, fault_injection.orders_link_silent),
    "link from orders to PostgreSQL cut": (4, fault_injection.database_link_cut),
    "link from orders to PostgreSQL black-holed": (2, fault_injection.database_link_silent),
    "PostgreSQL stopped at once and started": (6, fault_injection.postgres_stopped),
    "a transaction left open on an order": (4, fault_injection.long_transaction),
    "orders killed (SIGKILL)": (3, fault_injection.killed(lambda scene: scene.harness.orders)),
    "kitchen killed (SIGKILL)": (3, fault_injection.killed(lambda scene: scene.harness.kitchen)),
    "a frontend killed (SIGKILL)": (4, fault_injection.killed(lambda scene: scene.front().service)),
    "orders frozen (SIGSTOP)": (3, fault_injection.frozen(lambda scene: scene.harness.orders)),
    "kitchen frozen (SIGSTOP)": (3, fault_injection.frozen(lambda scene: scene.harness.kitchen)),
    "a frontend frozen (SIGSTOP)": (4, fault_injection.frozen(lambda scene: scene.front().service)),
    "orders restarted (SIGTERM)": (2, fault_injection.restarted(lambda scene: scene.harness.orders)),
    "a frontend restarted (SIGTERM)": (5, fault_injection.restarted(lambda scene: scene.front().service)),
    LONG: (0, fault_injection.one_frontend_in_the_dark),
}


class Schedule:
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
