"""The chart gives each container the settings that its process reads, and keeps secrets out of the ConfigMap."""

from collections.abc import Iterator

import pytest

from apps.kit.settings.environment import variable
from apps.kit.settings.recipients import EVERY_SERVICE, RECIPIENTS, settings_of
from apps.kit.settings.settings import FIELDS, SECRETS
from tests.deployment.chart import SERVICES, SETS, Manifest, of_kind, rendered, the_job

# What the chart works out itself, from its other values.
DERIVED = {
    "env",
    "host",
    "frontend_port",
    "orders_port",
    "kitchen_port",
    "orders_url",
    "kitchen_url",
    "database_pooler",
    "state_dir",
    "oidc_issuer",
    "oidc_client_id",
    "oidc_allowed",
    "tls_certificate",
    "tls_key",
    "trusted_hops",
    "otlp_endpoint",
    "timezone",
    "log",
}


def given(container: Manifest) -> Iterator[str]:
    """The settings that this container alone is given."""
    for one in container.get("env", []):
        if one["name"].startswith("CAFE_"):
            yield one["name"].removesuffix("_FILE").removeprefix("CAFE_").lower()


@pytest.mark.parametrize("name", SETS)
def test_a_container_is_given_only_settings_that_its_process_reads(name: str) -> None:
    deployments = of_kind(rendered(name), "Deployment")
    for component, service in SERVICES.items():
        pod = deployments[component]["spec"]["template"]["spec"]
        for container in (*pod.get("initContainers", []), *pod["containers"]):
            assert set(given(container)) <= settings_of(service), container["name"]
    job = the_job(rendered(name))["spec"]["template"]["spec"]
    for container in (*job.get("initContainers", []), *job["containers"]):
        assert set(given(container)) <= settings_of("migrate"), container["name"]
        assert "envFrom" not in container


@pytest.mark.parametrize("name", SETS)
def test_the_shared_settings_hold_no_secret(name: str) -> None:
    shared = of_kind(rendered(name), "ConfigMap")["cafe-config"]["data"]
    assert not set(shared) & {variable(secret) for secret in SECRETS}


def test_every_other_setting_can_be_given_and_reaches_every_service() -> None:
    free = sorted(set(FIELDS) - SECRETS - DERIVED)
    words = [f"--set-string=config.{variable(name)}=marked-by-the-test" for name in free]
    shared = of_kind(rendered("default", *words), "ConfigMap")["cafe-config"]["data"]
    assert {name for name in free if shared.get(variable(name)) == "marked-by-the-test"} == set(free)
    assert all(RECIPIENTS[name] <= EVERY_SERVICE for name in free)
    for component in SERVICES:
        [container] = of_kind(rendered("default"), "Deployment")[component]["spec"]["template"]["spec"]["containers"]
        assert container["envFrom"] == [{"configMapRef": {"name": "cafe-config"}}]
