"""Who is at the handshake of a websocket, and to which stream they may go: decided before the handshake completes."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from werkzeug.datastructures import Headers

from apps.frontend.auth.identity import Authenticator, require_staff
from apps.frontend.streams.live import Live, OrderStream
from apps.frontend.streams.lookup import Lookup
from apps.frontend.streams.stream_limit import StreamLimit
from apps.kit.errors import ForeignOrigin, NotFound, Unavailable
from apps.kit.web.tokens import Identity
from apps.live.stream import Position

MOST_QUERY_BYTES = 200


@dataclass(frozen=True)
class Admission:
    """Where somebody may go, and where they were before."""

    stream: OrderStream
    position: Position | None
    identity: Identity | None


def position_in(epoch: str, seq: str) -> Position | None:
    """A position from its two parts; None where they are not one, which means a fresh snapshot."""
    if epoch and seq.isascii() and seq.isdecimal() and len(seq) <= 18:
        return Position(epoch, int(seq))
    return None


def _position(query: bytes) -> Position | None:
    if len(query) > MOST_QUERY_BYTES:
        return None
    asked = parse_qs(query.decode("latin-1"))
    return position_in(asked.get("epoch", [""])[0], asked.get("seq", [""])[0])


@dataclass(frozen=True)
class Handshake:
    """Admits to the streams."""

    live: Live
    authenticator: Authenticator
    lookup: Lookup
    stream_limit: StreamLimit

    async def admit(self, scope: dict[str, Any]) -> Admission:
        """The stream behind a path. Raises SignInNeeded, NotAllowed, ForeignOrigin, NotFound or Unavailable."""
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
        secure = scope["scheme"] == "wss"
        if not self.authenticator.is_own_origin(headers, secure=secure, missing_is_own=True):
            raise ForeignOrigin
        stream, identity = await self._stream_at(scope["path"], headers, secure=secure)
        return Admission(stream, _position(scope["query_string"]), identity)

    async def _stream_at(self, path: str, headers: Headers, *, secure: bool) -> tuple[OrderStream, Identity | None]:
        """The stream of a websocket path, if these headers may have it, and by whose leave where that can end."""
        identity = None
        match path.split("/")[1:]:
            case ["ws", "kitchen"]:
                identity = require_staff(await self.authenticator.of_socket(headers, secure=secure))
                stream = self.live.kitchen
            case ["ws", "display"]:
                stream = self.live.display
            case ["ws", "menu"]:
                self.live.menu_message()
                stream = self.live.menus
            case ["ws", "orders", number]:
                stream = self.live.watch(await self.lookup.order(unquote(number)))
            case _:
                raise NotFound
        self.must_be_live()
        return stream, identity

    def must_be_live(self) -> None:
        """Raises Unavailable while the board is not there, or not known to be true, or everybody is being sent away."""
        if self.live.draining:
            raise Unavailable("This server is being restarted; please connect again.", retry_after=1)
        _ = self.live.board
        if self.live.stale_since is not None:
            raise Unavailable("The live connection is interrupted; please poll, and try again in a moment.")
