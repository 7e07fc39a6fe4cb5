"""`cafe migrate`: brings CAFE_DATABASE_URL to this release; safe to run twice, and from two places at once."""

import argparse
import asyncio

from apps.cli.surroundings import surroundings
from apps.kit import migrations
from apps.kit.settings import Settings, SettingsError


def migrate(_: argparse.Namespace) -> int:
    settings = Settings.load(surroundings())
    if not settings.database_url:
        raise SettingsError(
            ["CAFE_DATABASE_URL is not set: which database is to be migrated? (`./cafe up` does its own)"]
        )
    asyncio.run(migrations.migrate(settings.database_url))
    print("The database is up to date.")
    return 0
