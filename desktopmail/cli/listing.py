"""Rows of messages as a list: columns for people, objects for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from desktopmail.cli import numbers
from desktopmail.cli.output import fields, moment, octets, short
from desktopmail.door.rows import Flag, Role

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from desktopmail.cli.context import Context
    from desktopmail.door.rows import MailboxRow, MessageRow, View

_Column: TypeAlias = "tuple[str, Callable[[MessageRow], str]]"

#: How many rows are listed where nobody says how many.
LIMIT = 50

_WHO = 24
_SUBJECT = 48
_PLACE = 24
# What is in there one wrote oneself: it is told apart by whom it goes to.
_OUTGOING = frozenset({Role.SENT, Role.DRAFTS})


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare whose messages are listed, and how many of them."""
    parser.add_argument("--account", metavar="N")
    parser.add_argument(
        "--limit", type=numbers.limit, default=LIMIT, metavar="N", help=f"default: {LIMIT}"
    )


def read(context: Context, view: View, limit: int) -> tuple[list[MessageRow], bool]:
    """The first rows of a view, and whether it has more."""
    rows = context.reader().window(view, 0, limit + 1)
    return rows[:limit], len(rows) > limit


def tell_more(context: Context, limit: int) -> None:
    """Say to a person that more are there than were listed."""
    context.output.remark(f"More than {limit} are there: --limit lists more of them.")


def show(
    context: Context, rows: Sequence[MessageRow], boxes: Sequence[MailboxRow], empty: str
) -> None:
    """Print rows of these mailboxes, or the sentence where there are none."""
    context.output.table(rows, columns(context, boxes), empty=empty, plain=plain)


def columns(context: Context, boxes: Sequence[MailboxRow]) -> list[_Column]:
    """What is told of messages of these mailboxes; of several, also where each of them is."""
    paths = {box.id: box.path for box in boxes}
    told: list[_Column] = [
        ("ID", lambda row: str(row.message_id)),
        ("DATE", lambda row: moment(row.date_s)),
        ("", _marks),
        ("FROM", lambda row: short(row.sender.name or row.sender.address, _WHO)),
        ("SUBJECT", lambda row: short(" ".join(row.subject.split()) or "(no subject)", _SUBJECT)),
        ("SIZE", lambda row: octets(row.size_octets)),
    ]
    if all(box.role in _OUTGOING for box in boxes):
        told[3] = ("TO", lambda row: short(row.recipients, _WHO))
    if len(boxes) > 1:
        told.append(("MAILBOX", lambda row: short(paths.get(row.mailbox_id, ""), _PLACE)))
    if len({box.account_id for box in boxes}) > 1:
        names = {account.id: account.name for account in context.accounts()}
        told.append(("ACCOUNT", lambda row: short(names.get(row.account_id, ""), _PLACE)))
    return told


def plain(row: MessageRow) -> dict[str, Any]:
    """A row as JSON has it: its `id` is what other commands take."""
    return {**fields(row), "id": row.message_id, "placement_id": row.id}


def _marks(row: MessageRow) -> str:
    unread = " " if Flag.SEEN in row.flags else "•"
    flagged = "*" if Flag.FLAGGED in row.flags else " "
    return unread + flagged + ("@" if row.has_attachment else " ")
