"""Plumbing that a second product could use: settings, database, sockets, service scaffold."""
