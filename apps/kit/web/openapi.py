"""The declarations beside each route from which the OpenAPI document is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])
Schema = dict[str, Any]
JSON = "application/json"


@dataclass(frozen=True)
class Parameter:
    """A parameter in the query, the path or a header."""

    name: str
    where: str
    schema: Schema
    description: str = ""

    def document(self) -> Schema:
        about = {"description": self.description} if self.description else {}
        return {"name": self.name, "in": self.where, "required": self.where == "path", "schema": self.schema, **about}


@dataclass(frozen=True)
class Operation:
    """An operation: summary, parameters, body and answers; `problems` are its error statuses."""

    summary: str
    tag: str
    body: type[BaseModel] | None = None
    returns: Any = None
    status: int = 200
    answers: Mapping[int, str] = field(default_factory=dict)
    problems: tuple[int, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    media: str = JSON
    identifies: tuple[str, str] | None = None
    """A path parameter of other operations, and the field of the response that holds it."""


def describe(summary: str, *, tag: str, **more: Any) -> Callable[[View], View]:
    """Attaches an Operation to a view."""

    def mark(view: View) -> View:
        view.operation = Operation(summary, tag, **more)  # type: ignore[attr-defined]
        return view

    return mark
