"""Every error as application/problem+json (RFC 9457), made in this one place."""

from http import HTTPStatus
from typing import Any

import structlog
from quart import Quart, Response, request
from werkzeug.exceptions import HTTPException

from apps.domain.errors import BadRequest, BodyTooLarge, CafeError, MethodNotAllowed, NotFound
from apps.kit.web.encoding import to_json

PROBLEM = "application/problem+json"
log = structlog.get_logger("cafe.problems")


def document(error: CafeError, instance: str) -> dict[str, Any]:
    """The problem document; `type` points into the service's own documentation."""
    return {
        "type": f"/docs#{error.code}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.detail,
        "instance": instance,
        "code": error.code,
        **error.members,
    }


def respond(error: CafeError) -> Response:
    """The answer to the present request that says what went wrong."""
    response = Response(to_json(document(error, request.path)), status=error.status, content_type=PROBLEM)
    response.headers.update(error.headers)
    return response


def _translate(error: HTTPException) -> CafeError:
    match error.code:
        case 404:
            return NotFound()
        case 405:
            refused = MethodNotAllowed()
            refused.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
            return refused
        case 408:
            late = BadRequest("The body took longer than 15 seconds.")
            late.headers["Connection"] = "close"
            return late
        case 413:
            large = BodyTooLarge()
            large.headers["Connection"] = "close"
            return large
        case code if code is not None and 400 <= code < 500:
            return BadRequest(error.description)
        case _:
            return CafeError()


def register_error_handlers(app: Quart) -> None:
    """Lets `app` answer every error as a problem document, and log those that are its own fault."""

    @app.errorhandler(CafeError)
    async def known(error: CafeError) -> Response:
        return respond(error)

    @app.errorhandler(HTTPException)
    async def from_framework(error: HTTPException) -> Any:
        if error.code is None or error.code < 400:
            return error
        # not app.handle_user_exception: Quart 0.23 wants another argument there than 0.22
        answer: Any = app.error_handler_spec[None][None][CafeError]
        return await app.ensure_async(answer)(_translate(error))

    @app.errorhandler(Exception)
    async def unexpected(error: Exception) -> Response:
        log.error("unexpected error", method=request.method, path=request.path, exc_info=error)
        return respond(CafeError())
