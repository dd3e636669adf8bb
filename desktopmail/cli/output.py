"""What a command prints: aligned text for people, or JSON for machines."""

from __future__ import annotations

import datetime as dt
import json
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from desktopmail.door.rows import Row

_WIDTH = 100


class Output:
    """Standard output of one command.

    Args:
        as_json: Whether the machine form was asked for.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def line(self, text: str) -> None:
        """Print a line for people; nothing in the machine form."""
        if not self.as_json:
            print(printable(text), flush=True)

    def note(self, text: str) -> None:
        """Print a remark on standard error, in both forms."""
        print(printable(text), file=sys.stderr, flush=True)

    def remark(self, text: str) -> None:
        """Print a remark for people on standard error; nothing in the machine form."""
        if not self.as_json:
            self.note(text)

    def value(self, value: object) -> None:
        """Print a value in the machine form; nothing for people."""
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False, indent=2), flush=True)

    def record(self, value: object) -> None:
        """Print one value of a stream in the machine form: one JSON object a line."""
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False), flush=True)

    def table(
        self,
        rows: Sequence[Row],
        columns: Sequence[tuple[str, Callable[[Any], str]]],
        *,
        empty: str,
        plain: Callable[[Any], dict[str, Any]] | None = None,
    ) -> None:
        """Print rows: columns for people, an array of objects for machines.

        Args:
            rows: What is to be printed.
            columns: Headings, and how each is made of a row.
            empty: The sentence for people where there are no rows.
            plain: How an object is made of a row; without it, its fields are.
        """
        if self.as_json:
            self.value([(plain or fields)(row) for row in rows])
            return
        if not rows:
            self.line(empty)
            return
        cells = [[name for name, _ in columns]]
        cells += [[printable(make(row)) for _, make in columns] for row in rows]
        widths = [max(_width(line[place]) for line in cells) for place in range(len(columns))]
        for line in cells:
            padded = [
                text + " " * (width - _width(text))
                for text, width in zip(line, widths, strict=True)
            ]
            self.line("  ".join(padded).rstrip())


def fields(row: Row) -> dict[str, Any]:
    """The fields of a row as JSON has them; flags become a list of lower-case names."""
    built: dict[str, Any] = msgspec.to_builtins(row)
    flags = getattr(row, "flags", None)
    if flags is not None:
        built["flags"] = [flag.name.lower() for flag in type(flags) if flag and flag in flags]
    return built


def moment(seconds: float) -> str:
    """A time as `2026-11-23 09:30`, where the reader is."""
    moment_utc = dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
    try:
        local = moment_utc.astimezone()
    except OverflowError:  # a stranger's 31 December 9999, seen from the east
        local = moment_utc
    return local.strftime("%Y-%m-%d %H:%M")


def octets(count: int) -> str:
    """A number of octets, short."""
    amount = float(count)
    for unit in ("B", "KB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def messages(count: int) -> str:
    """So many messages, as a person would say it."""
    return "1 message" if count == 1 else f"{count} messages"


def short(text: str, width: int) -> str:
    """At most `width` cells of a text, with an ellipsis where something was cut."""
    if _width(text) <= width:
        return text
    kept = ""
    for character in text:
        if _width(kept) + _width(character) > width - 1:
            break
        kept += character
    return kept.rstrip() + "…"


def printable(text: str) -> str:
    """The text without what a terminal would obey: controls, and marks that turn its direction.

    A subject is a stranger's: it may hold escape sequences that rename a window or type commands.
    """
    return "".join(
        character
        if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}
        else "\N{REPLACEMENT CHARACTER}"
        for character in text
        if character != "\r"
    )


def joined(parts: Iterable[str]) -> str:
    """Parts as a list in a sentence: `a, b and c`."""
    listed = list(parts)
    if len(listed) < 2:
        return "".join(listed)
    return f"{', '.join(listed[:-1])} and {listed[-1]}"


def _width(text: str) -> int:
    return sum(
        2
        if unicodedata.east_asian_width(character) in "WF"
        else unicodedata.combining(character) == 0
        for character in text
    )
