"""The release check: image, compose and a rush in a real container engine."""
