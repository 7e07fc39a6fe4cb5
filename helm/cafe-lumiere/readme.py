"""Writes the table of README.md from values.yaml: each `# --` line belongs to the key below it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parent
BEGIN, END = "<!-- values: made by readme.py -->", "<!-- end of values -->"
KEY = re.compile(r"(?P<indent> *)(?P<name>[A-Za-z]+):")


def rows(text: str) -> Iterator[tuple[str, Any, str]]:
    """Each described value: its path, its default, its description."""
    values = yaml.safe_load(text)
    path: list[str] = []
    said = ""
    for line in text.splitlines():
        if line.lstrip().startswith("# -- "):
            said = line.split("# -- ", 1)[1]
        elif found := KEY.match(line):
            path = [*path[: len(found["indent"]) // 2], found["name"]]
            if said:
                default = values
                for name in path:
                    default = default[name]
                yield ".".join(path), default, said
                said = ""


def shown(path: str, default: Any, said: str) -> str:
    value = "" if default == "" else f"`{json.dumps(default, ensure_ascii=False)}`"
    return f"| `{path}` | {value} | {said.replace('|', chr(92) + '|')} |"


def table(text: str) -> str:
    return "\n".join(["| value | default | meaning |", "| --- | --- | --- |", *(shown(*row) for row in rows(text))])


def with_table(readme: str, values: str) -> str:
    head, _, rest = readme.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table(values)}\n{END}{tail}"


def main() -> None:
    readme = CHART / "README.md"
    readme.write_text(with_table(readme.read_text(), (CHART / "values.yaml").read_text()))


if __name__ == "__main__":
    main()
