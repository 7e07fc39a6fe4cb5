"""What Hypercorn does by default and a café in the open must not: each with the trap it closes.

Found by trying with Hypercorn 0.18; `tests/integration/test_hardening.py` fails when its insides change.
"""

from typing import Any

from hypercorn.protocol import ws_stream
from hypercorn.protocol.h11 import H11Protocol
from wsproto.extensions import PerMessageDeflate


class NoDeflate(PerMessageDeflate):
    """Declines permessage-deflate: it costs 90 KB a connection, and a small bomb unpacks to hundreds of MB."""

    def accept(self, offer: str) -> bool | None:  # noqa: ARG002 - wsproto's signature
        return None


async def _refuse_upgrades(self: H11Protocol, event: Any) -> None:
    """No h2c: an upgrade that a proxy does not see lets requests be smuggled past it (RFC 9113 removed it too)."""
    del self, event


def apply() -> None:
    """Closes the traps, for the whole process; doing it again changes nothing."""
    vars(ws_stream)["PerMessageDeflate"] = NoDeflate
    H11Protocol._check_protocol = _refuse_upgrades  # type: ignore[method-assign]  # noqa: SLF001
