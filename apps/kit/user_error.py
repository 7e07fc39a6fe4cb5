"""The error that ends a command with a sentence instead of a traceback."""


class UserError(Exception):
    """Its message is for the user: what is wrong, and what to do."""
