"""The PostgreSQL roles that the services log in as."""

ORDERS_ROLE, LISTEN_ROLE = "cafe_orders", "cafe_listen"
