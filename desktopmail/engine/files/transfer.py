"""Import and export: between the store and files, streaming, and twice is the same as once."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from desktopmail.door.commands import Outcome
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag, Role
from desktopmail.engine import journal
from desktopmail.engine.files import eml, layout, maildir, mbox
from desktopmail.engine.files.eml import EmlWriter
from desktopmail.engine.files.maildir import MaildirWriter
from desktopmail.engine.files.mbox import MboxWriter
from desktopmail.engine.files.message import FileMessage
from desktopmail.engine.labels import messages as messages_in_words
from desktopmail.engine.store import mailbox, message, operation, placement
from desktopmail.engine.store.operation import Arguments
from desktopmail.engine.sync import incoming
from desktopmail.engine.sync.incoming import Incoming, Parsed
from desktopmail.engine.sync.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

    from desktopmail.door.commands import ExportMessages, ImportMessages
    from desktopmail.door.ids import AccountId, MailboxId, MessageId, PlacementId
    from desktopmail.engine.octets import Octets
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.ports import Ports

# So much is in memory at a time; what is larger by itself is alone.
BATCH = 200
BATCH_OCTETS = 8_000_000
_BEGINNING = 1024
# By which others know that a Maildir belongs to the one around it (Maildir++).
_MAILDIR_FOLDER = "maildirfolder"
# What travels: deletion is a state of a server, not of a message.
_KEPT = Flag.SEEN | Flag.ANSWERED | Flag.FLAGGED | Flag.DRAFT | Flag.FORWARDED | Flag.RECEIPT_SENT


# Led by what is looked for: left to itself SQLite goes through the whole mailbox for each of them,
# or for each batch.
ALIKE = (
    "SELECT DISTINCT m.header_digest, m.id, m.blob_id IS NOT NULL, m.size FROM json_each(?) AS name"
    " CROSS JOIN message AS m INDEXED BY message_by_digest"
    " ON m.header_digest = unhex(name.value) AND m.header_digest <> x''"
    " CROSS JOIN placement AS p INDEXED BY placement_by_message ON p.message_id = m.id"
    " WHERE p.mailbox_id = ? AND p.shown = 1"
)
STANDING = (
    "SELECT DISTINCT b.sha256 FROM json_each(?) AS name"
    " CROSS JOIN blob AS b ON b.sha256 = unhex(name.value)"
    " CROSS JOIN message AS m INDEXED BY message_by_blob ON m.blob_id = b.id"
    " CROSS JOIN placement AS p INDEXED BY placement_by_message ON p.message_id = m.id"
    " WHERE p.mailbox_id = ? AND p.shown = 1"
)


class _Alike(NamedTuple):
    """A message of the store whose header is that of one in a file."""

    message_id: MessageId
    has_octets: bool
    size: int


class Writer(Protocol):
    """What writes messages of one format."""

    def write(self, message: FileMessage) -> bool:
        """Add a message; says whether it was not there already."""

    def close(self) -> None:
        """Finish."""

    def abandon(self) -> None:
        """End before all was written."""


async def carry_out_export(command: ExportMessages, store: Store, octets: Octets) -> Outcome:
    """Write messages, a mailbox or an account to files; what is not here is fetched first."""
    path = Path(command.path)
    if command.account_id is not None:
        return await _export_account(command.account_id, command.form, path, store, octets)
    ids = list(command.placement_ids) or await store.read(partial(_all_of, command.mailbox_id))
    await octets.fetch_missing(ids)
    count = await export(store, ids, command.form, path)
    label = f"{messages_in_words(count)} exported to {command.path}"
    return Outcome(label=label + _already(len(ids) - count))


async def _export_account(
    account_id: AccountId, form: str, path: Path, store: Store, octets: Octets
) -> Outcome:
    """Write every mailbox of an account, one behind the other."""
    boxes = [
        box
        for box in await store.read(lambda tx: mailbox.of_account(tx, account_id))
        if box.selectable and not box.hidden
    ]
    count = known = 0
    for mailbox_id, place in layout.places(path, boxes, form).items():
        ids = await store.read(partial(_all_of, mailbox_id))
        await octets.fetch_missing(ids)
        with _naming(place):
            place.parent.mkdir(parents=True, exist_ok=True)
        written = await export(store, ids, form, place)
        if form == "maildir" and place != path:
            with _naming(place):
                (place / _MAILDIR_FOLDER).touch()
        count += written
        known += len(ids) - written
    mailboxes = "1 mailbox" if len(boxes) == 1 else f"{len(boxes)} mailboxes"
    label = f"{messages_in_words(count)} of {mailboxes} exported to {path}"
    return Outcome(label=label + _already(known))


def _all_of(mailbox_id: MailboxId | None, tx: Transaction) -> list[PlacementId]:
    rows = tx.fetch(
        "SELECT id FROM placement WHERE mailbox_id = ? AND shown = 1 ORDER BY date_s, id",
        (mailbox_id,),
    )
    return [row[0] for row in rows]


async def carry_out_import(command: ImportMessages, store: Store, ports: Ports) -> Outcome:
    """Put the messages of files into a mailbox.

    Raises:
        DoorError: The mailbox holds no messages, the file cannot be read, or there is no message in
            the folder. An mbox and a Maildir may be those of an empty mailbox.
    """
    path = Path(command.path)
    await store.read(lambda tx: journal.selectable(tx, command.mailbox_id))
    added, known = await import_(store, ports, path, command.mailbox_id)
    if not added and not known and not await ports.executor.run(_may_be_empty, path):
        raise DoorError(
            f"There is no message in {command.path}.",
            remedy="Name an mbox, a Maildir, or a folder with .eml files.",
            code="no-message",
        )
    return Outcome(label=f"{messages_in_words(added)} imported{_already(known)}")


def _may_be_empty(path: Path) -> bool:
    return maildir.is_one(path) or not path.is_dir()


def _already(known: int) -> str:
    return f", {known} {'was' if known == 1 else 'were'} there already" if known else ""


async def export(store: Store, placement_ids: Sequence[PlacementId], form: str, path: Path) -> int:
    """Write messages to files; returns how many were not there already.

    Raises:
        DoorError: The format is not known, a message is not here as a whole, or the files cannot
            be written.
    """
    written = 0
    with _naming(path):
        writer = _writer(form, path)
        try:
            for start in range(0, len(placement_ids), BATCH):
                left: Sequence[PlacementId] = placement_ids[start : start + BATCH]
                while left:
                    loaded, left = await store.read(partial(_load, left))
                    for one in loaded:
                        written += writer.write(one)
            writer.close()
        except BaseException:
            writer.abandon()
            raise
    return written


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Say which file or folder it was that cannot be written."""
    try:
        yield
    except OSError as error:
        raise DoorError(
            f"{path} cannot be written: {error.strerror or error}.",
            remedy="Name another place.",
            code="unwritable",
        ) from error


