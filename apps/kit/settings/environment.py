"""Reads CAFE_ variables; a fault is one line that names the variable."""

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

PREFIX = "CAFE_"


def variable(name: str) -> str:
    return PREFIX + name.upper()


def without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without settings, and so without secrets, for programs other than the services."""
    return {name: value for name, value in environ.items() if not name.startswith(PREFIX)}


def read(
    environ: Mapping[str, str], names: Collection[str], secrets: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """The texts that were set, by field name, and one line for each variable that cannot be used."""
    given: dict[str, str] = {}
    faults: list[str] = []
    known = {variable(name): name for name in names}
    from_file = {variable(name) + "_FILE": name for name in secrets}
    for key, value in sorted(environ.items()):
        if not key.startswith(PREFIX) or not value:
            continue
        if key in known:
            given[known[key]] = value
        elif key not in from_file:
            faults.append(f"{key} is not a setting{_guess(key, [*known, *from_file])}")
        elif environ.get(variable(from_file[key])):
            faults.append(f"{key} and {variable(from_file[key])} are both set: keep one")
        else:
            _read_file(key, value, from_file[key], given, faults)
    return given, faults


def _read_file(key: str, path: str, name: str, given: dict[str, str], faults: list[str]) -> None:
    try:
        given[name] = Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{key}: cannot read {path} ({getattr(error, 'strerror', None) or 'not text'})")
        return
    if not given[name]:
        faults.append(f"{key}: {path} is empty")


def _guess(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def explain(error: Mapping[str, Any], given: Mapping[str, str], secrets: Collection[str]) -> str:
    """A pydantic error as one line; a secret's value is never repeated."""
    name = str(error["loc"][0])
    said = error["msg"].removeprefix("Value error, ").replace("Input should", "should")
    return f"{variable(name)}: {said}" + ("" if name in secrets else f" (it is {given[name]!r})")
