"""A measured figure, and tables of them."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """One scenario: what was done, and a line for each case; the first column names it."""

    title: str
    says: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, name: str, *figures: str) -> None:
        """A line."""
        assert len(figures) + 1 == len(self.columns), (self.columns, figures)
        self.rows.append((name, *figures))

    def markdown(self) -> str:
        """As GitHub shows it."""
        lines = [f"**{self.title}.** {self.says}", "", _line(self.columns)]
        lines.append("| --- |" + " ---: |" * (len(self.columns) - 1))
        return "\n".join([*lines, *map(_line, self.rows)])


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"
