"""`cafe token`: prints a bearer token for curl."""

import argparse
import math
from datetime import timedelta

from apps.cli.load_environment import load_environment
from apps.kit.settings.settings import Environment, Settings
from apps.kit.user_error import UserError
from apps.kit.web.tokens import mint

LONGEST_HOURS = 24 * 366


def token(args: argparse.Namespace) -> int:
    if not (math.isfinite(args.hours) and 0 < args.hours <= LONGEST_HOURS):
        raise UserError(f"--hours must be above 0 and at most {LONGEST_HOURS}")
    secret = signing_secret(Settings.load(load_environment()))
    print(mint(secret, subject="command line", role=args.role, lifetime=timedelta(hours=args.hours)))
    return 0


def signing_secret(settings: Settings) -> str:
    """The signing key of the running café. Raises UserError where there is none yet."""
    secret = settings.secret or (_kept(settings) if settings.env is Environment.development else "")
    if not secret:
        raise UserError("there is no secret to sign with yet: start the café with ./cafe up, or set CAFE_SECRET")
    return secret


def _kept(settings: Settings) -> str:
    try:
        return (settings.state_dir / "secret").read_text().strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UserError(f"cannot read the secret in {settings.state_dir} ({error.strerror})") from None
