"""The id of the request that is being answered; it ties the log lines of all services together."""

from contextvars import ContextVar

_REQUEST: ContextVar[str] = ContextVar("request_id", default="")


def begin(request_id: str) -> None:
    """Sets the request id of this task and of the calls it makes."""
    _REQUEST.set(request_id)


def present() -> str:
    """The id of the request that is being answered; empty outside of one."""
    return _REQUEST.get()
