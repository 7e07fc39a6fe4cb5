"""Structured logs on standard output; every string is redacted."""

import logging
import logging.config
import sys
from collections.abc import Callable
from typing import Any, Literal

import structlog

# Below these levels they repeat what our access log and the database pool log.
CHATTY = {
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "hypercorn.access": logging.WARNING,
    "hypercorn.error": logging.WARNING,
    "asyncpg.pool": logging.ERROR,
}


CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}
CONTROL_IN_LINES = {code: shown for code, shown in CONTROL.items() if code != ord("\n")}


def _escape(key: str, text: str) -> str:
    """Escapes line breaks and control characters; tracebacks keep their lines."""
    return text.translate(CONTROL_IN_LINES if key == "exception" else CONTROL)


def _redact_all(redact: Callable[[str], str]) -> structlog.typing.Processor:
    def process(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {key: _escape(key, redact(value)) if isinstance(value, str) else value for key, value in event.items()}

    return process


def _without_noise(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {key: value for key, value in event.items() if key not in {"service", "logger", "request"}}


def configure(form: Literal["text", "json"], service: str, redact: Callable[[str], str]) -> None:
    """Formats our own logs and those of libraries alike, as text or as one JSON object a line.

    `redact` removes secrets from every string that is logged.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True)
        if form == "json"
        else structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        structlog.processors.format_exc_info,
        _redact_all(redact),
    ]
    last: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if form == "text":
        last.append(_without_noise)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stdout.isatty(),
            pad_event_to=0,
            pad_level=False,
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[*last, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name, level in CHATTY.items():
        logging.getLogger(name).setLevel(level)
