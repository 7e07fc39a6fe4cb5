"""The chart as the real helm renders it, each set of values once."""

import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from tests.deployment.programs import TOOLS, helm

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "cafe-lumiere"
VALUES = Path(__file__).parent / "values"
# the defaults are the bundled database
SETS = ("default", *sorted(file.stem for file in VALUES.glob("*.yaml")))
Manifest = dict[str, Any]
SERVICES = {"frontend": "frontend", "order-service": "orders", "kitchen-service": "kitchen"}


def run_helm(*words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Helm without a cluster and without a home."""
    home = {f"HELM_{kind}_HOME": str(TOOLS / "helm" / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
    nowhere = {"PATH": "/usr/bin:/bin", "HOME": str(TOOLS / "helm"), "KUBECONFIG": "/dev/null"}
    return subprocess.run(  # noqa: S603
        [str(helm()), *words], check=False, capture_output=True, text=True, env={**nowhere, **home, **environ}
    )


def chosen(name: str) -> list[str]:
    return [] if name == "default" else ["--values", str(VALUES / f"{name}.yaml")]


def template(*words: str) -> "subprocess.CompletedProcess[str]":
    return run_helm("template", "cafe", str(CHART), "--namespace", "cafe-lumiere", *words)


def manifests(text: str) -> list[Manifest]:
    return [one for one in yaml.safe_load_all(text) if one]


@cache
def rendered(name: str, *words: str) -> list[Manifest]:
    """Every object of this set of values; `words` are further arguments for helm."""
    done = template(*chosen(name), *words)
    assert done.returncode == 0, done.stderr
    return manifests(done.stdout)


def of_kind(objects: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def the_job(objects: list[Manifest]) -> Manifest:
    [job] = of_kind(objects, "Job").values()
    return job


def pods(objects: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Every pod's name and spec, whatever makes it."""
    for one in objects:
        match one["kind"]:
            case "Deployment" | "StatefulSet" | "Job":
                yield f"{one['kind']} {one['metadata']['name']}", one["spec"]["template"]["spec"]
            case "Pod":
                yield f"Pod {one['metadata']['name']}", one["spec"]


def containers(pod: Manifest) -> list[Manifest]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def keys_read(pod: Manifest) -> set[str]:
    """Which keys of secrets a pod can see, by file or by variable."""
    sources: list[Any] = [
        source["secret"]
        for volume in pod["volumes"]
        for source in [*volume.get("projected", {}).get("sources", []), *([volume] if "secret" in volume else [])]
    ]
    of_files = {item["key"] for source in sources for item in source.get("items", [])}
    given = chain.from_iterable(container.get("env", []) for container in containers(pod))
    return of_files | {one["valueFrom"]["secretKeyRef"]["key"] for one in given if "valueFrom" in one}
