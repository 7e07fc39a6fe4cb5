"""The environment of a command: the process's own, completed by `.env` at the root."""

import os
from collections.abc import Mapping

from dotenv import dotenv_values

from apps.kit.paths import ROOT


def load_environment() -> dict[str, str]:
    """A variable and its `_FILE` form are one setting: where the process has either, `.env` sets neither."""
    ours = {name: value for name, value in dotenv_values(ROOT / ".env").items() if value is not None}
    return {name: value for name, value in ours.items() if not _given(name, os.environ)} | dict(os.environ)


def _given(name: str, environ: Mapping[str, str]) -> bool:
    plain = name.removesuffix("_FILE")
    return name in environ or plain in environ or f"{plain}_FILE" in environ
