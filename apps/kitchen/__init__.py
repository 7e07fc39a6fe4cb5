"""The kitchen service: workflow over HTTP, without state of its own."""
