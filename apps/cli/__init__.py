"""The `cafe` command, the only package that knows all three services."""
