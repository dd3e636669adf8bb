"""Users: list, add, change, remove, and fill up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localserver.api import bodies
from localserver.api.problem import ProblemError

if TYPE_CHECKING:
    from aiohttp import web

    from localserver.server import Server
    from localserver.users import User


async def list_users(server: Server, _request: web.Request) -> list[dict[str, Any]]:
    """Return every user with what they keep."""
    rows = []
    for user in server.context.users.all():
        account = await server.store.account(user.name)
        octets, messages = account.used()
        rows.append(
            {
                "name": user.name,
                "address": user.address,
                "octets": octets,
                "messages": messages,
                "quota_octets": _own_or_common(server, user),
                "full": server.store.is_full(user.name),
            }
        )
    return rows


async def put_user(server: Server, request: web.Request) -> dict[str, Any]:
    """Add a user, or give one a new password."""
    values = await bodies.json_object(request)
    user = await server.context.users.put(
        request.match_info["user"], bodies.text(values, "password")
    )
    return {"name": user.name, "address": user.address}


async def remove_user(server: Server, request: web.Request) -> dict[str, Any]:
    """Remove a user; the mail stays on the disk."""
    await server.context.users.remove(request.match_info["user"])
    return {}


async def put_fullness(server: Server, request: web.Request) -> dict[str, Any]:
    """Let the quota of a user be used up `{"full": true}`, whatever lies there, or no longer."""
    values = await bodies.json_object(request)
    full = values.get("full")
    if not isinstance(full, bool):
        raise ProblemError(400, "'full' is true or false.")
    user = bodies.known_user(server, request)
    server.store.set_full(user, full)
    return {"full": full}


def _own_or_common(server: Server, user: User) -> int | None:
    if user.quota_octets is not None:
        return user.quota_octets
    return server.context.config.quota_octets
