"""Who may speak to whom in the cluster: just the arrows of ARCHITECTURE.md, and both ends of each agree."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.deployment.chart import SETS, Manifest, of_kind, pods, rendered

Arrow = tuple[str, str, str]
COMPONENT = "app.kubernetes.io/component"
NAMESPACE = "kubernetes.io/metadata.name"
WHOLE = {"app.kubernetes.io/name": "cafe-lumiere", "app.kubernetes.io/instance": "cafe"}


def who(peer: Manifest) -> str:
    match peer:
        case {"podSelector": {"matchLabels": labels}, **rest} if not rest:
            component = labels.get(COMPONENT) or f"cnpg {next(iter(labels.values()))}"
            return str(component)
        case {"namespaceSelector": {"matchLabels": labels}, **rest} if not rest:
            return f"namespace {labels[NAMESPACE]}"
        case {"ipBlock": {"cidr": block}, **rest} if not rest:
            return str(block)
    raise AssertionError(peer)


def ends(rule: Manifest, side: str) -> Iterator[tuple[str, str]]:
    ports = [str(port["port"]) + ("" if port["protocol"] == "TCP" else "/udp") for port in rule["ports"]]
    for peer in [who(one) for one in rule[side]] if side in rule else ["anyone"]:
        yield from ((peer, port) for port in ports)


def arrows(objects: list[Manifest], direction: str) -> set[Arrow]:
    """From, to, port: as whoever speaks is allowed to (`egress`), or whoever listens allows (`ingress`)."""
    found: set[Arrow] = set()
    for policy in of_kind(objects, "NetworkPolicy").values():
        spec: dict[str, Any] = policy["spec"]
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        ours = spec["podSelector"]["matchLabels"].get(COMPONENT)
        for rule in spec.get(direction, []):
            assert ours, "only what is meant for one component may allow anything"
            for peer, port in ends(rule, "from" if direction == "ingress" else "to"):
                found.add((peer, ours, port) if direction == "ingress" else (ours, peer, port))
    return found


SPEAKERS = ("frontend", "order-service", "kitchen-service", "migrate", "test")
NAMES = {(one, "namespace kube-system", port) for one in SPEAKERS for port in ("53", "53/udp")}
INSIDE = {
    ("frontend", "order-service", "5001"),
    ("frontend", "kitchen-service", "5002"),
    ("kitchen-service", "order-service", "5001"),
    ("test", "frontend", "5000"),
}


def to_database(place: str, port: str = "5432") -> set[Arrow]:
    return {(one, place, port) for one in ("frontend", "order-service", "migrate")}


def traces(place: str, port: str) -> set[Arrow]:
    return {(one, place, port) for one in ("frontend", "order-service", "kitchen-service")}


CLUSTER = "cnpg cafe-lumiere-cluster"
POOLER = ("order-service", f"{CLUSTER}-pooler-rw", "5432")
SPEAKING = {
    "default": NAMES | INSIDE | to_database("postgresql"),
    "ingress": NAMES | INSIDE | to_database("postgresql"),
    "external": NAMES | INSIDE | to_database("10.20.0.0/16", "5433"),
    "cloudnativepg": NAMES | INSIDE | to_database(CLUSTER) | {POOLER},
    "gateway": NAMES | INSIDE | to_database("cnpg shared-cluster") | traces("anyone", "4318"),
    "everything": NAMES
    | INSIDE
    | to_database(CLUSTER)
    | {POOLER, ("frontend", "anyone", "443")}
    | traces("198.51.100.0/24", "443"),
    "minimal": set(),
}
LISTENING = {
    (speaker, listener, port)
    for speaker, listener, port in INSIDE | to_database("postgresql")
    if (speaker, listener) != ("test", "frontend")
}
GUESTS = {("anyone", "frontend", "5000")}
PROXIES = {("namespace proxies", "frontend", "5000"), ("test", "frontend", "5000")}
WITHOUT_DATABASE = {arrow for arrow in LISTENING if arrow[1] != "postgresql"}
HEARD = {
    "default": LISTENING | GUESTS,
    "ingress": LISTENING | PROXIES,
    "external": WITHOUT_DATABASE | GUESTS,
    "cloudnativepg": WITHOUT_DATABASE | GUESTS,
    "gateway": WITHOUT_DATABASE | GUESTS,
    "everything": WITHOUT_DATABASE
    | PROXIES
    | {
        ("namespace monitoring", service, port)
        for service, port in (("frontend", "5000"), ("order-service", "5001"), ("kitchen-service", "5002"))
    },
    "minimal": set(),
}


@pytest.mark.parametrize("name", SETS)
def test_the_arrows_are_just_these(name: str) -> None:
    assert arrows(rendered(name), "egress") == SPEAKING[name]
    assert arrows(rendered(name), "ingress") == HEARD[name]


@pytest.mark.parametrize("name", SETS)
def test_who_may_speak_is_heard(name: str) -> None:
    objects = rendered(name)
    heard = arrows(objects, "ingress")
    ours = {listener for _, listener, _ in heard}
    for speaker, listener, port in arrows(objects, "egress"):
        if listener in ours:
            assert {(speaker, listener, port), ("anyone", listener, port)} & heard


@pytest.mark.parametrize("name", [name for name in SETS if name != "minimal"])
def test_what_is_not_allowed_to_one_of_our_pods_is_denied(name: str) -> None:
    objects = rendered(name)
    denied = of_kind(objects, "NetworkPolicy")["default-deny"]["spec"]
    assert not {"ingress", "egress"} & denied.keys()
    wanted = denied["podSelector"]["matchLabels"]
    assert wanted == WHOLE
    for one in objects:
        if one["kind"] in {"Deployment", "StatefulSet", "Job"}:
            assert wanted.items() <= one["spec"]["template"]["metadata"]["labels"].items()
        elif one["kind"] == "Pod":
            assert wanted.items() <= one["metadata"]["labels"].items()
    assert list(pods(objects))


def test_no_policy_stands_in_the_way_of_the_operators_pods() -> None:
    """They carry none of our labels: the operator, the followers and backups must reach them."""
    for policy in of_kind(rendered("cloudnativepg"), "NetworkPolicy").values():
        assert WHOLE.items() <= policy["spec"]["podSelector"]["matchLabels"].items()
