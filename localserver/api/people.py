"""Users: list, add, change, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localserver.api import bodies

if TYPE_CHECKING:
    from aiohttp import web

    from localserver.server import Server


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
                "quota_octets": user.quota_octets or account.quota_octets,
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


async def list_sessions(server: Server, _request: web.Request) -> list[dict[str, Any]]:
    """Return who is connected."""
    now = server.context.ports.clock.monotonic()
    return [
        {
            "listener": each.listener,
            "peer": each.stream.peer,
            "user": each.user,
            "tls": each.stream.tls is not None,
            "seconds": round(now - each.since, 3),
        }
        for each in server.sessions.all()
    ]
