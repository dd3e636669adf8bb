"""STATUS: numbers of a mailbox, which the store keeps counted (RFC 9051 section 6.3.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.status import StatusItem, StatusResponse

if TYPE_CHECKING:
    from desktopmail.wire.imap.status import Status
    from localserver.imap.session import ImapSession
    from localserver.store.mailbox import Mailbox


async def handle_status(session: ImapSession, tag: Tag, command: Status) -> None:
    """Tell the numbers."""
    mailbox = session.account.mailbox(command.mailbox)
    session.send(status_of(session, mailbox, command.items))
    session.finish(tag, Condition.OK, "That is how it is.")


def status_of(
    session: ImapSession, mailbox: Mailbox, items: tuple[StatusItem, ...]
) -> StatusResponse:
    """Return the numbers of a mailbox, each asked for once."""
    if StatusItem.HIGHESTMODSEQ in items:
        session.condstore = True
    values = [
        (item, _value(session, mailbox, item))
        for item in dict.fromkeys(items)
        if item is not StatusItem.MAILBOXID
    ]
    wants_id = StatusItem.MAILBOXID in items
    return StatusResponse(mailbox.name, tuple(values), mailbox.mailbox_id if wants_id else None)


def _value(session: ImapSession, mailbox: Mailbox, item: StatusItem) -> int:
    match item:
        case StatusItem.MESSAGES:
            return mailbox.messages
        case StatusItem.UIDNEXT:
            return mailbox.uidnext
        case StatusItem.UIDVALIDITY:
            return mailbox.uidvalidity
        case StatusItem.UNSEEN:
            return mailbox.unseen
        case StatusItem.DELETED:
            return mailbox.deleted
        case StatusItem.SIZE:
            return mailbox.octets
        case StatusItem.HIGHESTMODSEQ:
            return mailbox.modseq
        case StatusItem.APPENDLIMIT:
            return session.context.config.max_message_octets
        case StatusItem.RECENT:
            return _recent(session, mailbox)
        case StatusItem.DELETED_STORAGE:
            return _deleted_octets(session, mailbox)
        case StatusItem.MAILBOXID:
            raise AssertionError("MAILBOXID is no number")


def _recent(session: ImapSession, mailbox: Mailbox) -> int:
    sql = "SELECT count(*) FROM entry WHERE mailbox=? AND uid>=?"
    return int(session.account.query(sql, mailbox.number, mailbox.recent_from)[0][0])


def _deleted_octets(session: ImapSession, mailbox: Mailbox) -> int:
    rows = session.account.query(
        "SELECT coalesce(sum(size), 0) FROM entry JOIN message ON id=message"
        " WHERE mailbox=? AND flags & 8",
        mailbox.number,
    )
    return int(rows[0][0])
