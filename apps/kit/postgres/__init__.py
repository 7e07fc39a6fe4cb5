"""The embedded PostgreSQL server: its programs, its data folder, its life cycle."""
