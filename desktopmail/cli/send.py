"""`desktopmail send`: a message from a file, from standard input, or from the command line."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import mimetypes
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.cli import servers
from desktopmail.cli.errors import FAILED, QUESTION, CommandError, UsageError
from desktopmail.cli.output import fields, joined, moment
from desktopmail.cli.writer import account_of, writer
from desktopmail.door.changes import AnyChange, EverythingChanged, OutboxChanged
from desktopmail.door.commands import ReportWish, SendMessage
from desktopmail.door.interface import EngineGoneError
from desktopmail.door.queries import EngineStatus, ReadStatus
from desktopmail.door.rows import SendingState
from desktopmail.mime import address, compose, header, message_id
from desktopmail.mime.header import Header
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands
    from desktopmail.cli.writer import Writer
    from desktopmail.door.ids import PlacementId
    from desktopmail.door.rows import AccountRow, SendingRow

#: What `--body` takes.
BODY_HELP = "- reads it from standard input"
_SETTLED = {SendingState.DONE, SendingState.FAILED}

# What is tried again sooner than that is waited for.
_SOON_S = 2.0
# Of --delay: some four months at the most.
_DELAY_DIGITS = 7


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the command."""
    send = commands.add_parser("send", parents=[common], help="send a message")
    send.add_argument(
        "file", nargs="?", metavar="FILE.eml", help="a whole message; - reads it here"
    )
    send.add_argument(
        "--account", metavar="N", help="default: the one of the sender, or the only one"
    )
    send.add_argument(
        "--from",
        dest="sender",
        type=servers.mail_address,
        metavar="ADDRESS",
        help="one of your identities; default: the one to begin with",
    )
    for name in ("--to", "--cc", "--bcc"):
        send.add_argument(name, action="append", default=[], metavar="ADDRESS")
    send.add_argument("--subject", metavar="TEXT")
    send.add_argument("--body", metavar="TEXT", help=BODY_HELP)
    add_delivery(send)
    send.add_argument(
        "--receipt", action="store_true", help="ask the readers to confirm that they read it"
    )
    send.set_defaults(run=_send)


def add_delivery(parser: argparse.ArgumentParser) -> None:
    """Declare what goes along with a message, and how it is delivered."""
    parser.add_argument("--attach", action="append", default=[], metavar="FILE", type=Path)
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        choices=["success", "failure", "delay", "never"],
        help="have mail servers report what becomes of it; may be given several times",
    )
    parser.add_argument(
        "--return", dest="returned", choices=["full", "headers"], help="what a report brings back"
    )
    parser.add_argument(
        "--delay", type=_seconds, default=0.0, metavar="SECONDS", help="time to take it back"
    )
    parser.add_argument(
        "--no-wait", action="store_true", help="return as soon as it is in the outbox"
    )


def _seconds(text: str) -> float:
    if not text.isdecimal() or len(text) > _DELAY_DIGITS:
        raise argparse.ArgumentTypeError(f"{text[:40]} is not a number of seconds below 10,000,000")
    return float(text)


async def _send(context: Context, arguments: argparse.Namespace) -> int:
    written = [arguments.to, arguments.cc, arguments.bcc, arguments.attach, arguments.sender]
    is_written = any(written) or arguments.subject is not None or arguments.body is not None
    if arguments.file is not None and is_written:
        raise UsageError("Give a whole message or its parts (--to, --subject, …), not both.")
    if arguments.file is None and not arguments.to + arguments.cc + arguments.bcc:
        raise UsageError("Say to whom: --to ADDRESS, or name a file with a whole message.")
    if arguments.file is None:
        by = writer(context, arguments.account, arguments.sender)
        account = by.account
        composed = write(by, arguments)
    else:
        octets = read(arguments.file)
        message = Message.parse(octets)
        sender = message.sender
        account = account_of(context, arguments.account, sender.address or None)
        composed = as_sent(message, account)
    return await deliver(context, account, composed, arguments)


async def deliver(
    context: Context,
    account: AccountRow,
    composed: compose.Composed,
    arguments: argparse.Namespace,
    *,
    answers: PlacementId | None = None,
) -> int:
    """Send a message as the options of `add_delivery` want it; returns the exit status.

    Raises:
        DoorError: The engine refused it.
        CommandError: It was not sent, or not to everybody.
    """
    wait = not arguments.no_wait
    if wait and await _is_offline(context):
        context.output.note("desktopmail: It goes out when the program works online again.")
        wait = False
    report = ReportWish(
        notify=tuple(dict.fromkeys(arguments.report)),
        whole=None if arguments.returned is None else arguments.returned == "full",
    )
    row = await hand_over(
        context,
        account,
        composed,
        wait=wait,
        report=report,
        delay_s=arguments.delay,
        answers=answers,
    )
    return _report(context, row, composed.recipients, wait=wait)


