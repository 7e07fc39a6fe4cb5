"""The environment a command starts in: the real one, and `.env` at the root for what that leaves open."""

import os
from collections.abc import Mapping

from dotenv import dotenv_values

from apps.kit.paths import ROOT


def load_environment() -> dict[str, str]:
    """A variable and its `_FILE` twin are one setting: having either keeps both of `.env` out."""
    ours = {name: value for name, value in dotenv_values(ROOT / ".env").items() if value is not None}
    return {name: value for name, value in ours.items() if not _given(name, os.environ)} | dict(os.environ)


def _given(name: str, environ: Mapping[str, str]) -> bool:
    plain = name.removesuffix("_FILE")
    return name in environ or plain in environ or f"{plain}_FILE" in environ
