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
    """Return the SASL mechanisms; none on port 25, no passwords in the clear unless allowed."""
    if not session.submission:
        return ()
    names = session.context.users.mechanisms(
        session.stream.tls, allow_clear=may_send_password(session)
    )
    return tuple(name for name in names if session.offers(f"AUTH={name}"))


def may_send_password(session: Session) -> bool:
    """Whether a password may come readably on this connection."""
    stream = session.stream
    return session.context.config.login_allowed(tls=stream.tls is not None, peer=stream.peer)
