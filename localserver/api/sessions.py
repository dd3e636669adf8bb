"""Who is connected, and how a connection is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localserver.api import bodies
from localserver.api.problem import ProblemError

if TYPE_CHECKING:
    from aiohttp import web

    from localserver.server import Server


async def list_sessions(server: Server, _request: web.Request) -> list[dict[str, Any]]:
    """Return who is connected."""
    now = server.context.ports.clock.monotonic()
    return [
        {
            "number": each.number,
            "listener": each.listener,
            "peer": each.stream.peer,
            "user": each.user,
            "tls": each.stream.tls is not None,
            "seconds": round(now - each.since, 3),
        }
        for each in server.sessions.all()
    ]


async def cut_session(server: Server, request: web.Request) -> dict[str, Any]:
    """Cut one connection, as a cable that is pulled out."""
    number = bodies.path_number(request, "number")
    if not server.sessions.cut(number):
        raise ProblemError(404, f"There is no session {number}.")
    return {}
