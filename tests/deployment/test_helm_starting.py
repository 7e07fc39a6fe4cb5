"""What the chart gives each container, given to the real programs: the services start with it, and the scripts work."""

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from apps.api.roles import LISTEN_ROLE, ORDERS_ROLE
from apps.cli.migrate import role_passwords
from apps.kit.database.roles import open_roles
from apps.kit.settings.production import refusals
from apps.kit.settings.settings import Settings
from tests.cafe import RunningCafe, eventually, run_cafe
from tests.deployment.chart import CHART, ROOT, SERVICES, SETS, Manifest, of_kind, rendered, the_job
from tests.postgres import PostgresServer

SCRIPTS = CHART / "files" / "scripts"
# what somebody might put into a secret; the longest password that may be part of an address
SECRETS = {
    "secret": "k3yF0rT0kens-that-nobody-guesses-0123456789",
    "staff-password": "velvet-kettle-morning",
    "owner-password": "Ow-ner_Password_0123456789",
    "password": "0perat0rsPassword0123456789",
    "orders-role-password": "0rders-role_Password-0123456789",
    "listen-role-password": "L1sten-role_Password-0123456789",
    "oidc-client-secret": "client-secret",
    "migrate-url": "postgresql://owner:pw@db.example/cafe?sslmode=verify-full",
    "database-url": "postgresql://cafe_orders:pw@pooler.example/cafe?sslmode=verify-full",
    "read-database-url": "postgresql://cafe_orders:pw@replica.example/cafe?sslmode=verify-full",
    "listen-url": "postgresql://cafe_listen:pw@db.example/cafe?sslmode=verify-full",
    "tls.crt": "a certificate",
    "tls.key": "its key",
    "ca.crt": "an authority",
}


@dataclass(frozen=True)
class Started:
    """A container's environment, as the kubelet would make it; its mounted files lie below a folder of the test's."""

    environ: dict[str, str]

    @property
    def settings(self) -> Settings:
        return Settings.load(self.environ)


def start(pod: Manifest, container: Manifest, objects: list[Manifest], folder: Path) -> Started:
    places = dict(mounted(pod, container, folder))
    environ: dict[str, str] = {}
    for source in container.get("envFrom", []):
        environ |= of_kind(objects, "ConfigMap")[source["configMapRef"]["name"]]["data"]
    for given in container.get("env", []):
        value = SECRETS[given["valueFrom"]["secretKeyRef"]["key"]] if "valueFrom" in given else given["value"]
        # https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
        value = re.sub(r"\$\((\w+)\)", lambda found: environ.get(found[1], found[0]), value)
        for place, real in places.items():
            value = value.replace(place, str(real))
        environ[given["name"]] = value
    return Started(environ)


def mounted(pod: Manifest, container: Manifest, folder: Path) -> Iterator[tuple[str, Path]]:
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in container["volumeMounts"]:
        volume = volumes[mount["name"]]
        sources = [source["secret"] for source in volume.get("projected", {}).get("sources", [])]
        sources += [volume["secret"]] if "secret" in volume else []
        if not sources:
            continue
        real = folder / mount["mountPath"].lstrip("/")
        real.mkdir(parents=True, exist_ok=True)
        for source in sources:
            for item in source.get("items", [{"key": key, "path": key} for key in ("tls.crt", "tls.key")]):
                (real / item["path"]).write_text(SECRETS[item["key"]] + "\n")
        yield mount["mountPath"], real


def service(name: str, component: str, folder: Path) -> Started:
    objects = rendered(name)
    pod = of_kind(objects, "Deployment")[component]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    return start(pod, container, objects, folder)


