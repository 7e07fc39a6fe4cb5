"""`cafe check --audit`: known vulnerabilities of dependencies, and committed secrets."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass
from enum import IntEnum
from importlib import import_module
from pathlib import Path
from typing import Any

from apps.kit.paths import ROOT

OSV = "https://api.osv.dev/v1/query"
BASELINE = ".secrets.baseline"
EXCLUDED_FILES = "detect_secrets.filters.regex.should_exclude_file"
ANSWER_SECONDS = 15
# They guess by entropy and variable names, and so take the throw-away passwords of tests for secrets.
GUESSING_PLUGINS = ("KeywordDetector", "BasicAuthDetector", "Base64HighEntropyString", "HexHighEntropyString")


class Verdict(IntEnum):
    """The result of a step; the worst one is the exit status."""

    CLEAN = 0
    NOT_ASKED = 3
    FOUND = 1


@dataclass(frozen=True)
class Outcome:
    """A step's verdict and its message."""

    verdict: Verdict
    message: str


def audit() -> int:
    """Runs every step, prints a line for each, returns the worst verdict: found (1), not asked (3), clean (0)."""
    service = os.environ.get("OSV_URL", OSV)
    steps = {f"packages of {file.name}": (packages, file, service) for file in sorted(locks(ROOT))}
    outcomes = []
    for name, (step, *arguments) in (steps | {"secrets": (secrets, ROOT)}).items():
        outcomes.append(step(*arguments))
        print(f"── {name}: {outcomes[-1].message}", flush=True)
    return worst(outcomes)


def worst(outcomes: Sequence[Outcome]) -> Verdict:
    """FOUND outweighs NOT_ASKED, which outweighs CLEAN."""
    for verdict in (Verdict.FOUND, Verdict.NOT_ASKED):
        if any(outcome.verdict is verdict for outcome in outcomes):
            return verdict
    return Verdict.CLEAN


def locks(root: Path) -> Iterator[Path]:
    """The lock files."""
    return (root / "requirements").glob("*.txt")


def packages(lock: Path, service: str) -> Outcome:
    """Asks a vulnerability service (OSV's API, https://google.github.io/osv.dev/api/) about every pinned package."""
    asked = subprocess.run(  # noqa: S603 - our own interpreter, our own files
        [
            *(sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip", "--require-hashes"),
            *("--vulnerability-service", "osv", "--osv-url", service, "--timeout", str(ANSWER_SECONDS)),
            *("--format", "json", "--progress-spinner", "off"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        answers: list[dict[str, Any]] = json.loads(asked.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        output = (asked.stderr.strip().splitlines() or ["no output"])[-1]
        return Outcome(Verdict.NOT_ASKED, f"could not be asked at {service} ({output[:200]})")
    vulnerabilities = [
        f"{each['name']} {each['version']}: {_vulnerability(vulnerability)}"
        for each in answers
        for vulnerability in each.get("vulns", ())
    ]
    if vulnerabilities:
        return Outcome(Verdict.FOUND, f"{len(vulnerabilities)} known: " + "; ".join(vulnerabilities))
    if unknown := [each["name"] for each in answers if "vulns" not in each]:
        return Outcome(Verdict.NOT_ASKED, f"{len(unknown)} of {len(answers)} could not be asked about: {unknown[0]}, …")
    if not answers:
        return Outcome(Verdict.NOT_ASKED, f"there is nothing in {lock.name} that could be asked about")
    return Outcome(Verdict.CLEAN, f"no known vulnerability in {len(answers)}")


def _vulnerability(vulnerability: dict[str, Any]) -> str:
    fixed = ", ".join(vulnerability.get("fix_versions") or ()) or "no version yet"
    return f"{vulnerability['id']}, fixed in {fixed}"


def secrets(root: Path) -> Outcome:
    """Looks for keys and passwords in the files that git has or would add; the baseline lists false alarms."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - whichever git there is
            capture_output=True,
            text=True,
            check=True,
            cwd=root,
        )
    except (OSError, subprocess.CalledProcessError):
        return Outcome(Verdict.NOT_ASKED, "could not be looked for: this is no git checkout, or there is no git")
    files = [name for name in listed.stdout.splitlines() if (root / name).is_file() and name != BASELINE]
    found = [f"{file}:{line} ({kind})" for file, line, kind in sorted(_scan(root, files))]
    if found:
        return Outcome(Verdict.FOUND, f"{len(found)} possible: " + "; ".join(found) + f"; see {BASELINE}")
    return Outcome(Verdict.CLEAN, f"none in {len(files)} files")


def _scan(root: Path, files: list[str]) -> Iterator[tuple[str, int, str]]:
    """File, line and kind of whatever looks like a secret and is not in the baseline.

    Files that the baseline excludes, such as tests, are searched all the same for private keys and services' tokens.
    """
    scanner = import_module("detect_secrets")
    configured = import_module("detect_secrets.settings")
    config = _configuration(root, configured)
    known = scanner.SecretsCollection.load_from_baseline({"results": {}, **config})
    with chdir(root):  # the baseline's paths are relative
        found = scanner.SecretsCollection()
        for each in (config, _of_known_forms(config)):
            with configured.transient_settings(each):
                for file in files:
                    found.scan_file(file)
    for file, secret in found - known:
        yield file, secret.line_number, secret.type


def _configuration(root: Path, configured: Any) -> dict[str, Any]:
    """The baseline; detect-secrets' defaults where there is none."""
    path = root / BASELINE
    if path.exists():
        baseline: dict[str, Any] = json.loads(path.read_text())
        return baseline
    with configured.default_settings() as settings:
        defaults: dict[str, Any] = settings.json()
        return defaults


def _of_known_forms(config: dict[str, Any]) -> dict[str, Any]:
    """The same without excluded files, and without the plugins that guess."""
    plugins = [each for each in config["plugins_used"] if each["name"] not in GUESSING_PLUGINS]
    filters = [each for each in config["filters_used"] if each["path"] != EXCLUDED_FILES]
    return {**config, "plugins_used": plugins, "filters_used": filters}
