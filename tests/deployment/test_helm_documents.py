"""What a user of the chart reads, and what they get."""

import re
import runpy
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deployment.chart import CHART, ROOT, SETS, chosen, keys_read, manifests, pods, rendered, run_helm, template

README = runpy.run_path(str(CHART / "readme.py"))
VALUES = (CHART / "values.yaml").read_text()


def leaves(values: dict[str, Any], where: str = "") -> Iterator[str]:
    for name, value in values.items():
        path = f"{where}{name}"
        whole = not isinstance(value, dict) or not value or name in {"resources", "labels"}
        yield from [path] if whole else leaves(value, f"{path}.")


@cache
def notes(name: str) -> str:
    words = ("install", "cafe", str(CHART), "--namespace", "cafe-lumiere", "--dry-run=client", *chosen(name))
    done = run_helm(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("\nNOTES:\n")[2]


def test_every_value_is_described() -> None:
    described = [path for path, _, _ in README["rows"](VALUES)]
    assert described == list(leaves(yaml.safe_load(VALUES)))


def test_the_readme_is_the_one_that_the_values_make() -> None:
    readme = (CHART / "README.md").read_text()
    assert README["with_table"](readme, VALUES) == readme, "run: python helm/cafe-lumiere/readme.py"
    assert "| `frontend.replicas` | `2` |" in readme


def test_the_values_that_the_guide_shows_make_a_production_cafe(tmp_path: Path) -> None:
    chapter = (ROOT / "DEPLOYMENT.md").read_text().partition("\n## Kubernetes\n")[2]
    [shown] = re.findall(r"```yaml\n(.*?)```", chapter, re.DOTALL)
    file = tmp_path / "cafe.yaml"
    file.write_text(shown.replace("REGISTRY", "registry.example"))
    done = template("--values", str(file))
    assert done.returncode == 0, done.stderr
    [config] = [one for one in manifests(done.stdout) if one["metadata"]["name"] == "cafe-config"]
    assert config["data"]["CAFE_ENV"] == "production"


def test_the_readme_names_every_key_of_the_secrets() -> None:
    readme = (CHART / "README.md").read_text()
    read = {key for name in SETS for _, pod in pods(rendered(name)) for key in keys_read(pod)}
    # those of others' secrets: the certificate's, its authority's and the operator's
    assert len(ours := read - {"tls.crt", "tls.key", "ca.crt", "password"}) == 10
    assert [key for key in ours if f"`{key}`" not in readme] == []


@pytest.mark.parametrize("name", SETS)
def test_the_notes_say_where_the_cafe_is_and_how_to_get_in(name: str) -> None:
    where = {
        "default": "http://$(kubectl get service frontend",
        "cloudnativepg": "https://$(kubectl get service frontend",
        "external": "http://$(kubectl get service frontend",
        "ingress": "https://www.cafe.example",
        "gateway": "https://cafe.example",
        "minimal": "kubectl port-forward service/frontend 5000:80",
        "everything": "https://cafe.example",
    }
    assert where[name] in notes(name)
    secret = "my-secrets" if name in {"external", "everything"} else "cafe-secrets"
    assert f"kubectl get secret {secret} --namespace cafe-lumiere" in notes(name)


@pytest.mark.parametrize("name", SETS)
def test_the_notes_are_honest_about_a_trial_an_unsafe_database_and_an_empty_menu(name: str) -> None:
    assert ("THIS IS A TRIAL" in notes(name)) is (name in {"default", "minimal"})
    assert ("no follower and no backup" in notes(name)) is (name in {"default", "minimal", "ingress"})
    assert ("menu is empty" in notes(name)) is (name in {"external", "gateway", "everything", "minimal"})


def test_what_is_only_for_whoever_works_on_the_chart_is_not_in_the_package(tmp_path: Path) -> None:
    done = run_helm("package", str(CHART), "--destination", str(tmp_path))
    assert done.returncode == 0, done.stderr
    [package] = tmp_path.glob("*.tgz")
    with tarfile.open(package) as packed:
        files = {Path(name).relative_to("cafe-lumiere").as_posix() for name in packed.getnames()}
    assert {"Chart.yaml", "values.yaml", "values.schema.json", "README.md"} <= files
    assert {"templates/NOTES.txt", "files/scripts/wait_for_database.py", "files/scripts/order_something.py"} <= files
    assert not {"readme.py", "files/alerts_test.yml"} & files
    rules = {"files/alerts.yml"} | {f"files/dashboards/{file.name}" for file in (CHART / "files").glob("dashboards/*")}
    assert {file for file in rules if (CHART / file).exists()} <= files
