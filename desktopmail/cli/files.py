"""`desktopmail export`, `import`, `backup`, `disk` and `doctor`: mail as files, and the store."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from desktopmail.cli import numbers
from desktopmail.cli.errors import CommandError, UsageError
from desktopmail.cli.output import joined, messages, octets
from desktopmail.door.commands import (
    BackUp,
    CheckStore,
    CompactStore,
    ExportMessages,
    ImportMessages,
)
from desktopmail.door.queries import DiskUse, ReadDiskUse

if TYPE_CHECKING:
    import argparse

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands
    from desktopmail.door.commands import AnyCommand
    from desktopmail.door.rows import MailboxRow

_FORMS = ("mbox", "maildir", "eml")


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this group."""
    export = commands.add_parser(
        "export", parents=[common], help="write messages to files, exact and with their flags"
    )
    form = export.add_mutually_exclusive_group(required=True)
    form.add_argument("--mbox", metavar="FILE", type=Path, help="one file; - is standard output")
    form.add_argument("--maildir", metavar="DIR", type=Path, help="a Maildir")
    form.add_argument("--eml", metavar="DIR", type=Path, help="one file a message")
    export.add_argument("what", nargs="*", metavar="MAILBOX|ID", help="one mailbox, or messages")
    export.add_argument(
        "--account", metavar="N", help="the account of that mailbox; alone: all of its mailboxes"
    )
    export.set_defaults(run=_export)

    reading = commands.add_parser(
        "import", parents=[common], help="read an mbox, a Maildir, .eml files; nothing is doubled"
    )
    reading.add_argument("file", metavar="FILE", type=Path)
    reading.add_argument("--to", required=True, metavar="MAILBOX")
    reading.add_argument("--account", metavar="N", help="the account of that mailbox")
    reading.set_defaults(run=_import)

    backup = commands.add_parser(
        "backup", parents=[common], help="copy the whole store into a new folder, while in use"
    )
    backup.add_argument("folder", metavar="DIR", type=Path)
    backup.set_defaults(run=_backup)

    disk = commands.add_parser("disk", parents=[common], help="how much room the mail takes")
    disk.add_argument("--compact", action="store_true", help="give back what removed mail left")
    disk.set_defaults(run=_disk)

    doctor = commands.add_parser(
        "doctor",
        parents=[common],
        help="look whether the store is sound",
        description="Look whether the store is sound. The exit status is 1 where something is"
        " damaged still.",
    )
    doctor.add_argument("--repair", action="store_true", help="put right what can be")
    doctor.set_defaults(run=_doctor, salvages=True)


def _one(mailboxes: list[MailboxRow], named: str) -> MailboxRow:
    exact = [mailbox for mailbox in mailboxes if mailbox.path == named]
    if len(exact) == 1:
        return exact[0]
    if len(mailboxes) > 1:
        raise CommandError(f"Several accounts have a mailbox {named}; say one with --account.")
    return mailboxes[0]


async def _export(context: Context, arguments: argparse.Namespace) -> int:
    form = next(form for form in _FORMS if getattr(arguments, form) is not None)
    path = getattr(arguments, form)
    if str(path) != "-":
        return await _do(context, _command(context, arguments, form, path.absolute()))
    if not arguments.what:
        raise UsageError("One mailbox goes to standard output: name it.")
    if form != "mbox" or arguments.json:
        raise UsageError("Only an mbox goes to standard output, and not together with --json.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mbox"
        outcome = await (await context.door()).command(_command(context, arguments, form, file))
        with file.open("rb") as octets_of_it:
            shutil.copyfileobj(octets_of_it, sys.stdout.buffer)
    sys.stdout.buffer.flush()
    context.output.note(f"{outcome.label.partition(' exported to ')[0]} exported.")
    return 0


def _command(
    context: Context, arguments: argparse.Namespace, form: str, path: Path
) -> ExportMessages:
    if not arguments.what:
        if arguments.account is None:
            raise UsageError("Name one mailbox, messages by their ids, or an --account.")
        account_id = context.account(arguments.account).id
        return ExportMessages(account_id=account_id, form=form, path=str(path))
    if all(numbers.is_local_id(word) for word in arguments.what):
        rows = [context.message(int(word))[0] for word in dict.fromkeys(arguments.what)]
        ids = tuple(row.id for row in rows)
        return ExportMessages(placement_ids=ids, form=form, path=str(path))
    if len(arguments.what) == 1:
        named = arguments.what[0]
        mailbox = _one(context.mailboxes(named, arguments.account), named)
        return ExportMessages(mailbox_id=mailbox.id, form=form, path=str(path))
    raise UsageError(f"Name one mailbox, or messages by their ids: not {joined(arguments.what)}.")


async def _import(context: Context, arguments: argparse.Namespace) -> int:
    if not arguments.file.exists():
        raise CommandError(f"There is no {arguments.file} to read messages from.")
    mailbox = _one(context.mailboxes(arguments.to, arguments.account), arguments.to)
    path = str(arguments.file.absolute())
    return await _do(context, ImportMessages(path=path, mailbox_id=mailbox.id))


async def _backup(context: Context, arguments: argparse.Namespace) -> int:
    return await _do(context, BackUp(path=str(arguments.folder.absolute())))


async def _doctor(context: Context, arguments: argparse.Namespace) -> int:
    command = CheckStore(repair=arguments.repair)
    outcome = await (await context.door()).command(command)
    if context.profile.salvage.exists() and await context.engine_ended():
        # What is damaged cannot be put right while it is in use.
        outcome = await (await context.door()).command(command)
    context.output.line(outcome.label)
    context.output.value({"label": outcome.label, "damaged": outcome.left})
    if not outcome.left:
        return 0
    if arguments.repair:
        raise CommandError("Not everything could be put right.")
    raise CommandError(
        "The store is damaged: `desktopmail doctor --repair` puts right what can be."
    )


async def _disk(context: Context, arguments: argparse.Namespace) -> int:
    door = await context.door()
    if arguments.compact:
        context.output.line(f"{(await door.command(CompactStore())).label}.")
    use = await door.query(ReadDiskUse())
    if not isinstance(use, DiskUse):
        raise TypeError(f"the engine answered {type(use).__name__}")
    names = {account.id: account.name for account in context.accounts()}
    for one in use.accounts:
        said = f"{messages(one.messages)}, {octets(one.octets)}"
        context.output.line(f"{names.get(one.account_id, '')}: {said}")
    context.output.line(
        f"On the disk: {octets(use.database_octets)} of lists and index,"
        f" {octets(use.contents_octets)} of messages, {octets(use.free_octets)} of that free."
    )
    built = msgspec.to_builtins(use)
    del built["type"]  # what it is called between the processes
    context.output.value(built)
    return 0


async def _do(context: Context, command: AnyCommand) -> int:
    outcome = await (await context.door()).command(command)
    context.output.line(outcome.label)
    context.output.value({"label": outcome.label})
    return 0
