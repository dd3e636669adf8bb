"""QUOTA: one root for all mailboxes of a user (RFC 9208)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from desktopmail.wire.imap.codes import Code
from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.quota import QuotaResponse, QuotaRootResponse, Resource

if TYPE_CHECKING:
    from desktopmail.wire.imap.quota import GetQuota, GetQuotaRoot, SetQuota
    from localserver.imap.session import ImapSession

ROOT: Final = ""
_UNIT: Final = 1024


async def handle_getquota(session: ImapSession, tag: Tag, command: GetQuota) -> None:
    """Tell the limits of the root."""
    if command.root != ROOT:
        session.finish(tag, Condition.NO, "There is no such quota root.", Code.NONEXISTENT)
        return
    session.send(_response(session))
    session.finish(tag, Condition.OK, "That is your quota.")


async def handle_getquotaroot(session: ImapSession, tag: Tag, command: GetQuotaRoot) -> None:
    """Tell the root of a mailbox, and its limits."""
    mailbox = session.account.mailbox(command.mailbox)
    session.send(QuotaRootResponse(mailbox.name, (ROOT,)))
    session.send(_response(session))
    session.finish(tag, Condition.OK, "That is your quota.")


async def handle_setquota(session: ImapSession, tag: Tag, _command: SetQuota) -> None:
    """Refuse: nobody sets their own limits."""
    session.finish(tag, Condition.NO, "Only the administrator sets limits.", Code.NOPERM)


def _response(session: ImapSession) -> QuotaResponse:
    octets, _ = session.account.used()
    limit = session.account.quota_octets
    if limit is None:
        return QuotaResponse(ROOT)
    used = -(-octets // _UNIT)
    return QuotaResponse(ROOT, (Resource("STORAGE", used, limit // _UNIT),))
