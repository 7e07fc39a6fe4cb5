"""What Hypercorn does by default and a café in the open must not: each with the trap it closes.

Found by trying with Hypercorn 0.18; `tests/integration/test_hardening.py` fails when its insides change.
"""

import asyncio
import contextlib
from typing import Any

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.protocol import ws_stream
from hypercorn.protocol.h11 import H11Protocol
from wsproto.extensions import PerMessageDeflate

FIRST_HEADERS_SECONDS = 10.0


class NoDeflate(PerMessageDeflate):
    """Declines permessage-deflate: it costs 90 KB a connection, and a small bomb unpacks to hundreds of MB."""

    def accept(self, offer: str) -> bool | None:  # noqa: ARG002 - wsproto's signature
        return None


async def _refuse_upgrades(self: H11Protocol, event: Any) -> None:
    """No h2c: an upgrade that a proxy does not see lets requests be smuggled past it (RFC 9113 removed it too)."""
    del self, event


async def _idle_timeout(self: TCPServer) -> None:
    """Closes a connection whose first headers are not complete in 10 s, or that nobody used since its last request."""
    protocol: Any = self.protocol.protocol
    waits = FIRST_HEADERS_SECONDS if not protocol.keep_alive_requests else self.config.keep_alive_timeout
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(self.context.terminated.wait(), waits)
    await asyncio.shield(self._initiate_server_close())


def apply() -> None:
    """Closes the traps, for the whole process; doing it again changes nothing."""
    vars(ws_stream)["PerMessageDeflate"] = NoDeflate
    H11Protocol._check_protocol = _refuse_upgrades  # type: ignore[method-assign]  # noqa: SLF001
    TCPServer._idle_timeout = _idle_timeout  # type: ignore[method-assign]  # noqa: SLF001
