"""Messages whose rows were lost with a damaged store get a place again: the mailbox Recovered.

It is a mailbox of this device alone, in the first account. What a server has told again since then,
and what a person has moved, is not there at the next start; when nothing is left in it, it goes.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from desktopmail import whole_file
from desktopmail.door.ids import MailboxId
from desktopmail.door.octets import OctetsLostError
from desktopmail.door.rows import Flag
from desktopmail.engine.files import transfer
from desktopmail.engine.files.message import FileMessage
from desktopmail.engine.store import blob, mailbox, placement
from desktopmail.engine.store.salvage import RECOVERED
from desktopmail.engine.store.store import unwritable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.ports import Ports

_FIRST_ACCOUNT = "SELECT id FROM account ORDER BY position LIMIT 1"
# What stands elsewhere too: the same message, or another one with the same octets.
_ELSEWHERE = (
    "SELECT p.id FROM placement AS p JOIN message AS m ON m.id = p.message_id"
    " WHERE p.mailbox_id = ?1 AND EXISTS (SELECT 1 FROM message AS o"
    "  JOIN placement AS q ON q.message_id = o.id WHERE o.blob_id = m.blob_id"
    "  AND q.mailbox_id <> ?1 AND q.shown = 1 AND q.gone_cycle IS NULL)"
)


class _Note(msgspec.Struct, frozen=True):
    """How far it is, as `Profile.loose` has it; that is empty at first.

    Attributes:
        path: Where that mailbox is about to be made; so one that was made is known after a crash.
        mailbox_id: The mailbox that was made for it.
        is_done: Everything stands in it.
    """

    path: str = ""
    mailbox_id: int | None = None
    is_done: bool = False


class Recovery:
    """Gives messages of a damaged store a place, one run at a time.

    Args:
        store: Where they are.
        ports: Where they are read.
    """

    def __init__(self, store: Store, ports: Ports) -> None:
        self._store = store
        self._ports = ports
        self._file = store.profile.loose
        self._lock = asyncio.Lock()

    async def bring_back(self) -> None:
        """Give a place to what has none, as soon as there is an account.

        Raises:
            DoorError: The disk is full or failed; the rest gets its place the next time.
        """
        async with self._lock:
            try:
                if self._file.exists():
                    await self._go_on(self._read())
            except OSError as error:
                raise unwritable(self._store.profile, error) from error

    async def _go_on(self, note: _Note) -> None:
        if note.mailbox_id is not None and not await self._store.write(
            partial(_tidy, MailboxId(note.mailbox_id))
        ):
            note = _Note(is_done=note.is_done)
        if note.is_done:
            if note.mailbox_id is None:
                self._file.unlink()
            return
        if note.mailbox_id is None:
            made = await self._make(note.path)
            if made is None:
                return
            note = self._write(_Note(mailbox_id=made))
        await self._fill(MailboxId(note.mailbox_id or 0))
        self._write(_Note(mailbox_id=note.mailbox_id, is_done=True))

    async def _make(self, noted: str) -> MailboxId | None:
        """Make the mailbox; None where there is no account yet."""
        path = await self._store.read(partial(_path, noted))
        if path is None:
            return None
        if path != noted:
            self._write(_Note(path=path))
        return await self._store.write(partial(_make, path))

    async def _fill(self, mailbox_id: MailboxId) -> None:
        last = 0

        async def take() -> list[FileMessage]:
            nonlocal last
            found: list[FileMessage] = []
            while not found:
                rows = await self._store.read(partial(blob.unnamed, last, transfer.BATCH))
                if not rows:
                    break
                found, last = await self._store.read(partial(_messages, rows))
            return found

        await transfer.add(self._store, self._ports, mailbox_id, take)

    def _read(self) -> _Note:
        octets = self._file.read_bytes()
        return msgspec.json.decode(octets, type=_Note) if octets else _Note()

    def _write(self, note: _Note) -> _Note:
        whole_file.replace(self._file, msgspec.json.encode(note))
        return note


def _path(noted: str, tx: Transaction) -> str | None:
    """Where the mailbox can be made, or was before a crash; None where there is no account yet."""
    account = tx.fetch_one(_FIRST_ACCOUNT)
    if account is None:
        return None
    boxes = {box.path: box for box in mailbox.of_account(tx, account[0])}
    if noted and (noted not in boxes or boxes[noted].local):
        return noted
    path, number = RECOVERED, 1
    while path in boxes:
        number += 1
        path = f"{RECOVERED} {number}"
    return path


def _make(path: str, tx: Transaction) -> MailboxId | None:
    """Make the mailbox in the first account, if it was not; None where that cannot be now."""
    account = tx.fetch_one(_FIRST_ACCOUNT)
    if account is None:
        return None
    found = [box for box in mailbox.of_account(tx, account[0]) if box.path == path]
    if not found:
        return mailbox.add(tx, account[0], path, local=True)
    return found[0].id if found[0].local else None  # else a server has told of it just now


def _tidy(mailbox_id: MailboxId, tx: Transaction) -> bool:
    """Take out what stands elsewhere too; whether the mailbox is still there."""
    if not tx.fetch("SELECT 1 FROM mailbox WHERE id = ? AND local = 1", (mailbox_id,)):
        return False  # a person has removed it, or it is the server's now
    placement.remove(tx, [row[0] for row in tx.fetch(_ELSEWHERE, (mailbox_id,))])
    if tx.fetch("SELECT 1 FROM placement WHERE mailbox_id = ? LIMIT 1", (mailbox_id,)):
        return True
    mailbox.remove(tx, mailbox_id)
    return False


def _messages(
    rows: Sequence[tuple[int, int, int]], tx: Transaction
) -> tuple[list[FileMessage], int]:
    """The first of these messages, and the id of the last blob that was read.

    They are as if they had been read by a person: what they were is not known.
    """
    found: list[FileMessage] = []
    last = size = 0
    for blob_id, segment, position in rows:
        if size >= transfer.BATCH_OCTETS:
            break
        last = blob_id
        try:
            octets = tx.segments.read(segment, position)
        except OctetsLostError:
            continue  # the doctor says so
        found.append(FileMessage(octets, Flag.SEEN, (), None))
        size += len(octets)
    return found, last
