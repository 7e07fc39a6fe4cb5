"""What several routes let a caller say in the same words."""

from apps.domain.lifecycle import Status
from apps.kit.web.openapi import Parameter
from apps.kit.web.query import MOST_BIGINT

MOST_LISTED = 200
MOST_ID = 2**31 - 1
_ANY_STATUS = f"({'|'.join(Status)})"

IF_MATCH = Parameter("If-Match", "header", {"type": "string"}, 'only if the order still is, say, "v3"')
IF_NONE_MATCH = Parameter("If-None-Match", "header", {"type": "string"}, "answer 304 if it is still that")
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    "the same key never makes two orders",
)
LISTING = (
    Parameter(
        "status",
        "query",
        {"type": "string", "pattern": f"^ *({_ANY_STATUS}( *, *{_ANY_STATUS})* *)?$"},
        "separated by commas",
    ),
    Parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": 100}),
    Parameter(
        "before",
        "query",
        {"type": "integer", "minimum": 1, "maximum": MOST_ID},
        "only orders with a smaller numeric id",
    ),
)
AFTER = Parameter(
    "after", "query", {"type": "integer", "minimum": 0, "maximum": MOST_BIGINT, "default": 0}, "the last seq you have"
)
ITEM = Parameter("item", "path", {"type": "integer", "minimum": 0})