async def import_(store: Store, ports: Ports, path: Path, mailbox_id: MailboxId) -> tuple[int, int]:
    """Put the messages of a file or folder into a mailbox.

    Returns:
        How many were added, and how many were there already.

    Raises:
        DoorError: The file cannot be read.
    """
    messages = _messages(path)

    async def take() -> list[FileMessage]:
        return await ports.executor.run(_named_errors, path, lambda: _next_of(messages))

    return await add(store, ports, mailbox_id, take)


async def add(
    store: Store,
    ports: Ports,
    mailbox_id: MailboxId,
    take: Callable[[], Awaitable[list[FileMessage]]],
) -> tuple[int, int]:
    """Put messages into a mailbox.

    Args:
        store: Where it is.
        ports: The clock, and where they are read.
        mailbox_id: The mailbox.
        take: Gives some, until there are none.

    Returns:
        How many were added, and how many were there already.
    """
    now_s = int(ports.clock.now().timestamp())
    added = known = 0

    def keep(tx: Transaction, parsed: list[Parsed]) -> None:
        nonlocal added, known
        fresh = _fresh(tx, mailbox_id, parsed)
        added += len(fresh)
        known += len(parsed) - len(fresh)
        _place(tx, mailbox_id, fresh)

    async with Pipeline(store, partial(incoming.parse, store.guard, ports), keep) as pipeline:
        while batch := await take():
            for one in batch:
                size = len(one.octets)
                arrived_s = one.date_s or now_s
                flags = one.flags & _KEPT
                await pipeline.put(
                    Incoming(one.octets, True, size, arrived_s, None, flags, one.tags), size
                )
    return added, known


def _next_of(messages: Iterator[FileMessage]) -> list[FileMessage]:
    taken: list[FileMessage] = []
    octets = 0
    for one in islice(messages, BATCH):
        taken.append(one)
        octets += len(one.octets)
        if octets >= BATCH_OCTETS:
            break
    return taken


def _named_errors(path: Path, take: Callable[[], list[FileMessage]]) -> list[FileMessage]:
    try:
        return take()
    except OSError as error:
        raise DoorError(
            f"{path} cannot be read: {error.strerror or error}.", code="unreadable"
        ) from error


