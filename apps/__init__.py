"""Café Lumière: three services around one PostgreSQL, and the command that runs them."""