@pytest.mark.parametrize("component", SERVICES)
@pytest.mark.parametrize("name", SETS)
def test_what_the_chart_sets_the_service_starts_with(name: str, component: str, tmp_path: Path) -> None:
    started = service(name, component, tmp_path)
    settings = started.settings
    assert refusals(settings, SERVICES[component], started.environ) == []
    assert settings.secret == SECRETS["secret"]
    assert bool(settings.staff_password) is (component == "order-service")
    assert (settings.host, settings.log) == ("0.0.0.0", "json")
    [container] = of_kind(rendered(name), "Deployment")[component]["spec"]["template"]["spec"]["containers"]
    assert container["ports"][0]["containerPort"] == settings.port_of(SERVICES[component])
    # where the services find each other are Services of that name and port
    for address in (settings.orders_url, settings.kitchen_url):
        found = of_kind(rendered(name), "Service")[urlsplit(address).hostname or ""]
        assert found["spec"]["ports"][0]["port"] == urlsplit(address).port


@pytest.mark.parametrize("name", SETS)
def test_every_address_of_the_database_is_for_the_right_role_and_place(name: str, tmp_path: Path) -> None:
    orders, frontend = (service(name, one, tmp_path).settings for one in ("order-service", "frontend"))
    objects = rendered(name)
    job = the_job(objects)["spec"]["template"]["spec"]
    [container] = job["containers"]
    migrate = start(job, container, objects, tmp_path).settings
    assert orders.database_url
    assert frontend.listen_url
    assert migrate.database_url
    assert (frontend.database_url, orders.listen_url) == (None, None)
    users = [urlsplit(url).username for url in (orders.database_url, frontend.listen_url, migrate.database_url)]
    assert users == ["cafe_orders", "cafe_listen", "owner" if name == "external" else "cafe_owner"]
    hosts = [urlsplit(url).hostname for url in (orders.database_url, frontend.listen_url, migrate.database_url)]
    cluster = "shared-cluster" if name == "gateway" else "cafe-lumiere-cluster"
    match name:
        case "external":
            assert hosts == ["pooler.example", "db.example", "db.example"]
        case "cloudnativepg" | "everything":
            assert hosts == [f"{cluster}-pooler-rw", f"{cluster}-rw", f"{cluster}-rw"]
        case "gateway":
            assert hosts == [f"{cluster}-rw"] * 3
        case _:
            assert hosts == ["cafe-lumiere-postgresql"] * 3
            assert "cafe-lumiere-postgresql" in of_kind(objects, "Service")
    pooled = name in {"external", "cloudnativepg", "everything"}
    assert orders.database_pooler == ("transaction" if pooled else "none")
    assert bool(orders.read_database_url) is pooled, "these have replicas as well"
    if orders.read_database_url and name != "external":
        assert urlsplit(orders.read_database_url).hostname == f"{cluster}-ro"
        assert urlsplit(orders.read_database_url).username == "cafe_orders"


@pytest.mark.parametrize("name", ["cloudnativepg", "gateway", "everything"])
def test_the_operators_certificate_is_checked(name: str, tmp_path: Path) -> None:
    orders, frontend = (service(name, one, tmp_path).settings for one in ("order-service", "frontend"))
    for url in (orders.database_url, orders.read_database_url, frontend.listen_url):
        if url:
            asked = parse_qs(urlsplit(url).query)
            assert asked["sslmode"] == ["verify-ca" if "pooler" in url else "verify-full"]
            assert Path(asked["sslrootcert"][0]).read_text().strip() == SECRETS["ca.crt"]


@pytest.mark.parametrize("name", SETS)
def test_the_migration_gives_the_roles_the_passwords_that_the_services_use(name: str, tmp_path: Path) -> None:
    objects = rendered(name)
    pod = the_job(objects)["spec"]["template"]["spec"]
    [container] = pod["containers"]
    migrate = start(pod, container, objects, tmp_path).settings
    assert role_passwords(migrate) == {
        ORDERS_ROLE: SECRETS["orders-role-password"],
        LISTEN_ROLE: SECRETS["listen-role-password"],
    }
    if name != "external":
        orders, frontend = (service(name, one, tmp_path).settings for one in ("order-service", "frontend"))
        assert urlsplit(orders.database_url or "").password == migrate.orders_role_password
        assert urlsplit(frontend.listen_url or "").password == migrate.listen_role_password


