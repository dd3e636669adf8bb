"""UTF8: messages may have UTF-8 in their headers (RFC 6856 section 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from desktopmail.wire.pop3.command import Command
from desktopmail.wire.pop3.state import AUTHORIZATION


@dataclass(frozen=True, slots=True)
class Utf8(Command[None]):
    """`UTF8`; STLS must not come behind it."""

    keyword = b"UTF8"
    states = AUTHORIZATION


# The empty line behind a header, whatever ends its lines.
_HEADER_END = re.compile(rb"\r?\n\r?\n")


def needs_utf8(message: bytes) -> bool:
    """Whether a message may go only to a client that said UTF8 (section 2.1).

    It is its header that counts: a body of eight bits needs no leave (RFC 6152), and octets that
    are no UTF-8 have been sent to every client for thirty years.
    """
    end = _HEADER_END.search(message)
    header = message if end is None else message[: end.start()]
    if header.isascii():
        return False
    try:
        header.decode()
    except UnicodeDecodeError:
        return False
    return True
