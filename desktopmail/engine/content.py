"""Octets made ready to be stored: named by their SHA-256, and deflated where that is worth it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

from isal import isal_zlib

# Larger mails are mostly attachments in base64: deflating them costs more time than it saves room.
MAX_DEFLATED_OCTETS = 16 * 1024
# Of 0 to 3. It takes a fifth of zlib's time, and of mails 2 % more room than its level 3.
_DEFLATE_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Content:
    """Octets made ready to be stored: what takes time is done, beside the writer.

    Attributes:
        deflated: The octets as they are stored; None: as they are.
    """

    octets: bytes
    sha256: bytes
    deflated: bytes | None

    @classmethod
    def of(cls, octets: bytes) -> Self:
        """Name the octets, and deflate them where that is worth it."""
        return cls(octets, sha256(octets), _deflated(octets))


def sha256(octets: bytes) -> bytes:
    """The name of a content."""
    return hashlib.sha256(octets).digest()


def _deflated(octets: bytes) -> bytes | None:
    """Return the octets deflated, or None where that is not worth it."""
    if len(octets) > MAX_DEFLATED_OCTETS:
        return None
    small = isal_zlib.compress(octets, _DEFLATE_LEVEL)
    return small if len(small) < len(octets) * 9 // 10 else None
