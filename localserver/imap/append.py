"""APPEND: messages go into a mailbox, all or none, octet for octet (RFC 3502, RFC 4466)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.codes import AppendUid, Code
from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.sequence import Uid, UidSet
from localserver.imap import capability
from localserver.imap.copy import target_of
from localserver.store.account import Message

if TYPE_CHECKING:
    from desktopmail.wire.imap.append import Append
    from localserver.imap.session import ImapSession


async def handle_append(session: ImapSession, tag: Tag, command: Append) -> None:
    """Store the messages, and say which UIDs they have."""
    if len(command.messages) > 1 and not capability.offers(session, "MULTIAPPEND"):
        session.finish(tag, Condition.BAD, "One message at a time is taken.")
        return
    if any(message.utf8 for message in command.messages) and not session.connection.utf8:
        session.finish(tag, Condition.BAD, "Enable UTF8=ACCEPT first.")
        return
    target = target_of(session, command.mailbox)
    if target is None:
        text = "There is no mailbox of that name; create it first."
        session.finish(tag, Condition.NO, text, Code.TRYCREATE)
        return
    messages = [
        Message(message.octets, frozenset(message.flags), message.date)
        for message in command.messages
        if isinstance(message.octets, bytes)
    ]
    # Zero octets are a client's way to say that it gave the message up (RFC 3502 section 6.3.11).
    if any(not message.octets for message in messages):
        session.finish(tag, Condition.NO, "A message of no octets is not stored.")
        return
    delivered = await session.account.append(target, messages)
    uids = UidSet.of([Uid(each.uid) for each in delivered])
    code = AppendUid(target.uidvalidity, uids)
    session.finish(tag, Condition.OK, "Appended.", code)
