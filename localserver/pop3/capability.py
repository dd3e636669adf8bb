"""What CAPA announces, by configuration, TLS and fault plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.pop3.capability import Capabilities
from localserver.pop3.login import may_send_password, mechanisms

if TYPE_CHECKING:
    from typing import Final

    from localserver.pop3.session import Session

IMPLEMENTATION = "localserver"
TAGS: Final = (
    "TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE", "UTF8", "LANG", "USER",
    "SASL", "STLS", "IMPLEMENTATION",
)  # fmt: skip


def announced(session: Session) -> Capabilities:
    """Return what is announced now; the same before and after the login (RFC 2449 section 5)."""
    found: dict[str, tuple[str, ...]] = {
        "TOP": (),
        "UIDL": (),
        "RESP-CODES": (),
        "AUTH-RESP-CODE": (),
        "PIPELINING": (),
        # A week, a year: nothing is ever removed that nobody deleted.
        "EXPIRE": ("NEVER",),
        "UTF8": ("USER",),
        "LANG": (),
    }
    if may_send_password(session):
        found["USER"] = ()
    offered = mechanisms(session)
    if offered:
        found["SASL"] = offered
    if session.can_start_tls:
        found["STLS"] = ()
    found["IMPLEMENTATION"] = (IMPLEMENTATION,)
    return Capabilities(
        {tag: values for tag, values in found.items() if not session.faults.hides(tag)}
    )
