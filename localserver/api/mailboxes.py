"""Mailboxes and their messages, raw and parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from desktopmail.mime.message import Message
from localserver.api import bodies
from localserver.api.problem import ProblemError
from localserver.local import messages_in
from localserver.store.interface import Delivery

if TYPE_CHECKING:
    from localserver.local import ReceivedMessage
    from localserver.server import Server
    from localserver.store.account import Account

_MOST_LISTED = 1000


async def list_mailboxes(server: Server, request: web.Request) -> list[dict[str, Any]]:
    """Return the mailboxes of a user with their numbers."""
    account = await _account(server, request)
    return [
        {
            "name": box.name,
            "uidvalidity": box.uidvalidity,
            "uidnext": box.uidnext,
            "highestmodseq": box.modseq,
            "messages": box.messages,
            "unseen": box.unseen,
            "octets": box.octets,
            "special_use": box.special_use,
            "mailbox_id": box.mailbox_id,
        }
        for box in account.mailboxes()
    ]


async def list_messages(server: Server, request: web.Request) -> list[dict[str, Any]]:
    """Return the newest messages of a mailbox (`?mailbox=INBOX&limit=100`), the oldest first."""
    account = await _account(server, request)
    limit = int(bodies.number(request, "limit", 100))
    mailbox = request.query.get("mailbox", "INBOX")
    newest = messages_in(account, mailbox)[-max(1, min(limit, _MOST_LISTED)) :]
    return [_row(message) for message in newest]


async def add_message(server: Server, request: web.Request) -> dict[str, Any]:
    """Put the message of the body into a mailbox, as if it had come long ago."""
    flags = frozenset(request.query.get("flags", "").split())
    delivery = Delivery(
        user=_user(server, request),
        octets=await request.read(),
        mailbox=request.query.get("mailbox", "INBOX"),
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


async def remove_message(server: Server, request: web.Request) -> dict[str, Any]:
    """Expunge one message, as another client would."""
    account = await _account(server, request)
    box = account.mailbox(request.query.get("mailbox", "INBOX"))
    await account.expunge(box, [bodies.path_number(request, "uid")], only_deleted=False)
    return {}


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
    account = await _account(server, request)
    uid = bodies.path_number(request, "uid")
    for message in messages_in(account, request.query.get("mailbox", "INBOX")):
        if message.uid == uid:
            return message
    raise ProblemError(404, f"There is no message with the UID {uid}.")


async def _account(server: Server, request: web.Request) -> Account:
    return await server.store.account(_user(server, request))


def _user(server: Server, request: web.Request) -> str:
    name = request.match_info["user"]
    user = server.context.users.find(name)
    if user is None:
        raise ProblemError(404, f"There is no user {name!r}.")
    return user.name
