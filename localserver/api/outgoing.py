"""Captured mail, and the queue of mail for elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from desktopmail.mime.header import Header
from localserver.api import bodies
from localserver.api.messages import parsed
from localserver.api.problem import ProblemError

if TYPE_CHECKING:
    from localserver.queue.interface import QueueAdmin
    from localserver.server import Server
    from localserver.store.interface import Captured


async def list_captured(server: Server, request: web.Request) -> list[dict[str, Any]]:
    """Return the newest mail that was kept instead of being sent, the oldest first."""
    return [_row(each) for each in server.store.captured_mail.newest(bodies.limit(request))]


async def show_captured(server: Server, request: web.Request) -> web.Response | dict[str, Any]:
    """Return one captured message, parsed, or its octets with `?raw=1`."""
    number = bodies.path_number(request, "number")
    each = server.store.captured_mail.one(number)
    if each is None:
        raise ProblemError(404, f"There is no captured message {number}.")
    if request.query.get("raw"):
        return web.Response(body=each.octets, content_type="message/rfc822")
    return {**_row(each), **parsed(each.octets)}


async def clear_captured(server: Server, _request: web.Request) -> dict[str, Any]:
    """Forget the captured mail."""
    return {"messages": await server.store.captured_mail.clear()}


async def forget_captured(server: Server, request: web.Request) -> dict[str, Any]:
    """Forget one captured message."""
    number = bodies.path_number(request, "number")
    if not await server.store.captured_mail.forget(number):
        raise ProblemError(404, f"There is no captured message {number}.")
    return {"messages": 1}


async def list_queue(server: Server, _request: web.Request) -> list[dict[str, Any]]:
    """Return what waits to be sent."""
    return [
        {
            "id": each.id,
            "identifier": each.identifier,
            "sender": each.sender,
            "recipient": each.recipient,
            "size": each.size,
            "arrived": each.arrived.isoformat(),
            "tries": each.tries,
            "next_try": each.next_try.isoformat(),
            "last_error": each.last_error,
            "held": each.held,
        }
        for each in _queue(server).waiting()
    ]


async def show_queued(server: Server, request: web.Request) -> web.Response | dict[str, Any]:
    """Return one message of the queue, parsed, or its octets with `?raw=1`."""
    number = bodies.path_number(request, "id")
    octets = _queue(server).octets(number)
    if octets is None:
        raise ProblemError(404, f"There is no message {number} in the queue.")
    if request.query.get("raw"):
        return web.Response(body=octets, content_type="message/rfc822")
    return {"id": number, **parsed(octets)}


async def retry_queue(server: Server, request: web.Request) -> dict[str, Any]:
    """Make one message (`{"id": 3}`) or all due now; a held one is released."""
    values = await bodies.json_object(request)
    chosen = values.get("id")
    if chosen is not None and not isinstance(chosen, int):
        raise ProblemError(400, "'id' is a number.")
    queue = _queue(server)
    if chosen is not None and any(each.id == chosen and each.held for each in queue.waiting()):
        return {"recipients": await queue.release(chosen)}
    return {"recipients": await queue.retry(chosen)}


async def drop_queue(server: Server, request: web.Request) -> dict[str, Any]:
    """Remove one message from the queue, with `?bounce=1` with a report to its sender."""
    number = bodies.path_number(request, "id")
    bounce = bool(request.query.get("bounce"))
    count = await _queue(server).drop(number, bounce=bounce)
    if not count:
        raise ProblemError(404, f"There is no message {number} in the queue.")
    return {"recipients": count}


def _row(each: Captured) -> dict[str, Any]:
    return {
        "number": each.number,
        "sender": each.sender,
        "recipients": list(each.recipients),
        "subject": Header.parse(each.octets).text("Subject") or "",
        "arrived": each.arrived.isoformat(),
        "size": len(each.octets),
    }


def _queue(server: Server) -> QueueAdmin:
    if server.context.outbound is None:
        raise ProblemError(409, "This server has no queue: mail for elsewhere is captured.")
    return server.context.outbound
