"""The chart, rendered by the real helm with each set of values: what would be there, and how it would behave."""

import base64
import re
import tomllib

import kubernetes_validate
import pytest
import yaml

from apps.live import metrics
from tests.deployment.chart import (
    CHART,
    ROOT,
    SERVICES,
    SETS,
    Manifest,
    chosen,
    containers,
    keys_read,
    manifests,
    of_kind,
    pods,
    rendered,
    run_helm,
    template,
    the_job,
)

KUBERNETES = ("1.33", "1.37")
# no schema of theirs is in Kubernetes; test_helm_neighbours.py looks at each
NEIGHBOURS = {
    "Cluster": "postgresql.cnpg.io/v1",
    "Pooler": "postgresql.cnpg.io/v1",
    "ExternalSecret": "external-secrets.io/v1",
    "HTTPRoute": "gateway.networking.k8s.io/v1",
    "ServiceMonitor": "monitoring.coreos.com/v1",
    "PrometheusRule": "monitoring.coreos.com/v1",
}
DRAIN_SECONDS = 10
each_set = pytest.mark.parametrize("name", SETS)


@each_set
def test_helm_finds_nothing_to_say_against_the_chart(name: str) -> None:
    done = run_helm("lint", "--strict", str(CHART), *chosen(name))
    assert done.returncode == 0, done.stdout + done.stderr


@each_set
@pytest.mark.parametrize("version", KUBERNETES)
def test_every_object_is_as_kubernetes_wants_it(name: str, version: str) -> None:
    for one in rendered(name):
        if one["kind"] in NEIGHBOURS:
            assert one["apiVersion"] == NEIGHBOURS[one["kind"]]
        else:
            assert kubernetes_validate.validate(one, version, strict=True) == version


@each_set
def test_every_object_says_whose_it_is_and_where(name: str) -> None:
    for one in rendered(name):
        assert one["metadata"]["namespace"] == "cafe-lumiere"
        assert one["metadata"]["labels"]["app.kubernetes.io/name"] == "cafe-lumiere"
    names = [(one["kind"], one["metadata"]["name"]) for one in rendered(name)]
    assert len(names) == len(set(names))


@each_set
def test_rendering_it_again_changes_nothing_but_generated_secrets(name: str) -> None:
    def without_secrets(objects: list[Manifest]) -> list[Manifest]:
        return [one for one in objects if one["kind"] != "Secret"]

    again = template(*chosen(name))
    assert without_secrets(manifests(again.stdout)) == without_secrets(rendered(name))


def test_the_names_are_those_that_were_agreed() -> None:
    objects = rendered("default")
    deployments = of_kind(objects, "Deployment")
    assert {name: one["spec"]["replicas"] for name, one in deployments.items()} == dict.fromkeys(SERVICES, 2)
    services = of_kind(objects, "Service")
    front = services["frontend"]["spec"]
    assert front["type"] == "LoadBalancer"
    assert [(port["port"], port["targetPort"]) for port in front["ports"]] == [(80, 5000)]
    assert {
        name: (services[name]["spec"]["type"], services[name]["spec"]["ports"][0]["port"])
        for name in ("order-service", "kitchen-service")
    } == {"order-service": ("ClusterIP", 5001), "kitchen-service": ("ClusterIP", 5002)}
    [postgresql] = of_kind(objects, "StatefulSet").values()
    assert postgresql["metadata"]["name"] == "cafe-lumiere-postgresql"
    assert postgresql["spec"]["replicas"] == 1
    [claim] = postgresql["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "1Gi"
    assert "cafe-config" in of_kind(objects, "ConfigMap")
    assert "cafe-secrets" in of_kind(objects, "Secret")


@each_set
def test_services_find_the_pods_they_are_for(name: str) -> None:
    objects = rendered(name)
    made = [
        one["spec"]["template"]["metadata"]["labels"] for one in objects if one["kind"] in {"Deployment", "StatefulSet"}
    ]
    for service in of_kind(objects, "Service").values():
        wanted = service["spec"]["selector"].items()
        assert [labels for labels in made if wanted <= labels.items()], service["metadata"]["name"]
    for deployment in of_kind(objects, "Deployment").values():
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()


@each_set
def test_every_container_is_restricted(name: str) -> None:
    for where, pod in pods(rendered(name)):
        of_pod = pod["securityContext"]
        assert of_pod["runAsNonRoot"] is True, where
        assert of_pod["runAsUser"] > 0, where
        assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}, where
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), where
        assert {kind for volume in pod["volumes"] for kind in volume} <= {"name", "emptyDir", "secret", "projected"}
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, (where, container["name"])
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, (where, container["name"])
            assert "memory" in container["resources"]["limits"], (where, container["name"])


