"""Puts an accepted message into mailboxes, and hands the rest to the queue; all of it durable."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktopmail.wire.smtp.mail import Body, Ret
from desktopmail.wire.smtp.rcpt import Notify
from desktopmail.wire.smtp.reply import Reply, reply
from desktopmail.wire.smtp.tls_required import is_tls_optional
from localserver.queue.capture import CapturingOutbound
from localserver.queue.outbound import Outgoing, OutgoingRecipient
from localserver.queue.report import Action, Fate, make_report
from localserver.smtp.trace import received, return_path, with_protocol
from localserver.store.errors import OverQuotaError, StoreError
from localserver.store.interface import Delivery

if TYPE_CHECKING:
    from desktopmail.wire.smtp.mail import Mail
    from localserver.smtp.state import Route, Session
    from localserver.spool import Spool


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message that was accepted.

    Attributes:
        routes: Where it goes.
        fields: Fields that submission adds, whole lines.
        cuts: Ranges of the header that submission leaves out.
        mailbox: Where local copies go (a filter may choose Junk).
        hold: Keep what is for elsewhere in the queue until somebody lets it go.
    """

    routes: tuple[Route, ...]
    fields: bytes = b""
    cuts: tuple[tuple[int, int], ...] = ()
    mailbox: str = "INBOX"
    hold: bool = False


@dataclass(slots=True)
class _Copies:
    delivered: list[Route] = field(default_factory=list)
    failed: list[tuple[Route, StoreError]] = field(default_factory=list)


async def deliver(session: Session, prepared: Prepared) -> Reply:
    """Deliver to every recipient.

    When some local mailboxes take it and others do not, it is accepted, and the sender gets a
    report for the others: a refusal would make the sender send it to all of them again.

    Raises:
        StoreError: Nobody got it.
        OSError: The spool failed; nobody got it.
    """
    spool, mail = session.spool, session.mail
    if spool is None or mail is None:
        raise RuntimeError("there is no message to deliver")
    identifier = session.context.ports.entropy.token(9).hex()
    local = [route for route in prepared.routes if route.local]
    elsewhere = [route for route in prepared.routes if not route.local]
    trace = _trace(session, mail, prepared.routes, identifier) + prepared.fields
    copies = _Copies()
    # First what fails as a whole: were the local copies there already, the sender, who is told to
    # come again, would have them twice. What fails in a mailbox afterwards goes into a report.
    if elsewhere:
        octets = await spool.compose(trace, prepared.cuts)
        outbound = session.context.outbound or CapturingOutbound(session.context.store)
        await outbound.submit(_outgoing(session, mail, elsewhere, octets, identifier, prepared))
    if local:
        octets = await spool.compose(return_path(mail.sender) + trace, prepared.cuts)
        await _to_mailboxes(session, local, octets, prepared.mailbox, copies)
        if copies.failed and not copies.delivered and not elsewhere:
            raise copies.failed[0][1]
    await _report(session, mail, copies, spool)
    return reply(250, f"Delivered as {identifier}", "2.0.0")


def _trace(session: Session, mail: Mail, routes: tuple[Route, ...], identifier: str) -> bytes:
    hello, tls = session.wire.hello, session.stream.tls
    return received(
        hello=hello.name if hello else "",
        peer=session.stream.peer,
        by=session.context.config.domain,
        protocol=with_protocol(
            extended=hello is not None and hello.extended,
            tls=tls is not None,
            authenticated=session.user is not None,
            smtputf8=mail.smtputf8,
        ),
        identifier=identifier,
        recipient=str(routes[0].rcpt.recipient) if len(routes) == 1 else None,
        tls=f"{tls.version} {tls.cipher}" if tls else None,
        date=session.context.ports.clock.now(),
    )


