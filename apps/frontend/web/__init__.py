"""Pages, the public REST API, and the proxy to the other services."""
