"""What goes down a live stream: made once for all who get it, in the form each kind of connection needs."""

from functools import cached_property

from apps.kit.server.websocket_frames import text_frame
from apps.kit.web.encoding import to_json, utc_now
from apps.live.entry import Change, E


class Message:
    """One JSON message at a position in history; its frame and its server-sent event are made at most once."""

    def __init__(self, json: bytes, epoch: str, seq: int) -> None:
        self.json = json
        self._id = f"{epoch}:{seq}".encode()

    @cached_property
    def frame(self) -> bytes:
        """As a websocket text frame."""
        return text_frame(self.json)

    @cached_property
    def event(self) -> bytes:
        """As a server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
        return b"id: " + self._id + b"\ndata: " + self.json + b"\n\n"


def snapshot(epoch: str, seq: int, entries: list[bytes]) -> Message:
    """The whole state of a stream."""
    head = to_json({"type": "snapshot", "epoch": epoch, "seq": seq, "server_time": utc_now()})
    return Message(head[:-1] + b',"orders":[' + b",".join(entries) + b"]}", epoch, seq)


def resumed(epoch: str, seq: int, missed: int) -> Message:
    """The promise that `missed` changes follow, all that came after `seq`."""
    return Message(to_json({"type": "resumed", "epoch": epoch, "seq": seq, "missed": missed}), epoch, seq)


def change(epoch: str, change_: Change[E], entry: bytes) -> Message:
    """One change, with the entry as this audience sees it."""
    head = to_json({"type": "change", "epoch": epoch, "seq": change_.seq, "committed_at": change_.committed_at})
    return Message(head[:-1] + b',"order":' + entry + b"}", epoch, change_.seq)


def heartbeat(epoch: str, seq: int, release: str) -> Message:
    """How far the stream is complete, and which release the server runs."""
    document = {"type": "heartbeat", "epoch": epoch, "seq": seq, "server_time": utc_now(), "release": release}
    return Message(to_json(document), epoch, seq)


def stale(epoch: str, seq: int, since: str) -> Message:
    """That nothing is known of what happened after `since`."""
    return Message(to_json({"type": "stale", "since": since, "server_time": utc_now()}), epoch, seq)
