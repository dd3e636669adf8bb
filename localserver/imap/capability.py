"""CAPABILITY: what is offered, before and after the login, in the clear and inside TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from desktopmail.wire.imap.capability import IN_REV2, Capability, CapabilityResponse
from desktopmail.wire.imap.codes import CapabilityCode
from desktopmail.wire.imap.condition import Condition, Tag

if TYPE_CHECKING:
    from localserver.imap.session import ImapSession

ALWAYS: Final = ("IMAP4rev1", "IMAP4rev2", "LITERAL+", "SASL-IR", "ID", "ENABLE")
AFTER_LOGIN: Final = (
    "APPENDLIMIT", "BINARY", "CHILDREN", "COMPRESS=DEFLATE", "CONDSTORE", "CREATE-SPECIAL-USE",
    "ESEARCH", "ESORT", "IDLE", "LIST-EXTENDED", "LIST-STATUS", "MOVE", "MULTIAPPEND", "NAMESPACE",
    "OBJECTID", "PREVIEW", "QRESYNC", "QUOTA", "QUOTA=RES-MESSAGE", "QUOTA=RES-STORAGE",
    "SAVEDATE", "SEARCHRES", "SORT", "SORT=DISPLAY", "SPECIAL-USE", "STATUS=SIZE",
    "THREAD=ORDEREDSUBJECT", "THREAD=REFERENCES", "UIDPLUS", "UNSELECT", "UTF8=ACCEPT", "WITHIN",
)  # fmt: skip
# What goes when another one is switched off. IMAP4rev2 promises much without naming it, and goes
# with any of that; LITERAL+ holds LITERAL-.
_NEEDS: Final = {
    "QRESYNC": ("CONDSTORE",),
    "ESORT": ("SORT",),
    "SORT=DISPLAY": ("SORT",),
    "SEARCHRES": ("ESEARCH",),
    "LIST-STATUS": ("LIST-EXTENDED",),
    "CREATE-SPECIAL-USE": ("SPECIAL-USE",),
    "QUOTA=RES-MESSAGE": ("QUOTA",),
    "QUOTA=RES-STORAGE": ("QUOTA",),
    "IMAP4REV2": (*sorted(IN_REV2 - {"LITERAL-"}), "LITERAL+"),
}


def offered(session: ImapSession) -> frozenset[str]:
    """Return everything that is offered to this client now."""
    names = [name for name in ALWAYS if offers(session, name)]
    if session.user is None:
        names += _before_login(session)
    else:
        names += [_valued(session, name) for name in AFTER_LOGIN if offers(session, name)]
    return frozenset(names)


def offers(session: ImapSession, name: str) -> bool:
    """Whether an extension is on for this session."""
    needed = _NEEDS.get(name.upper(), ())
    return not session.faults.hides(name) and all(offers(session, other) for other in needed)


def mechanisms(session: ImapSession) -> list[str]:
    """Return the SASL mechanisms that are offered, best first."""
    users = session.context.users
    found = users.mechanisms(session.stream.tls, allow_clear=login_allowed(session))
    return [name for name in found if offers(session, f"AUTH={name}")]


def login_allowed(session: ImapSession) -> bool:
    """Whether a password may come readably."""
    config = session.context.config
    return config.login_allowed(tls=session.stream.tls is not None, peer=session.stream.peer)


def code(session: ImapSession) -> CapabilityCode:
    """Return the response code that spares the client a CAPABILITY command."""
    return CapabilityCode(offered(session))


def _before_login(session: ImapSession) -> list[str]:
    names = [f"AUTH={mechanism}" for mechanism in mechanisms(session)]
    if may_start_tls(session):
        names.append("STARTTLS")
    if not login_allowed(session):
        names.append("LOGINDISABLED")
    return names


def may_start_tls(session: ImapSession) -> bool:
    """Whether STARTTLS is offered here and now."""
    return (
        session.context.tls is not None
        and session.stream.tls is None
        and offers(session, "STARTTLS")
    )


def _valued(session: ImapSession, name: str) -> str:
    if name == "APPENDLIMIT":
        return f"APPENDLIMIT={session.context.config.max_message_octets}"
    return name


async def handle_capability(session: ImapSession, tag: Tag, _command: Capability) -> None:
    """Tell what is offered."""
    session.send(CapabilityResponse(offered(session)))
    session.finish(tag, Condition.OK, "That is what this server can do.")
