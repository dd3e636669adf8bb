"""A message in a file, with the flags that its format can carry."""

from __future__ import annotations

import re
from dataclasses import dataclass

from desktopmail.door.rows import Flag

_BARE_LF = re.compile(rb"(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class FileMessage:
    """A message out of a file, or on its way into one.

    Attributes:
        octets: With CRLF line ends, as on the wire.
        date_s: When it arrived, seconds since 1970; None where the format does not say.
    """

    octets: bytes
    flags: Flag = Flag.NONE
    tags: tuple[str, ...] = ()
    date_s: int | None = None


def with_crlf(octets: bytes) -> bytes:
    """Line ends as on the wire."""
    return _BARE_LF.sub(b"\r\n", octets)


def with_lf(octets: bytes) -> bytes:
    """Line ends as in files of Unix."""
    return octets.replace(b"\r\n", b"\n")
