"""`desktopmail tags`: the tags of the profile, with their labels and colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.cli import operations
from desktopmail.cli.errors import UsageError
from desktopmail.door.commands import ChangeTag, ForgetTag

if TYPE_CHECKING:
    import argparse

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this group."""
    group = commands.add_parser("tags", help="list tags, name and colour them, remove them")
    group.set_defaults(run=_no_action)
    actions = group.add_subparsers(metavar="ACTION")
    listing = actions.add_parser("list", parents=[common], help="all tags")
    listing.set_defaults(run=_list)
    change = actions.add_parser("set", parents=[common], help="make a tag, or change its looks")
    change.add_argument("tag", metavar="TAG", help="its name or label")
    change.add_argument("--label", metavar="TEXT", help="what it is called here")
    change.add_argument("--colour", metavar="#RRGGBB")
    change.set_defaults(run=_set)
    remove = actions.add_parser("remove", parents=[common], help="take it from every message")
    remove.add_argument("tag", metavar="TAG", help="its name or label")
    remove.set_defaults(run=_remove)


async def _no_action(_context: Context, _arguments: argparse.Namespace) -> int:
    raise UsageError("Say what to do with tags: list, set or remove.")


async def _list(context: Context, _arguments: argparse.Namespace) -> int:
    context.output.table(
        context.reader().tags() if context.accounts() else [],
        [
            ("TAG", lambda row: row.label),
            ("KEYWORD", lambda row: row.name),
            ("COLOUR", lambda row: row.colour),
            ("MESSAGES", lambda row: str(row.total)),
        ],
        empty="There are no tags yet: desktopmail tag ID --add NAME.",
    )
    return 0


async def _set(context: Context, arguments: argparse.Namespace) -> int:
    door = await context.door()
    outcome = await door.command(
        ChangeTag(tag=arguments.tag, label=arguments.label, colour=arguments.colour)
    )
    context.output.line(f"Tag {outcome.label} changed.")
    context.output.value({"name": outcome.label})
    return 0


async def _remove(context: Context, arguments: argparse.Namespace) -> int:
    outcome = await (await context.door()).command(ForgetTag(tag=arguments.tag))
    context.output.line(f"{outcome.label}.")
    operations.tell_undo(context, outcome.undo)
    context.output.value({"undo": outcome.undo, "label": outcome.label})
    return 0
