"""The HTTP side of a service: app factory, access, problems, limits, OpenAPI, assets."""
