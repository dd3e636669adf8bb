"""Octets that are kept deflated, as they were put in."""

from __future__ import annotations

import zlib


def inflate(stored: bytes, *, deflated: bool) -> bytes:
    """Return what was put in, exactly.

    Raises:
        zlib.error: It is damaged.
    """
    return zlib.decompress(stored) if deflated else stored
