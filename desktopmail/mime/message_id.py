"""Message identifiers: read leniently, made from arguments (RFC 5322 section 3.6.4)."""

from __future__ import annotations

import re

# msg-id = [CFWS] "<" id-left "@" id-right ">" [CFWS]
#
# Real ones hold nearly everything between the brackets, some of them without an at sign, some
# folded in the middle (the fold is not part of them).
_IDENTIFIER = re.compile(r"<\s*+([^<>]{1,990}?)\s*>")
_BARE = re.compile(r"[^\s<>,;\"()]+@[^\s<>,;\"()]+")
_SPACE = re.compile(r"\s+")
_NOT_IN_TOKEN = re.compile(r"[^A-Za-z0-9.-]+")


def parse(text: str | None) -> str | None:
    """Return the identifier of a Message-ID field without its brackets, or None."""
    if not text:
        return None
    found = parse_all(text)
    return found[0] if found else None


def parse_all(text: str) -> tuple[str, ...]:
    """Return every identifier in a References or In-Reply-To field, in order, each once.

    Without any brackets, words with an at sign count. Phrases of obsolete syntax are skipped.
    """
    found = (_IDENTIFIER if "<" in text else _BARE).findall(text)
    if len(found) == 1 and _SPACE.search(found[0]) is None:
        return (found[0],)
    return tuple(dict.fromkeys(_SPACE.sub("", identifier) for identifier in found))


def make(token: bytes, domain: str) -> str:
    """Return a new identifier with brackets.

    Args:
        token: Random octets, at least 12, from the caller's source of chance.
        domain: The domain of the sender's address; made ASCII as far as needed.
    """
    right = _NOT_IN_TOKEN.sub("-", domain).strip(".-") or "localhost"
    return f"<{token.hex()}@{right}>"
