"""The fields a server adds on top of a message: Return-Path and Received (RFC 5321 section 4.4)."""

from __future__ import annotations

import re
from email.utils import format_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from desktopmail.wire.smtp.path import encode_path

if TYPE_CHECKING:
    from datetime import datetime

    from desktopmail.wire.smtp.path import Mailbox

_NOT_PRINTABLE = re.compile(r"[\x00-\x20\x7f()\\]")


def return_path(sender: Mailbox | None) -> bytes:
    """Return the field that final delivery adds (section 4.4)."""
    return f"Return-Path: {encode_path(sender)}\r\n".encode()


def with_protocol(
    *, extended: bool, tls: bool, authenticated: bool, smtputf8: bool, lmtp: bool = False
) -> str:
    """Return the registered name of how the message came (RFC 3848, RFC 6531 section 3.7.3)."""
    if smtputf8:
        base = "UTF8LMTP" if lmtp else "UTF8SMTP"
    else:
        base = "LMTP" if lmtp else "ESMTP" if extended else "SMTP"
    if base == "SMTP":
        return base
    return base + "S" * tls + "A" * authenticated


def received(
    *,
    hello: str,
    peer: str,
    by: str,
    protocol: str,
    identifier: str,
    recipient: str | None,
    tls: str | None,
    date: datetime,
) -> bytes:
    """Return the trace field.

    Args:
        hello: What the client called itself.
        peer: Its address and port.
        by: Our own name.
        protocol: From `with_protocol`.
        identifier: Unique for the message.
        recipient: The one recipient; with several none is told, which would show them to one
            another (section 7.6).
        tls: Version and cipher, or None in the clear.
        date: When.
    """
    address = peer.rpartition(":")[0].strip("[]") or peer
    literal = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
    comment = f" ({tls})" if tls else ""
    target = f"\r\n\tfor <{recipient}>" if recipient else ""
    return (
        f"Received: from {_word(hello)} ({literal})\r\n"
        f"\tby {by} with {protocol}{comment} id {identifier}{target};\r\n"
        f"\t{_date(date.replace(microsecond=0))}\r\n"
    ).encode()


# It tells seconds, and a busy server sees many messages in one.
_date = lru_cache(maxsize=8)(format_datetime)


def _word(text: str) -> str:
    return _NOT_PRINTABLE.sub("?", text) or "unknown"
