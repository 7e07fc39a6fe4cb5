"""Errors of an HTTP API; a class's docstring is the sentence that a person may read."""

from typing import Any


class ApiError(Exception):
    """Something went wrong that we did not expect. Nothing was lost; please try again."""

    status: int = 500
    code: str = "internal_error"

    def __init__(self, detail: str | None = None, **members: Any) -> None:
        """`members` are shown in the problem document beside the standard ones (RFC 9457 section 3.2)."""
        self.detail = detail or (type(self).__doc__ or "").strip()
        self.members = members
        self.headers: dict[str, str] = {}
        super().__init__(self.detail)


class BadRequest(ApiError):
    """The request could not be read."""

    status, code = 400, "bad_request"


class BadJson(BadRequest):
    """The body is not JSON."""

    code = "bad_json"


class SignInNeeded(ApiError):
    """Please sign in first."""

    status, code = 401, "sign_in_needed"

    def __init__(self, detail: str | None = None, **members: Any) -> None:
        super().__init__(detail, **members)
        self.headers["WWW-Authenticate"] = "Bearer"


class NotAllowed(ApiError):
    """You may not do that."""

    status, code = 403, "not_allowed"


class ForeignOrigin(NotAllowed):
    """This request comes from another site, so it was not carried out."""

    code = "foreign_origin"


class NotFound(ApiError):
    """There is nothing here."""

    status, code = 404, "not_found"


class MethodNotAllowed(ApiError):
    """This address does not take that method."""

    status, code = 405, "method_not_allowed"


class Conflict(ApiError):
    """That is not possible in the present state."""

    status, code = 409, "conflict"


class PreconditionFailed(ApiError):
    """The order has changed since you last saw it."""

    status, code = 412, "precondition_failed"


class BodyTooLarge(ApiError):
    """The body is larger than 32 KiB."""

    status, code = 413, "body_too_large"


class Invalid(ApiError):
    """Some fields are not as they should be."""

    status, code = 422, "invalid"


class Relayed(ApiError):
    """A service behind this one refused."""

    def __init__(self, status: int, code: str, detail: str, **members: Any) -> None:
        """The refusal of a service behind this one, in its own words."""
        super().__init__(detail, **members)
        self.status = status
        self.code = code


class BadGateway(ApiError):
    """A service behind this one gave an answer that makes no sense."""

    status, code = 502, "bad_gateway"


class Unavailable(ApiError):
    """The café's computer is catching its breath. Nothing was lost; please try again in a moment."""

    status, code = 503, "unavailable"

    def __init__(self, detail: str | None = None, *, retry_after: int = 2, **members: Any) -> None:
        super().__init__(detail, **members)
        self.headers["Retry-After"] = str(retry_after)
