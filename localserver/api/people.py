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
                "apop": server.context.users.secret(user.name) is not None,
                "kept": server.context.users.is_kept(user.name),
            }
        )
    return rows


async def put_user(server: Server, request: web.Request) -> dict[str, Any]:
    """Add a user, or give one a new password; with `{"new": true}` only the former."""
    values = await bodies.json_object(request)
    users, name = server.context.users, request.match_info["user"]
    password = bodies.text(values, "password")
    if bodies.flag(values, "new", default=False) and users.find(name) is not None:
        raise ProblemError(409, f"There is a user {name!r} already.")
    user = await users.put(name, password)
    return {"name": user.name, "address": user.address, "kept": users.is_kept(user.name)}


async def remove_user(server: Server, request: web.Request) -> dict[str, Any]:
    """Remove a user; the mail stays on the disk."""
    await server.context.users.remove(bodies.known_user(server, request))
    return {}


async def put_quota(server: Server, request: web.Request) -> dict[str, Any]:
    """Give a user a limit of their own `{"quota_octets": 1000}`, or with null the server's."""
    values = await bodies.json_object(request)
    octets = values.get("quota_octets")
    if octets is not None and type(octets) is not int:
        raise ProblemError(400, "'quota_octets' is a whole number or null.")
    user = bodies.known_user(server, request)
    await server.context.users.set_quota(user, octets)
    return {"quota_octets": octets}


async def make_application(server: Server, request: web.Request) -> dict[str, Any]:
    """Make a secret of a user's own for APOP and CRAM-MD5, in place of an earlier one."""
    user = bodies.known_user(server, request)
    return {"application": await server.context.users.make_application_password(user)}


async def remove_application(server: Server, request: web.Request) -> dict[str, Any]:
    """Forget the secret for APOP and CRAM-MD5."""
    await server.context.users.remove_application_password(bodies.known_user(server, request))
    return {}


async def put_fullness(server: Server, request: web.Request) -> dict[str, Any]:
    """Let the quota of a user be used up `{"full": true}`, whatever lies there, or no longer."""
    values = await bodies.json_object(request)
    full = bodies.flag(values, "full")
    user = bodies.known_user(server, request)
    server.store.set_full(user, full)
    return {"full": full}


def _own_or_common(server: Server, user: User) -> int | None:
    if user.quota_octets is not None:
        return user.quota_octets
    return server.context.config.quota_octets
