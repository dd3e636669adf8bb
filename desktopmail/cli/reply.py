"""`desktopmail reply`: an answer to a message, with its quote, from whom it was written to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from desktopmail.cli import numbers, reading, send
from desktopmail.cli.errors import CommandError
from desktopmail.cli.output import moment
from desktopmail.cli.writer import writer
from desktopmail.mime import address, answers
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands
    from desktopmail.door.rows import AccountRow, MessageRow


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the command."""
    reply = commands.add_parser("reply", parents=[common], help="answer a message")
    reply.add_argument("id", type=numbers.local_id, metavar="ID", help="as `list` shows it")
    reply.add_argument("--account", metavar="N", help="default: the one that it was written to")
    reply.add_argument(
        "--all", action="store_true", help="to everybody who has it, not to its sender alone"
    )
    reply.add_argument("--body", metavar="TEXT", required=True, help=send.BODY_HELP)
    reply.add_argument("--no-quote", action="store_true", help="without the text of the message")
    send.add_delivery(reply)
    reply.set_defaults(run=_reply)


def _own(context: Context, account: AccountRow) -> list[address.Mailbox]:
    """Whom an account writes as."""
    own = context.reader().identities(account.id)
    return [address.Mailbox(one.name, one.address) for one in own] or [
        address.Mailbox(account.display_name, account.address)
    ]


def _written_to(context: Context, rows: Sequence[MessageRow], message: Message) -> MessageRow:
    """Of the places where a message is, one in an account that it was written to."""
    own = {
        account.id: {one.key for one in _own(context, account)} for account in context.accounts()
    }
    for people in (message.to, message.cc):
        keys = {one.key for one in people}
        for row in rows:
            if keys & own[row.account_id]:
                return row
    return rows[0]


async def _reply(context: Context, arguments: argparse.Namespace) -> int:
    rows = context.message(arguments.id)
    if arguments.account is not None:
        account_id = context.account(arguments.account).id
        rows = [row for row in rows if row.account_id == account_id]
        if not rows:
            raise CommandError(
                f"Message {arguments.id} is not in {arguments.account}; without --account the one"
                " that it was written to answers."
            )
    message = Message.parse(await reading.whole(context, rows[0]))
    row = _written_to(context, rows, message)
    account = next(one for one in context.accounts() if one.id == row.account_id)
    draft = answers.reply(
        message,
        own=_own(context, account),
        to_all=arguments.all,
        date_text=moment(row.date_s),
    )
    if not draft.recipients:
        raise CommandError(f"Message {arguments.id} names nobody to answer.")
    body = send.body_of(arguments)
    draft = replace(
        draft,
        reply_to=writer(context, account.name, draft.sender.address).reply_to,
        text=body if arguments.no_quote else body.rstrip("\n") + draft.text,
        files=send.files_of(arguments),
    )
    return await send.deliver(
        context, account, send.built(draft, account), arguments, answers=row.id
    )
