"""The OpenAPI document: made of the table of routes, of the events and of the fields of a fault."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from localserver.api.events import EVENTS
from localserver.api.routes import ROUTES, Route
from localserver.faults import Fault

if TYPE_CHECKING:
    from localserver.api.routes import Values

_TYPES: Final[dict[str, dict[str, Any]]] = {
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "str": {"type": "string"},
    "bytes": {"type": "string"},
    "tuple[int": {"type": "array", "items": {"type": "integer"}},
    "tuple[str": {"type": "array", "items": {"type": "string"}},
}
_ATTRIBUTE: Final = re.compile(r"^ {4}(\w+): (.+?)(?=^ {4}\w+: |\Z)", re.MULTILINE | re.DOTALL)
_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
_REFUSALS: Final = {
    "400": "A value is wrong.",
    "401": "The token is missing or wrong.",
    "404": "There is no such thing.",
    "409": "It cannot be done now.",
}


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "localserver administration", "version": "1"},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Fault": _fault(), "Problem": _object(
                {"status": ("integer", "As the status line's."),
                 "detail": ("string", "One sentence for people.")},
                ("status", "detail"),
            )},
        },
        "security": [{"token": []}],
        "paths": paths,
    }  # fmt: skip


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": route.handler.__name__,
        "tags": [route.path.split("/")[2].removesuffix(".json")],
        "responses": _responses(route),
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ] + [
        {"name": name, "in": "query", "description": what, "schema": {"type": kind}}
        for name, (kind, what) in (route.query or {}).items()
    ]
    if parameters:
        operation["parameters"] = parameters
    if route.takes_message:
        operation["requestBody"] = {"required": True, "content": {"message/rfc822": {"schema": {}}}}
    elif route.body is not None:
        operation["requestBody"] = {
            "required": bool(route.needed),
            "content": {
                "application/json": {
                    "schema": {**_object(route.body, route.needed), "additionalProperties": False}
                }
            },
        }
    return operation


def _responses(route: Route) -> dict[str, Any]:
    refusals = {
        status: {
            "description": what,
            "content": {"application/problem+json": {"schema": _PROBLEM}},
        }
        for status, what in _REFUSALS.items()
    }
    return {"200": {"description": "Done.", "content": _answer(route)}, **refusals}


def _answer(route: Route) -> dict[str, Any]:
    if route.path == "/api/events":
        kinds = "\n".join(f"- `{kind}`: {what}" for kind, what in EVENTS.items())
        return {"text/event-stream": {"schema": {"type": "string", "description": kinds}}}
    # What a handler returns is written at its head.
    is_list = inspect.signature(route.handler).return_annotation.startswith("list")
    answer: dict[str, Any] = {
        "application/json": {"schema": {"type": "array" if is_list else "object"}}
    }
    if "raw" in (route.query or {}):
        answer["message/rfc822"] = {"schema": {}}
    return answer


def _object(values: Values, needed: tuple[str, ...]) -> dict[str, Any]:
    properties = {
        name: {"type": kind, "description": what}
        | ({"items": _items(name)} if kind == "array" else {})
        for name, (kind, what) in values.items()
    }
    return {"type": "object", "properties": properties, "required": list(needed)}


def _items(name: str) -> dict[str, str]:
    return {"$ref": "#/components/schemas/Fault"} if name == "faults" else {"type": "string"}


def _fault() -> dict[str, Any]:
    """Describe the fields of a fault in the words of its docstring."""
    told = dict(_ATTRIBUTE.findall(inspect.cleandoc(Fault.__doc__ or "")))
    properties = {}
    for each in fields(Fault):
        kind = next(value for key, value in _TYPES.items() if str(each.type).startswith(key))
        properties[each.name] = {**kind, "description": " ".join(told[each.name].split())}
    return {"type": "object", "properties": properties, "additionalProperties": False}
