"""Which process reads which setting; `cafe up`, compose, the chart and the documents are tested against this table."""

from collections.abc import Mapping
from enum import StrEnum


class Process(StrEnum):
    frontend = "frontend"
    orders = "orders"
    kitchen = "kitchen"
    migrate = "migrate"


SERVICES = (Process.frontend, Process.orders, Process.kitchen)
EVERY_SERVICE = frozenset(SERVICES)
FRONTEND = frozenset({Process.frontend})
ORDERS = frozenset({Process.orders})
KITCHEN = frozenset({Process.kitchen})
MIGRATE = frozenset({Process.migrate})

RECIPIENTS: Mapping[str, frozenset[Process]] = {
    "env": EVERY_SERVICE,
    "host": EVERY_SERVICE,
    "frontend_port": FRONTEND,
    "orders_port": ORDERS,
    "kitchen_port": KITCHEN,
    "orders_url": FRONTEND | KITCHEN,
    "kitchen_url": FRONTEND,
    "database_url": ORDERS | MIGRATE,
    "database_pooler": ORDERS,
    "read_database_url": ORDERS,
    "listen_url": FRONTEND,
    "orders_role_password": MIGRATE,
    "listen_role_password": MIGRATE,
    "keep_orders_days": ORDERS,
    "keep_names_days": ORDERS,
    "state_dir": EVERY_SERVICE,
    "secret": EVERY_SERVICE,
    "staff_password": ORDERS,
    "cors_origins": EVERY_SERVICE,
    "oidc_issuer": FRONTEND,
    "oidc_client_id": FRONTEND,
    "oidc_client_secret": FRONTEND,
    "oidc_allowed": FRONTEND,
    "tls_certificate": FRONTEND,
    "tls_key": FRONTEND,
    "trusted_hops": EVERY_SERVICE,
    "rate_limits": EVERY_SERVICE,
    "sockets": FRONTEND,
    "sockets_per_address": FRONTEND,
    "connections": EVERY_SERVICE,
    "connections_per_address": FRONTEND,
    "otlp_endpoint": EVERY_SERVICE,
    "metrics": EVERY_SERVICE,
    "timezone": ORDERS,
    "log": EVERY_SERVICE,
}


def settings_of(process: str) -> frozenset[str]:
    """The names of the settings that this process reads."""
    return frozenset(name for name, recipients in RECIPIENTS.items() if process in recipients)
