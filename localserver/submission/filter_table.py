"""The values of a `[[filter]]` table, read one by one; what is wrong is named by its key."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class ValueOfKeyError(ValueError):
    """A value cannot be used.

    Args:
        key: Whose.
        problem: What is wrong, as the rest of a sentence.
    """

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key} {problem}")
        self.key = key


def text(table: Mapping[str, object], key: str, default: str) -> str:
    """Return a text.

    Raises:
        ValueOfKeyError: It is none.
    """
    value = table.get(key, default)
    if not isinstance(value, str):
        raise ValueOfKeyError(key, "takes text")
    return value


def choice(table: Mapping[str, object], key: str, default: str, choices: Iterable[str]) -> str:
    """Return one of several texts.

    Raises:
        ValueOfKeyError: It is none of them.
    """
    value, known = text(table, key, default), list(choices)
    if value not in known:
        raise ValueOfKeyError(key, f"{value!r} is none of {', '.join(known)}")
    return value


def number(table: Mapping[str, object], key: str, default: float) -> float:
    """Return a number above 0.

    Raises:
        ValueOfKeyError: It is none.
    """
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueOfKeyError(key, "takes a number")
    if not 0 < value < math.inf:
        raise ValueOfKeyError(key, "is more than 0")
    return value


def texts(table: Mapping[str, object], key: str, default: Iterable[str]) -> list[str]:
    """Return a list of texts.

    Raises:
        ValueOfKeyError: It is none.
    """
    value = table.get(key, list(default))
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueOfKeyError(key, "takes a list of texts")
    return list(value)
