"""`cafe init`: writes .env with fresh secrets, for docker compose; `cafe up` reads it too."""

import argparse
import os
import secrets
from pathlib import Path

from apps.kit.paths import ROOT
from apps.kit.settings.state_folder import pronounceable
from apps.kit.settings.values import machine_timezone
from apps.kit.user_error import UserError

ENV = """\
# The café's secrets, made by ./cafe init. Keep this file to yourself, and a copy of it in a safe place.
# docker compose and ./cafe up read it. What else can be set is in GETTING_STARTED.md and DEPLOYMENT.md.

# signs sessions and tokens
CAFE_SECRET={secret}
# what staff sign in with
CAFE_STAFF_PASSWORD={staff}
# when the café's day, and so the pickup numbers, start again
CAFE_TIMEZONE={timezone}

# Only docker compose uses the rest.
POSTGRES_OWNER_PASSWORD={owner}
POSTGRES_ORDERS_PASSWORD={orders}
POSTGRES_LISTEN_PASSWORD={listen}
GRAFANA_ADMIN_PASSWORD={grafana}

# HTTPS for the world: your name for it, and the profile that brings it
#SITE=cafe.example
#COMPOSE_PROFILES=tls,monitoring
"""


def init(args: argparse.Namespace) -> int:
    file = ROOT / ".env"
    write(file, force=args.force)
    print(
        f"Wrote {file} with fresh secrets; the staff password is in it.\n"
        "Now: docker compose up --detach --wait\n"
        "Then the menu is at http://localhost:5000/ and the kitchen's screen at http://localhost:5000/kitchen"
    )
    if args.force:
        print(
            "A café that is running keeps the old secrets until it is started again. A database that is already in a "
            "volume keeps its owner's old password: DEPLOYMENT.md, “Other secrets”, says how to change it."
        )
    return 0


def write(file: Path, *, force: bool = False) -> None:
    """Writes the file atomically, mode 0600. Raises UserError where it exists and `force` is not given."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(with_fresh_secrets())
            opened.flush()
            os.fsync(opened.fileno())
        if force:
            fresh.replace(file)
        else:
            os.link(fresh, file)  # unlike rename, link does not replace an existing file
    except FileExistsError:
        raise UserError(
            f"there is a {file} already, and it was left alone; --force makes another, and its secrets stop working"
        ) from None
    except OSError as error:
        raise UserError(f"cannot write {file} ({error.strerror})") from None
    finally:
        fresh.unlink(missing_ok=True)


def with_fresh_secrets() -> str:
    """The text of .env. Secrets have letters, digits, `-` and `_` only: no shell, URL or YAML needs to quote them."""
    passwords = {name: secrets.token_urlsafe(24) for name in ("owner", "orders", "listen", "grafana")}
    return ENV.format(
        secret=secrets.token_urlsafe(48), staff=pronounceable(), timezone=machine_timezone().key, **passwords
    )
