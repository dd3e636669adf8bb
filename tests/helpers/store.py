"""A store in a folder of a test, and messages to put into it."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING

from desktopmail.door.commands import ServerSettings
from desktopmail.door.profile import Profile
from desktopmail.door.rows import Flag, Kind, Role, Security
from desktopmail.engine import plain_rows, reading, summary
from desktopmail.engine.guard import Guard
from desktopmail.engine.store import account, blob, mailbox, message, placement
from desktopmail.engine.store.store import Store, Transaction
from desktopmail.engine.sync.incoming import Parsed
from desktopmail.net.ports import InlineExecutor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from desktopmail.door.ids import AccountId, MailboxId, PlacementId
    from desktopmail.engine.sync.incoming import Incoming


class Nobody(Guard):
    """A guard of nothing, for what is parsed without a profile."""

    def __init__(self) -> None:
        self.aside = frozenset()

    def hold(self, kind: str, key: object) -> AbstractContextManager[None]:
        del kind, key
        return nullcontext()


SERVER = ServerSettings(host="localhost", port=143, security=Security.NONE, user="alice")


@asynccontextmanager
async def open_store(folder: Path) -> AsyncIterator[Store]:
    """Open the store of the profile in `folder`, and close it."""
    store = Store(Profile.at(folder), InlineExecutor())
    try:
        yield store
    finally:
        await store.aclose()


def mail(
    number: int,
    *,
    subject: str = "",
    body: str = "Hello.",
    sender: str = "Ann <ann@example.org>",
    to: str = "Bob <bob@example.org>",
    references: str = "",
    hour: int = 0,
) -> bytes:
    """A message; each number is another one, an hour later."""
    lines = [
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject or f'Subject {number}'}",
        f"Date: Mon, 02 Nov 2026 {hour % 24:02}:{number % 60:02}:00 +0000",
        f"Message-ID: <{number}@example.org>",
        *([f"References: {references}"] if references else []),
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body + "\r\n").encode()


def bare(body: str) -> bytes:
    """A message without a Message-ID; whatever its body is, it has the same header."""
    return f"From: cron@example.org\r\nSubject: done\r\n\r\n{body}\r\n".encode()


def add_account(tx: Transaction, name: str = "work", kind: Kind = Kind.IMAP) -> AccountId:
    """An account with an Inbox, Sent and Trash."""
    account_id = account.add(
        tx,
        name=name,
        address=f"{name}@example.org",
        display_name="",
        kind=kind,
        incoming=SERVER,
        outgoing=SERVER,
        allow_cleartext=False,
    )
    for role, path in ((Role.INBOX, "INBOX"), (Role.SENT, "Sent"), (Role.TRASH, "Trash")):
        mailbox.add(tx, account_id, path, role=role)
    return account_id


def inbox_of(tx: Transaction, account_id: AccountId) -> MailboxId:
    """The Inbox of an account."""
    found = mailbox.find_role(tx, account_id, Role.INBOX)
    assert found is not None
    return found.id


def parsed(messages: Sequence[Incoming]) -> list[Parsed]:
    """Messages with what their rows show, worked out here and now."""
    contents = [(one.octets, one.is_whole) for one in messages]
    found = reading.joined(contents, plain_rows.of(contents))
    return [Parsed(one, row.summary, row.content) for one, row in zip(messages, found, strict=True)]


def put(
    tx: Transaction,
    mailbox_id: MailboxId,
    contents: Iterable[bytes],
    *,
    first_uid: int | None = 1,
    flags: Flag = Flag.NONE,
) -> list[PlacementId]:
    """Put whole messages into a mailbox."""
    contents = list(contents)
    placements = []
    for number, (octets, blob_id) in enumerate(zip(contents, blob.put(tx, contents), strict=True)):
        row = summary.of_message(octets)
        kept = message.keep(
            tx, row, blob_id=blob_id, size=len(octets), arrived_s=1_700_000_000 + number
        )
        placements.append(
            placement.add(
                tx,
                mailbox_id,
                kept,
                uid=None if first_uid is None else first_uid + number,
                flags=flags,
                arrived_s=1_700_000_000 + number,
            )
        )
    return placements