@each_set
def test_no_pod_gets_a_token_or_variables_from_kubernetes(name: str) -> None:
    """Service links would be called CAFE_LUMIERE_POSTGRESQL_…: no service starts with a setting it does not know."""
    for where, pod in pods(rendered(name)):
        assert pod["automountServiceAccountToken"] is False, where
        assert pod["enableServiceLinks"] is False, where
    for account in of_kind(rendered(name), "ServiceAccount").values():
        assert account["automountServiceAccountToken"] is False


@each_set
def test_every_deployment_is_probed_and_drained_and_rolled_out_one_by_one(name: str) -> None:
    for deployment in of_kind(rendered(name), "Deployment").values():
        spec = deployment["spec"]
        assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
        pod = spec["template"]["spec"]
        [container] = pod["containers"]
        paths = {
            kind: container[f"{kind}Probe"]["httpGet"]["path"].lstrip("/")
            for kind in ("startup", "readiness", "liveness")
        }
        # readiness leaves the database out by itself; the other two would restart a pod that nothing is wrong with
        assert paths == {"startup": "livez", "readiness": "readyz", "liveness": "livez"}
        pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pause >= 5
        assert pod["terminationGracePeriodSeconds"] > pause + DRAIN_SECONDS


@each_set
def test_every_deployment_of_more_than_one_is_spread_and_not_emptied(name: str) -> None:
    objects = rendered(name)
    scalers = of_kind(objects, "HorizontalPodAutoscaler")
    for service, deployment in of_kind(objects, "Deployment").items():
        spec = deployment["spec"]
        if service in scalers:
            assert "replicas" not in spec, "the autoscaler and every upgrade would set it in turn"
        least = scalers[service]["spec"]["minReplicas"] if service in scalers else spec["replicas"]
        budgets = of_kind(objects, "PodDisruptionBudget")
        # a budget of 1 over one pod would only keep its node from ever being drained
        assert (service in budgets) is (least > 1)
        if service in budgets:
            assert budgets[service]["spec"]["minAvailable"] == 1
            assert budgets[service]["spec"]["selector"] == spec["selector"]
        constraints = spec["template"]["spec"]["topologySpreadConstraints"]
        assert [one["topologyKey"] for one in constraints] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
        assert all(one["labelSelector"] == spec["selector"] for one in constraints)


def test_frontends_scale_by_their_sockets_where_they_can_and_slowly_down() -> None:
    by_sockets = of_kind(rendered("ingress"), "HorizontalPodAutoscaler")
    assert by_sockets.keys() == SERVICES.keys()
    [metric] = by_sockets["frontend"]["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] == "cafe_live_connections"
    assert metric["pods"]["target"] == {"type": "AverageValue", "averageValue": "4000"}
    [by_cpu] = of_kind(rendered("gateway"), "HorizontalPodAutoscaler").values()
    assert by_cpu["spec"]["metrics"][0]["resource"]["name"] == "cpu"
    for scaler in (*by_sockets.values(), by_cpu):
        assert scaler["spec"]["maxReplicas"] > scaler["spec"]["minReplicas"] > 1
        assert scaler["spec"]["behavior"]["scaleDown"] == {
            "stabilizationWindowSeconds": 600,
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 120}],
        }


