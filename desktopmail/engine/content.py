"""Octets made ready to be stored: named by their SHA-256, and deflated where that is worth it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

from isal import isal_zlib

from desktopmail.door.inflate import inflate

# Larger mails are mostly attachments in base64: deflating them costs more time than it saves room.
MAX_DEFLATED_OCTETS = 16 * 1024
# Of 0 to 3. It takes a fifth of zlib's time, and of mails 2 % more room than its level 3.
_DEFLATE_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Content:
    """Octets made ready to be stored: what takes time is done, beside the writer.

    Attributes:
        size: How many octets they are.
        stored: They, as they are stored.
        is_deflated: Whether that is deflated.
    """

    size: int
    sha256: bytes
    stored: bytes
    is_deflated: bool

    @classmethod
    def of(cls, octets: bytes) -> Self:
        """Name the octets, and deflate them where that is worth it."""
        return cls.made(octets, sha256(octets), _deflated(octets))

    @classmethod
    def made(cls, octets: bytes, name: bytes, deflated: bytes | None) -> Self:
        """Take what was worked out of the octets elsewhere; of those deflated only that is kept."""
        stored = octets if deflated is None else deflated
        return cls(len(octets), name, stored, deflated is not None)

    @property
    def octets(self) -> bytes:
        """What it was made of, inflated again where it is deflated."""
        return inflate(self.stored, deflated=self.is_deflated)


def sha256(octets: bytes) -> bytes:
    """The name of a content."""
    return hashlib.sha256(octets).digest()


def _deflated(octets: bytes) -> bytes | None:
    """Return the octets deflated, or None where that is not worth it."""
    if len(octets) > MAX_DEFLATED_OCTETS:
        return None
    small = isal_zlib.compress(octets, _DEFLATE_LEVEL)
    return small if len(small) < len(octets) * 9 // 10 else None
