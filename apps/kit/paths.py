"""Where the checkout (or the image's copy of it) is."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
