"""`cafe up` from the outside: what a person at a terminal sees of it."""

import asyncio
import os
import signal
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import trustme

from apps.kit.settings.recipients import SERVICES
from tests.integration.running_cafe import Cafe, cafe_folder, eventually

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes through /proc")


@pytest.fixture
def cafe() -> Iterator[Cafe]:
    with cafe_folder() as one:
        yield one


async def ask(cafe: Cafe, statement: str) -> object:
    connection = await asyncpg.connect((cafe.folder / "database-url").read_text().strip())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def test_a_cafe_opens_shows_the_way_in_and_closes_without_a_trace(cafe: Cafe) -> None:
    cafe.open()
    assert cafe.all_healthy()
    for shown in ("/kitchen", "/display", "/sign-in?key=", "curl "):
        assert shown in cafe.output
    assert (cafe.folder / "database-url").stat().st_mode & 0o777 == 0o600
    began = time.monotonic()
    assert cafe.end() == 0
    assert time.monotonic() - began < 10
    assert cafe.processes() == {}
    assert not (cafe.folder / "database-url").exists()


def test_settings_reach_the_services_and_secrets_only_those_that_need_them(cafe: Cafe) -> None:
    cafe.extra |= {"CAFE_METRICS": "token", "CAFE_STAFF_PASSWORD": "velvet-kettle-morning"}
    cafe.open()
    assert {cafe.status(service, "/metrics") for service in SERVICES} == {401}
    knows = [
        command.split()[-1]
        for pid, command in cafe.processes().items()
        if b"velvet-kettle-morning" in Path(f"/proc/{pid}/environ").read_bytes()
    ]
    assert sorted(knows) == ["orders", "up"]


def certificate(folder: Path) -> tuple[dict[str, str], str]:
    """The settings of a new certificate at the same place, and what a client gets of it."""
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "chain.pem")
    settings = {"CAFE_TLS_CERTIFICATE": str(folder / "chain.pem"), "CAFE_TLS_KEY": str(folder / "key.pem")}
    return settings, issued.cert_chain_pems[0].bytes().decode()


def served_certificate(port: int) -> str:
    try:
        return ssl.get_server_certificate(("127.0.0.1", port), timeout=5)
    except OSError:
        return ""


def test_sighup_takes_up_a_renewed_certificate_and_closes_nothing(cafe: Cafe, tmp_path: Path) -> None:
    settings, first = certificate(tmp_path)
    cafe.extra |= settings
    cafe.open()
    assert served_certificate(cafe.ports["frontend"]).split() == first.split()
    _, renewed = certificate(tmp_path)
    orders = cafe.pid_of("serve orders")
    assert cafe.process
    cafe.process.send_signal(signal.SIGHUP)
    eventually(lambda: served_certificate(cafe.ports["frontend"]).split() == renewed.split(), "it serves the new one")
    assert cafe.process.poll() is None
    assert cafe.pid_of("serve orders") == orders


def test_sighup_without_a_certificate_changes_nothing(cafe: Cafe) -> None:
    cafe.open()
    frontend = cafe.pid_of("serve frontend")
    assert cafe.process
    cafe.process.send_signal(signal.SIGHUP)
    assert cafe.all_healthy()
    assert cafe.pid_of("serve frontend") == frontend
    assert cafe.end() == 0


def test_a_terminal_that_is_closed_closes_the_cafe(cafe: Cafe) -> None:
    leader, follower = os.openpty()
    try:
        cafe.open(follower)
    finally:
        os.close(follower)
        os.close(leader)
    assert cafe.process
    cafe.process.send_signal(signal.SIGHUP)
    assert cafe.ended(15) == 0


def test_ctrl_c_closes_it_too(cafe: Cafe) -> None:
    cafe.open()
    assert cafe.end(signal.SIGINT) == 0
    assert cafe.processes() == {}


def test_a_sample_menu_is_there_and_a_menu_of_ones_own_is_left_alone(cafe: Cafe) -> None:
    cafe.open()
    assert asyncio.run(ask(cafe, "select count(*) from menu_items")) > 1
    asyncio.run(ask(cafe, "delete from menu_items where id <> 1"))
    cafe.end()
    cafe.open()
    assert asyncio.run(ask(cafe, "select count(*) from menu_items")) == 1


def test_a_killed_cafe_leaves_no_process_and_loses_no_data(cafe: Cafe) -> None:
    cafe.open()
    asyncio.run(ask(cafe, "create table kept as select 42 as answer"))
    cafe.end(signal.SIGKILL)
    eventually(lambda: cafe.processes() == {}, "every process has ended", 10)
    cafe.open()
    assert asyncio.run(ask(cafe, "select answer from kept")) == 42


def test_the_next_start_is_quick_and_keeps_the_secrets(cafe: Cafe) -> None:
    cafe.open()
    cafe.end()
    kept = [(cafe.folder / name).read_text() for name in ("secret", "staff-password", "postgres-password")]
    began = time.monotonic()
    cafe.open()
    assert time.monotonic() - began < 10
    assert [(cafe.folder / name).read_text() for name in ("secret", "staff-password", "postgres-password")] == kept


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_dies_is_started_again_and_says_so(cafe: Cafe, service: str) -> None:
    cafe.open()
    os.kill(cafe.pid_of(f"serve {service}"), signal.SIGKILL)
    eventually(lambda: f"{service} stopped (signal SIGKILL); starting it again" in cafe.output, "it says so")
    eventually(cafe.all_healthy, "all three are healthy again")


def test_postgresql_that_dies_is_started_again_on_the_same_port(cafe: Cafe) -> None:
    cafe.open()
    address = (cafe.folder / "database-url").read_text()
    os.kill(int((cafe.folder / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    eventually(lambda: "PostgreSQL stopped (signal SIGKILL); starting it again" in cafe.output, "it says so")
    eventually(cafe.all_healthy, "all three are healthy again", 60)
    assert (cafe.folder / "database-url").read_text() == address


def test_a_port_in_use_is_named_with_the_setting_that_changes_it(cafe: Cafe) -> None:
    with socket.create_server(("127.0.0.1", cafe.ports["orders"])):
        cafe.launch()
        assert cafe.ended(30) == 1
    assert f"port {cafe.ports['orders']} is in use" in cafe.output
    assert "CAFE_ORDERS_PORT" in cafe.output
    assert cafe.processes() == {}


def test_a_second_cafe_on_the_same_folder_is_refused_and_the_first_goes_on(cafe: Cafe) -> None:
    cafe.open()
    second = Cafe(cafe.folder)
    second.launch()
    assert second.ended(30) == 1
    assert "already running" in second.output
    assert cafe.all_healthy()


@pytest.mark.parametrize("moment", ["secret", "postgres.new", "postgres.log", "database-url"])
def test_stopping_it_while_it_starts_leaves_nothing_and_the_next_start_works(cafe: Cafe, moment: str) -> None:
    cafe.launch()
    eventually((cafe.folder / moment).exists, f"it got to {moment}")
    assert cafe.end() == 0, cafe.output
    assert cafe.processes() == {}
    cafe.open()
