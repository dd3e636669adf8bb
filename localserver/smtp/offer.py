"""EHLO: what is offered on this connection now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.smtp.extensions import Extensions

if TYPE_CHECKING:
    from typing import Final

    from localserver.smtp.state import Session

KEYWORDS: Final = (
    "PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME",
    "DSN", "LIMITS", "HELP",
)  # fmt: skip


def extensions(session: Session) -> Extensions:
    """Return the answer to EHLO."""
    config = session.context.config
    tls = session.stream.tls is not None
    keywords: dict[str, tuple[str, ...]] = dict.fromkeys(KEYWORDS, ())
    keywords["SIZE"] = (str(config.max_message_octets),)
    keywords["LIMITS"] = (f"RCPTMAX={config.limits.recipients}",)
    if session.context.tls is not None and not tls:
        keywords["STARTTLS"] = ()
    if tls:
        keywords["REQUIRETLS"] = ()  # RFC 8689 section 2: only inside TLS
    if not session.offers("CHUNKING"):
        del keywords["BINARYMIME"]  # which is sent by BDAT only
    names = mechanisms(session)
    if names:
        keywords["AUTH"] = names
    return Extensions(
        config.domain, {name: words for name, words in keywords.items() if session.offers(name)}
    )


def mechanisms(session: Session) -> tuple[str, ...]:
    """Return the SASL mechanisms; none on port 25, and none in the clear unless that is allowed."""
    config = session.context.config
    tls = session.stream.tls
    if not session.submission:
        return ()
    if not config.login_allowed(tls=tls is not None, peer=session.stream.peer):
        return ()
    names = session.context.users.mechanisms(tls, allow_clear=True)
    return tuple(name for name in names if session.offers(f"AUTH={name}"))
