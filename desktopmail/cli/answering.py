"""`desktopmail receipt` and `unsubscribe`: what a message asks of its reader, and offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.cli import numbers, send
from desktopmail.cli.errors import CommandError
from desktopmail.door.commands import AnswerReceipt, FetchOctets, Unsubscribe
from desktopmail.door.interface import DoorError
from desktopmail.mime import address, mailing_list, mailto
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    import argparse

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands
    from desktopmail.door.rows import MessageRow


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this group."""
    receipt = commands.add_parser(
        "receipt", parents=[common], help="send the read receipt that a message asks for, or never"
    )
    receipt.add_argument("id", type=numbers.local_id, metavar="ID", help="as `list` shows it")
    receipt.add_argument("--never", action="store_true", help="do not send it, nor ask again")
    receipt.set_defaults(run=_receipt)
    leave = commands.add_parser(
        "unsubscribe", parents=[common], help="leave the mailing list that a message came by"
    )
    leave.add_argument("id", type=numbers.local_id, metavar="ID", help="as `list` shows it")
    leave.add_argument(
        "--yes", action="store_true", help="also where nothing proves the sender, or by a mail"
    )
    leave.set_defaults(run=_unsubscribe)


async def _receipt(context: Context, arguments: argparse.Namespace) -> int:
    row = await _whole(context, arguments.id)
    command = AnswerReceipt(placement_id=row.id, send=not arguments.never)
    outcome = await (await context.door()).command(command)
    context.output.line(f"{outcome.label}.")
    context.output.value({"id": arguments.id, "label": outcome.label})
    return 0


async def _unsubscribe(context: Context, arguments: argparse.Namespace) -> int:
    row = await _whole(context, arguments.id)
    command = Unsubscribe(placement_id=row.id, confirmed=arguments.yes)
    try:
        label = (await (await context.door()).command(command)).label
    except DoorError as error:
        if error.code == "unconfirmed":
            raise CommandError(f"{error.sentence} Say --yes if you know the list.") from error
        if error.code != "no-one-click":
            raise
        label = await _by_mail(context, row, error, confirmed=arguments.yes)
    context.output.line(f"{label}.")
    context.output.value({"id": arguments.id, "label": label})
    return 0


async def _by_mail(context: Context, row: MessageRow, error: DoorError, *, confirmed: bool) -> str:
    """Leave by the mail that the list asks for, where it has that way."""
    found = mailing_list.of(Message.parse(context.reader().header_octets(row.message_id)).header)
    (account,) = [one for one in context.accounts() if one.id == row.account_id]
    own = address.Mailbox(account.display_name, account.address)
    draft = None if found is None else mailto.parse(found.leave_mail, own)
    if draft is None or not draft.recipients:
        raise error
    people = ", ".join(draft.recipients)
    if not confirmed:
        raise CommandError(f"The list is left by a mail to {people}. Say --yes to send it.")
    await send.hand_over(context, account, send.built(draft, account), wait=False)
    return f"A mail that ends the subscription goes to {people}"


async def _whole(context: Context, message_id: int) -> MessageRow:
    row = context.message(message_id)[0]
    if not row.has_octets:
        await (await context.door()).command(FetchOctets(placement_ids=(row.id,)))
    return row
