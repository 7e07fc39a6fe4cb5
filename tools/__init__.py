"""Programs for developing and releasing; not in the image."""
