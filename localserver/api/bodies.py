"""Bodies and queries of requests, checked before they are used."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from localserver.api.problem import ProblemError

if TYPE_CHECKING:
    from aiohttp import web

    from localserver.server import Server


_MOST_LISTED = 1000
_NUMBER = re.compile(r"[0-9]{1,19}")


async def json_object(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of a body; an empty body is an empty object.

    Raises:
        ProblemError: It is something else.
    """
    octets = await request.read()  # aiohttp keeps them for the next who asks
    if not octets:
        return {}
    try:
        value = json.loads(octets)
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


def flag(values: dict[str, Any], name: str, *, default: bool | None = None) -> bool:
    """Return a truth of an object.

    Raises:
        ProblemError: It is missing, or neither true nor false.
    """
    value = values.get(name, default)
    if not isinstance(value, bool):
        raise ProblemError(400, f"{name!r} is true or false.")
    return value


def texts(values: dict[str, Any], name: str, *, needed: bool = True) -> list[str]:
    """Return a list of texts of an object.

    Raises:
        ProblemError: It is missing although it is needed, or is no such list.
    """
    value = values.get(name) if needed else values.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ProblemError(400, f"{name!r} is a list of texts.")
    return value


def known_user(server: Server, request: web.Request) -> str:
    """Return the canonical name of the user in the path.

    Raises:
        ProblemError: There is no such user.
    """
    name = request.match_info["user"]
    user = server.context.users.find(name)
    if user is None:
        raise ProblemError(404, f"There is no user {name!r}.")
    return user.name


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


def query_number(request: web.Request, name: str) -> int | None:
    """Return a whole number of the query, None when it is not there.

    Raises:
        ProblemError: It is no number.
    """
    given = request.query.get(name)
    if given is None:
        return None
    if (value := _whole(given)) is None:
        raise ProblemError(400, f"{name!r} is no number.")
    return value


def limit(request: web.Request) -> int:
    """Return how many rows `?limit=` asks for: 100 unless told, 1,000 at most.

    Raises:
        ProblemError: It is no number.
    """
    asked = query_number(request, "limit")
    return 100 if asked is None else max(1, min(asked, _MOST_LISTED))


def path_number(request: web.Request, name: str) -> int:
    """Return a number of the path.

    Raises:
        ProblemError: It is no number.
    """
    given = request.match_info[name]
    if (value := _whole(given)) is None:
        raise ProblemError(404, f"{given!r} is no number.")
    return value


def _whole(given: str) -> int | None:
    # SQLite's integers end at 63 bits.
    if not _NUMBER.fullmatch(given) or int(given) >= 1 << 63:
        return None
    return int(given)