@pytest.mark.parametrize(
    ("name", "hops"),
    [("default", 0), ("cloudnativepg", 0), ("external", 1), ("ingress", 1), ("gateway", 1), ("everything", 2)],
)
def test_as_many_proxies_are_believed_as_there_are(name: str, hops: int, tmp_path: Path) -> None:
    assert service(name, "frontend", tmp_path).settings.trusted_hops == hops
    # behind the frontend there is none
    assert service(name, "order-service", tmp_path).settings.trusted_hops == 0


def test_what_was_chosen_beside_arrives(tmp_path: Path) -> None:
    settings = service("everything", "frontend", tmp_path).settings
    assert (settings.oidc_issuer, settings.oidc_client_secret) == (
        "https://accounts.example",
        SECRETS["oidc-client-secret"],
    )
    assert settings.oidc_allowed == ("@cafe.example", "ana@elsewhere.example")
    assert settings.otlp_endpoint == "https://collector.example"
    assert str(settings.timezone) == "Europe/Lisbon"
    assert service("cloudnativepg", "frontend", tmp_path).settings.tls_certificate is not None
    assert service("ingress", "frontend", tmp_path).settings.sockets == 20_000
    assert service("ingress", "frontend", tmp_path).settings.cors_origins == ("https://cafe.example",)


