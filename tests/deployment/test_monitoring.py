"""Alert rules and dashboards: right by Prometheus' own programs, and about figures that the services really show."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from apps.kit.paths import ROOT
from tests.cafe import CREATE, RunningCafe
from tests.deployment.programs import from_debian

FILES = ROOT / "helm" / "cafe-lumiere" / "files"
ALERTS = FILES / "alerts.yml"
ALERTS_TEST = FILES / "alerts_test.yml"
DASHBOARDS = sorted((FILES / "dashboards").glob("*.json"))
RUNBOOK = ROOT / "docs" / "runbook.md"
SCRAPED = {"job", "instance"}
JOBS = {"frontend", "orders", "kitchen"}


def _rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def _alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in _rules() if "alert" in rule}


def _promtool(*arguments: str | Path) -> None:
    ran = subprocess.run(  # noqa: S603
        [from_debian("prometheus", "usr/bin/promtool"), *arguments],
        cwd=FILES,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _targets(dashboard: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m")


def _queries() -> list[tuple[str, str]]:
    from_rules = [(rule.get("alert") or rule["record"], rule["expr"]) for rule in _rules()]
    return from_rules + [each for path in DASHBOARDS for each in _targets(json.loads(path.read_text()))]


def _selectors(expression: Any) -> Iterator[Any]:
    """Every vector selector in a parsed PromQL expression."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for part in ("lhs", "rhs", "expr", "vector_selector", "param"):
        inner = getattr(expression, part, None)
        if inner is not None:
            yield from _selectors(inner)
    for argument in getattr(expression, "args", None) or ():
        yield from _selectors(argument)


def test_the_rules_are_right() -> None:
    _promtool("check", "rules", ALERTS)


def test_each_alert_fires_when_it_must_and_only_then() -> None:
    _promtool("test", "rules", ALERTS_TEST)


def test_each_alert_is_seen_both_firing_and_silent() -> None:
    cases = [case for test in yaml.safe_load(ALERTS_TEST.read_text())["tests"] for case in test["alert_rule_test"]]
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == set(_alerts())
    assert {case["alertname"] for case in cases if not case.get("exp_alerts")} == set(_alerts())


@pytest.mark.parametrize("name", _alerts())
def test_an_alert_says_how_bad_it_is_what_happened_and_what_to_do(name: str) -> None:
    alert = _alerts()[name]
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert set(alert["annotations"]) == {"summary", "description", "runbook"}
    assert alert["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"


def test_the_runbook_has_an_entry_for_each_alert_and_for_nothing_else() -> None:
    entries = re.split(r"^## ", RUNBOOK.read_text(), flags=re.MULTILINE)[1:]
    by_name = {entry.splitlines()[0]: entry for entry in entries}
    assert set(by_name) == set(_alerts())
    for name, entry in by_name.items():
        for part in ("**Means**", "**The café notices**", "**Look**", "**Do**"):
            assert part in entry, (name, part)
        assert f"Severity: {_alerts()[name]['labels']['severity']}" in entry, name


@pytest.fixture
async def shown(cafe: RunningCafe) -> dict[str, set[str]]:
    """The labels of everything that the three services show, by the names that Prometheus stores."""
    number = (await cafe.order())["order_number"]
    for step in ("start", "ready", "serve"):
        await cafe.step(number, step)
    found: dict[str, set[str]] = {"up": set()}
    for service in CREATE:
        text = (await cafe.http.get(f"{cafe.settings.address_of(service)}/metrics")).text
        for family in text_string_to_metric_families(text):
            if not family.samples:  # a counter by label that has counted nothing yet
                found.setdefault(f"{family.name}_total", {"code"})
            for sample in family.samples:
                found.setdefault(sample.name, set()).update(sample.labels)
    for rule in _rules():
        if "record" in rule:
            found[rule["record"]] = set()
    return found


async def test_every_query_is_about_figures_and_labels_that_the_services_show(shown: dict[str, set[str]]) -> None:
    looked_at = set()
    for where, query in _queries():
        for selector in _selectors(promql_parser.parse(query)):
            assert selector.name in shown, (where, selector.name)
            looked_at.add(selector.name)
            labels = {matcher.name for matcher in selector.matchers.matchers}
            assert labels <= shown[selector.name] | SCRAPED, (where, query)
        for grouping in re.findall(r"\b(?:by|on) \(([^)]*)\)", query):
            named = {label.strip() for label in grouping.split(",")} - {""}
            known = set().union(*(shown[each.name] for each in _selectors(promql_parser.parse(query)))) | SCRAPED
            assert named <= known, (where, query)
    ours = {re.sub(r"_(bucket|count|sum)$", "", name) for name in shown if name.startswith("cafe_")}
    unseen = ours - {re.sub(r"_(bucket|count|sum)$", "", name) for name in looked_at}
    assert unseen == set(), "what nobody looks at need not be counted"


def test_queries_know_the_jobs_by_the_names_that_both_ways_of_running_give_them() -> None:
    asked = {
        name
        for _, query in _queries()
        for selector in _selectors(promql_parser.parse(query))
        for matcher in selector.matchers.matchers
        if matcher.name == "job"
        for name in matcher.value.split("|")
    }
    assert asked == JOBS


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_asks_whichever_prometheus_is_chosen(path: Path) -> None:
    dashboard = json.loads(path.read_text())
    [source] = dashboard["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == ("datasource", "datasource", "prometheus")
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    places = set()
    for panel in dashboard["panels"]:
        assert panel["datasource"] == chosen
        assert [target["datasource"] for target in panel["targets"]] == [chosen] * len(panel["targets"])
        place = panel["gridPos"]
        squares = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not squares & places, f"{panel['title']} lies on another panel"
        assert all(x < 24 for x, _ in squares)
        places |= squares
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_there_is_a_dashboard_for_the_house_and_one_for_the_works() -> None:
    boards = [json.loads(path.read_text()) for path in DASHBOARDS]
    assert {board["uid"] for board in boards} == {"cafe-lumiere-orders", "cafe-lumiere-operations"}
