"""`localserver import` and `localserver export`: mbox, Maildir and .eml."""

from __future__ import annotations

import asyncio
from enum import Enum
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from localserver.cli import output
from localserver.cli.folder import Data, ServerFolder, opened
from localserver.cli.user_admin import nobody
from localserver.exchange.eml import read_eml, write_eml
from localserver.exchange.maildir import read_maildir, write_maildir
from localserver.exchange.mbox import read_mbox, write_mbox
from localserver.exchange.value import ExchangedMessage, ExchangeError
from localserver.store.account import Message
from localserver.store.errors import NoSuchMailboxError, NoSuchUserError
from localserver.store.moment import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from localserver.store.account import Account
    from localserver.store.mailbox import Mailbox

_STEP = 100


class Format(Enum):
    """What the files are."""

    MBOX = "mbox"
    MAILDIR = "maildir"
    EML = "eml"


def import_mail(
    source: Annotated[
        Path,
        typer.Argument(help="An mbox, a Maildir, an .eml or a folder of those.", readable=False),
    ],
    data: Data,
    user: Annotated[str, typer.Option(help="Whose mailbox.")],
    mailbox: Annotated[str, typer.Option(help="Made when it does not exist.")] = "INBOX",
    kind: Annotated[
        Format | None, typer.Option("--format", help="Guessed when it is left out.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Put the messages of files into a mailbox."""

    async def work() -> None:
        messages = _read(source, kind or _guess(source))
        async with opened(data) as folder:
            account = await _account(folder, user)
            try:
                box = account.mailbox(mailbox)
            except NoSuchMailboxError:
                box = await account.create(mailbox)
            count = 0
            try:
                for step in _steps(messages):
                    await account.append(
                        box, [Message(each.octets, each.flags, each.internal_date) for each in step]
                    )
                    count += len(step)
            except ExchangeError as error:
                if not count:
                    raise
                before = output.counted(count, "message before it was", "messages before it were")
                raise ExchangeError(f"{error} {before} imported.") from error
        output.line(
            output.counted(count, "message was imported.", "messages were imported."),
            as_json=json,
            messages=count,
        )

    asyncio.run(work())


def export_mail(
    target: Annotated[Path, typer.Argument(help="A file, or for Maildir and .eml a folder.")],
    data: Data,
    user: Annotated[str, typer.Option(help="Whose mailbox.")],
    mailbox: Annotated[str, typer.Option(help="Which.")] = "INBOX",
    kind: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.MBOX,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Write the messages of a mailbox to files."""

    async def work() -> None:
        async with opened(data) as folder:
            account = await _account(folder, user)
            messages = _stored(account, _mailbox(account, mailbox))
            if kind is Format.MAILDIR:
                count = write_maildir(target, messages)
            elif kind is Format.EML:
                count = write_eml(target, messages)
            else:
                count = _write_mbox(target, messages)
        output.line(
            output.counted(count, "message was exported.", "messages were exported."),
            as_json=json,
            messages=count,
        )

    asyncio.run(work())


def _write_mbox(target: Path, messages: Iterable[ExchangedMessage]) -> int:
    if target.exists():
        raise ExchangeError(f"{target} exists already.")
    try:
        with target.open("wb") as file:
            return write_mbox(file, messages)
    except BaseException:
        target.unlink(missing_ok=True)  # half an mbox looks like a whole one
        raise


async def _account(folder: ServerFolder, user: str) -> Account:
    found = folder.users.find(user)
    name = found.name if found is not None else user.lower()
    if found is None and not folder.store.has_mail(name):
        raise NoSuchUserError(nobody(user))
    return await folder.store.account(name)


def _guess(source: Path) -> Format:
    if source.is_dir():
        return Format.MAILDIR if (source / "cur").is_dir() else Format.EML
    return Format.EML if source.suffix == ".eml" else Format.MBOX


def _read(source: Path, kind: Format) -> Iterator[ExchangedMessage]:
    readers = {Format.MBOX: read_mbox, Format.MAILDIR: read_maildir, Format.EML: read_eml}
    return readers[kind](source)


def _steps(messages: Iterable[ExchangedMessage]) -> Iterator[list[ExchangedMessage]]:
    step: list[ExchangedMessage] = []
    try:
        for message in messages:
            step.append(message)
            if len(step) == _STEP:
                yield step
                step = []
    except ExchangeError:
        if step:
            yield step  # what stands before the damaged one goes in
        raise
    if step:
        yield step


def _mailbox(account: Account, name: str) -> Mailbox:
    """Find it before anything is written: a target that holds nothing would be in the way later."""
    try:
        return account.mailbox(name)
    except NoSuchMailboxError as error:
        there = ", ".join(each.name for each in account.mailboxes())
        raise NoSuchMailboxError(f"There is no mailbox {name!r}; there are {there}.") from error


def _stored(account: Account, box: Mailbox) -> Iterator[ExchangedMessage]:
    for uid in account.all_uids(box):
        rows = account.query(
            "SELECT flags, arrived, zone, content.header, content.body FROM entry"
            " JOIN message ON message.id=entry.message"
            " JOIN content ON content.message=message.id WHERE mailbox=? AND uid=?",
            box.number, uid,
        )  # fmt: skip
        for mask, arrived, zone, header, body in rows:
            flags = frozenset(account.flags.names(mask))
            yield ExchangedMessage(header + body, flags, moment_of(arrived, zone))