async def _is_offline(context: Context) -> bool:
    """Whether a person has the program stay away from the network, in its window."""
    status = await (await context.door()).query(ReadStatus())
    return isinstance(status, EngineStatus) and status.offline


def write(by: Writer, arguments: argparse.Namespace) -> compose.Composed:
    """Compose a message of the parts on the command line.

    Raises:
        CommandError: An address cannot be read, or a file is not there.
    """
    draft = compose.Draft(
        sender=by.sender,
        reply_to=by.reply_to,
        to=_addresses(arguments.to),
        cc=_addresses(arguments.cc),
        bcc=_addresses(arguments.bcc),
        subject=arguments.subject or "",
        text=body_of(arguments),
        files=files_of(arguments),
        fields=(("Disposition-Notification-To", str(by.sender)),) if arguments.receipt else (),
    )
    return built(draft, by.account)


def body_of(arguments: argparse.Namespace) -> str:
    """What is written, perhaps on standard input.

    Raises:
        CommandError: What came there is no text.
    """
    if arguments.body != "-":
        return arguments.body or ""
    try:
        return sys.stdin.buffer.read().decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise CommandError("The body on standard input is not text in UTF-8.") from error


def built(draft: compose.Draft, account: AccountRow) -> compose.Composed:
    """Build a draft, with the date and the identifiers of this moment.

    Raises:
        CommandError: The draft cannot be sent as it is.
    """
    domain = account.address.rpartition("@")[2]
    try:
        return compose.build(
            draft,
            date=dt.datetime.now(tz=dt.UTC).astimezone(),
            message_id=message_id.make(secrets.token_bytes(16), domain),
            boundary=secrets.token_hex(12),
        )
    except compose.ComposeError as error:
        raise CommandError(str(error)) from error


def _addresses(texts: Sequence[str]) -> tuple[address.Mailbox, ...]:
    found: list[address.Mailbox] = []
    for text in texts:
        read = address.typed(text)
        if not read or not all(mailbox.is_valid for mailbox in read):
            raise UsageError(f"{text} is not an address, as in anna@example.org.")
        found += read
    return tuple(found)


def files_of(arguments: argparse.Namespace) -> tuple[compose.File, ...]:
    """What goes along.

    Raises:
        CommandError: A file cannot be read.
    """
    return tuple(_file(path) for path in arguments.attach)


def _file(path: Path) -> compose.File:
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise CommandError(f"The file {path} cannot be read: {error.strerror}.") from error
    media_type, encoding = mimetypes.guess_type(path.name)
    if media_type is None or encoding is not None:
        media_type = "application/octet-stream"
    return compose.File(path.name, media_type, octets)


def read(name: str) -> bytes:
    """The octets of a file, or of standard input for `-`, with CRLF line ends.

    Raises:
        CommandError: The file cannot be read, or nothing is in it.
    """
    message = "The message on standard input" if name == "-" else f"The message {name}"
    try:
        octets = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{message} cannot be read: {error.strerror}.") from error
    if not octets.strip():
        raise CommandError(f"{message} is empty.")
    lines = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return b"\r\n".join(lines) + (b"" if octets.endswith((b"\n", b"\r")) else b"\r\n")


def as_sent(message: Message, account: AccountRow) -> compose.Composed:
    """A finished message as it goes out: the recipients of its header, Bcc taken out of it.

    Raises:
        CommandError: It names no recipient.
    """
    people = [*message.to, *message.cc, *message.bcc]
    recipients = tuple(dict.fromkeys(person.address for person in people if person.is_valid))
    if not recipients:
        raise CommandError("The message names no recipient in To, Cc or Bcc.")
    octets = without(message.octets, "bcc")
    sender = message.sender
    if not sender.address:
        # RFC 5322 section 3.6 wants one; it goes out as the account's own.
        own = address.Mailbox(account.display_name, account.address)
        octets = header.fold("From", address.write((own,), utf8=False)) + without(octets, "from")
    return compose.Composed(
        octets=octets,
        sender=sender.address or account.address,
        recipients=recipients,
        needs_eight_bit=not octets.isascii(),
        needs_utf8=not octets[: message.header.end].isascii(),
    )