def _writer(form: str, path: Path) -> Writer:
    match form:
        case "mbox":
            return MboxWriter(path)
        case "maildir":
            return MaildirWriter(path)
        case "eml":
            return EmlWriter(path)
        case _:
            raise DoorError(
                f"{form} is no format; there are mbox, maildir and eml.", code="no-format"
            )


def _messages(path: Path) -> Iterator[FileMessage]:
    """Read what stands there; nothing is looked at before the first message is asked for."""
    if not path.exists():
        raise DoorError(f"There is no {path}.", code="unreadable")
    if path.is_dir():
        yield from maildir.read(path) if maildir.is_one(path) else eml.read(path)
        return
    if not path.is_file():  # a pipe or a device, at which one may wait for ever
        raise DoorError(
            f"{path} is neither a file nor a folder.",
            remedy="Write what comes out of it into a file first.",
            code="unreadable",
        )
    with path.open("rb") as file:
        is_mbox = mbox.begins(file.read(_BEGINNING))
    yield from mbox.read(path) if is_mbox else eml.read(path)


def _load(
    placement_ids: Sequence[PlacementId], tx: Transaction
) -> tuple[list[FileMessage], list[PlacementId]]:
    """The first of these messages, and the placements of those that are left."""
    found: list[FileMessage] = []
    size = 0
    placed = placement.get(tx, placement_ids)
    for number, one in enumerate(placed):
        if size >= BATCH_OCTETS:
            return found, [left.id for left in placed[number:]]
        octets = message.octets(tx, one.message_id)
        if octets is None:
            raise DoorError(
                f"Message {one.message_id} is not here as a whole.",
                remedy="Fetch it first.",
                code="no-octets",
            )
        tags = tuple(sorted(placement.tags_of(tx, one.id)))
        found.append(FileMessage(octets, one.flags & _KEPT, tags, one.arrived_s))
        size += len(octets)
    return found, []


def _fresh(tx: Transaction, mailbox_id: MailboxId, rows: Sequence[Parsed]) -> list[Parsed]:
    """Those whose octets do not stand in the mailbox yet, or do but for a last line end."""
    there = _standing(tx, mailbox_id, [one.content.sha256 for one in rows if one.content])
    alike = _alike(tx, mailbox_id, [one.summary.digest for one in rows])
    fresh = []
    for one in rows:
        if one.content is None:  # a stand-in for what is set aside
            fresh.append(one)
        elif one.content.sha256 not in there:
            there.add(one.content.sha256)
            if not _is_known(tx, one, alike.get(one.summary.digest, ())):
                fresh.append(one)
    return fresh


def _is_known(tx: Transaction, one: Parsed, alike: Iterable[_Alike]) -> bool:
    """Whether a message with the same header is one that a file tells only so far apart.

    A file ends each message with a line end; and of what is at the server only, header and size
    tell which it is.
    """
    size = one.incoming.size
    for message_id, has_octets, there in alike:
        if has_octets and message.is_same(tx, message_id, one.incoming.octets):
            return True
        if not has_octets and one.summary.message_id and there <= size <= there + 2:
            return True
    return False


def _alike(
    tx: Transaction, mailbox_id: MailboxId, digests: Sequence[bytes]
) -> dict[bytes, list[_Alike]]:
    """The messages of a mailbox with one of these headers, by the digest of it."""
    found: dict[bytes, list[_Alike]] = {}
    names = msgspec.json.encode(sorted({digest.hex() for digest in digests})).decode()
    for digest, *one in tx.fetch(ALIKE, (names, mailbox_id)):
        found.setdefault(digest, []).append(_Alike._make(one))
    return found


def _standing(tx: Transaction, mailbox_id: MailboxId, digests: Sequence[bytes]) -> set[bytes]:
    names = msgspec.json.encode([digest.hex() for digest in digests]).decode()
    return {row[0] for row in tx.fetch(STANDING, (names, mailbox_id))}


def _place(tx: Transaction, mailbox_id: MailboxId, parsed: list[Parsed]) -> None:
    if not parsed:
        return
    box = mailbox.get(tx, mailbox_id)
    placed = incoming.place(tx, mailbox_id, parsed, sent=box.role is Role.SENT)
    placement.touch(tx, placed)
    if not box.local:
        made = operation.add(
            tx,
            box.account_id,
            "append",
            Arguments(target=mailbox_id),
            f"{messages_in_words(len(placed))} imported into {box.path}",
        )
        rows = [(one.id, one.flags, None) for one in placement.get(tx, placed)]
        operation.add_targets(tx, made, rows)
