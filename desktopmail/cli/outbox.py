"""`desktopmail outbox`: what is on its way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.cli import numbers
from desktopmail.cli.errors import UsageError
from desktopmail.cli.output import moment, short
from desktopmail.door.commands import CancelSending, RetrySending
from desktopmail.door.ids import SendingId
from desktopmail.door.rows import SendingState

if TYPE_CHECKING:
    import argparse

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands
    from desktopmail.door.rows import SendingRow

# What became of it for a recipient that a person should know of; see `RecipientRow`.
_WRONG = frozenset({"refused", "delayed", "failed"})


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this group."""
    group = commands.add_parser("outbox", help="list, retry and cancel what is on its way out")
    group.set_defaults(run=_no_action)
    actions = group.add_subparsers(metavar="ACTION")
    actions.add_parser("list", parents=[common], help="what is on its way").set_defaults(run=_list)
    for name, run, text in (
        ("retry", _retry, "try a message again now"),
        ("cancel", _cancel, "take a message back"),
    ):
        action = actions.add_parser(name, parents=[common], help=text)
        action.add_argument(
            "id", type=numbers.local_id, metavar="ID", help="as `outbox list` shows it"
        )
        action.set_defaults(run=run)


async def _no_action(_context: Context, _arguments: argparse.Namespace) -> int:
    raise UsageError("Say what to do with the outbox: list, retry or cancel.")


async def _list(context: Context, _arguments: argparse.Namespace) -> int:
    context.output.table(
        context.reader().sendings() if context.accounts() else [],
        [
            ("ID", lambda row: str(row.id)),
            ("STATE", lambda row: row.state),
            ("QUEUED", lambda row: moment(row.queued_s)),
            ("TO", lambda row: short(", ".join(row.recipients), 32)),
            ("SUBJECT", lambda row: short(row.subject, 32)),
            ("NEXT", _next),
            ("PROBLEM", _problem),
        ],
        empty="Nothing is on its way out.",
    )
    return 0


def _next(row: SendingRow) -> str:
    """When something is done about a message that waits."""
    if row.state is not SendingState.QUEUED:
        return ""
    if row.problem is not None and row.retry_s is None:
        return "when you say so"
    return moment(row.not_before_s if row.retry_s is None else row.retry_s)


def _problem(row: SendingRow) -> str:
    """What is wrong with all of it, or for whom of its recipients what is."""
    if row.problem:
        return row.problem
    return "; ".join(
        f"{one.state} for {one.address}: {one.detail}".rstrip(": ")
        for one in row.results
        if one.state in _WRONG
    )


def _named(context: Context, arguments: argparse.Namespace) -> SendingId:
    """The message that is meant.

    Raises:
        CommandError: There is none of that id.
    """
    rows = context.reader().sendings() if context.accounts() else []
    ids = [row.id for row in rows]
    numbers.refuse_unknown(arguments.id, ids, "message {} in the outbox", "outbox list")
    return SendingId(arguments.id)


async def _retry(context: Context, arguments: argparse.Namespace) -> int:
    sending_id = _named(context, arguments)
    door = await context.door()
    outcome = await door.command(RetrySending(sending_id=sending_id))
    context.output.line(outcome.label or "It is tried again now.")
    context.output.value({"id": arguments.id})
    return 0


async def _cancel(context: Context, arguments: argparse.Namespace) -> int:
    sending_id = _named(context, arguments)
    door = await context.door()
    outcome = await door.command(CancelSending(sending_id=sending_id))
    context.output.line(outcome.label or "It was taken back.")
    context.output.value({"id": arguments.id})
    return 0
