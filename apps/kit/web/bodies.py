"""Request bodies, parsed and validated once at the edge."""

import unicodedata
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from quart import request

from apps.kit.errors import BadJson, Invalid

BIDI_OVERRIDES = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _plain(text: str) -> str:
    for letter in text:
        if letter in BIDI_OVERRIDES or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp"):
            raise ValueError(f"has a control character (U+{ord(letter):04X}); please leave it out")
    return text


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")
    return str(value)


PlainText = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_plain)]
JsonNumber = BeforeValidator(_number)


class Body(BaseModel):
    """A request body: exact types, and no field that we do not know."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Model = TypeVar("Model", bound=Body)


def field_path(location: tuple[int | str, ...]) -> str:
    """`("items", 0, "id")` as `items[0].id`."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.lstrip(".") or "body"


async def read_body(model: type[Model]) -> Model:
    """The request's JSON as `model`. Raises BadJson (400), or Invalid (422) with every field that is at fault."""
    try:
        return model.model_validate_json(await request.get_data(cache=False) or b"")
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        if faults[0]["type"] == "json_invalid":
            raise BadJson(f"The body is not JSON: {faults[0]['msg'].removeprefix('Invalid JSON: ')}.") from error
        listed = [{"field": field_path(fault["loc"]), "detail": fault["msg"]} for fault in faults[:20]]
        raise Invalid(
            f"{listed[0]['field']}: {listed[0]['detail']}", field=listed[0]["field"], errors=listed
        ) from error
