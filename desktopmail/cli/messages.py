"""`desktopmail flag`, `tag`, `move`, `copy`, `delete` and `archive`: messages by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.cli import numbers, operations
from desktopmail.cli.errors import CommandError, UsageError
from desktopmail.cli.output import joined, messages, short
from desktopmail.door.commands import (
    ArchiveMessages,
    CopyMessages,
    DeleteMessages,
    MoveMessages,
    StoreFlags,
)
from desktopmail.door.rows import Flag

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands
    from desktopmail.door.commands import AnyCommand
    from desktopmail.door.ids import MailboxId, PlacementId
    from desktopmail.door.rows import MessageRow

_WITH_A_TARGET = frozenset({"move", "copy"})
_FLAGS = {
    flag.name.lower(): flag for flag in Flag if flag.name and flag and flag is not Flag.DELETED
}


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this group."""
    known = joined(_FLAGS)
    flag = _command(commands, common, "flag", "set and clear flags and tags")
    flag.add_argument(
        "--add", action="append", default=[], metavar="NAME", help=f"{known}, or a tag of yours"
    )
    flag.add_argument("--remove", action="append", default=[], metavar="NAME")
    flag.set_defaults(run=_flag)

    tag = _command(commands, common, "tag", "add and remove tags")
    tag.add_argument("--add", action="append", default=[], metavar="TAG", help="name or label")
    tag.add_argument("--remove", action="append", default=[], metavar="TAG")
    tag.set_defaults(run=_tag)

    for name, run, text in (
        ("move", _move, "move messages to another mailbox"),
        ("copy", _copy, "copy messages to another mailbox"),
    ):
        command = _command(commands, common, name, text)
        command.add_argument("--to", required=True, metavar="MAILBOX")
        command.add_argument("--account", metavar="N", help="the account of that mailbox")
        command.set_defaults(run=run)

    delete = _command(
        commands, common, "delete", "move messages to the Trash, or remove those in it"
    )
    delete.add_argument("--permanently", action="store_true", help="remove them at once")
    delete.set_defaults(run=_delete)

    archive = _command(commands, common, "archive", "move messages to the Archive")
    archive.set_defaults(run=_archive)


def _command(
    commands: Commands, common: argparse.ArgumentParser, name: str, text: str
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, parents=[common], help=text)
    command.add_argument(
        "ids", nargs="+", type=numbers.local_id, metavar="ID", help="as `list` shows it"
    )
    command.add_argument(
        "--from",
        dest="source",
        metavar="MAILBOX",
        help="which of its mailboxes, where a message stands in several",
    )
    # Where no other mailbox is named, --account is that of this one.
    ways = ("--from-account",) if name in _WITH_A_TARGET else ("--account", "--from-account")
    command.add_argument(
        *ways, dest="from_account", metavar="N", help="the account of that mailbox"
    )
    return command


def _rows(context: Context, arguments: argparse.Namespace, *, every: bool) -> list[MessageRow]:
    """The placements that are meant.

    Args:
        context: The run.
        arguments: With `ids` and `source`.
        every: Whether all placements of a message are meant where none is named.
    """
    rows: list[MessageRow] = []
    for message_id in dict.fromkeys(arguments.ids):
        found = context.message(message_id)
        where = []
        if arguments.source is not None:
            named = context.mailboxes(arguments.source, arguments.from_account)
            sources = {mailbox.id for mailbox in named}
            found = [row for row in found if row.mailbox_id in sources]
            where.append(arguments.source)
        if arguments.from_account is not None:
            account_id = context.account(arguments.from_account).id
            found = [row for row in found if row.account_id == account_id]
            where.append(f"the account {arguments.from_account}")
        if not found:
            raise CommandError(f"Message {message_id} is not in {' of '.join(where)}.")
        if len(found) > 1 and not every:
            names = {account.id: account.name for account in context.accounts()}
            paths = {mailbox.id: mailbox.path for mailbox in context.reader().mailboxes()}
            places = joined(
                sorted({f"{paths[row.mailbox_id]} of {names[row.account_id]}" for row in found})
            )
            raise CommandError(
                f"Message {message_id} is in {places}; say which is meant with --from MAILBOX"
                " and --from-account N."
            )
        rows += found
    return rows


def _ids(rows: list[MessageRow]) -> tuple[PlacementId, ...]:
    return tuple(row.id for row in rows)


async def _do(context: Context, *steps: tuple[AnyCommand, list[MessageRow], str]) -> int:
    """Carry steps out, and print them as one value.

    Args:
        context: The run.
        steps: What to do, the messages it is done to, and what to say of it. There are several
            where messages go to mailboxes of several accounts; together they have no one Undo.
    """
    door = await context.door()
    labels, undos, ids = [], [], []
    for command, rows, label in steps:
        outcome = await door.command(command)
        labels.append(outcome.label or label)
        undos.append(outcome.undo)
        ids += [row.message_id for row in rows]
        context.output.line(labels[-1])
        operations.tell_undo(context, outcome.undo)
    undo = undos[0] if len(undos) == 1 else None
    context.output.value({"ids": ids, "undo": undo, "label": "; ".join(labels)})
    return 0


