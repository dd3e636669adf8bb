"""APPEND: messages go into a mailbox, all or none, octet for octet (RFC 3502, RFC 4466)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from desktopmail.wire.imap.codes import AppendUid, Code
from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.cursor import Streamed
from desktopmail.wire.imap.cutter import LiteralEnds, LiteralPiece
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.server import LiteralBegins
from localserver.imap import capability
from localserver.imap.copy import target_of
from localserver.spool import Spool
from localserver.store.account import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.wire.imap.append import Append, AppendMessage
    from localserver.imap.session import ImapSession


# Larger messages are kept outside the machine as they come, and above `Limits.spool_octets` on the
# disk.
STREAM_OVER_OCTETS: Final = 256 * 1024


@dataclass(slots=True)
class Incoming:
    """A message that comes in pieces.

    Attributes:
        spool: What came of it.
        error: Why it could not be kept, or None.
    """

    spool: Spool
    error: OSError | None = None


async def take_in(session: ImapSession, event: LiteralBegins | LiteralPiece | LiteralEnds) -> None:
    """Keep a piece of a message; when the disk refuses it, the rest is read past."""
    if isinstance(event, LiteralBegins):
        context = session.context
        limit = context.config.limits.spool_octets
        session.incoming.append(Incoming(Spool(context.data, limit, context.ports.executor)))
    elif isinstance(event, LiteralPiece):
        message = session.incoming[-1]
        if message.error is None:
            try:
                await message.spool.write(event.octets)
            except OSError as error:
                session.context.log.warning("The spool failed: %s", error)
                message.error = error
                message.spool.discard()


async def handle_append(session: ImapSession, tag: Tag, command: Append) -> None:
    """Store the messages, and say which UIDs they have."""
    if any(message.utf8 for message in command.messages) and not session.connection.utf8:
        session.finish(tag, Condition.BAD, "Enable UTF8=ACCEPT first.")
        return
    target = target_of(session, command.mailbox)
    if target is None:
        text = "There is no mailbox of that name; create it first."
        session.finish(tag, Condition.NO, text, Code.TRYCREATE)
        return
    try:
        messages = await put_together(session, command.messages)
    except OSError:
        text = "There is no room for the message now; try again later."
        session.finish(tag, Condition.NO, text, Code.UNAVAILABLE)
        return
    # Zero octets are a client's way to say that it gave the message up (RFC 3502 section 6.3.11).
    if any(not message.octets for message in messages):
        session.finish(tag, Condition.NO, "A message of no octets is not stored.")
        return
    delivered = await session.account.append(target, messages)
    uids = UidSet.of([Uid(each.uid) for each in delivered])
    code = AppendUid(target.uidvalidity, uids) if capability.offers(session, "UIDPLUS") else None
    session.finish(tag, Condition.OK, "Appended.", code)


async def put_together(session: ImapSession, told: Iterable[AppendMessage]) -> list[Message]:
    """Put together what came inside the command in hand and what came in pieces.

    Raises:
        OSError: The disk refused a piece.
    """
    pieces = iter(session.incoming)
    messages = []
    for message in told:
        octets = message.octets
        if isinstance(octets, Streamed):
            incoming = next(pieces)
            if incoming.error is not None:
                raise incoming.error
            octets = await incoming.spool.compose(b"")
            incoming.spool.discard()
        messages.append(Message(octets, frozenset(message.flags), message.date))
    return messages
