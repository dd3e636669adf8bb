"""Patterns of mailbox names, as LIST and LSUB have them, in a time that no pattern can draw out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from localserver.store.names import DELIMITER, canonical

if TYPE_CHECKING:
    from collections.abc import Callable

_WILDCARDS: Final = "*%"
# Wildcards side by side mean no more than one of them.
_RUN_WITH_STAR = re.compile(r"[*%]*\*[*%]*")
_RUN_OF_PERCENT = re.compile("%+")
_EXPRESSIONS: Final = {"*": ".*", "%": f"[^{DELIMITER}]*"}


class NamePattern:
    """A pattern: `*` matches anything, `%` anything but the delimiter.

    The reference is put before the pattern, as if it were a mailbox name (RFC 9051 section 6.3.9);
    an INBOX at the start matches in any case.
    """

    def __init__(self, reference: str, wanted: str) -> None:
        whole = canonical(reference + wanted) if "*" not in reference else reference + wanted
        whole = _RUN_OF_PERCENT.sub("%", _RUN_WITH_STAR.sub("*", whole))
        wildcards = sum(map(whole.count, _WILDCARDS))
        self._literals = len(whole) - wildcards
        # A regular expression takes a time for `*a*a*a*a*b` that grows with the length of the name
        # to the power of the wildcards: one line would stop the server for ever.
        self._matches = _one_wildcard(whole) if wildcards <= 1 else _many_wildcards(whole)

    def matches(self, name: str) -> bool:
        """Return whether a whole name matches."""
        return self._literals <= len(name) and self._matches(name)


def _one_wildcard(pattern: str) -> Callable[[str], bool]:
    expression = "".join(_EXPRESSIONS.get(each) or re.escape(each) for each in pattern)
    match = re.compile(expression, re.DOTALL).fullmatch
    return lambda name: match(name) is not None


def _many_wildcards(pattern: str) -> Callable[[str], bool]:
    """Follow all ways to match at once: bit N is set while the first N characters match."""
    follows: dict[str, int] = {}
    for place, character in enumerate(pattern):
        follows[character] = follows.get(character, 0) | 1 << place
    star, percent = follows.pop("*", 0), follows.pop("%", 0)
    wild = star | percent
    begin = 1 | (wild & 1) << 1  # a wildcard matches nothing, too
    end = 1 << len(pattern)

    def matches(name: str) -> bool:
        ways = begin
        for character in name:
            stays = star if character == DELIMITER else wild
            ways = (ways & follows.get(character, 0)) << 1 | ways & stays
            ways |= (ways & wild) << 1
            if not ways:
                return False
        return bool(ways & end)

    return matches
