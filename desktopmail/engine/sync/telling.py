"""What everything works with that tells the journal of an account: the server, and the steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from desktopmail.door.ids import PlacementId
from desktopmail.door.rows import Role
from desktopmail.engine.store import mailbox, message, operation, placement, problem
from desktopmail.engine.sync import proof

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from desktopmail.door.ids import MailboxId, MessageId
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.operation import Arguments, Operation, Target
    from desktopmail.engine.store.placement import Placed
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.sync.proof import End
    from desktopmail.net.imap import ImapClient
    from desktopmail.net.ports import Ports

Members = dict[PlacementId, "tuple[Target, Placed]"]


class Begun(NamedTuple):
    """What is about to be put into a mailbox.

    Attributes:
        target: The mailbox.
        since: From which UID on what is in it may be ours: where it ended before the first try, or
            1 where that UID says nothing any more (RFC 9051 section 2.3.1.1).
    """

    target: Mailbox
    since: int


class UidsVoidError(Exception):
    """The UIDVALIDITY of a mailbox has changed: what was about to be said names other messages."""


class UnmetError(UidsVoidError):
    """What stood in a mailbox before its UIDs became void has not been met by a look yet.

    What it holds cannot be told from what an operation has brought there.
    """


@dataclass(frozen=True, slots=True)
class Telling:
    """One account, whose journal is told.

    Attributes:
        store: Where the journal is.
        ports: The clock.
        client: Logged in.
        select: Opens a mailbox for changing, unless it is open already.
    """

    store: Store
    ports: Ports
    client: ImapClient
    account: Account
    select: Callable[[str], Awaitable[None]]

    async def box(self, mailbox_id: MailboxId | None) -> Mailbox | None:
        """Return a mailbox as it is now; None when it is gone, or none was named."""
        if mailbox_id is None:
            return None
        wanted = mailbox_id

        def step(tx: Transaction) -> Mailbox | None:
            exists = tx.fetch("SELECT 1 FROM mailbox WHERE id = ?", (wanted,))
            return mailbox.get(tx, wanted) if exists else None

        return await self.store.read(step)

    async def begin(self, group: Sequence[Operation], target: Mailbox) -> Begun:
        """Remember where the target ends now, before anything is put there.

        One that was never looked at is known by the UIDVALIDITY under which it gets its first
        messages: so the look that follows knows these by their UIDs.
        """
        now = await proof.end_of(self.client, target.path)
        since = min(_since(one.arguments, now) for one in group)

        def step(tx: Transaction) -> Mailbox:
            operation.begin(tx, group, now.uidvalidity, since)
            if (
                target.is_new and target.role is not Role.INBOX
            ):  # that may be known by its unique-ids
                mailbox.know(
                    tx, target.id,
                    uidvalidity=now.uidvalidity, uidnext=None, highestmodseq=None, complete=False,
                )  # fmt: skip
            return mailbox.get(tx, target.id)

        return Begun(await self.store.write(step), since)

    async def open_target(self, target: Mailbox) -> None:
        """Open a mailbox to look for what operations have brought there.

        Raises:
            UidsVoidError: It has to be looked at before.
            RefusedError: The server does not open it.
        """
        await self.select(target.path)
        if await self.store.read(partial(_has_unmet, target.id)):
            raise UnmetError(target.path)

    async def running(self, operations: Sequence[Operation]) -> None:
        """Store, before their first command, that operations may have reached the server."""
        ids = [one.id for one in operations]
        await self.store.write(lambda tx: operation.set_states(tx, ids, "running"))

    async def finish(self, operations: Sequence[Operation]) -> None:
        """Store that operations are done."""

        def step(tx: Transaction) -> None:
            operation.finish(tx, *(one.id for one in operations))
            problem.settle(tx, self.account.id, "journal")

        await self.store.write(step)

    async def fail(self, group: Sequence[Operation], why: str) -> None:
        """Store that operations cannot be done: a person decides what becomes of them."""

        def step(tx: Transaction) -> None:
            for one in group:
                operation.set_state(tx, one.id, "failed", problem=why)

        await self.store.write(step)

    async def members(self, group: Sequence[Operation]) -> Members:
        """What is still to be done: what has a UID, and what a full look did not meet again."""

        def step(tx: Transaction) -> Members:
            targets = {
                target.placement_id: target
                for target in operation.targets_of(tx, [one.id for one in group])
                if not target.done
            }
            lost = placement.lost(tx, list(targets))
            twins = [target.twin for target in targets.values() if target.twin is not None]
            made = {placed.id for placed in placement.get(tx, twins)} | {None}
            return {
                placed.id: (
                    targets[placed.id]
                    if targets[placed.id].twin in made
                    else replace(targets[placed.id], twin=None),
                    placed,
                )
                for placed in placement.get(tx, list(targets))
                if placed.uid is not None or placed.id in lost
            }

        return await self.store.read(step)

    async def find(self, target: Mailbox, members: Members, since: int) -> dict[PlacementId, int]:
        """Find in the target what arrived there since: as a look saw it, or by its header's digest.

        What a look saw is not asked for again, but where it saw a header that does not tell.
        """
        if not members:
            return {}
        await self.open_target(target)
        seen = await self.store.read(partial(_seen, target.id, since, members))
        left = {key: digest for key, digest in seen.digests.items() if key not in seen.ours}

        async def tell(keys: list[PlacementId], octets: bytes) -> PlacementId | None:
            return await self.store.read(partial(_with_octets, members, keys, octets))

        found = await proof.by_digest(self.client, left, tell, since=since, taken=seen.uids)
        return seen.ours | found

    async def find_whole(
        self, target: Mailbox, row: Target, octets: bytes, since: int
    ) -> int | None:
        """Find in the target what arrived there since with this body and all of these fields."""
        await self.open_target(target)
        taken = await self.store.read(partial(_taken, target.id, since, _arriving(row)))
        return await proof.by_parts(self.client, octets, since=since, taken=taken)


def lost_in(box: Mailbox) -> str:
    """Why nothing can be done with messages that were not met under another UIDVALIDITY."""
    return f"{box.path} was made anew at the server, and not all of these messages are in it."


def _has_unmet(mailbox_id: MailboxId, tx: Transaction) -> bool:
    rows = tx.fetch(
        "SELECT 1 FROM mailbox AS b JOIN placement AS p ON p.mailbox_id = b.id"
        " WHERE b.id = ? AND b.complete = 0 AND p.gone_cycle IS NOT NULL AND p.uid IS NULL LIMIT 1",
        (mailbox_id,),
    )
    return bool(rows)


class _Seen(NamedTuple):
    """What is known of a target from a UID on.

    Attributes:
        digests: What is looked for: the header's digest of each.
        ours: Which of it a look has seen already, with the UID.
        uids: Of everything that is known there, and is not to be asked for.
    """

    digests: dict[PlacementId, bytes]
    ours: dict[PlacementId, int]
    uids: set[int]


def _since(arguments: Arguments, now: End) -> int:
    if arguments.uidnext is None:
        return now.uidnext
    if now.uidvalidity is None or arguments.uidvalidity != now.uidvalidity:
        return 1
    return arguments.uidnext


def _arriving(row: Target) -> PlacementId:
    """The placement that stands for a message where it is to arrive."""
    return row.placement_id if row.twin is None else row.twin


class _There(NamedTuple):
    """A message in the target, of a header block that is looked for."""

    placed: PlacementId
    uid: int
    message_id: MessageId
    is_named: bool
    is_whole: bool


def _seen(mailbox_id: MailboxId, since: int, members: Members, tx: Transaction) -> _Seen:
    ids = {key: placed.message_id for key, (_, placed) in members.items()}
    digests = {key: message.digest(tx, message_id) for key, message_id in ids.items()}
    whole = message.whole(tx, list(ids.values()))
    proved = operation.proved_uids(tx, mailbox_id, since)
    alike: dict[bytes, list[_There]] = {one: [] for one in digests.values()}
    uids = set()
    for placed, uid, local, digest, name, is_whole in tx.fetch(
        "SELECT p.id, p.uid, m.id, m.header_digest, m.message_id, m.blob_id IS NOT NULL"
        " FROM placement AS p"
        " JOIN message AS m ON m.id = p.message_id WHERE p.mailbox_id = ? AND p.uid >= ?"
        " AND p.gone_cycle IS NULL AND m.header_digest <> x'' ORDER BY p.uid",
        (mailbox_id, since),
    ):
        uids.add(uid)
        if digest in alike and uid not in proved:
            alike[digest].append(_There(placed, uid, local, bool(name), bool(is_whole)))
    ours: dict[PlacementId, int] = {}
    for fits in (_is_the_same, _is_called_so):
        for key, (row, _) in members.items():
            if key in ours:
                continue
            here = alike[digests[key]]
            # What stood there before the operation was asked for is not what it has brought.
            place = next(
                (n for n, one in enumerate(here)
                 if one.placed > _arriving(row) and fits(one, ids[key])), None
            )  # fmt: skip
            if place is not None:
                ours[key] = here.pop(place).uid
    for key, (row, _) in members.items():
        if key not in ours:
            uids -= {
                one.uid
                for one in alike[digests[key]]
                if one.placed > _arriving(row) and not (one.is_whole and ids[key] in whole)
            }
    return _Seen(digests, ours, uids)


def _is_the_same(there: _There, message_id: MessageId) -> bool:
    return there.message_id == message_id


def _is_called_so(there: _There, _message_id: MessageId) -> bool:
    return there.is_named


def _with_octets(
    members: Members, keys: list[PlacementId], octets: bytes, tx: Transaction
) -> PlacementId | None:
    """Which of these members has these octets."""
    ids = {key: members[key][1].message_id for key in keys}
    found = message.with_octets(tx, list(ids.values()), octets)
    return next((key for key, message_id in ids.items() if message_id == found), None)


def _taken(mailbox_id: MailboxId, since: int, arriving: PlacementId, tx: Transaction) -> set[int]:
    """UIDs of what stood there before, and of what operations have brought there."""
    rows = tx.fetch(
        "SELECT uid FROM placement WHERE mailbox_id = ? AND uid >= ? AND id < ?",
        (mailbox_id, since, arriving),
    )
    return operation.proved_uids(tx, mailbox_id, since) | {row[0] for row in rows}


def give_uid(tx: Transaction, twin: PlacementId, uid: int, known: dict[int, Placed]) -> None:
    """Let the twin be the message at this UID; a row that a look made of it before gives way."""
    other = known.get(uid)
    if other is not None and other.id != twin:
        operation.retarget(tx, other.id, twin)
        placement.remove(tx, [other.id])
    tx.execute("UPDATE placement SET uid = ? WHERE id = ?", (uid, twin))
    placement.touch(tx, [twin])
