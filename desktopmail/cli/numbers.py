"""Numbers as people type them: the ids of messages and of other things, and how many to show."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from desktopmail.cli.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterable

# What the store and the frames of the door can hold.
LARGEST = 2**63 - 1


def local_id(text: str) -> int:
    """Read the id of a thing in this profile.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    return _number(text, "an id, which is a number of at least 1")


def limit(text: str) -> int:
    """Read how many rows are wanted.

    Raises:
        argparse.ArgumentTypeError: It is no such number.
    """
    return _number(text, "a number of at least 1")


def refuse_unknown(number: int, known: Iterable[int], what: str, command: str) -> None:
    """Refuse an id that nothing has.

    Args:
        number: The id.
        known: Those that there are.
        what: What has such ids, with this one in its place: "operation {}".
        command: By which `desktopmail` lists them.

    Raises:
        CommandError: There is none of that id.
    """
    if number not in known:
        raise CommandError(
            f"There is no {what.format(number)}; `desktopmail {command}` shows the ids."
        )


def is_local_id(text: str) -> bool:
    """Whether it is such an id, where a name could stand as well."""
    return _read(text) is not None


def _number(text: str, what: str) -> int:
    number = _read(text)
    if number is None:
        raise argparse.ArgumentTypeError(f"{text[:40]} is not {what}")
    return number


def _read(text: str) -> int | None:
    # 20 digits are above the largest already, and Python itself refuses to read thousands of them.
    if not text.isdecimal() or len(text) >= 20:
        return None
    number = int(text)
    return number if 1 <= number <= LARGEST else None
