"""When the migration runs, and that what was generated once stays."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from apps.cli.main import parser
from tests.deployment.chart import CHART, SETS, of_kind, rendered, run_helm, the_job

HOOK = {
    "helm.sh/hook": "pre-install,pre-upgrade",
    "helm.sh/hook-weight": "0",
    "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
}


@pytest.mark.parametrize("name", SETS)
def test_an_upgrade_migrates_before_any_pod_is_replaced(name: str) -> None:
    job = the_job(rendered(name, "--is-upgrade"))
    assert job["metadata"]["annotations"] == HOOK
    assert job["metadata"]["name"] == "cafe-migrate"


@pytest.mark.parametrize("name", SETS)
def test_a_first_installation_migrates_as_a_hook_only_where_all_it_needs_is_there(name: str) -> None:
    """Else a hook before the database would fail, and one after the services would wait for what waits for it."""
    objects = rendered(name)
    job = the_job(objects)
    assert job["metadata"].get("annotations", {}) == (HOOK if name == "external" else {})
    made_here = {one["metadata"]["name"] for one in objects if one["kind"] in {"ConfigMap", "Secret", "ServiceAccount"}}
    made_here |= {one["spec"]["target"]["name"] for one in of_kind(objects, "ExternalSecret").values()}
    if name == "external":
        assert not any(f'"{each}"' in json.dumps(job) for each in made_here)


def test_a_hook_does_not_wait_for_a_secret_that_the_release_itself_asks_the_store_for() -> None:
    fetched = "secrets.externalSecret.enabled=true,secrets.externalSecret.remoteKey=cafe"
    store = "secrets.externalSecret.secretStoreRef.name=vault"
    none = "secrets.existingSecret=,database.external.existingSecret="
    job = the_job(rendered("external", "--set", f"{none},{fetched},{store}"))
    assert "annotations" not in job["metadata"]
    [volume] = [one for one in job["spec"]["template"]["spec"]["volumes"] if one["name"] == "secrets"]
    [source] = volume["projected"]["sources"]
    assert source["secret"]["name"] == "cafe-secrets"
    assert source["secret"]["items"] == [{"key": "migrate-url", "path": "migrate-url"}]


def test_a_job_that_is_no_hook_has_another_name_when_it_does_something_else() -> None:
    """Jobs cannot be changed; and Argo CD renders every release as an installation."""
    first, second = (the_job(rendered("default", *words)) for words in ((), ("--set", "image.tag=0.2.0")))
    assert first["metadata"]["name"] != second["metadata"]["name"]


@pytest.mark.parametrize("name", SETS)
def test_the_migration_waits_for_the_database_and_orders_for_the_migration(name: str) -> None:
    objects = rendered(name)
    job = the_job(objects)["spec"]["template"]["spec"]
    orders = of_kind(objects, "Deployment")["order-service"]["spec"]["template"]["spec"]
    waiting = (CHART / "files" / "scripts" / "wait_for_database.py").read_text().strip()
    for pod in (job, orders):
        [wait] = pod["initContainers"]
        assert wait["command"][:2] == ["python", "-c"]
        assert wait["command"][2].strip() == waiting
    # each waits as whoever comes next: orders can log in only when the migration has given it its password
    for pod in (job, orders):
        [wait], [does] = pod["initContainers"], pod["containers"]
        assert [one for one in wait["env"] if one["name"].startswith("CAFE_DATABASE_URL")] == [
            one for one in does["env"] if one["name"].startswith("CAFE_DATABASE_URL")
        ]


@pytest.mark.parametrize("name", SETS)
def test_every_container_is_given_words_that_the_program_knows(name: str) -> None:
    objects = rendered(name)
    for component, deployment in of_kind(objects, "Deployment").items():
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        chosen = parser().parse_args(container["args"])
        assert (chosen.command, chosen.service) == (
            "serve",
            component.removesuffix("-service").replace("order", "orders"),
        )
    [migrate] = the_job(objects)["spec"]["template"]["spec"]["containers"]
    chosen = parser().parse_args(migrate["args"])
    assert chosen.command == "migrate"
    assert chosen.sample_menu is (name in {"default", "ingress", "cloudnativepg"})


THERE = {"secret": "kept" * 12, "staff-password": "kept-by-the-cluster", "owner-password": "o" * 30}


def known_kinds() -> dict[str, Any]:
    """The API server's answers about what it knows: all that the chart makes."""
    groups: dict[str, set[str]] = {}
    for one in rendered("default"):
        groups.setdefault(one["apiVersion"], set()).add(one["kind"])
    answers: dict[str, Any] = {
        "/version": {"major": "1", "minor": "33", "gitVersion": "v1.33.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    }
    for version, kinds in groups.items():
        group, slash, number = version.partition("/")
        answers[f"/apis/{version}" if slash else "/api/v1"] = {
            "kind": "APIResourceList",
            "groupVersion": version,
            "resources": [
                {
                    "name": f"{kind.lower()}s",
                    "singularName": kind.lower(),
                    "namespaced": True,
                    "kind": kind,
                    "verbs": ["get"],
                }
                for kind in sorted(kinds)
            ],
        }
        if slash:
            named = {"groupVersion": version, "version": number}
            answers["/apis"]["groups"].append({"name": group, "versions": [named], "preferredVersion": named})
    return answers


class Cluster(BaseHTTPRequestHandler):
    """As much of a Kubernetes API server as helm's `lookup` asks, with one secret in it."""

    def do_GET(self) -> None:
        answers = known_kinds() | {
            "/api/v1/namespaces/cafe-lumiere/secrets/cafe-secrets": {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "cafe-secrets", "namespace": "cafe-lumiere"},
                "data": {key: base64.b64encode(value.encode()).decode() for key, value in THERE.items()},
            },
        }
        known = answers.get(self.path.partition("?")[0])
        body = json.dumps(known or {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404}).encode()
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Cluster) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
            "clusters": [{"name": "here", "cluster": {"server": address}}],
            "users": [{"name": "me", "user": {}}],
        }
        file = tmp_path / "kubeconfig"
        file.write_text(json.dumps(config))
        file.chmod(0o600)
        try:
            yield str(file)
        finally:
            server.shutdown()
            thread.join()


def test_what_was_generated_once_is_kept_and_what_is_new_is_added(kubeconfig: str) -> None:
    words = ("template", "cafe", str(CHART), "--namespace", "cafe-lumiere", "--is-upgrade")
    words += ("--dry-run=server", "--disable-openapi-validation")
    home = str(Path(kubeconfig).parent)
    done = run_helm(*words, "--show-only", "templates/secrets.yaml", KUBECONFIG=kubeconfig, HOME=home)
    assert done.returncode == 0, done.stderr
    secret = yaml.safe_load(done.stdout)
    assert secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    plain = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert {key: plain[key] for key in THERE} == THERE
    assert plain.keys() - THERE.keys() == {"orders-role-password", "listen-role-password"}
    assert all(len(plain[key]) == 48 for key in ("orders-role-password", "listen-role-password"))