@asynccontextmanager
async def python(*words: str, **environ: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program, which is gone when the block is left, however that happens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *words,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def run(script: str, **environ: str) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    """A script of the chart, started as its container starts it."""
    return python("-c", (SCRIPTS / f"{script}.py").read_text(), **environ)


async def said(process: asyncio.subprocess.Process) -> str:
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return output.decode()


async def first_line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout
    return (await asyncio.wait_for(process.stdout.readline(), 60)).decode()


def elsewhere(url: str | None, place: str) -> str:
    """The same login at a server of the test's, which has no certificate."""
    login = urlsplit(url or "").netloc.rpartition("@")[0]
    return f"postgresql://{login}@{place}?sslmode=disable"


@pytest.fixture
def fresh_server() -> Iterator[PostgresServer]:
    """One that no migration has ever seen: roles belong to a whole server."""
    folder = Path(tempfile.mkdtemp(prefix="cafe-helm-"))
    folder.chmod(0o711)
    server = PostgresServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(folder)


async def test_from_an_empty_cluster_of_the_operator_to_an_order(fresh_server: PostgresServer, tmp_path: Path) -> None:
    """The operator's part, the migration Job and the services, with what the chart gives to each of them."""
    objects = rendered("cloudnativepg")
    [cluster] = of_kind(objects, "Cluster").values()
    initdb = cluster["spec"]["bootstrap"]["initdb"]
    owner, database = initdb["owner"], initdb["database"]
    fresh_server.execute("postgres", f"create role {owner} login password '{SECRETS['password']}'")
    fresh_server.execute("postgres", f"create database {database} owner {owner}")
    for statement in initdb["postInitApplicationSQL"]:
        fresh_server.execute(database, statement)
    place = urlsplit(fresh_server.url(database)).netloc.rpartition("@")[2] + f"/{database}"

    pod = the_job(objects)["spec"]["template"]["spec"]
    [container] = pod["containers"]
    environ = start(pod, container, objects, tmp_path).environ
    environ["CAFE_DATABASE_URL"] = elsewhere(environ["CAFE_DATABASE_URL"], place)
    for _ in range(2):  # a Job may be started again
        async with python("-m", "apps", *container["args"], **environ) as migrated:
            output = await said(migrated)
            assert (migrated.returncode, "warning" in output) == (0, False), output

    orders, frontend = (service("cloudnativepg", one, tmp_path).settings for one in ("order-service", "frontend"))
    addresses = {
        "CAFE_DATABASE_URL": elsewhere(orders.database_url, place),
        "CAFE_READ_DATABASE_URL": elsewhere(orders.read_database_url, place),
        "CAFE_DATABASE_POOLER": orders.database_pooler,
        "CAFE_LISTEN_URL": elsewhere(frontend.listen_url, place),
    }
    async with (
        run_cafe(fresh_server.url(database), **addresses) as running,
        run("order_something", FRONTEND_URL=running.frontend) as tested,
    ):
        assert "and cancelled it" in await said(tested)


async def test_what_probes_and_prometheus_ask_for_is_answered(cafe: RunningCafe) -> None:
    objects = rendered("everything")
    addresses = {"frontend": cafe.frontend, "order-service": cafe.orders, "kitchen-service": cafe.kitchen}
    for component, address in addresses.items():
        [container] = of_kind(objects, "Deployment")[component]["spec"]["template"]["spec"]["containers"]
        paths = {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}
        [endpoint] = of_kind(objects, "ServiceMonitor")[component]["spec"]["endpoints"]
        for path in paths | {endpoint["path"]}:
            assert (await cafe.http.get(address + path)).status_code == 200, (component, path)


async def test_helm_test_orders_and_leaves_nothing_to_make(cafe: RunningCafe) -> None:
    async with run("order_something", FRONTEND_URL=cafe.frontend) as tested:
        output = await said(tested)
        assert tested.returncode == 0, output
        assert "read it back as number 001, and cancelled it" in output
    async with cafe.sql() as sql:
        assert await sql.fetchval("select array_agg(status) from orders") == ["cancelled"]


async def test_helm_test_says_what_is_wrong(cafe: RunningCafe) -> None:
    async with cafe.sql() as sql:
        await sql.execute("update menu_items set available = false")

    async def nothing_is_on_offer() -> bool:
        menu = (await cafe.http.get(f"{cafe.frontend}/api/menu")).json()
        return not any(item["available"] for item in menu["items"])

    await eventually(nothing_is_on_offer)
    async with run("order_something", FRONTEND_URL=cafe.frontend) as tested:
        assert "the menu is empty" in await said(tested)
        assert tested.returncode == 1
    await cafe.stop("frontend")
    async with run("order_something", FRONTEND_URL=cafe.frontend) as tested:
        assert "Connection refused" in await said(tested)
        assert tested.returncode == 1


async def test_who_waits_for_the_database_waits_until_it_is_let_in(database_url: str, tmp_path: Path) -> None:
    parts = urlsplit(database_url)
    server = f"{parts.hostname}:{parts.port}{parts.path}"
    password = "N0t-yet_known-" + os.urandom(8).hex()
    role = f"cafe_waiting_{os.getpid()}"
    file = tmp_path / "database-url"
    file.write_text(f"postgresql://{role}:{password}@{server}\n")
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute(f"create role {role} nologin")
        async with run("wait_for_database", CAFE_DATABASE_URL_FILE=str(file)) as waiting:
            first = await first_line(waiting)
            assert first.startswith("waiting for the database: ")
            assert waiting.returncode is None
            assert password not in first
            await open_roles(database_url, {role: password})
            assert "the database lets us in" in await said(waiting)
            assert waiting.returncode == 0
    finally:
        await owner.execute(f"drop role {role}")
        await owner.close()


async def test_who_waits_for_the_database_goes_when_told_to() -> None:
    async with run("wait_for_database", CAFE_DATABASE_URL="postgresql://nobody:x@127.0.0.1:1/cafe") as waiting:
        await first_line(waiting)
        waiting.terminate()
        await said(waiting)
        assert waiting.returncode == 128 + 15


async def test_an_address_that_is_none_is_not_waited_for() -> None:
    for address, fault in {
        "": "CAFE_DATABASE_URL is not set",
        "postgresql://cafe@127.0.0.1/cafe?sslmode=perhaps": "the database's address cannot be used",
    }.items():
        async with run("wait_for_database", CAFE_DATABASE_URL=address) as waiting:
            assert fault in await said(waiting)
            assert waiting.returncode == 1
