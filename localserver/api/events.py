"""What happens: transcript, server-sent events, waiting for mail, and a fresh start."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, TypeAlias

from aiohttp import web

from localserver.api import bodies
from localserver.api.problem import ProblemError
from localserver.local import messages_in

if TYPE_CHECKING:
    from localserver.server import Server
    from localserver.store.interface import Arrival
    from localserver.transcript import SessionRecord

Stream: TypeAlias = "asyncio.Queue[tuple[str, dict[str, Any]] | None]"
_MOST_WAITING = 1000
# The open event streams: a closing API puts None into each.
STREAMS: web.AppKey[set[Stream]] = web.AppKey("streams")
_KEEP_ALIVE_S = 15.0
_MOST_SECONDS = 300.0


async def show_transcript(server: Server, request: web.Request) -> list[dict[str, Any]]:
    """Return what was said, from behind the record `?after=N` on."""
    after = int(bodies.number(request, "after", 0))
    protocol = request.query.get("protocol")
    return [
        _record(each)
        for each in server.context.transcript.records(after=after)
        if protocol is None or each.protocol == protocol
    ]


async def stream_events(server: Server, request: web.Request) -> web.StreamResponse:
    """Tell arrivals and transcript records as they happen, until the client goes.

    A client that is slower than what happens is told `overflow`, and has to look anew.
    """
    queue: Stream = asyncio.Queue(_MOST_WAITING)
    overflown = asyncio.Event()

    def put(kind: str, value: dict[str, Any]) -> None:
        try:
            queue.put_nowait((kind, value))
        except asyncio.QueueFull:
            overflown.set()

    stops = [
        server.store.on_arrival(lambda arrival: put("arrival", _arrival(arrival))),
        server.context.transcript.on_record(lambda each: put("transcript", _record(each))),
    ]
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    await response.prepare(request)
    request.app[STREAMS].add(queue)
    try:
        await response.write(b": connected\n\n")
        while (octets := await _next(queue, overflown)) is not None:
            await response.write(octets)
    except ConnectionResetError:
        return response
    finally:
        request.app[STREAMS].discard(queue)
        for stop in stops:
            stop()
    return response


async def _next(queue: Stream, overflown: asyncio.Event) -> bytes | None:
    try:
        async with asyncio.timeout(_KEEP_ALIVE_S):
            event = await queue.get()
    except TimeoutError:
        return b": still here\n\n"
    if event is None:
        return None
    kind, value = event
    octets = f"event: {kind}\ndata: {json.dumps(value)}\n\n".encode()
    if overflown.is_set():
        overflown.clear()
        octets += b"event: overflow\ndata: {}\n\n"
    return octets


async def wait_for_message(server: Server, request: web.Request) -> dict[str, Any]:
    """Wait for a message `{"to": …, "subject": …, "timeout_s": 5}`, and return where it is.

    Raises:
        ProblemError: It did not come (408).
    """
    values = await bodies.json_object(request)
    timeout_s = values.get("timeout_s", 5)
    if not isinstance(timeout_s, int | float) or not 0 <= timeout_s <= _MOST_SECONDS:
        raise ProblemError(400, "'timeout_s' is between 0 and 300 seconds.")
    to = values.get("to")
    subject = bodies.text(values, "subject", default="")
    arrived = asyncio.Event()
    stop = server.store.on_arrival(lambda _: arrived.set())
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                arrived.clear()
                found = await _find(server, to, subject)
                if found is not None:
                    return found
                await arrived.wait()
    except TimeoutError as error:
        raise ProblemError(408, f"No such message came in {timeout_s:g} s.") from error
    finally:
        stop()


async def _find(server: Server, to: object, subject: str) -> dict[str, Any] | None:
    users = server.context.users
    wanted = users.resolve(to) if isinstance(to, str) else users.all()
    for user in wanted:
        account = await server.store.account(user.name)
        for box in account.mailboxes():
            for message in reversed(messages_in(account, box.name)):
                if subject in message.subject:
                    return {"user": user.name, "mailbox": box.name, "uid": message.uid}
    return None


async def reset(server: Server, _request: web.Request) -> dict[str, Any]:
    """Make the server as new: no messages, captured mail, faults or transcript; users stay."""
    for user in server.context.users.all():
        account = await server.store.account(user.name)
        for box in account.mailboxes():
            await account.expunge(box, None, only_deleted=False)
    await server.store.clear_captured()
    server.context.faults.set_plan([])
    server.context.transcript.clear()
    return {}


def _record(each: SessionRecord) -> dict[str, Any]:
    return {
        "number": each.number,
        "session": each.session,
        "protocol": each.protocol,
        "peer": each.peer,
        "at": each.record.at.isoformat(),
        "sender": each.record.sender,
        "text": each.record.octets.decode("utf-8", "backslashreplace"),
    }


def _arrival(arrival: Arrival) -> dict[str, Any]:
    delivered = arrival.delivered
    return {
        "user": delivered.user,
        "mailbox": delivered.mailbox,
        "uid": delivered.uid,
        "sender": arrival.sender,
        "recipient": arrival.recipient,
    }