def without(octets: bytes, name: str) -> bytes:
    """The message without the header fields of that name; all other octets stay as they are."""
    kept: list[bytes] = []
    at = 0
    for field in Header.parse(octets).fields:
        if field.name.casefold() == name:
            kept.append(octets[at : field.begin])
            at = field.end
    kept.append(octets[at:])
    return b"".join(kept)


async def hand_over(
    context: Context,
    account: AccountRow,
    composed: compose.Composed,
    *,
    wait: bool,
    report: ReportWish | None = None,
    delay_s: float = 0.0,
    answers: PlacementId | None = None,
) -> SendingRow:
    """Put a message into the outbox; returns what became of it, settled when `wait`.

    Raises:
        DoorError: The engine refused it.
        CommandError: Somebody else took it out of the outbox meanwhile, or the engine ended.
    """
    door = await context.door()
    changed = asyncio.Event()

    def told(change: AnyChange) -> None:
        if isinstance(change, OutboxChanged | EverythingChanged):
            changed.set()

    stop = door.subscribe(told)
    try:
        outcome = await door.command(
            SendMessage(
                account_id=account.id,
                sender=composed.sender,
                recipients=composed.recipients,
                octets=composed.octets,
                report=report or ReportWish(),
                delay_s=delay_s,
                answers=answers,
            )
        )
        sending_id = outcome.ids[0]
        row = _sending(context, sending_id)
        while wait and not _is_settled(row):
            try:
                await context.until(changed)
            except EngineGoneError as error:
                raise CommandError(
                    f"{error.sentence} The message is in the outbox as {sending_id};"
                    " `desktopmail outbox list` says what becomes of it."
                ) from error
            changed.clear()
            row = _sending(context, sending_id)
    finally:
        stop()
    return row


def _is_settled(row: SendingRow) -> bool:
    """Whether nothing more happens by itself, or not soon.

    A message is unsure for the moment between its final dot and the reply; it stays so, with a
    problem, only where no reply came. Where a try failed it is queued with a problem, until it is
    tried again or a person has done something.
    """
    if row.problem is None:
        return row.state in _SETTLED
    failed_now = row.state is SendingState.QUEUED and (
        row.retry_s is None or row.retry_s > time.time() + _SOON_S
    )
    return failed_now or row.state in _SETTLED or row.state is SendingState.UNSURE


def _sending(context: Context, sending_id: int) -> SendingRow:
    for row in context.reader().sendings():
        if row.id == sending_id:
            return row
    raise CommandError(f"Sending {sending_id} was taken out of the outbox by somebody else.")


def _report(context: Context, row: SendingRow, recipients: tuple[str, ...], *, wait: bool) -> int:
    context.output.value({**fields(row), "recipients": recipients})
    people = joined(recipients)
    if row.state is SendingState.DONE:
        refused = [one for one in row.results if one.state == "refused"]
        taken = [one.address for one in row.results if one.state != "refused"]
        context.output.line(f"Sent to {joined(taken)}.")
        if refused:
            said = "; ".join(f"{one.address}: {one.detail}" for one in refused)
            raise CommandError(f"It was refused for {said}")
        return 0
    if wait and row.state is SendingState.QUEUED and row.problem is not None:
        raise CommandError(
            f"The message to {people} was not sent: {_whole(context, row)} It stays in the outbox"
            f" as {row.id}, and {_next(context, row)}"
        )
    if row.state is SendingState.FAILED:
        raise CommandError(
            f"The message to {people} was not sent: {_whole(context, row)} It stays in the outbox"
            f" until `desktopmail outbox retry {row.id}` or `cancel {row.id}`."
        )
    if row.state is SendingState.UNSURE:
        context.output.note(
            f"desktopmail: It is unsure whether the message to {people} was accepted. "
            "Look into Sent, then `desktopmail outbox retry` or `cancel`."
        )
        return FAILED
    context.output.line(f"In the outbox as {row.id}, to {people}." if not wait else row.state)
    return 0


def _whole(context: Context, row: SendingRow) -> str:
    """What is wrong with a message in the outbox, and what to do."""
    remedies = [
        one.remedy
        for one in context.reader().problems()
        if one.account_id == row.account_id and one.what == row.problem
    ]
    said = f"{row.problem} {''.join(remedies[:1])}".strip()
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _next(context: Context, row: SendingRow) -> str:
    asked = {one.account_id for one in context.reader().questions() if one.kind == "quarantine"}
    if row.account_id in asked:
        return f"waits for an answer. {QUESTION}"
    if row.retry_s is None:
        return f"is tried again with `desktopmail outbox retry {row.id}`."
    return f"is tried again at {moment(row.retry_s)}, while the engine runs."
