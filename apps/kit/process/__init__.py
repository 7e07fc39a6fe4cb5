"""Supervised tasks and child processes."""
