"""What a container engine asks every 10 s: is the service in this container ready?

It is a process of its own each time, so it loads next to nothing: not even Python's own HTTP client.
"""

import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PORTS = {"frontend": 5000, "orders": 5001, "kitchen": 5002}
ANY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
FIRST_PROCESS = Path("/proc/1/cmdline")
PATIENCE_SECONDS = 4.0
QUESTION = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def main(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """0 where the service that `words` (the first process's) start is ready, or where they start none."""
    service = words[words.index("serve") + 1] if "serve" in words[:-1] else ""
    if service not in PORTS:
        return 0
    host = environ.get("CAFE_HOST", "")
    port = int(environ.get(f"CAFE_{service.upper()}_PORT") or PORTS[service])
    secure = service == "frontend" and bool(environ.get("CAFE_TLS_CERTIFICATE"))
    try:
        answer = _ask(ANY_ADDRESS.get(host, host), port, secure=secure)
    except OSError as error:
        print(f"{service} does not answer: {error}")
        return 1
    return 0 if answer.split(b" ")[1:2] == [b"200"] else 1


def _ask(host: str, port: int, *, secure: bool) -> bytes:
    """The first bytes of the answer: its status line (RFC 9112 section 4) is in them."""
    plain = socket.create_connection((host, port), timeout=PATIENCE_SECONDS)
    with _wrapped(plain) if secure else plain as connection:
        connection.sendall(QUESTION)
        return connection.recv(64)


def _wrapped(connection: socket.socket) -> socket.socket:
    import ssl  # noqa: PLC0415 - most containers speak plain HTTP behind a proxy

    context = ssl.create_default_context()
    context.check_hostname = False  # we ask ourselves, by an address that the certificate does not name
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection)


if __name__ == "__main__":
    sys.exit(main(FIRST_PROCESS.read_bytes().decode(errors="replace").split("\0"), os.environ))
