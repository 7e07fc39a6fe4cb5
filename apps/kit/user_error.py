"""Failures that end a command with a sentence instead of a traceback."""


class UserError(Exception):
    """Its words are for the person at the terminal: what is wrong, and what to do."""
