"""The café's own rules, pure: no framework, no input or output."""
