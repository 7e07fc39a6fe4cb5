"""What the kitchen service's routes work with while it lives."""

from dataclasses import dataclass, field

from apps.kit.errors import Unavailable
from apps.kitchen.orders_client import OrdersClient


@dataclass
class Kitchen:
    """The way to the orders service, once there is one."""

    opened: OrdersClient | None = field(default=None)

    @property
    def orders(self) -> OrdersClient:
        if self.opened is None:
            raise Unavailable
        return self.opened
