"""The orders service: the only writer of the database."""
