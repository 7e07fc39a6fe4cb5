"""The `cafe` command: parses its arguments, and prints a UserError as a sentence instead of a traceback."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from apps.kit.settings.recipients import SERVICES
from apps.kit.user_error import UserError

MODULES = {
    "token": "apps.cli.issue_token",
    "test": "tools.checks.command",
    "check": "tools.checks.command",
    "rush": "tools.rush.command",
    "release_check": "tools.release.command",
}


class ShowVersion(argparse.Action):
    """Prints the version; runs git only when asked for it."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"{parser.prog} {import_module('apps.cli.version').version()}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    cafe = argparse.ArgumentParser(prog="cafe", description="Café Lumière: a café's orders, live.", allow_abbrev=False)
    cafe.add_argument("--version", action=ShowVersion, help="show the release, and in a checkout the commit")
    commands = cafe.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("up", help="run the whole café: PostgreSQL, migrations, a sample menu, the three services")
    serve = commands.add_parser("serve", help="run one service in the foreground")
    serve.add_argument("service", choices=[str(service) for service in SERVICES])
    migrate = commands.add_parser("migrate", help="apply pending migrations to CAFE_DATABASE_URL")
    migrate.add_argument("--sample-menu", action="store_true", help="and insert the sample menu where there is none")
    token = commands.add_parser("token", help="print a bearer token, signed with this café's secret")
    token.add_argument("--role", choices=("staff", "service"), default="staff")
    token.add_argument("--hours", type=float, default=12.0, metavar="N", help="lifetime in hours; may be a fraction")
    commands.add_parser("test", help="run the tests; further arguments go to pytest")
    check = commands.add_parser("check", help="format, lint, types, import contracts, then the tests: what CI runs")
    check.add_argument(
        "--audit", action="store_true", help="instead: known vulnerabilities of dependencies, and committed secrets"
    )
    init = commands.add_parser("init", help="write .env with fresh secrets, for docker compose")
    init.add_argument("--force", action="store_true", help="replace an existing file: every old secret stops working")
    backup = commands.add_parser("backup", help="dump the whole database to one file")
    backup.add_argument("file", type=Path)
    restore = commands.add_parser("restore", help="restore a backup into an empty database")
    restore.add_argument("file", type=Path)
    order = commands.add_parser("order", help='place an order with the running café: "2 cappuccino oat, croissant"')
    order.add_argument("text", metavar="TEXT", help="what to order, in words of the menu; commas separate lines")
    order.add_argument("--name", required=True, help="the customer's name")
    rush = commands.add_parser("rush", help="a simulated rush against the running café")
    rush.add_argument("--customers", type=int, default=60, metavar="N", help="number of customers in all")
    rush.add_argument("--minutes", type=float, default=2.0, metavar="M", help="duration in minutes; may be a fraction")
    release = commands.add_parser("release-check", help="image, compose and a rush in a real container engine")
    parts = ("tls", "monitoring", "grafana", "scale")
    release.add_argument("--without", action="append", default=[], choices=parts, help="skip this step")
    return cafe


def main(argv: Sequence[str]) -> int:
    # argparse would reject pytest's options
    test = list(argv[:1]) == ["test"]
    args = argparse.Namespace(command="test", arguments=argv[1:]) if test else parser().parse_args(argv)
    name = args.command.replace("-", "_")
    result = 1
    try:
        result = getattr(_module(name), name)(args)
    except* UserError as failures:
        for failure in _each(failures):
            for line in str(failure).splitlines():
                print(f"cafe: {line}", file=sys.stderr)
    return result


def _module(name: str) -> ModuleType:
    """Imports the module of a command, and only that one, so that every command starts quickly."""
    try:
        return import_module(MODULES.get(name, f"apps.cli.{name}"))
    except ModuleNotFoundError as error:
        if error.name != "tools":
            raise
        raise UserError(f"`cafe {name.replace('_', '-')}` is for developers: run it from a checkout") from None


def _each(failures: BaseExceptionGroup[UserError]) -> list[UserError]:
    found: list[UserError] = []
    for one in failures.exceptions:
        found += _each(one) if isinstance(one, BaseExceptionGroup) else [one]
    return found
