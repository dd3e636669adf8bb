"""`desktopmail mailbox`: create, rename, delete, subscribe and empty mailboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.cli import operations
from desktopmail.cli.context import NO_ACCOUNTS
from desktopmail.cli.errors import CommandError, UsageError
from desktopmail.cli.output import joined
from desktopmail.door.commands import (
    CreateMailbox,
    DeleteMailbox,
    EmptyMailbox,
    RenameMailbox,
    SubscribeMailbox,
)
from desktopmail.door.ids import MailboxId

if TYPE_CHECKING:
    import argparse

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands
    from desktopmail.door.commands import AnyCommand


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this group."""
    group = commands.add_parser(
        "mailbox", help="create, rename, delete, subscribe and empty mailboxes"
    )
    group.set_defaults(run=_no_action)
    actions = group.add_subparsers(metavar="ACTION")
    create = actions.add_parser("create", parents=[common], help="make a mailbox")
    create.add_argument("path", metavar="NAME", help="its whole name, such as Work/2026")
    create.add_argument("--account", metavar="N", help="default: the only one")
    create.set_defaults(run=_create)
    for name, run, text in (
        ("rename", _rename, "give a mailbox another whole name; what is in it goes along"),
        ("delete", _delete, "delete a mailbox and those in it; messages go to the Trash"),
        ("subscribe", _subscribe, "have it shown where subscribed mailboxes are shown only"),
        ("unsubscribe", _unsubscribe, "the opposite"),
        ("empty", _empty, "remove all its messages: out of Trash and Junk for good"),
    ):
        action = actions.add_parser(name, parents=[common], help=text)
        action.add_argument("mailbox", metavar="MAILBOX")
        if name == "rename":
            action.add_argument("path", metavar="NAME", help="the new whole name")
        action.add_argument("--account", metavar="N", help="the account of that mailbox")
        action.set_defaults(run=run)


async def _no_action(_context: Context, _arguments: argparse.Namespace) -> int:
    raise UsageError(
        "Say what to do with a mailbox: create, rename, delete, subscribe, unsubscribe or empty."
    )


async def _create(context: Context, arguments: argparse.Namespace) -> int:
    if arguments.account is not None:
        account = context.account(arguments.account)
    else:
        accounts = context.accounts()
        if not accounts:
            raise CommandError(NO_ACCOUNTS)
        if len(accounts) > 1:
            names = joined(account.name for account in accounts)
            raise UsageError(f"Say in which account with --account: {names}.")
        account = accounts[0]
    return await _do(context, CreateMailbox(account_id=account.id, name=arguments.path), None)


async def _rename(context: Context, arguments: argparse.Namespace) -> int:
    mailbox_id = _one(context, arguments)
    return await _do(context, RenameMailbox(mailbox_id=mailbox_id, path=arguments.path), mailbox_id)


async def _delete(context: Context, arguments: argparse.Namespace) -> int:
    mailbox_id = _one(context, arguments)
    return await _do(context, DeleteMailbox(mailbox_id=mailbox_id), mailbox_id)


async def _subscribe(context: Context, arguments: argparse.Namespace) -> int:
    mailbox_id = _one(context, arguments)
    return await _do(context, SubscribeMailbox(mailbox_id=mailbox_id, subscribed=True), mailbox_id)


async def _unsubscribe(context: Context, arguments: argparse.Namespace) -> int:
    mailbox_id = _one(context, arguments)
    return await _do(context, SubscribeMailbox(mailbox_id=mailbox_id, subscribed=False), mailbox_id)


async def _empty(context: Context, arguments: argparse.Namespace) -> int:
    mailbox_id = _one(context, arguments)
    return await _do(context, EmptyMailbox(mailbox_id=mailbox_id), mailbox_id)


def _one(context: Context, arguments: argparse.Namespace) -> MailboxId:
    found = context.mailboxes(arguments.mailbox, arguments.account)
    if len(found) > 1:
        raise CommandError(
            f"Several accounts have a mailbox {arguments.mailbox}; say one with --account."
        )
    return found[0].id


async def _do(context: Context, command: AnyCommand, mailbox_id: MailboxId | None) -> int:
    outcome = await (await context.door()).command(command)
    if mailbox_id is None:
        mailbox_id = MailboxId(outcome.ids[0])
    context.output.line(f"{outcome.label}.")
    operations.tell_undo(context, outcome.undo)
    context.output.value({"id": mailbox_id, "undo": outcome.undo, "label": outcome.label})
    return 0
