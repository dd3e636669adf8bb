"""Texts of others within a sentence of ours, so that neither turns the other's direction round.

“To: ” and two names in Hebrew have to be read in the order of the names, and the angle brackets
round an address have to open before it, in a window that is read from the right, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEFT_TO_RIGHT, _FIRST_STRONG, _POP = "\u2066", "\u2068", "\u2069"  # UAX 9, section 2.4
_OPENING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_CONTROLS = _OPENING | dict.fromkeys([0x061C, 0x200E, 0x200F])


def isolated(text: str) -> str:
    """Return a text that keeps its own direction, whatever stands around it.

    What it opens or closes itself is left out: it would reach beyond it.
    """
    return f"{_FIRST_STRONG}{text.translate(_OPENING)}{_POP}" if text else ""


def from_left(text: str) -> str:
    """Return a text that is read from the left in every script: an address, a protocol word."""
    return f"{_LEFT_TO_RIGHT}{text.translate(_OPENING)}{_POP}"


def named(name: str, address: str) -> str:
    """Return a name and its address as they are shown; to be copied they are not.

    Args:
        name: May be empty, and in any script.
        address: Is read from the left in every script.
    """
    shown = from_left(address)
    return f"{isolated(name)} <{shown}>" if name else shown


def joined(texts: Iterable[str]) -> str:
    """Return texts in a row, which is read in their order."""
    return ", ".join(isolated(text) for text in texts)


def begins_isolated(text: str) -> bool:
    """Whether a text is ours, and only what stands in it has a direction of its own."""
    return text.startswith(_FIRST_STRONG)


def without_controls(text: str) -> str:
    """Return a text without marks, embeddings, overrides and isolates of its own."""
    return text.translate(_CONTROLS)
