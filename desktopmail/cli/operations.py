"""`desktopmail operations` and `undo`: the journal of what servers still have to hear."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from desktopmail.cli import numbers
from desktopmail.cli.errors import CommandError, UsageError
from desktopmail.cli.output import short
from desktopmail.door.commands import DiscardOperation, RetryOperation, Undo
from desktopmail.door.ids import OperationId

if TYPE_CHECKING:
    import argparse

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands

_TOKEN = re.compile(r"[0-9a-f]+")


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this group."""
    group = commands.add_parser("operations", help="list, retry and discard what servers must hear")
    group.set_defaults(run=_no_action)
    actions = group.add_subparsers(metavar="ACTION")
    actions.add_parser("list", parents=[common], help="what waits or failed").set_defaults(
        run=_list
    )
    for name, run, text in (
        ("retry", _retry, "try a failed one again now"),
        ("discard", _discard, "give a failed one up; the view goes back to what the server says"),
    ):
        action = actions.add_parser(name, parents=[common], help=text)
        action.add_argument(
            "id", type=numbers.local_id, metavar="ID", help="as `operations list` shows it"
        )
        action.set_defaults(run=run)

    undo = commands.add_parser(
        "undo", parents=[common], help="take back what was done, before or after the server heard"
    )
    undo.add_argument("token", metavar="TOKEN", help="as the command said that did it")
    undo.set_defaults(run=_undo)


def tell_undo(context: Context, token: str | None) -> None:
    """Say to a person how what was done is taken back, where it can be."""
    if token is not None:
        context.output.remark(f"Take it back: desktopmail {context.as_option}undo {token}")


async def _no_action(_context: Context, _arguments: argparse.Namespace) -> int:
    raise UsageError("Say what to do with operations: list, retry or discard.")


async def _list(context: Context, _arguments: argparse.Namespace) -> int:
    names = {account.id: account.name for account in context.accounts()}
    context.output.table(
        context.reader().operations() if names else [],
        [
            ("ID", lambda row: str(row.id)),
            ("ACCOUNT", lambda row: names.get(row.account_id, "")),
            ("STATE", lambda row: row.state),
            ("TRIES", lambda row: str(row.tries)),
            ("WHAT", lambda row: short(row.label, 48)),
            ("PROBLEM", lambda row: row.problem or ""),
        ],
        empty="The servers have heard everything.",
    )
    return 0


def _named(context: Context, arguments: argparse.Namespace) -> OperationId:
    """The operation that is meant.

    Raises:
        CommandError: There is none of that id.
    """
    rows = context.reader().operations() if context.accounts() else []
    ids = [row.id for row in rows]
    numbers.refuse_unknown(arguments.id, ids, "operation {}", "operations list")
    return OperationId(arguments.id)


async def _retry(context: Context, arguments: argparse.Namespace) -> int:
    operation_id = _named(context, arguments)
    door = await context.door()
    await door.command(RetryOperation(operation_id=operation_id))
    context.output.line("It is tried again now.")
    context.output.value({"id": arguments.id})
    return 0


async def _discard(context: Context, arguments: argparse.Namespace) -> int:
    operation_id = _named(context, arguments)
    door = await context.door()
    await door.command(DiscardOperation(operation_id=operation_id))
    context.output.line("It was given up.")
    context.output.value({"id": arguments.id})
    return 0


async def _undo(context: Context, arguments: argparse.Namespace) -> int:
    if not _TOKEN.fullmatch(arguments.token):
        raise CommandError(
            f"{arguments.token!r} is no token; a command that can be taken back says its own."
        )
    outcome = await (await context.door()).command(Undo(token=arguments.token))
    context.output.line(f"{outcome.label}.")
    context.output.value({"label": outcome.label})
    return 0
