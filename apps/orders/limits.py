"""What one visitor may do in a minute, counted in the database and so the same for all replicas."""

import time
from dataclasses import dataclass, field

from apps.kit.database.pool import Connection
from apps.kit.web.access import caller
from apps.kit.web.client_address import client_address
from apps.kit.web.rate_limits import Budget, network, set_rate_limit_headers
from apps.kit.web.tokens import Role
from apps.orders.queries import queries

# A café is behind one address: sixty guests may order in the same instant, and one a second after that.
ORDERS_FROM_ONE_ADDRESS = Budget("orders", burst=60, per_minute=60)
ORDERS_BY_ONE_MEMBER_OF_STAFF = Budget("orders", burst=120, per_minute=120)
SIGN_INS_FROM_ONE_ADDRESS = Budget("sign-in", burst=10, per_minute=10)
SIGN_INS_IN_ALL = Budget("sign-in-overall", burst=60, per_minute=60)
FORGET_EVERY_SECONDS = 600.0


@dataclass
class Limits:
    """The budgets, or none where they are switched off."""

    secret: str
    on: bool
    _forgot_at: float = field(default_factory=time.monotonic)

    async def spend_order(self, connection: Connection) -> None:
        """Counts an order that is about to be placed. Raises TooManyRequests.

        Staff spend what is theirs, so that a stranger in the same café cannot spend it for them.
        """
        identity = caller()
        if identity is None:
            await self._spend(connection, ORDERS_FROM_ONE_ADDRESS, self._address())
        elif identity.role is not Role.SERVICE:
            await self._spend(connection, ORDERS_BY_ONE_MEMBER_OF_STAFF, identity.subject)

    async def spend_sign_in(self, connection: Connection) -> None:
        """Counts an attempt to sign in: first for its address, so that one address cannot spend what is for all."""
        await self._spend(connection, SIGN_INS_FROM_ONE_ADDRESS, self._address())
        await self._spend(connection, SIGN_INS_IN_ALL, "all")

    def _address(self) -> str:
        return f"address:{network(client_address(self.secret))}"

    async def _spend(self, connection: Connection, budget: Budget, who: str) -> None:
        if not self.on:
            return
        spent = await queries.spend(
            connection, key=f"{budget.name}:{who}", seconds_each=budget.seconds_each, burst=budget.burst
        )
        if not spent["fits"]:
            raise budget.refusal(spent["backlog_seconds"])
        set_rate_limit_headers(budget.headers(spent["backlog_seconds"]))
        if time.monotonic() - self._forgot_at > FORGET_EVERY_SECONDS:
            self._forgot_at = time.monotonic()
            await queries.forget_spent(connection)
