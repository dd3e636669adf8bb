"""MAIL and RCPT: who may send, and where each recipient's copy goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.smtp.path import Mailbox
from desktopmail.wire.smtp.reply import reply
from localserver.config import is_loopback
from localserver.smtp.state import Route
from localserver.submission.envelope import recipient_refused, sender_refused

if TYPE_CHECKING:
    from typing import Final

    from desktopmail.wire.smtp.mail import Mail
    from desktopmail.wire.smtp.rcpt import Rcpt
    from desktopmail.wire.smtp.reply import Reply
    from localserver.smtp.state import Session

_SENDER_FINE: Final = reply(250, "Sender fine", "2.1.0")
_RECIPIENT_FINE: Final = reply(250, "Recipient fine", "2.1.5")


def mail(session: Session, command: Mail) -> Reply:
    """Begin a message."""
    session.forget_message()
    if session.submission:
        refusal = must_log_in(session)
        if refusal is None and session.user is not None:
            refusal = sender_refused(session.context, session.user, command.sender)
        if refusal is not None:
            return refusal
    session.mail = command
    return _SENDER_FINE


def rcpt(session: Session, command: Rcpt) -> Reply:
    """Take one recipient.

    Port 25 knows local users only. Everything that could name another place in disguise (source
    routes, `user%elsewhere@here`, `elsewhere!user@here`, `"user@elsewhere"@here`) is read as what
    it is, a local part, and so is nobody, or the catch-all user.
    """
    users, address = session.context.users, _address(session, command.recipient)
    found = users.resolve(address)
    if found:
        session.routes.append(Route(command, tuple(found)))
        return _RECIPIENT_FINE
    if users.is_local(address):
        return reply(550, f"No such user: {command.recipient}", "5.1.1")
    if not session.submission:
        domain = command.recipient.domain
        text = f"Mail for {domain} is not taken here; submission takes it after a login"
        return reply(550, text, "5.7.1")
    refusal = recipient_refused(session.context, command.recipient)
    if refusal is not None:
        return refusal
    session.routes.append(Route(command, ()))
    return _RECIPIENT_FINE


def _address(session: Session, recipient: Mailbox) -> str:
    """Return whose address it is: a literal of this machine's own stands for the server's domain.

    RFC 1123 section 5.2.17 wants such mail accepted here, and sent it could only come back.
    """
    if recipient.domain.startswith("["):
        host = recipient.domain[1:-1].removeprefix("IPv6:")
        if is_loopback(host) or host == session.stream.local.rpartition(":")[0].strip("[]"):
            return str(Mailbox(recipient.local, session.context.config.domain))
    return str(recipient)


def must_log_in(session: Session) -> Reply | None:
    """Refuse what needs a login on the submission ports (RFC 6409 section 4.3)."""
    if not session.submission or session.user is not None:
        return None
    if "AUTH" not in session.wire.offered and session.stream.tls is None:
        return reply(530, "Say STARTTLS first, then log in", "5.7.0")
    return reply(530, "Log in first", "5.7.0")
