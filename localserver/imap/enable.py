"""ENABLE: the client wants extensions to change what it is told (RFC 5161)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.enable import Enable, EnabledResponse
from localserver.imap import capability

if TYPE_CHECKING:
    from localserver.imap.session import ImapSession

_ENABLED_WITH: Final = {
    "CONDSTORE": ("CONDSTORE",),
    "QRESYNC": ("QRESYNC", "CONDSTORE"),
    "UTF8=ACCEPT": ("UTF8=ACCEPT",),
    "IMAP4REV2": ("IMAP4REV2",),
}


async def handle_enable(session: ImapSession, tag: Tag, command: Enable) -> None:
    """Enable what is known and offered; what is not is silently left out."""
    enabled = {
        name for name in command.names
        if name in _ENABLED_WITH and capability.offers(session, name)
    }  # fmt: skip
    fresh = enabled - session.enabled
    for name in enabled:
        session.enabled.update(_ENABLED_WITH[name])
    session.condstore = session.condstore or "CONDSTORE" in session.enabled
    session.send(EnabledResponse(frozenset(fresh)))
    session.finish(tag, Condition.OK, "Enabled.")
