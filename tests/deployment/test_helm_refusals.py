"""What the chart refuses to render, and whether a person understands why."""

import json
from typing import Any

import pytest
import yaml

from tests.deployment.chart import CHART, SETS, rendered, template

EXTERNAL = ("--set", "database.mode=external,database.external.existingSecret=mine")
INGRESS = ("--set", "ingress.enabled=true,ingress.hosts={cafe.example},ingress.tlsSecretName=certificate")

REFUSED = {
    "production in clear": (("--set", "environment=production"), "would speak plain HTTP", "tls.secretName"),
    "a database of one's own in clear": (EXTERNAL, "would speak plain HTTP", "environment: development"),
    "a way round the proxy": ((*INGRESS, "--set", "frontend.service.type=LoadBalancer"), "a way round the ingress", ""),
    "another way round it": ((*INGRESS, "--set", "frontend.service.type=NodePort"), "a way round the ingress", ""),
    "HTTPS behind HTTP": ((*INGRESS, "--set", "tls.secretName=mine"), "give the certificate to one of them", ""),
    "an ingress without a name": (("--set", "ingress.enabled=true"), "ingress.hosts is empty", ""),
    "an ingress in clear": (
        ("--set", "ingress.enabled=true,ingress.hosts={cafe.example}"),
        "ingress.tlsSecretName, or ingress.tlsElsewhere",
        "",
    ),
    "a route to nowhere": (("--set", "gateway.enabled=true"), "gateway.parentRefs is empty", ""),
    "two secrets": (
        ("--set", "secrets.existingSecret=a,secrets.externalSecret.enabled=true"),
        "are both set: keep one",
        "",
    ),
    "a store without a name": (
        ("--set", "secrets.externalSecret.enabled=true"),
        "secretStoreRef.name and remoteKey",
        "",
    ),
    "a password for a secret that is not ours": (
        ("--set", "secrets.existingSecret=a,secrets.staffPassword=velvet-kettle-morning"),
        "put it into yours, as staff-password",
        "",
    ),
    "a database without an address": (
        ("--set", "database.mode=external,trustedHops=1"),
        "database.external.existingSecret",
        "migrate-url",
    ),
    "half of OpenID": (("--set", "oidc.issuer=https://accounts.example"), "belong together", ""),
    "OpenID without its secret": (
        ("--set", "oidc.issuer=https://accounts.example,oidc.clientId=a,oidc.allowed={@cafe.example}"),
        "oidc-client-secret",
        "",
    ),
    "a secret in a ConfigMap": (("--set", "config.CAFE_SECRET=abc"), "would be readable in a ConfigMap", "README"),
    "an address with a password in a ConfigMap": (
        ("--set", "config.CAFE_READ_DATABASE_URL=abc"),
        "would be readable in a ConfigMap",
        "",
    ),
    "the same thing twice": (("--set", "config.CAFE_ENV=production"), "the chart sets this itself", "environment"),
}
NOT_A_VALUE = {
    "replicas=3": "'replicas' not allowed",
    "frontend.replica=3": "'replica' not allowed",
    "frontend.replicas=two": "at '/frontend/replicas': got string, want integer",
    "frontend.replicas=0": "at '/frontend/replicas': minimum: got 0, want 1",
    "database.mode=embedded": "one of 'bundled', 'external', 'cloudnativepg'",
    "environment=staging": "one of '', 'production', 'development'",
    "secrets.staffPassword=short": "at '/secrets/staffPassword'",
    "drain.preStopSeconds=0": "minimum: got 0, want 1",
    "pod.runAsUser=0": "at '/pod/runAsUser': minimum: got 0, want 1",
    "config.DEBUG=1": "at '/environment'|invalid propertyName 'DEBUG'",
    "image.digest=latest": "at '/image/digest'",
    "oidc.issuer=http://accounts.example": "at '/oidc/issuer'",
    "networkPolicy.ingressFrom[0].cidr=10.0.0.0/8": "'cidr' not allowed",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_not_work_is_refused_with_a_reason(case: str) -> None:
    words, *reasons = REFUSED[case]
    done = template(*words)
    assert done.returncode != 0
    assert done.stdout == ""
    for reason in reasons:
        assert reason in done.stderr


@pytest.mark.parametrize("given", NOT_A_VALUE)
def test_a_wrong_value_is_named(given: str) -> None:
    done = template("--set", given)
    assert done.returncode != 0
    assert any(words in done.stderr for words in NOT_A_VALUE[given].split("|"))


@pytest.mark.parametrize("given", ["tls.secretName=mine", "trustedHops=1", "environment=development"])
def test_each_way_out_that_the_refusal_names_is_one(given: str) -> None:
    assert rendered("default", *EXTERNAL, "--set", given)


@pytest.mark.parametrize("name", SETS)
def test_production_is_the_rule_and_a_trial_says_that_it_is_one(name: str) -> None:
    [environment] = [one["data"]["CAFE_ENV"] for one in rendered(name) if one["metadata"]["name"] == "cafe-config"]
    assert environment == ("development" if name in {"default", "minimal"} else "production")


def test_every_value_is_known_to_the_schema_and_none_other() -> None:
    def compare(schema: dict[str, Any], values: dict[str, Any], where: str) -> None:
        assert schema["additionalProperties"] is False, where
        assert schema["properties"].keys() == values.keys(), where
        for name, inner in schema["properties"].items():
            if "properties" in inner:
                compare(inner, values[name], f"{where}.{name}")

    schema = json.loads((CHART / "values.schema.json").read_text())
    del schema["properties"]["global"]  # Helm's own
    compare(schema, yaml.safe_load((CHART / "values.yaml").read_text()), "values")
