"""Names of mailboxes: which are allowed, and how they hang together as a tree."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from localserver.store.errors import InvalidNameError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from localserver.store.interface import StoreLimits

INBOX: Final = "INBOX"
DELIMITER: Final = "/"

# The store puts no name into a path, so `..` harms nobody here; but names are exported to folders
# and synced to others' disks, so what is dangerous there is refused at the door. C0, C1 and the
# bidirectional and zero-width controls have no place in a name (RFC 5198, RFC 9051 section 5.1).
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
# Octets that are neither modified UTF-7 nor UTF-8 come as these (`wire.imap.octets`).
_NO_TEXT = re.compile("[\uef00-\uefff\ud800-\udfff]")


def canonical(name: str) -> str:
    """Return the name with INBOX in upper case wherever it stands for the INBOX, in NFC."""
    head, delimiter, rest = name.partition(DELIMITER)
    if head.upper() == INBOX:
        name = INBOX + delimiter + rest
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def check(name: str, limits: StoreLimits) -> str:
    """Return the canonical form of a name that shall be made.

    A delimiter at the end says only that children will follow (RFC 9051 section 6.3.4).

    Raises:
        InvalidNameError: The name is empty, too long or too deep, or holds what no name may hold.
    """
    name = canonical(name.removesuffix(DELIMITER))
    levels = name.split(DELIMITER)
    if not name or "" in levels:
        raise InvalidNameError("A mailbox name has no empty level.")
    if any(level in {".", ".."} for level in levels):
        raise InvalidNameError("A level of a mailbox name is neither '.' nor '..'.")
    if _CONTROLS.search(name):
        raise InvalidNameError("A mailbox name has no control characters.")
    if _NO_TEXT.search(name):
        raise InvalidNameError("A mailbox name is in modified UTF-7, or in UTF-8 when enabled.")
    if "*" in name or "%" in name:
        raise InvalidNameError("A mailbox name has neither '*' nor '%': LIST could not name it.")
    if len(name.encode("utf-8", "replace")) > limits.name_octets:
        raise InvalidNameError(f"A mailbox name has at most {limits.name_octets} octets.")
    if len(levels) > limits.levels:
        raise InvalidNameError(f"A mailbox name has at most {limits.levels} levels.")
    return name


def parents(name: str) -> list[str]:
    """Return the names above a name, the outermost first."""
    levels = name.split(DELIMITER)
    return [DELIMITER.join(levels[:count]) for count in range(1, len(levels))]


def below(name: str, names: Iterable[str]) -> list[str]:
    """Return those names that lie below a name."""
    start = name + DELIMITER
    return [other for other in names if other.startswith(start)]
