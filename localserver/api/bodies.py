"""Bodies and queries of requests, checked before they are used."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from localserver.api.problem import ProblemError

if TYPE_CHECKING:
    from aiohttp import web


async def json_object(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of a body; an empty body is an empty object.

    Raises:
        ProblemError: It is something else.
    """
    if not request.can_read_body:
        return {}
    try:
        value = json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise ProblemError(400, f"The body is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise ProblemError(400, "The body is a JSON object.")
    return value


def text(values: dict[str, Any], name: str, *, default: str | None = None) -> str:
    """Return a text of an object.

    Raises:
        ProblemError: It is missing, or no text.
    """
    value = values.get(name, default)
    if not isinstance(value, str):
        raise ProblemError(400, f"{name!r} is missing, or is no text.")
    return value


def number(request: web.Request, name: str, default: float) -> float:
    """Return a number of the query.

    Raises:
        ProblemError: It is no number.
    """
    try:
        value = float(request.query.get(name, default))
    except ValueError as error:
        raise ProblemError(400, f"{name!r} is no number.") from error
    if not math.isfinite(value):
        raise ProblemError(400, f"{name!r} is no number.")
    return value


def path_number(request: web.Request, name: str) -> int:
    """Return a number of the path.

    Raises:
        ProblemError: It is no number.
    """
    try:
        return int(request.match_info[name])
    except ValueError as error:
        raise ProblemError(404, f"{request.match_info[name]!r} is no number.") from error
