"""The steps of a release check; each starts more services of the same compose project."""

import asyncio
import ssl
import time
from dataclasses import dataclass
from typing import Any

import httpx

from apps.kit.user_error import UserError
from tools.release.engine import IMAGE, Engine
from tools.release.rush import rush_while_a_frontend_is_killed
from tools.release.screens import cafe_at, order_through_all_screens

SERVICES = {
    "frontend": "CAFE_FRONTEND_PORT",
    "order-service": "CAFE_ORDERS_PORT",
    "kitchen-service": "CAFE_KITCHEN_PORT",
}
COMPILERS = ("cc", "gcc", "g++", "clang", "make", "rustc", "go", "pip", "curl")
SCRAPED_SECONDS = 60.0
ABOUT_THE_IMAGE = f"""
import importlib.util, os, shutil
assert os.getuid() != 0, "it runs as root"
assert not importlib.util.find_spec("pip"), "pip is in it"
found = [name for name in {COMPILERS!r} if shutil.which(name)]
assert not found, f"in it: {{found}}"
writable = [place for place in ("/", "/app", "/app/apps", "/opt/venv") if os.access(place, os.W_OK)]
assert not writable, f"its user may write to {{writable}}"
"""


@dataclass(frozen=True)
class Check:
    """Each step returns what it found, or raises UserError."""

    engine: Engine

    def _screens(self, port: str, certificate: ssl.SSLContext | None = None) -> str:
        """Places an order through the frontend at that port and follows it on all screens."""
        scheme = "https" if certificate else "http"
        frontend = f"{scheme}://localhost:{self.engine.port(port)}"
        orders = f"http://127.0.0.1:{self.engine.port('CAFE_ORDERS_PORT')}"
        secret = self.engine.env["CAFE_SECRET"]
        return asyncio.run(_ordered(frontend, orders, secret, certificate))

    def image(self) -> str:
        self.engine.compose("build", "--quiet")
        shut = ("run", "--rm", "--read-only", "--network=none", "--cap-drop=ALL")
        self.engine.docker(*shut, IMAGE, "--help")
        self.engine.docker(*shut, "--entrypoint=python", IMAGE, "-c", ABOUT_THE_IMAGE)
        size = int(self.engine.docker("image", "inspect", "--format", "{{.Size}}", IMAGE))
        return f"not root, nothing to write to, no compiler and no pip; {size / 1e6:.0f} MB"

    def default(self) -> str:
        self.engine.up()
        pickup = self._screens("CAFE_FRONTEND_PORT").partition("-")[0]
        return f"all healthy; order {pickup} went over the customer's, the kitchen's and the lobby's screen"

    def stopping(self) -> str:
        began = time.monotonic()
        self.engine.compose("stop", *SERVICES)
        seconds = time.monotonic() - began
        ended = {service: self.engine.exit_status(service) for service in SERVICES}
        if any(ended.values()):
            raise UserError(f"not every service heard SIGTERM and ended well: {ended}")
        self.engine.up()
        self._screens("CAFE_FRONTEND_PORT")
        return f"the three services ended by themselves in {seconds:.0f} s, and opened again"

    def tls(self) -> str:
        self.engine.up("caddy", profile="tls")
        root = self.engine.compose("exec", "-T", "caddy", "cat", "/data/caddy/pki/authorities/local/root.crt")
        self._screens("HTTPS_PORT", ssl.create_default_context(cadata=root))
        plain = httpx.get(f"http://localhost:{self.engine.port('HTTP_PORT')}/", trust_env=False)
        if plain.status_code != 308 or not plain.headers["Location"].startswith("https://"):
            raise UserError(f"plain HTTP was answered with {plain.status_code}, not sent to HTTPS")
        figures = httpx.get(
            f"https://localhost:{self.engine.port('HTTPS_PORT')}/metrics",
            trust_env=False,
            verify=ssl.create_default_context(cadata=root),
        )
        if figures.status_code != 404:
            raise UserError("the world may read /metrics")
        return "screens over HTTPS and wss, plain HTTP is sent there, figures stay inside"

    def monitoring(self) -> str:
        self.engine.up("prometheus", profile="monitoring")
        rules = _prometheus(self.engine, "rules")["groups"]
        ill = [rule["name"] for group in rules for rule in group["rules"] if rule["health"] == "err"]
        if ill or not rules:
            raise UserError(f"rules that Prometheus cannot work out: {ill}" if rules else "Prometheus has no rules")
        deadline = time.monotonic() + SCRAPED_SECONDS
        while missing := set(SERVICES) - {
            target["labels"]["instance"].partition(":")[0]
            for target in _prometheus(self.engine, "targets")["activeTargets"]
            if target["health"] == "up"
        }:
            if time.monotonic() > deadline:
                raise UserError(f"Prometheus has no figures of {', '.join(sorted(missing))}")
            time.sleep(1)
        return f"figures of the three services, {sum(len(group['rules']) for group in rules)} rules"

    def grafana(self) -> str:
        self.engine.up("grafana", profile="monitoring")
        address = f"http://127.0.0.1:{self.engine.port('GRAFANA_PORT')}"
        entry = ("admin", self.engine.env["GRAFANA_ADMIN_PASSWORD"])
        found = httpx.get(f"{address}/api/search?type=dash-db", auth=entry, trust_env=False).raise_for_status().json()
        if not found:
            raise UserError("Grafana has no dashboards")
        return f"{len(found)} dashboards"

    def scale(self) -> str:
        self.engine.up(profile="scale")
        self._screens("BALANCER_PORT")
        output = rush_while_a_frontend_is_killed(self.engine)
        self.engine.up("frontend-1", profile="scale")
        self._screens("BALANCER_PORT")
        return output


def _prometheus(engine: Engine, what: str) -> Any:
    address = f"http://127.0.0.1:{engine.port('PROMETHEUS_PORT')}/api/v1/{what}"
    answer = httpx.get(address, trust_env=False).raise_for_status()
    return answer.json()["data"]


async def _ordered(frontend: str, orders: str, secret: str, certificate: ssl.SSLContext | None) -> str:
    return await order_through_all_screens(cafe_at(frontend, orders, secret, certificate))
