"""`desktopmail mailboxes`, `list` and `show`: read what is here."""

from __future__ import annotations

import base64
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.cli import listing, numbers, saving
from desktopmail.cli.context import NO_ACCOUNTS
from desktopmail.cli.errors import CommandError
from desktopmail.cli.output import fields, moment, octets
from desktopmail.door.commands import FetchOctets
from desktopmail.door.ids import MessageId
from desktopmail.door.rows import View
from desktopmail.mime.header import header_end
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands
    from desktopmail.door.rows import MessageRow
    from desktopmail.mime.address import Mailbox


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this group."""
    mailboxes = commands.add_parser(
        "mailboxes", parents=[common], help="list mailboxes with counts"
    )
    mailboxes.add_argument("account", nargs="?", metavar="ACCOUNT")
    mailboxes.set_defaults(run=_mailboxes)

    lists = commands.add_parser("list", parents=[common], help="list the messages of a mailbox")
    lists.add_argument("mailbox", metavar="MAILBOX", help="a name, or inbox, sent, drafts, …")
    listing.add_options(lists)
    lists.set_defaults(run=_list)

    show = commands.add_parser("show", parents=[common], help="show a message")
    show.add_argument("id", type=numbers.local_id, metavar="ID")
    form = show.add_mutually_exclusive_group()
    form.add_argument("--raw", action="store_true", help="the exact octets")
    form.add_argument("--text", action="store_true", help="the text alone")
    form.add_argument("--headers", action="store_true", help="the header block as it came")
    form.add_argument(
        "--save", metavar="DIR", type=Path, help="write its files into DIR; none is written over"
    )
    show.set_defaults(run=_show)


async def _mailboxes(context: Context, arguments: argparse.Namespace) -> int:
    account = None if arguments.account is None else context.account(arguments.account)
    names = {row.id: row.name for row in context.accounts()}
    rows = context.reader().mailboxes(None if account is None else account.id) if names else []
    context.output.table(
        rows,
        [
            ("ACCOUNT", lambda row: names[row.account_id]),
            ("MAILBOX", lambda row: row.path),
            ("ROLE", lambda row: row.role),
            ("TOTAL", lambda row: str(row.total) if row.selectable else "-"),
            ("UNREAD", lambda row: str(row.unread) if row.selectable else "-"),
        ],
        empty="There are no mailboxes yet. Fetch mail first: desktopmail sync."
        if names
        else NO_ACCOUNTS,
    )
    return 0


async def _list(context: Context, arguments: argparse.Namespace) -> int:
    mailboxes = context.mailboxes(arguments.mailbox, arguments.account)
    view = View(mailbox_ids=tuple(mailbox.id for mailbox in mailboxes))
    rows, more = listing.read(context, view, arguments.limit)
    listing.show(context, rows, mailboxes, f"{arguments.mailbox} is empty.")
    if more:
        listing.tell_more(context, arguments.limit)
    return 0


async def _show(context: Context, arguments: argparse.Namespace) -> int:
    rows = context.message(arguments.id)
    if arguments.headers:
        header = context.reader().header_octets(MessageId(arguments.id))
        if not header:  # its server has told the envelope alone, or it is lost
            octets_of_it = await whole(context, rows[0])
            header = octets_of_it[: header_end(octets_of_it)]
        _print_octets(context, arguments, header)
        return 0
    found = await whole(context, rows[0])
    if arguments.raw:
        _print_octets(context, arguments, found)
        return 0
    message = Message.parse(found)
    if arguments.text:
        context.output.line(message.text)
        context.output.value({"id": arguments.id, "text": message.text})
        return 0
    if arguments.save is not None:
        return _save(context, rows[0], message, arguments.save)
    _print_message(context, rows[0], message)
    return 0


def _save(context: Context, row: MessageRow, message: Message, folder: Path) -> int:
    if not message.attachments:
        raise CommandError(f"No file came with message {row.message_id}.")
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for attachment in message.attachments:
        paths.append(str(saving.save(attachment, folder).absolute()))
        context.output.line(paths[-1])
    context.output.value({"id": row.message_id, "files": paths})
    return 0


def _print_octets(context: Context, arguments: argparse.Namespace, found: bytes) -> None:
    if not arguments.json:
        sys.stdout.buffer.write(found)
        return
    encoded = base64.b64encode(found).decode("ascii")
    context.output.value({"id": arguments.id, "octets_base64": encoded})


async def whole(context: Context, row: MessageRow) -> bytes:
    """The octets of a message, from its server where they are not here.

    Raises:
        DoorError: The server did not let us in.
        CommandError: It did not send them.
    """
    found = context.reader().octets(row.message_id)
    if found is None:
        await (await context.door()).command(FetchOctets(placement_ids=(row.id,)))
        found = context.reader().octets(row.message_id)
    if found is None:
        raise CommandError(
            f"Message {row.message_id} is not here as a whole, and its server did not send it now;"
            " `desktopmail sync` asks for it again."
        )
    return found


def _people(mailboxes: Sequence[Mailbox]) -> str:
    """Names with their addresses: a name alone could be anybody's."""
    return ", ".join(str(replace(one, address=one.shown_address)) for one in mailboxes)


def _print_message(context: Context, row: MessageRow, message: Message) -> None:
    header = [
        ("From", _people(message.senders)),
        ("To", _people(message.to)),
        ("Cc", _people(message.cc)),
        ("Date", moment(row.date_s)),
        ("Subject", message.subject),
    ]
    for name, value in header:
        if value:
            context.output.line(f"{name + ':':9}{value}")
    for attachment in message.attachments:
        context.output.line(f"{'File:':9}{attachment.name} ({octets(attachment.size_octets)})")
    context.output.line("")
    context.output.line(message.text)
    context.output.value(
        {
            **fields(row),
            "id": row.message_id,
            "placement_id": row.id,
            "from": [str(mailbox) for mailbox in message.senders],
            "to": [str(mailbox) for mailbox in message.to],
            "cc": [str(mailbox) for mailbox in message.cc],
            "text": message.text,
            "attachments": [
                {
                    "name": attachment.name,
                    "media_type": attachment.media_type,
                    "size_octets": attachment.size_octets,
                }
                for attachment in message.attachments
            ],
        }
    )
