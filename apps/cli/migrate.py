"""`cafe migrate`: applies pending migrations to CAFE_DATABASE_URL; safe to run twice and concurrently."""

import argparse
import asyncio
import sys

from apps.api.roles import LISTEN_ROLE, ORDERS_ROLE
from apps.cli.load_environment import load_environment
from apps.cli.sample_menu import insert_sample_menu
from apps.kit.database import migrations
from apps.kit.database.roles import fault_in_password, missing_roles, open_roles
from apps.kit.settings.settings import Settings, SettingsError


def migrate(args: argparse.Namespace) -> int:
    settings = Settings.load(load_environment())
    passwords = role_passwords(settings)
    if not settings.database_url:
        raise SettingsError(
            ["CAFE_DATABASE_URL is not set: which database is to be migrated? (`./cafe up` does its own)"]
        )
    asyncio.run(bring_up_to_date(settings.database_url, passwords))
    if args.sample_menu:
        asyncio.run(insert_sample_menu(settings.database_url))
    print("The database is up to date.")
    return 0


def role_passwords(settings: Settings) -> dict[str, str]:
    """The passwords that were set, by role. Raises SettingsError where one is weak."""
    given = {
        ORDERS_ROLE: ("CAFE_ORDERS_ROLE_PASSWORD", settings.orders_role_password),
        LISTEN_ROLE: ("CAFE_LISTEN_ROLE_PASSWORD", settings.listen_role_password),
    }
    faults = [
        f"{name}: {fault}" for name, password in given.values() if password and (fault := fault_in_password(password))
    ]
    if faults:
        raise SettingsError(faults)
    return {role: password for role, (_, password) in given.items() if password}


async def bring_up_to_date(database_url: str, passwords: dict[str, str]) -> None:
    """Migrates, sets the roles' rights and passwords, and warns where an administrator has to create a role."""
    await migrations.migrate(database_url)
    for role in set(await missing_roles(database_url, (ORDERS_ROLE, LISTEN_ROLE))) - set(passwords):
        print(
            f"cafe: warning: there is no role {role}, and this database's owner may not make it. Services that log in "
            f"as the owner work, but may do more than they need. Let an administrator run CREATE ROLE {role} LOGIN "
            "PASSWORD '…', then run `./cafe migrate` once more: it gives the role its rights.",
            file=sys.stderr,
        )
    await open_roles(database_url, passwords)
