"""HTTPS and wss from the frontend itself, and production that refuses anything less."""

import asyncio
import os
import socket
import ssl
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import trustme
from websockets.asyncio.client import connect

from apps.kit.paths import ROOT
from apps.kit.settings.settings import Settings, SettingsError
from tests.cafe import PASSWORD, SECRET, run_cafe
from tests.integration.running_cafe import cafe_folder
from tests.ports import free_port


@dataclass(frozen=True)
class Files:
    """A certificate for localhost, its key, and who vouches for it."""

    variables: dict[str, str]
    trust: ssl.SSLContext


@pytest.fixture
def files(tmp_path: Path) -> Files:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(one.bytes() for one in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return Files({"CAFE_TLS_CERTIFICATE": str(chain), "CAFE_TLS_KEY": str(key)}, trust)


async def test_the_frontend_serves_https_and_wss_itself(database_url: str, files: Files) -> None:
    async with run_cafe(database_url, verify=files.trust, **files.variables) as cafe:
        assert cafe.frontend.startswith("https://")
        order = await cafe.order()
        answer = await cafe.http.post(
            f"{cafe.frontend}/sign-in", data={"password": PASSWORD}, headers={"Origin": cafe.frontend}
        )
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-cafe_session=")
        assert "; Secure" in cookie
        own = {"Cookie": cookie.partition(";")[0], "Origin": cafe.frontend}
        async with connect(
            f"wss://127.0.0.1:{cafe.settings.frontend_port}/ws/kitchen", additional_headers=own, ssl=files.trust
        ) as screen:
            assert '"snapshot"' in str(await screen.recv())
            assert (await cafe.step(order["order_number"], "start")).status_code == 200
            assert '"change"' in str(await screen.recv())
        plain = {**own, "Origin": cafe.frontend.replace("https", "http")}
        step = f"{cafe.frontend}/api/kitchen/orders/{order['order_number']}/ready"
        assert (await cafe.http.post(step, headers=plain)).status_code == 403, "a page in clear is not one of ours"
        assert (await cafe.http.post(step, headers=own)).status_code == 200


async def test_nothing_is_said_in_clear_or_by_an_old_protocol(database_url: str, files: Files) -> None:
    async with run_cafe(database_url, verify=files.trust, **files.variables) as cafe:
        port = cafe.settings.frontend_port
        with pytest.raises(httpx.TransportError):
            await cafe.http.get(f"http://127.0.0.1:{port}/")
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        old.set_ciphers("DEFAULT:@SECLEVEL=0")

        def handshake() -> None:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as raw, old.wrap_socket(raw):
                pass

        with pytest.raises(OSError, match=r"(?i)alert|protocol|version|reset|eof"):
            await asyncio.to_thread(handshake)


def test_a_certificate_needs_its_key_and_both_must_be_there(files: Files) -> None:
    only = {"CAFE_TLS_CERTIFICATE": files.variables["CAFE_TLS_CERTIFICATE"]}
    with pytest.raises(SettingsError, match="belong together"):
        Settings.load(only)
    with pytest.raises(SettingsError, match="CAFE_TLS_KEY: cannot read it"):
        Settings.load({**only, "CAFE_TLS_KEY": "no-such-file.pem"})


def serve_in_production(**more: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CAFE_")}
    environment |= {
        "PYTHONPATH": str(ROOT),
        "CAFE_ENV": "production",
        "CAFE_SECRET": SECRET,
        "CAFE_STAFF_PASSWORD": PASSWORD,
        "CAFE_LISTEN_URL": "postgresql://nobody@127.0.0.1:1/none",
        "CAFE_FRONTEND_PORT": str(free_port()),
        **more,
    }
    command = [sys.executable, "-P", "-m", "apps", "serve", "frontend"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603


def test_production_refuses_to_speak_in_clear_to_strangers() -> None:
    refused = serve_in_production()
    assert refused.returncode == 1
    assert "CAFE_TLS_CERTIFICATE" in refused.stderr
    assert "CAFE_TRUSTED_HOPS" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_cafe_up_opens_with_a_certificate(files: Files) -> None:
    with cafe_folder() as cafe:
        cafe.extra |= files.variables
        cafe.open()
        port = cafe.ports["frontend"]
        assert f"https://127.0.0.1:{port}/sign-in?key=" in cafe.output
        answer = httpx.get(f"https://127.0.0.1:{port}/health", verify=files.trust, trust_env=False)
        assert answer.status_code == 200