async def _to_mailboxes(
    session: Session,
    routes: list[Route],
    octets: bytes,
    mailbox: str,
    copies: _Copies,
) -> None:
    """One copy for each user, however many addresses led there."""
    first: dict[str, Route] = {}
    for route in routes:
        for user in route.users:
            first.setdefault(user.name, route)
    mail = session.mail
    sender = str(mail.sender) if mail and mail.sender else ""
    # The machine refuses bare CR and LF everywhere but in BINARYMIME.
    is_crlf = mail is not None and mail.body is not Body.BINARY
    store = session.context.store

    async def one(name: str, route: Route) -> StoreError | None:
        delivery = Delivery(
            name,
            octets,
            mailbox=mailbox,
            sender=sender,
            recipient=str(route.rcpt.recipient),
            is_crlf=is_crlf,
        )
        try:
            await store.deliver([delivery])
        except StoreError as error:
            return error
        return None

    if len(first) == 1:
        outcomes = [await one(*next(iter(first.items())))]
    else:
        # Together, so that the store can commit them together.
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(name, route)) for name, route in first.items()]
        outcomes = [task.result() for task in tasks]
    by_user = dict(zip(first, outcomes, strict=True))
    for route in routes:
        errors = [error for user in route.users if (error := by_user[user.name]) is not None]
        if errors:
            copies.failed.append((route, errors[0]))
        else:
            copies.delivered.append(route)


def _outgoing(
    session: Session,
    mail: Mail,
    routes: list[Route],
    octets: bytes,
    identifier: str,
    prepared: Prepared,
) -> Outgoing:
    recipients = tuple(
        OutgoingRecipient(str(route.rcpt.recipient), route.rcpt.notify, route.rcpt.orcpt)
        for route in routes
    )
    return Outgoing(
        identifier=identifier,
        sender=str(mail.sender) if mail.sender else "",
        recipients=recipients,
        octets=octets,
        user=session.user.name if session.user else None,
        ret=mail.ret,
        envid=mail.envid,
        smtputf8=mail.smtputf8,
        binary=mail.body is Body.BINARY,
        requiretls=mail.requiretls,
        hold=prepared.hold,
    )


async def _report(session: Session, mail: Mail, copies: _Copies, spool: Spool) -> None:
    """Send the reports of final delivery that were asked for, and those that are due (RFC 3461).

    With RET=FULL a failure returns the whole message, where `make_report` finds that it fits.
    """
    if mail.sender is None:
        return  # it is a report itself
    fates = [
        Fate(str(route.rcpt.recipient), Action.DELIVERED, "2.0.0", route.rcpt.orcpt, None, None)
        for route in copies.delivered
        if route.rcpt.notify is not None and Notify.SUCCESS in route.rcpt.notify
    ]
    for route, error in copies.failed:
        if route.rcpt.notify is None or Notify.FAILURE in route.rcpt.notify:
            status = "5.2.2" if isinstance(error, OverQuotaError) else "5.3.0"
            fates.append(
                Fate(
                    str(route.rcpt.recipient), Action.FAILED, status, route.rcpt.orcpt, None,
                    str(error),
                )
            )  # fmt: skip
    if not fates:
        return
    context = session.context
    is_full = mail.ret is Ret.FULL and not mail.requiretls  # RFC 8689 section 5
    report = make_report(
        fates,
        sender=str(mail.sender),
        reporter=context.config.domain,
        original=await spool.compose(b"") if is_full and copies.failed else spool.head,
        full=is_full,
        most_octets=context.config.max_message_octets,
        envid=mail.envid,
        date=context.ports.clock.now(),
        token=context.ports.entropy.token(12),
        tls_optional=not mail.requiretls and is_tls_optional(spool.head),
    )
    await send_report(session, str(mail.sender), report, requiretls=mail.requiretls)


async def send_report(
    session: Session, sender: str, report: bytes, *, requiretls: bool = False
) -> None:
    """Bring a report to the sender, who may be here or elsewhere."""
    context = session.context
    for user in context.users.resolve(sender):
        try:
            octets = return_path(None) + report
            await context.store.deliver([Delivery(user.name, octets, sender="", recipient=sender)])
        except StoreError as error:
            # A report about a report is never made (RFC 3464 section 2): it ends here.
            context.log.warning("A report for %s could not be stored: %s", user.name, error)
    if not context.users.is_local(sender):
        outbound = context.outbound or CapturingOutbound(context.store)
        await outbound.submit(
            Outgoing(
                identifier=context.ports.entropy.token(9).hex(),
                sender="",
                recipients=(OutgoingRecipient(sender),),
                octets=report,
                smtputf8=not sender.isascii(),
                requiretls=requiretls,
            )
        )
