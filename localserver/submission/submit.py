"""The entrance: what has to be right before a message is delivered, on both kinds of ports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from desktopmail.wire.smtp.reply import Reply, reply
from localserver.smtp.delivery import Prepared
from localserver.submission.envelope import owns
from localserver.submission.filters import FilterAction
from localserver.submission.mend import Mended, mend
from localserver.submission.subject import Subject

if TYPE_CHECKING:
    from localserver.smtp.state import Session
    from localserver.submission.filters import Filter
    from localserver.submission.policy import Policy
    from localserver.users import User

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


async def prepare(session: Session) -> Prepared | Reply:
    """Look at the message of a session.

    Returns:
        What to deliver, or the refusal.
    """
    fields: bytes = b""
    cuts: tuple[tuple[int, int], ...] = ()
    policy = session.context.policy
    if session.submission and session.user is not None:
        refusal = _too_many(session, session.user, policy)
        if refusal is not None:
            return refusal
        mended = _mended(session, session.user)
        if isinstance(mended, Reply):
            return mended
        fields, cuts = mended.fields, tuple(mended.cuts)
    prepared = Prepared(tuple(session.routes), fields, cuts)
    if policy is None or not policy.filters:
        return prepared
    return await _filtered(session, policy, prepared)


def _too_many(session: Session, user: User, policy: Policy | None) -> Reply | None:
    if policy is None or policy.users.allows(user.name, session.context.ports.clock.monotonic()):
        return None
    return reply(450, "Too many messages in a minute; try again later", "4.7.1")


def _mended(session: Session, user: User) -> Mended | Reply:
    context, spool = session.context, session.spool
    if spool is not None and not spool.has_whole_header:
        # What is not seen cannot be mended: a Bcc behind it would reach everybody.
        return reply(552, f"The header is larger than {len(spool.head)} octets", "5.3.4")
    return mend(
        spool.head if spool is not None else b"",
        own=lambda address: owns(context, user, address),
        own_address=user.address,
        domain=context.config.domain,
        local_domains=context.config.local_domains,
        date=context.ports.clock.now(),
        token=context.ports.entropy.token(12),
        strict=context.config.strict,
    )


async def _all_octets(session: Session) -> bytes:
    """Return the message whole: what is to be found may stand behind what is held in memory."""
    if session.spool is None:
        return b""
    if session.spool.size == len(session.spool.head):
        return session.spool.head
    return await session.spool.compose(b"")


async def _filtered(session: Session, policy: Policy, prepared: Prepared) -> Prepared | Reply:
    mail, octets = session.mail, await _all_octets(session)
    subject = Subject(
        octets=octets,
        size=len(octets),
        port=session.name,
        peer=session.stream.peer,
        user=session.user.name if session.user else "",
        sender=str(mail.sender) if mail is not None and mail.sender else "",
        recipients=tuple(str(route.rcpt.recipient) for route in session.routes),
        executor=session.context.ports.executor,
    )
    fields, mailbox, hold = prepared.fields, prepared.mailbox, prepared.hold
    for each in policy.filters:
        why = await _hit(session, each, subject)
        if why is None:
            continue
        said = _CONTROLS.sub(" ", each.text or why)
        match each.action:
            case FilterAction.REJECT:
                return reply(550, f"Refused: {said}", "5.7.1")
            case FilterAction.TAG:
                fields = f"{each.field}: {said}\r\n".encode() + fields
            case FilterAction.REDIRECT:
                mailbox = each.mailbox
            case FilterAction.HOLD:
                hold = True
    return Prepared(prepared.routes, fields, prepared.cuts, mailbox, hold)


async def _hit(session: Session, each: Filter, subject: Subject) -> str | None:
    if subject.port not in each.ports:
        return None
    try:
        return await each.rule.hit(subject)
    except OSError as error:
        # A filter that is broken must not stop the mail; the administrator is told.
        session.context.log.warning("A filter failed: %s", error)
        return None
