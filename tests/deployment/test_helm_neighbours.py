"""What the chart asks of others in the cluster: gateways, operators, Prometheus and Grafana."""

import json
import re

import pytest
import yaml

from tests.deployment.chart import CHART, SERVICES, SETS, Manifest, of_kind, rendered


@pytest.mark.parametrize("name", SETS)
def test_nothing_is_asked_of_a_neighbour_that_was_not_chosen(name: str) -> None:
    wanted = {
        "cloudnativepg": {"Cluster", "Pooler", "ExternalSecret"},
        "gateway": {"HTTPRoute"},
        "everything": {"Cluster", "Pooler", "HTTPRoute", "ServiceMonitor"},
    }
    theirs = ("cnpg.io/", "external-secrets.io/", "gateway.networking.k8s.io/", "monitoring.coreos.com/")
    kinds = {one["kind"] for one in rendered(name) if any(group in one["apiVersion"] for group in theirs)}
    assert kinds - {"PrometheusRule"} == wanted.get(name, set())


def test_the_route_lets_streams_live_and_keeps_the_figures_inside() -> None:
    [route] = of_kind(rendered("gateway"), "HTTPRoute").values()
    spec = route["spec"]
    assert spec["parentRefs"] == [{"name": "public", "namespace": "gateways", "sectionName": "https"}]
    assert spec["hostnames"] == ["cafe.example"]
    figures, everything = spec["rules"]
    assert figures["matches"] == [{"path": {"type": "Exact", "value": "/metrics"}}]
    assert "backendRefs" not in figures
    assert figures["filters"][0]["type"] == "RequestRedirect"
    assert everything["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}}]
    assert everything["timeouts"] == {"request": "0s", "backendRequest": "0s"}
    leads_to(everything["backendRefs"], rendered("gateway"))


def test_the_ingress_leads_to_the_frontend_under_each_name() -> None:
    objects = rendered("ingress")
    [ingress] = of_kind(objects, "Ingress").values()
    spec = ingress["spec"]
    assert [rule["host"] for rule in spec["rules"]] == spec["tls"][0]["hosts"] == ["cafe.example", "www.cafe.example"]
    for rule in spec["rules"]:
        [path] = rule["http"]["paths"]
        assert (path["path"], path["pathType"]) == ("/", "Prefix")
        service = path["backend"]["service"]
        leads_to([{"name": service["name"], "port": service["port"]["number"]}], objects)


def leads_to(backends: list[Manifest], objects: list[Manifest]) -> None:
    [backend] = backends
    service = of_kind(objects, "Service")[backend["name"]]["spec"]
    assert backend["port"] in [port["port"] for port in service["ports"]]
    assert service["type"] == "ClusterIP", "or there were a way round the proxy that is believed"


def test_the_operators_database_is_ours_and_outlives_the_release() -> None:
    objects = rendered("cloudnativepg")
    [cluster] = of_kind(objects, "Cluster").values()
    assert cluster["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    spec = cluster["spec"]
    assert spec["instances"] == 3
    assert spec["storage"] == {"size": "20Gi", "storageClass": "fast"}
    initdb = spec["bootstrap"]["initdb"]
    assert (initdb["database"], initdb["owner"]) == ("cafe", "cafe_owner")
    assert initdb["postInitApplicationSQL"] == ["ALTER ROLE cafe_owner CREATEROLE"]
    assert spec["enableSuperuserAccess"] is False
    # what a commit promised must survive a failover; with one follower only, better to go on without it than to stop
    assert spec["postgresql"]["synchronous"] == {"method": "any", "number": 1, "dataDurability": "required"}
    [pair] = of_kind(rendered("everything"), "Cluster").values()
    assert pair["spec"]["postgresql"]["synchronous"]["dataDurability"] == "preferred"
    # what the user adds is added, and replaces nothing
    assert spec["postgresql"]["parameters"] == {"shared_buffers": "256MB"}
    assert spec["affinity"] == {"topologyKey": "topology.kubernetes.io/zone"}
    [pooler] = of_kind(objects, "Pooler").values()
    assert pooler["spec"]["cluster"]["name"] == cluster["metadata"]["name"] != pooler["metadata"]["name"]
    assert pooler["spec"]["pgbouncer"]["poolMode"] == "transaction"
    assert not of_kind(rendered("gateway"), "Cluster"), "that one is there already"


def test_the_store_fills_the_secret_that_the_pods_read() -> None:
    objects = rendered("cloudnativepg")
    assert not of_kind(objects, "Secret")
    [fetched] = of_kind(objects, "ExternalSecret").values()
    assert fetched["spec"]["target"]["name"] == "cafe-secrets"
    assert fetched["spec"]["secretStoreRef"] == {"name": "vault", "kind": "ClusterSecretStore"}
    assert fetched["spec"]["dataFrom"] == [{"extract": {"key": "cafe/production"}}]


def test_prometheus_finds_the_figures_of_every_service() -> None:
    objects = rendered("everything")
    monitors = of_kind(objects, "ServiceMonitor")
    assert monitors.keys() == SERVICES.keys()
    for name, monitor in monitors.items():
        assert monitor["metadata"]["labels"]["release"] == "prometheus"
        service = of_kind(objects, "Service")[name]
        assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        [endpoint] = monitor["spec"]["endpoints"]
        assert endpoint["path"] == "/metrics"
        # as compose's Prometheus calls them, because the rules and dashboards are the same
        assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": SERVICES[name]}]
        assert endpoint["port"] in [port["name"] for port in service["spec"]["ports"]]


def test_prometheus_comes_by_https_where_the_frontend_speaks_nothing_else() -> None:
    objects = rendered("cloudnativepg", "--set", "monitoring.serviceMonitor.enabled=true")
    schemes = {
        name: monitor["spec"]["endpoints"][0]["scheme"] for name, monitor in of_kind(objects, "ServiceMonitor").items()
    }
    assert schemes == {"frontend": "https", "order-service": "http", "kitchen-service": "http"}
    frontend = of_kind(objects, "Deployment")["frontend"]["spec"]["template"]["spec"]["containers"][0]
    assert {frontend[f"{kind}Probe"]["httpGet"]["scheme"] for kind in ("startup", "readiness", "liveness")} == {"HTTPS"}
    [port] = of_kind(objects, "Service")["frontend"]["spec"]["ports"]
    assert (port["name"], port["port"]) == ("https", 443)


def test_the_alert_rules_are_the_ones_that_promtool_tested() -> None:
    tested = CHART / "files" / "alerts.yml"
    rules = of_kind(rendered("everything"), "PrometheusRule")
    if not tested.exists():
        assert not rules
        return
    assert rules["cafe-lumiere"]["spec"] == yaml.safe_load(tested.read_text())
    assert rules["cafe-lumiere"]["metadata"]["labels"]["release"] == "prometheus"


def test_the_rules_and_dashboards_know_the_services_by_the_names_they_are_read_under() -> None:
    """`absent(up{job="…"})` of a name that nobody gives would alarm for ever."""
    texts = [file.read_text() for kind in ("*.yml", "dashboards/*.json") for file in (CHART / "files").glob(kind)]
    asked = {
        name for text in texts for names in re.findall(r'\bjob=~?\\?"([a-z|-]+)\\?"', text) for name in names.split("|")
    }
    given = {
        relabeling["replacement"]
        for monitor in of_kind(rendered("everything"), "ServiceMonitor").values()
        for relabeling in monitor["spec"]["endpoints"][0]["relabelings"]
    }
    assert asked <= given


def test_grafanas_sidecar_finds_every_dashboard() -> None:
    drawn = {file.name: json.loads(file.read_text()) for file in (CHART / "files" / "dashboards").glob("*.json")}
    found = of_kind(rendered("everything"), "ConfigMap").get("cafe-dashboards")
    if not drawn:
        assert found is None
        return
    assert found is not None
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert {name: json.loads(text) for name, text in found["data"].items()} == drawn
