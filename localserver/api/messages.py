"""Messages: listed, added, flagged, moved, removed; raw and parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from desktopmail.mime.message import Message
from localserver.api import bodies
from localserver.api.mailboxes import account_of
from localserver.api.problem import ProblemError
from localserver.local import messages_in
from localserver.store.flags import Change, Mode
from localserver.store.interface import Delivery
from localserver.store.names import INBOX
from localserver.submission.mend import REPORT_FIELD

if TYPE_CHECKING:
    from localserver.local import ReceivedMessage
    from localserver.server import Server


async def list_messages(server: Server, request: web.Request) -> list[dict[str, Any]]:
    """Return the newest messages of a mailbox, or those before a UID, the oldest first."""
    account = await account_of(server, request)
    newest = messages_in(
        account,
        _mailbox(request),
        newest=bodies.limit(request),
        before=bodies.query_number(request, "before"),
    )
    return [_row(message) for message in newest]


async def add_message(server: Server, request: web.Request) -> dict[str, Any]:
    """Put the message of the body into a mailbox, as if it had come long ago."""
    flags = frozenset(request.query.get("flags", "").split())
    octets = await request.read()
    if not octets:
        raise ProblemError(400, "A message of no octets is not stored.")
    delivery = Delivery(
        user=bodies.known_user(server, request),
        octets=octets,
        mailbox=_mailbox(request),
        flags=flags,
    )
    (delivered,) = await server.store.deliver([delivery])
    return {"mailbox": delivered.mailbox, "uid": delivered.uid, "email_id": delivered.email_id}


async def show_message(server: Server, request: web.Request) -> web.Response | dict[str, Any]:
    """Return one message, parsed, or its octets with `?raw=1`."""
    message = await _one(server, request)
    if request.query.get("raw"):
        return web.Response(body=message.octets, content_type="message/rfc822")
    return {**_row(message), **parsed(message.octets)}


async def flag_message(server: Server, request: web.Request) -> dict[str, Any]:
    """Add and remove flags and keywords `{"add": […], "remove": […]}`, as another client would."""
    values = await bodies.json_object(request)
    account = await account_of(server, request)
    box = account.mailbox(_mailbox(request))
    message = await _one(server, request)
    for mode, name in ((Mode.ADD, "add"), (Mode.REMOVE, "remove")):
        flags = frozenset(bodies.texts(values, name, needed=False))
        if flags:
            await account.change_flags(box, Change([message.uid], mode, flags))
    return _row(await _one(server, request))


async def move_message(server: Server, request: web.Request) -> dict[str, Any]:
    """Move a message to another mailbox `{"mailbox": "Archive"}`, as another client would."""
    values = await bodies.json_object(request)
    account = await account_of(server, request)
    target = account.mailbox(bodies.text(values, "mailbox"))
    message = await _one(server, request)
    source = account.mailbox(_mailbox(request))
    copied = await account.copy(source, [message.uid], target, move=True)
    return {"mailbox": target.name, "uid": copied.target[0]}


async def remove_message(server: Server, request: web.Request) -> dict[str, Any]:
    """Expunge one message, as another client would."""
    account = await account_of(server, request)
    message = await _one(server, request)
    box = account.mailbox(_mailbox(request))
    await account.expunge(box, [message.uid], only_deleted=False)
    return {}


async def empty_mailbox(server: Server, request: web.Request) -> dict[str, Any]:
    """Expunge every message of a mailbox, as another client would."""
    account = await account_of(server, request)
    gone = await account.expunge(account.mailbox(_mailbox(request)), None, only_deleted=False)
    return {"messages": len(gone.uids)}


def parsed(octets: bytes) -> dict[str, Any]:
    """Return a message as JSON: fields, text, attachments, defects."""
    message = Message.parse(octets)
    return {
        "from": [str(each) for each in message.senders],
        "to": [str(each) for each in message.to],
        "cc": [str(each) for each in message.cc],
        "date": message.date.isoformat() if message.date else None,
        "message_id": message.message_id,
        "text": message.text,
        "attachments": [
            {"name": each.name, "media_type": each.media_type, "octets": each.size_octets}
            for each in message.attachments
        ],
        "defects": [str(each.value) for each in message.defects],
        "header": [[each.name, each.text] for each in message.header.fields],
        "submission_report": message.header.text(REPORT_FIELD),
    }


def _row(message: ReceivedMessage) -> dict[str, Any]:
    return {
        "mailbox": message.mailbox,
        "uid": message.uid,
        "flags": sorted(message.flags),
        "size": len(message.octets),
        "internal_date": message.internal_date.isoformat(),
        "subject": message.subject,
        "sender": message.sender,
        "recipient": message.recipient,
    }


async def _one(server: Server, request: web.Request) -> ReceivedMessage:
    account = await account_of(server, request)
    uid = bodies.path_number(request, "uid")
    for message in messages_in(account, _mailbox(request), uid=uid):
        return message
    raise ProblemError(404, f"There is no message with the UID {uid}.")


def _mailbox(request: web.Request) -> str:
    return request.query.get("mailbox", INBOX)
