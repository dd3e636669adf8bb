"""Messages in files of other programs: their line ends, and when they came."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from desktopmail.mime import date
from desktopmail.mime.header import Header

if TYPE_CHECKING:
    from pathlib import Path

_BARE_LF = re.compile(rb"(?<!\r)\n")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def with_crlf(octets: bytes) -> bytes:
    """Return a message with the line ends of the wire.

    Files of Unix have LF alone (RFC 4155 appendix A); a message has CRLF (RFC 5322 section 2.1),
    and so it has to be sent (RFC 1939 section 3).
    """
    return _BARE_LF.sub(b"\r\n", octets)


def date_of(octets: bytes) -> datetime | None:
    """Return when a message says that it was written, None when it does not."""
    found = date.parse(Header.parse(octets).text("Date"))
    return found if found is not None and found >= _EPOCH else None


def changed(path: Path) -> datetime:
    """Return when a file was changed last."""
    return datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