def test_the_figure_that_frontends_scale_by_is_one_of_ours() -> None:
    [described] = metrics.sockets.describe()
    assert described.name == "cafe_live_connections"


@each_set
def test_the_image_is_this_release(name: str) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == version
    images = {
        container["image"]
        for where, pod in pods(rendered(name))
        if "postgresql" not in where
        for container in containers(pod)
    }
    [image] = images
    assert re.fullmatch(rf"[a-z./-]+:{re.escape(version)}(@sha256:[0-9a-f]{{64}})?", image)


def test_the_containers_run_as_the_user_the_image_is_made_for() -> None:
    [user] = re.findall(r"^USER (\d+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert of_kind(rendered("default"), "Deployment")["frontend"]["spec"]["template"]["spec"]["securityContext"][
        "runAsUser"
    ] == int(user)


@each_set
def test_no_secret_is_anywhere_but_in_a_secret(name: str) -> None:
    objects = rendered(name)
    texts = [yaml.safe_dump(one) for one in objects if one["kind"] != "Secret"]
    for secret in of_kind(objects, "Secret").values():
        assert len(set(secret["data"].values())) == len(secret["data"]) > 0
        for encoded in secret["data"].values():
            plain = base64.b64decode(encoded).decode()
            assert re.fullmatch(r"[A-Za-z0-9]{20,}", plain)
            assert not any(plain in text or encoded in text for text in texts)
    for config in of_kind(objects, "ConfigMap").values():
        if config["metadata"]["name"] == "cafe-config":
            assert not any(re.search("SECRET|PASSWORD|DATABASE|LISTEN", key) for key in config["data"])
    for where, pod in pods(objects):
        for container in containers(pod):
            for given in container.get("env", []):
                if re.search("SECRET|PASSWORD", given["name"]):
                    assert "valueFrom" in given or given["name"].endswith("_FILE"), where
                if given.get("value", "").startswith("postgresql:"):
                    assert re.search(r"://\w+:\$\(\w+_PASSWORD\)@", given["value"]), where


def test_everyone_sees_the_secrets_they_need_and_no_other() -> None:
    objects = rendered("default")
    seen = {name: keys_read(one["spec"]["template"]["spec"]) for name, one in of_kind(objects, "Deployment").items()}
    assert seen == {
        "frontend": {"secret", "listen-role-password"},
        "order-service": {"secret", "staff-password", "orders-role-password"},
        "kitchen-service": {"secret"},
    }
    migrate = keys_read(the_job(objects)["spec"]["template"]["spec"])
    assert migrate == {"owner-password", "orders-role-password", "listen-role-password"}
    external = rendered("external")
    assert keys_read(the_job(external)["spec"]["template"]["spec"]) == {
        "migrate-url",
        "ca.crt",
        "orders-role-password",
        "listen-role-password",
    }
    assert keys_read(of_kind(external, "Deployment")["frontend"]["spec"]["template"]["spec"]) == {
        "secret",
        "listen-url",
        "ca.crt",
    }
    # the authority's private key is in the same secret as its certificate
    authority = next(
        volume["secret"]
        for volume in of_kind(rendered("cloudnativepg"), "Deployment")["frontend"]["spec"]["template"]["spec"][
            "volumes"
        ]
        if volume["name"] == "database-ca"
    )
    assert authority["items"] == [{"key": "ca.crt", "path": "ca.crt"}]


def test_a_new_release_does_not_restart_the_bundled_database() -> None:
    [postgresql] = of_kind(rendered("default"), "StatefulSet").values()
    assert (
        not {"app.kubernetes.io/version", "helm.sh/chart"} & postgresql["spec"]["template"]["metadata"]["labels"].keys()
    )


def test_a_changed_setting_reaches_the_pods() -> None:
    def digest(objects: list[Manifest]) -> str:
        template = of_kind(objects, "Deployment")["frontend"]["spec"]["template"]
        text: str = template["metadata"]["annotations"]["cafe-lumiere/config"]
        return text

    assert digest(rendered("default", "--set", "timezone=Europe/Lisbon")) != digest(rendered("default"))
