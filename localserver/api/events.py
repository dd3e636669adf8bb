"""What happens: transcript, server-sent events, waiting for mail, and a fresh start."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, TypeAlias

from aiohttp import web

from localserver.api import bodies
from localserver.api.problem import ProblemError
from localserver.changes import KINDS
from localserver.faults import PROTOCOLS
from localserver.local import captured_for, messages_in
from localserver.reset import reset as start_anew

if TYPE_CHECKING:
    from localserver.changes import Change
    from localserver.server import Server
    from localserver.store.interface import Arrival
    from localserver.transcript import SessionRecord
    from localserver.users import User

Stream: TypeAlias = "asyncio.Queue[tuple[str, dict[str, Any]] | None]"
_MOST_WAITING = 1000
_AT_ONCE = 100
# The open event streams: a closing API puts None into each.
STREAMS: web.AppKey[set[Stream]] = web.AppKey("streams")
_KEEP_ALIVE_S = 15.0
# Kind of an event → what its data says.
EVENTS = {
    "arrival": "A message is in a mailbox: user, mailbox, uid, sender, recipient.",
    "transcript": "Something was said: as in GET /api/transcript.",
    **KINDS,
}
_MOST_SECONDS = 300.0
# So many subjects are told of what came instead of the one that was waited for.
_TOLD = 5


async def show_transcript(server: Server, request: web.Request) -> list[dict[str, Any]]:
    """Return what was said, from behind the record `?after=N` on.

    Raises:
        ProblemError: `?protocol=` is none, or `?after=` no number.
    """
    after = bodies.query_number(request, "after") or 0
    protocol = request.query.get("protocol")
    if protocol is not None and protocol not in PROTOCOLS:
        raise ProblemError(400, f"{protocol!r} is none of the protocols: {', '.join(PROTOCOLS)}.")
    return [
        _record(each)
        for each in server.context.transcript.records(after=after)
        if protocol is None or each.protocol == protocol
    ]


async def clear_transcript(server: Server, _request: web.Request) -> dict[str, Any]:
    """Forget what was said so far."""
    server.context.transcript.clear()
    return {}


async def stream_events(server: Server, request: web.Request) -> web.StreamResponse:
    """Tell arrivals, transcript records and changes as they happen, as server-sent events.

    The stream lasts until the client goes or the server ends. A client that is slower than what
    happens is told `overflow`, and has to look anew.

    Raises:
        ProblemError: `?kinds=` names one that there is none of.
    """
    wanted = _kinds(request)
    queue: Stream = asyncio.Queue(_MOST_WAITING)
    overflown = asyncio.Event()

    def put(kind: str, value: dict[str, Any]) -> None:
        if kind not in wanted:
            return
        try:
            queue.put_nowait((kind, value))
        except asyncio.QueueFull:
            overflown.set()

    stops = [
        server.context.changes.on_change(lambda change: put(change.kind, change.what)),
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


def _kinds(request: web.Request) -> frozenset[str]:
    given = frozenset(filter(None, request.query.get("kinds", "").split(",")))
    if given - EVENTS.keys():
        raise ProblemError(400, f"The kinds of events are {', '.join(EVENTS)}.")
    return given or frozenset(EVENTS)


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

    A message for elsewhere is `{"captured": 3}`.

    Raises:
        ProblemError: It did not come (408).
    """
    values = await bodies.json_object(request)
    timeout_s = values.get("timeout_s", 5)
    if not isinstance(timeout_s, int | float) or not 0 <= timeout_s <= _MOST_SECONDS:
        raise ProblemError(400, "'timeout_s' is between 0 and 300 seconds.")
    to = None if values.get("to") is None else bodies.text(values, "to")
    subject = bodies.text(values, "subject", default="")
    arrived: asyncio.Queue[Arrival | None] = asyncio.Queue()

    def changed(change: Change) -> None:
        if change.kind == "captured":
            arrived.put_nowait(None)

    stops = [
        server.store.on_arrival(arrived.put_nowait),
        server.context.changes.on_change(changed),
    ]
    try:
        async with asyncio.timeout(timeout_s):
            found = await _find(server, to, subject)
            while found is None:
                arrival = await arrived.get()
                if arrival is None:
                    found = _captured(server, to, subject)
                else:
                    found = await _fitting(server, arrival, to, subject)
            return found
    except TimeoutError as error:
        there = ", ".join(repr(each) for each in await _subjects(server, to)) or "nothing at all"
        text = f"No such message came in {timeout_s:g} s; there is: {there}."
        raise ProblemError(408, text) from error
    finally:
        for stop in stops:
            stop()


async def _subjects(server: Server, to: str | None) -> list[str]:
    """Return the subjects of some messages that came instead of the one that was waited for."""
    subjects = [each.subject for each in captured_for(server.store.captured(), to)]
    for user in _users(server, to)[:_TOLD]:
        account = await server.store.account(user.name)
        for box in account.mailboxes():
            subjects += [each.subject for each in messages_in(account, box.name, newest=_TOLD)]
    return subjects[-_TOLD:]


def _captured(server: Server, to: str | None, subject: str) -> dict[str, Any] | None:
    for each in reversed(captured_for(server.store.captured(), to)):
        if subject in each.subject:
            return {"captured": each.uid}
    return None


async def _find(server: Server, to: str | None, subject: str) -> dict[str, Any] | None:
    """Look for a message that is there already; the newest that fits."""
    for user in _users(server, to):
        account = await server.store.account(user.name)
        for box in account.mailboxes():
            before = box.uidnext
            # In pieces: a mailbox may hold more than fits into memory.
            while some := messages_in(account, box.name, newest=_AT_ONCE, before=before):
                for message in reversed(some):
                    if subject in message.subject:
                        return {"user": user.name, "mailbox": box.name, "uid": message.uid}
                before = some[0].uid
                await asyncio.sleep(0)
    return _captured(server, to, subject)


async def _fitting(
    server: Server, arrival: Arrival, to: str | None, subject: str
) -> dict[str, Any] | None:
    """Look whether a message that came now is the one; it may be gone already."""
    where = arrival.delivered
    if where.user not in {user.name for user in _users(server, to)}:
        return None
    account = await server.store.account(where.user)
    if where.mailbox not in {box.name for box in account.mailboxes()}:
        return None
    for message in messages_in(account, where.mailbox, uid=where.uid):
        if subject in message.subject:
            return {"user": where.user, "mailbox": where.mailbox, "uid": where.uid}
    return None


def _users(server: Server, to: str | None) -> list[User]:
    users = server.context.users
    return users.all() if to is None else users.resolve(to)


async def reset(server: Server, _request: web.Request) -> dict[str, Any]:
    """Make the server as it was at its start, without any mail; users at rest stay."""
    await start_anew(server)
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
