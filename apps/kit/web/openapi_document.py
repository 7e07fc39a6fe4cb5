"""The OpenAPI 3.1 document, made from the routes' declarations.

No library makes it because it has to declare access and problem+json errors (docs/adr/0004).
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from quart import Quart

from apps.kit.web.access import allowed
from apps.kit.web.openapi import JSON, Operation, Parameter, Schema
from apps.kit.web.problems import PROBLEM
from apps.kit.web.responses import Problem
from apps.kit.web.service import Service

REF = "#/components/schemas/{model}"
WITHOUT_BODY = (204, 304)


def _operations(app: Quart) -> list[tuple[str, str, Operation, Callable[..., Any]]]:
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        operation = getattr(view, "operation", None)
        if operation is None:
            continue
        path = rule.rule.replace("<int:", "<").replace("<", "{").replace(">", "}")
        found += [
            (path, method.lower(), operation, view)
            for method in sorted(rule.methods or ())
            if method not in ("HEAD", "OPTIONS")
        ]
    return sorted(found, key=lambda each: (each[0], each[1]))


def _models(operations: list[Operation]) -> list[type[BaseModel]]:
    found: dict[str, type[BaseModel]] = {"Problem": Problem}
    for operation in operations:
        for model in (operation.body, _element(operation.returns)):
            if model is not None:
                found[model.__name__] = model
    return list(found.values())


def _element(returns: Any) -> type[BaseModel] | None:
    model = returns[0] if isinstance(returns, list) else returns
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _answer_schema(returns: Any) -> Schema:
    model = _element(returns)
    if model is None:
        return {}
    reference = {"$ref": REF.format(model=model.__name__)}
    return {"type": "array", "items": reference} if isinstance(returns, list) else reference


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase


def _content(operation: Operation) -> Schema:
    if operation.status in WITHOUT_BODY:
        return {}
    schema = _answer_schema(operation.returns) if operation.media == JSON else {"type": "string"}
    return {"content": {operation.media: {"schema": schema}}}


def _links(operations: list[tuple[str, str, Operation, Callable[..., Any]]], parameter: str, field: str) -> Schema:
    """Operations whose path takes `parameter`, which the response's `field` holds (OpenAPI 3.1, "Link Object")."""
    return {
        view.__name__: {"operationId": view.__name__, "parameters": {parameter: f"$response.body#/{field}"}}
        for path, _, operation, view in operations
        if f"{{{parameter}}}" in path and operation.media == JSON
    }


def _describe(operation: Operation, view: Callable[..., Any], path: str) -> Schema:
    roles = allowed(view) or ()
    problems = {*operation.problems, 429, 500}
    if operation.body is not None:
        problems |= {400, 413, 422}
    if roles:
        problems |= {401, 403}
    answers: Schema = {str(operation.status): {"description": _phrase(operation.status), **_content(operation)}}
    answers |= {str(status): {"description": words} for status, words in operation.answers.items()}
    for status in sorted(problems):
        answers.setdefault(
            str(status),
            {"description": _phrase(status), "content": {PROBLEM: {"schema": {"$ref": REF.format(model="Problem")}}}},
        )
    named = {parameter.name for parameter in operation.parameters}
    in_path = [
        Parameter(part[1:-1], "path", {"type": "string"})
        for part in path.split("/")
        if part.startswith("{") and part[1:-1] not in named
    ]
    described: Schema = {
        "summary": operation.summary,
        "tags": [operation.tag],
        "operationId": view.__name__,
        "x-who": [str(role) for role in roles] or ["everyone"],
        "parameters": [parameter.document() for parameter in (*in_path, *operation.parameters)],
        "responses": answers,
    }
    if operation.body is not None:
        schema = {"$ref": REF.format(model=operation.body.__name__)}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if roles:
        described["security"] = [{"bearer": []}]
    return described


def document(app: Service) -> Schema:
    """The OpenAPI document of all described routes of `app`."""
    found = _operations(app)
    _, definitions = models_json_schema(
        [(model, "validation") for model in _models([operation for _, _, operation, _ in found])],
        ref_template=REF,
    )
    paths: Schema = {}
    for path, method, operation, view in found:
        described = paths.setdefault(path, {})[method] = _describe(operation, view, path)
        if operation.identifies is not None:
            described["responses"][str(operation.status)]["links"] = _links(found, *operation.identifies)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{app.product.title}: {app.name}", "version": "1", "description": app.summary},
        "paths": paths,
        "x-problems": app.product.problems(),
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }
