"""Message identifiers: read leniently, made from arguments (RFC 5322 section 3.6.4)."""

from __future__ import annotations

import re

# msg-id = [CFWS] "<" id-left "@" id-right ">" [CFWS]
#
# Real ones hold nearly everything between the brackets, some of them without an at sign, some
# folded in the middle (the fold is not part of them). Each octet is looked at once: whoever sends a
# message chooses them.
_BRACKETED = re.compile(r"<([^<>]*+)>")
_ALONE = re.compile(r"<([^<>\s]{1,990}+)>")
_WORD = re.compile(r"[^\s<>,;\"()]++")
_MOST_CHARACTERS = 990  # a line of RFC 5322 has no more
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
    alone = _ALONE.fullmatch(text)
    if alone:
        return (alone[1],)
    if "<" in text:
        found = (_SPACE.sub("", identifier) for identifier in _BRACKETED.findall(text))
    else:
        found = (word for word in _WORD.findall(text) if "@" in word[1:-1])
    return tuple(dict.fromkeys(one for one in found if 0 < len(one) <= _MOST_CHARACTERS))


def make(token: bytes, domain: str) -> str:
    """Return a new identifier with brackets.

    Args:
        token: Random octets, at least 12, from the caller's source of chance.
        domain: The domain of the sender's address; made ASCII as far as needed.
    """
    right = _NOT_IN_TOKEN.sub("-", domain).strip(".-") or "localhost"
    return f"<{token.hex()}@{right}>"
