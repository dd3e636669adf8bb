"""Texts of others within a sentence of ours, so that neither turns the other's direction round."""

from __future__ import annotations

_FIRST_STRONG, _POP = "\u2068", "\u2069"  # UAX 9, section 2.4
_CONTROLS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def isolated(text: str) -> str:
    """Return a text that keeps its own direction, whatever stands around it."""
    return f"{_FIRST_STRONG}{text}{_POP}" if text else ""


def without_controls(text: str) -> str:
    """Return a text without marks, embeddings, overrides and isolates of its own."""
    return text.translate(_CONTROLS)
