"""Texts as they are compared: without case and compatibility forms (RFC 5051)."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """Return a text as it is compared."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text.casefold())
