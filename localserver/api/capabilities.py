"""Capabilities of the running server, switched on and off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localserver import capabilities
from localserver.api import bodies
from localserver.api.problem import ProblemError

if TYPE_CHECKING:
    from aiohttp import web

    from localserver.server import Server


async def show_capabilities(server: Server, _request: web.Request) -> dict[str, Any]:
    """Return what is switched off, and all that can be, by protocol."""
    return {
        "without": sorted(server.context.faults.without),
        "known": {name: list(names) for name, names in capabilities.known().items()},
    }


async def put_capabilities(server: Server, request: web.Request) -> dict[str, Any]:
    """Switch off the capabilities `{"without": ["IDLE", …]}` and everything else on."""
    values = await bodies.json_object(request)
    names = bodies.texts(values, "without")
    if wrong := capabilities.unknown(names):
        raise ProblemError(400, f"{wrong[0]!r} is no capability of this server.")
    if "TLS" in {name.upper() for name in names}:
        raise ProblemError(409, "TLS is switched off as a whole at the start only: STARTTLS.")
    server.context.faults.switch_off(names)
    return {"without": sorted(server.context.faults.without)}
