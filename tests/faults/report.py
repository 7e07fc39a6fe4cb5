"""The table of faults and results, as text for the terminal and as docs/reliability.md."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from statistics import median

from apps.kit.paths import ROOT
from tests.faults import streams
from tests.faults.checker import Violation, Wrong
from tests.faults.fault_schedule import STRIKES
from tests.faults.history import History
from tests.faults.outcome import Outcome

PAGE = ROOT / "docs" / "reliability.md"
ACCEPTS = "PostgreSQL stopped at once and started"


def _times(seconds: Iterable[float]) -> str:
    found = sorted(seconds)
    return f"{median(found):.2f} s | {found[-1]:.2f} s" if found else "– | –"


def _longest_unseen(history: History) -> float:
    commits = streams.commits(history.log)
    return max(
        streams.longest_unseen_seconds(observer, commits.get(observer.audience, {})) for observer in history.observers
    )


def summary(outcome: Outcome, history: History, violations: list[Violation]) -> str:
    """A few lines for the terminal."""
    wrong = Counter(violation.wrong for violation in violations)
    every = [second for seconds in outcome.seconds_to_right.values() for second in seconds]
    postgres = outcome.seconds_to_right.get(ACCEPTS, [])
    lines = [
        f"{outcome.faults} faults in {outcome.rounds} rounds, {outcome.seconds:.0f} s",
        f"{outcome.writes} writes acknowledged in {outcome.attempts} attempts, {len(history.log)} events",
        f"{outcome.replays} orders asked for again and answered with the first answer",
        f"{outcome.messages} messages to {outcome.watchers} observers",
        ", ".join(f"{kind}: {wrong[kind]}" for kind in Wrong),
        f"seconds to all-right (p50 | max): {_times(every)}; after PostgreSQL accepts again: {_times(postgres)}",
        f"steps back at another frontend: {outcome.steps_back}",
        f"longest belief without a commit: {_longest_unseen(history):.1f} s",
    ]
    return "\n".join([*lines, *map(str, violations[:20])])


def write_report(outcome: Outcome, history: History, violations: list[Violation]) -> None:
    """Puts the run's tables between the page's two marks; the prose around them is written by hand."""
    _put("storm", _tables(outcome, history, violations))


def write_figures(figures: Mapping[str, str]) -> None:
    """Puts single measurements between the page's other two marks; one that was not made this time keeps its place."""
    known = dict(line.strip("| ").split(" | ", 1) for line in _between("figures").splitlines() if line.startswith("| "))
    for heading in ("what", "---"):
        known.pop(heading, None)
    rows = [f"| {name} | {figure} |" for name, figure in (known | dict(figures)).items()]
    _put("figures", "\n".join(["| what | measured |", "| --- | --- |", *rows]))


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name}, written by the run: begin -->", f"<!-- {name}, written by the run: end -->"


def _between(name: str) -> str:
    begin, end = _marks(name)
    return PAGE.read_text().split(begin)[1].split(end)[0]


def _put(name: str, content: str) -> None:
    begin, end = _marks(name)
    before, rest = PAGE.read_text().split(begin)
    PAGE.write_text(f"{before}{begin}\n\n{content}\n\n{end}{rest.split(end)[1]}")


def _tables(outcome: Outcome, history: History, violations: list[Violation]) -> str:
    wrong = Counter(violation.wrong for violation in violations)
    every = [second for seconds in outcome.seconds_to_right.values() for second in seconds]
    begun = f"Run of {datetime.now(UTC):%Y-%m-%d}, seed {outcome.seed}"
    lines = [
        f"{begun}: **{outcome.faults:,} faults** in {outcome.rounds:,} rounds and {outcome.seconds / 60:.1f} minutes;",
        f"{outcome.writes:,} acknowledged writes ({outcome.attempts:,} requests), {len(history.log):,} events,",
        f"{outcome.replays:,} orders asked for again and answered with the first answer,",
        f"{outcome.messages:,} messages noted by {outcome.watchers:,} observers.",
        "",
        "The longest that any observer believed itself live after a commit it had not been told of:",
        f"{_longest_unseen(history):.1f} s (allowed: 12 s, and 25 s of silence on its own connection).",
        "",
        "| what would be wrong | found |",
        "| --- | ---: |",
        *[f"| {kind} | {wrong[kind]} |" for kind in Wrong],
        "",
        "| fault | times | all right after healing, p50 | max |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {name} | {outcome.faults_by_kind[name]} | {_times(outcome.seconds_to_right.get(name, []))} |"
        for name in STRIKES
        if outcome.faults_by_kind[name]
    ]
    lines += [
        f"| two or three of these at once | | {_times(outcome.seconds_to_right.get('several at once', []))} |",
        f"| **all rounds** | **{outcome.faults}** | {_times(every)} |",
    ]
    return "\n".join(lines)
