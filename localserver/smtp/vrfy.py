"""VRFY, EXPN and HELP: what may be asked (RFC 5321 sections 3.5 and 7.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.smtp.command import PARSERS
from desktopmail.wire.smtp.reply import Reply, reply
from localserver.config import is_loopback
from localserver.smtp.mail import must_log_in

if TYPE_CHECKING:
    from desktopmail.wire.smtp.control import Help
    from desktopmail.wire.smtp.vrfy import Expn, Vrfy
    from localserver.smtp.state import Session


def vrfy(session: Session, command: Vrfy) -> Reply:
    """Answer whether an address is known, to those who may know: on this machine, or logged in."""
    refusal = must_log_in(session)
    if refusal is not None:
        return refusal
    if session.user is None and not is_loopback(session.stream.peer):
        return reply(252, "Send something, then you will see", "2.1.5")  # section 7.3
    users = session.context.users
    address = command.argument.strip("<>")
    if not users.is_local(address):
        return reply(252, "That is for elsewhere; I would try", "2.1.5")
    found = users.resolve(address)
    if not found:
        return reply(550, "No such user", "5.1.1")
    if len(found) > 1:
        return Reply(553, ("Ambiguous:", *(f"<{user.address}>" for user in found)))
    return reply(250, f"<{found[0].address}>", "2.1.5")


def expn(session: Session, _command: Expn) -> Reply:
    """Tell nobody who is on a list."""
    return must_log_in(session) or reply(502, "Lists are not shown", "5.5.1")


def help_(session: Session, command: Help) -> Reply:
    """Name the commands (section 4.1.1.8)."""
    topic = command.argument.strip().upper()
    if topic and topic not in PARSERS:
        return reply(504, f"There is no command {topic}", "5.5.4")
    verbs = [verb for verb in PARSERS if verb not in {"LHLO", "EXPN"}]
    if not session.submission:
        verbs.remove("AUTH")
    return Reply(214, ("Commands:", " ".join(verbs), "See RFC 5321."))
