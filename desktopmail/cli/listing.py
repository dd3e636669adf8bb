"""Rows of messages as a list: columns for people, objects for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desktopmail.cli import numbers
from desktopmail.cli.output import fields, moment, octets, short
from desktopmail.door.rows import Flag

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from desktopmail.cli.context import Context
    from desktopmail.door.rows import MessageRow

#: How many rows are listed where nobody says how many.
LIMIT = 50

COLUMNS: tuple[tuple[str, Callable[[MessageRow], str]], ...] = (
    ("ID", lambda row: str(row.message_id)),
    ("DATE", lambda row: moment(row.date_s)),
    ("", lambda row: _marks(row)),
    ("FROM", lambda row: short(row.sender.name or row.sender.address, 24)),
    ("SUBJECT", lambda row: short(" ".join(row.subject.split()), 48)),
    ("SIZE", lambda row: octets(row.size_octets)),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare whose messages are listed, and how many of them."""
    parser.add_argument("--account", metavar="N")
    parser.add_argument(
        "--limit", type=numbers.limit, default=LIMIT, metavar="N", help=f"default: {LIMIT}"
    )


def show(context: Context, rows: Sequence[MessageRow], empty: str) -> None:
    """Print rows, or the sentence where there are none."""
    context.output.table(rows, COLUMNS, empty=empty, plain=plain)


def plain(row: MessageRow) -> dict[str, Any]:
    """A row as JSON has it: its `id` is what other commands take."""
    return {**fields(row), "id": row.message_id, "placement_id": row.id}


def _marks(row: MessageRow) -> str:
    unread = " " if Flag.SEEN in row.flags else "•"
    flagged = "*" if Flag.FLAGGED in row.flags else " "
    return unread + flagged + ("@" if row.has_attachment else " ")
