"""Accepting connections, limiting them, and handing them over to Hypercorn."""
