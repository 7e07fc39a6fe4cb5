"""How long the storm is, what was measured on the way, and whether the report is written."""

from collections.abc import Callable

import pytest

FIGURES = pytest.StashKey[dict[str, str]]()
Measured = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", choices=("short", "long"), default="short", help="how many faults fault")
    parser.addoption("--faults-count", type=int, default=0, help="another number of faults than 60 or 1000")
    parser.addoption("--faults-seed", type=int, default=0, help="repeat the storm of this seed")
    parser.addoption(
        "--write-reliability", action="store_true", help="write docs/reliability.md after a short storm too"
    )


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """Keeps a figure under its name, for the end of the run's output and for docs/reliability.md."""
    return request.config.stash.setdefault(FIGURES, {}).__setitem__


@pytest.fixture
def is_long(request: pytest.FixtureRequest) -> bool:
    """Whether the long form was asked for."""
    return bool(request.config.getoption("--faults", default="short") == "long")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for name, figure in config.stash.get(FIGURES, {}).items():
        terminalreporter.write_line(f"measured: {name}: {figure}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    figures = session.config.stash.get(FIGURES, {})
    wanted = session.config.getoption("--write-reliability", default=False)
    if figures and (wanted or session.config.getoption("--faults", default="short") == "long"):
        from tests.faults.report import write_figures  # noqa: PLC0415 - only where it is wanted

        write_figures(figures)