async def _flag(context: Context, arguments: argparse.Namespace) -> int:
    added, removed = arguments.add, arguments.remove
    if not added and not removed:
        raise UsageError("Say which flags or tags to --add or to --remove.")
    _refuse_both(added, removed)
    add_tags, remove_tags = _tags(added), _tags(removed)
    rows = _rows(context, arguments, every=True)
    command = StoreFlags(
        placement_ids=_ids(rows),
        add=_mask(added),
        remove=_mask(removed),
        add_tags=add_tags,
        remove_tags=remove_tags,
    )
    return await _do(context, (command, rows, f"{_count(rows)} changed."))


async def _tag(context: Context, arguments: argparse.Namespace) -> int:
    added, removed = tuple(arguments.add), tuple(arguments.remove)
    if not added and not removed:
        raise UsageError("Say which tags to --add or to --remove.")
    _refuse_both(added, removed)
    _check(added + removed)
    rows = _rows(context, arguments, every=True)
    command = StoreFlags(placement_ids=_ids(rows), add_tags=added, remove_tags=removed)
    return await _do(context, (command, rows, f"{_count(rows)} changed."))


def _refuse_both(added: Iterable[str], removed: Iterable[str]) -> None:
    removed_names = {_known(name) for name in removed}
    for name in added:
        if _known(name) in removed_names:
            raise UsageError(f"{name} cannot be added and removed at once; say one of them.")


def _mask(names: list[str]) -> Flag:
    mask = Flag.NONE
    for name in names:
        mask |= _FLAGS.get(_known(name), Flag.NONE)
    return mask


def _tags(names: list[str]) -> tuple[str, ...]:
    tags = tuple(name for name in names if _known(name) not in _FLAGS)
    _check(tags)
    return tags


def _check(tags: tuple[str, ...]) -> None:
    for tag in tags:
        if _known(tag) == "deleted":
            raise UsageError("Messages are removed with `desktopmail delete`, not by a flag.")
        if not tag.strip() or not tag.isprintable() or "\\" in tag:
            raise UsageError(f"{short(tag, 40)!r} cannot be a tag: take letters and digits.")


def _known(name: str) -> str:
    """The name of a flag in small letters, also where it is written as in IMAP."""
    return name.removeprefix("\\").lower()


def _targets(
    context: Context, arguments: argparse.Namespace, rows: list[MessageRow]
) -> dict[MailboxId, list[MessageRow]]:
    """The mailbox that each message goes to: one named for its own account, or the only one."""
    found = context.mailboxes(arguments.to, arguments.account)
    by_account = {mailbox.account_id: mailbox.id for mailbox in found}
    targets: dict[MailboxId, list[MessageRow]] = {}
    for row in rows:
        target = by_account.get(row.account_id)
        if target is None and len(by_account) == 1:
            target = found[0].id
        if target is None:
            raise CommandError(
                f"Several accounts have a mailbox {arguments.to}; say one with --account."
            )
        targets.setdefault(target, []).append(row)
    return targets


async def _move(context: Context, arguments: argparse.Namespace) -> int:
    rows = _rows(context, arguments, every=False)
    steps = [
        (
            MoveMessages(placement_ids=_ids(some), mailbox_id=mailbox_id),
            some,
            f"{_count(some)} moved to {arguments.to}.",
        )
        for mailbox_id, some in _targets(context, arguments, rows).items()
    ]
    return await _do(context, *steps)


async def _copy(context: Context, arguments: argparse.Namespace) -> int:
    rows = [_rows_of_one[0] for _rows_of_one in _by_message(_rows(context, arguments, every=True))]
    steps = [
        (
            CopyMessages(placement_ids=_ids(some), mailbox_id=mailbox_id),
            some,
            f"{_count(some)} copied to {arguments.to}.",
        )
        for mailbox_id, some in _targets(context, arguments, rows).items()
    ]
    return await _do(context, *steps)


def _by_message(rows: list[MessageRow]) -> list[list[MessageRow]]:
    groups: dict[int, list[MessageRow]] = {}
    for row in rows:
        groups.setdefault(row.message_id, []).append(row)
    return list(groups.values())


async def _delete(context: Context, arguments: argparse.Namespace) -> int:
    rows = _rows(context, arguments, every=False)
    command = DeleteMessages(placement_ids=_ids(rows), permanently=arguments.permanently)
    return await _do(context, (command, rows, f"{_count(rows)} deleted."))


async def _archive(context: Context, arguments: argparse.Namespace) -> int:
    rows = _rows(context, arguments, every=False)
    command = ArchiveMessages(placement_ids=_ids(rows))
    return await _do(context, (command, rows, f"{_count(rows)} archived."))


def _count(rows: list[MessageRow]) -> str:
    return f"{messages(len(rows))} {'was' if len(rows) == 1 else 'were'}"
