"""A simulated rush against a running café."""
