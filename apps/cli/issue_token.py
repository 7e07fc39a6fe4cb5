"""`cafe token`: a bearer token for curl, and nothing else, on standard output."""

import argparse
import math
from datetime import timedelta

from apps.cli.surroundings import surroundings
from apps.kit.plain_error import PlainError
from apps.kit.settings import Environment, Settings
from apps.kit.tokens import mint

LONGEST_HOURS = 24 * 366


def token(chosen: argparse.Namespace) -> int:
    if not (math.isfinite(chosen.hours) and 0 < chosen.hours <= LONGEST_HOURS):
        raise PlainError(f"--hours must be above 0 and at most {LONGEST_HOURS}")
    secret = signing_secret(Settings.load(surroundings()))
    print(mint(secret, subject="command line", role=chosen.role, lifetime=timedelta(hours=chosen.hours)))
    return 0


def signing_secret(settings: Settings) -> str:
    """What the running café signs with. Raises PlainError where there is none yet."""
    secret = settings.secret or (_kept(settings) if settings.env is Environment.development else "")
    if not secret:
        raise PlainError("there is no secret to sign with yet: start the café with ./cafe up, or set CAFE_SECRET")
    return secret


def _kept(settings: Settings) -> str:
    try:
        return (settings.state_dir / "secret").read_text().strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise PlainError(f"cannot read the secret in {settings.state_dir} ({error.strerror})") from None
