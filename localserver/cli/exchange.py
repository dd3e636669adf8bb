"""`localserver import` and `localserver export`: mbox, Maildir and .eml."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Final

import typer

from localserver.cli import output
from localserver.cli.folder import Data, ServerFolder, opened
from localserver.cli.plain import UsageError
from localserver.cli.present import Present
from localserver.cli.user_admin import nobody
from localserver.exchange.eml import read_eml, write_eml
from localserver.exchange.mailboxes import (
    ExportedMailbox,
    file_name,
    is_folder_of_mailboxes,
    read_list,
    write_list,
)
from localserver.exchange.maildir import read_maildir, write_maildir
from localserver.exchange.mbox import read_mbox, write_mbox
from localserver.exchange.value import ExchangedMessage, ExchangeError
from localserver.store.account import Message
from localserver.store.errors import NoSuchMailboxError, NoSuchUserError
from localserver.store.moment import moment_of
from localserver.store.names import canonical

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


@dataclass(frozen=True, slots=True)
class _Source:
    """Files, and the mailbox they go into."""

    path: Path
    kind: Format
    mailbox: str
    is_subscribed: bool = False


@dataclass(slots=True)
class _Done:
    """How many messages were imported, and how many were there already."""

    messages: int = 0
    present: int = 0


def import_mail(
    source: Annotated[
        Path,
        typer.Argument(
            help="An mbox, a Maildir, an .eml or a folder of those; or an export of several "
            "mailboxes.",
            readable=False,
        ),
    ],
    data: Data,
    user: Annotated[str, typer.Option(help="Whose mailbox.")],
    mailbox: Annotated[
        list[str] | None,
        typer.Option(
            help="Made when it does not exist, by default INBOX. Of an export of several: which of "
            "them, by default all; may be repeated."
        ),
    ] = None,
    kind: Annotated[
        Format | None, typer.Option("--format", help="Guessed when it is left out.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Put the messages of files into mailboxes; those that are there already stay as they are."""

    async def work() -> None:
        sources = _sources(source, mailbox or [], kind)
        done = _Done()
        async with opened(data) as folder:
            account = await _account(folder, user)
            try:
                for each in sources:
                    await _put_in(account, each, done)
            except ExchangeError as error:
                if not done.messages:
                    raise
                before = output.counted(
                    done.messages, "message before it was", "messages before it were"
                )
                raise ExchangeError(f"{error} {before} imported.") from error
        said = output.counted(done.messages, "message was imported", "messages were imported")
        if done.present:
            said += f", {output.counted(done.present, 'was', 'were')} there already"
        output.line(
            f"{said}.",
            as_json=json,
            messages=done.messages,
            present=done.present,
            mailboxes=len(sources),
        )

    asyncio.run(work())


def export_mail(
    target: Annotated[
        Path,
        typer.Argument(help="A file, or for Maildir, .eml and several mailboxes a folder."),
    ],
    data: Data,
    user: Annotated[str, typer.Option(help="Whose mailbox.")],
    mailbox: Annotated[
        list[str] | None, typer.Option(help="Which, by default INBOX; may be repeated.")
    ] = None,
    whole: Annotated[bool, typer.Option("--all", help="All mailboxes of the user.")] = False,
    kind: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.MBOX,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Write the messages of mailboxes to files."""
    if whole and mailbox:
        raise UsageError("--all is every mailbox; leave --mailbox out.", command="export")
    wanted = list(dict.fromkeys(mailbox or ["INBOX"]))

    async def work() -> None:
        async with opened(data) as folder:
            account = await _account(folder, user)
            boxes = account.mailboxes() if whole else [_mailbox(account, name) for name in wanted]
            if whole or len(boxes) > 1:
                count = _write_mailboxes(target, account, boxes, kind)
            else:
                count = _WRITERS[kind](target, _stored(account, boxes[0]))
        output.line(
            output.counted(count, "message was exported.", "messages were exported."),
            as_json=json,
            messages=count,
            mailboxes=len(boxes),
        )

    asyncio.run(work())


def _sources(path: Path, wanted: list[str], kind: Format | None) -> list[_Source]:
    if not is_folder_of_mailboxes(path):
        if len(wanted) > 1:
            raise UsageError("These files go into one --mailbox.", command="import")
        return [_Source(path, kind or _guess(path), wanted[0] if wanted else "INBOX")]
    found = {
        canonical(each.name): _Source(
            path / each.file, _format(each.kind, path), each.name, each.is_subscribed
        )
        for each in read_list(path)
    }
    for name in wanted:
        if canonical(name) not in found:
            raise ExchangeError(f"There is no mailbox {name!r} in {path}; there are {_all(found)}.")
    return [found[canonical(name)] for name in wanted] if wanted else list(found.values())


def _all(names: Iterable[str]) -> str:
    return ", ".join(names)


def _format(text: str, path: Path) -> Format:
    try:
        return Format(text)
    except ValueError as error:
        raise ExchangeError(f"{path} has a format that is not known: {text}.") from error


async def _put_in(account: Account, source: _Source, done: _Done) -> None:
    box = await _made(account, source)
    there = Present(account, box)
    for step in _steps(_read(source.path, source.kind)):
        fresh = [each for each in step if not there.take(each.octets)]
        done.present += len(step) - len(fresh)
        if fresh:
            messages = [Message(each.octets, each.flags, each.internal_date) for each in fresh]
            await account.append(box, messages)
            done.messages += len(fresh)


async def _made(account: Account, source: _Source) -> Mailbox:
    """Return the mailbox of files; made, and subscribed to where it was, when it is not there."""
    try:
        return account.mailbox(source.mailbox)
    except NoSuchMailboxError:
        box = await account.create(source.mailbox)
    if source.is_subscribed:
        await account.subscribe(box.name)
    return box


def _write_mailboxes(target: Path, account: Account, boxes: Iterable[Mailbox], kind: Format) -> int:
    """Write a folder of mailboxes; returns how many messages that is."""
    if target.exists() and any(target.iterdir()):
        raise ExchangeError(f"{target} is not empty.")
    target.mkdir(parents=True, exist_ok=True)
    subscribed = account.subscriptions()
    written: list[ExportedMailbox] = []
    count = 0
    for number, box in enumerate(boxes, 1):
        file = file_name(number, box.name, ".mbox" if kind is Format.MBOX else "")
        count += _WRITERS[kind](target / file, _stored(account, box))
        written.append(ExportedMailbox(box.name, file, kind.value, box.name in subscribed))
    write_list(target, written)
    return count


def _write_mbox(target: Path, messages: Iterable[ExchangedMessage]) -> int:
    if target.exists():
        raise ExchangeError(f"{target} exists already.")
    try:
        with target.open("wb") as file:
            return write_mbox(file, messages)
    except BaseException:
        target.unlink(missing_ok=True)  # half an mbox looks like a whole one
        raise


_WRITERS: Final = {Format.MBOX: _write_mbox, Format.MAILDIR: write_maildir, Format.EML: write_eml}


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
        there = _all(each.name for each in account.mailboxes())
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
