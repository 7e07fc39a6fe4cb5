"""Errors as application/problem+json (RFC 9457)."""

from http import HTTPStatus
from typing import Any

import structlog
from quart import Response, request
from werkzeug.exceptions import HTTPException

from apps.kit.errors import ApiError, BadRequest, BodyTooLarge, MethodNotAllowed, NotFound
from apps.kit.web.encoding import to_json
from apps.kit.web.service import Service

PROBLEM = "application/problem+json"
log = structlog.get_logger("cafe.problems")


def document(error: ApiError, instance: str) -> dict[str, Any]:
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


def respond(error: ApiError) -> Response:
    """The problem response to the present request."""
    response = Response(to_json(document(error, request.path)), status=error.status, content_type=PROBLEM)
    response.headers.update(error.headers)
    return response


def _translate(error: HTTPException) -> ApiError:
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
            return ApiError()


def register_error_handlers(app: Service) -> None:
    """Makes `app` answer every error with a problem document, and log unexpected ones."""

    @app.errorhandler(ApiError)
    async def known(error: ApiError) -> Response:
        return respond(error)

    for kind, translate in app.product.translate.items():
        app.register_error_handler(kind, lambda error, translate=translate: respond(translate(error)))

    @app.errorhandler(HTTPException)
    async def from_framework(error: HTTPException) -> Any:
        if error.code is None or error.code < 400:
            return error
        # not app.handle_user_exception: its signature differs between Quart 0.22 and 0.23
        answer: Any = app.error_handler_spec[None][None][ApiError]
        return await app.ensure_async(answer)(_translate(error))

    @app.errorhandler(Exception)
    async def unexpected(error: Exception) -> Response:
        log.error("unexpected error", method=request.method, path=request.path, exc_info=error)
        return respond(ApiError())
