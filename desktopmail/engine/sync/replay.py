"""The journal told to an IMAP server: in order, merged, and verified where a try was cut short.

An operation is `running` from before its first command until it is proved. Found running, it may
have been done in part or whole: then the server is asked before anything is said again.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from desktopmail.door.rows import Flag, SendingState
from desktopmail.engine import journal, undo
from desktopmail.engine.in_hand import OPERATION
from desktopmail.engine.store import mailbox, message, operation, placement, problem, sending
from desktopmail.engine.sync import expunge, filing, proof
from desktopmail.engine.sync.flags import wire_flags
from desktopmail.engine.sync.mailbox_changes import MailboxChanges
from desktopmail.engine.sync.plan import Plan
from desktopmail.net.errors import RefusedError
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from desktopmail.door.ids import MailboxId, PlacementId, SendingId
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.operation import Operation, Target
    from desktopmail.engine.store.placement import Placed
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.imap import ImapClient
    from desktopmail.net.ports import Ports

MAX_TRIES = 5
# When so many were refused in one pass, groups are not taken apart any more to find the culprit.
_REFUSALS = 3
_OF_MAILBOXES = frozenset({"create", "rename", "delete-mailbox", "subscribe"})


class Replay:
    """One pass through the journal of an account.

    Args:
        store: Where the journal is.
        ports: The clock.
        client: Logged in.
        account: Whose journal.
        select: Opens a mailbox for changing, unless it is open already.
    """

    def __init__(
        self,
        store: Store,
        ports: Ports,
        client: ImapClient,
        account: Account,
        select: Callable[[str], Awaitable[None]],
    ) -> None:
        self._store = store
        self._ports = ports
        self._client = client
        self._account = account
        self._select = select
        # Whether an earlier list of the server's mailboxes may not hold any more.
        self.changes_mailboxes = False
        self._mailboxes = MailboxChanges(store, client, account, select)
        self._refusals = 0

    async def run(self) -> None:
        """Tell the server everything that it can hear of now.

        Raises:
            NetError: The connection failed; what was on its way is verified the next time.
        """
        seen = 0
        while fresh := [one for one in await self._pending() if one.id > seen]:
            seen = fresh[-1].id
            touched = await self._store.read(lambda tx: operation.touched(tx, self._account.id))
            plan = Plan(fresh, touched)
            while group := plan.next():
                await self._tell(group)

    async def _tell(self, group: Sequence[Operation]) -> None:
        """Tell operations of one kind together; those that have to wait are left for later."""
        ready = list(group)
        try:
            ready = await self._ready(group)
            if not ready:
                return
            with self._store.guard.hold(OPERATION, f"{ready[0].id}-{ready[-1].id}"):
                await self._group(ready)
        except RefusedError as error:
            if not self._client.is_usable:
                raise
            if len(ready) == 1 or self._refusals >= _REFUSALS:
                await self._refused(ready, error)
                return
            # One that is refused need not take the others with it.
            middle = len(ready) // 2
            await self._tell(ready[:middle])
            await self._tell(ready[middle:])

    async def _ready(self, group: Sequence[Operation]) -> list[Operation]:
        """Those of a group that are still to be told, and need not wait for a look, or another.

        The mailbox is opened first: if its UIDVALIDITY has changed, the UIDs here are void from
        that moment, and would name other messages.
        """
        ids = [one.id for one in group]
        source = await self._box(group[0].arguments.source)
        if source is not None and not source.local and group[0].kind not in _OF_MAILBOXES:
            await self._select(source.path)
            lacking = await self._store.read(lambda tx: operation.lacking_uids(tx, ids))
            ids = [one for one in ids if one not in lacking]
        # A person may have taken some back meanwhile.
        return await self._store.read(lambda tx: operation.waiting(tx, ids))

    async def _pending(self) -> list[Operation]:
        return await self._store.read(lambda tx: operation.pending(tx, self._account.id))

    async def _group(self, group: Sequence[Operation]) -> None:
        first = group[0]
        match first.kind:
            case "flags":
                await self._store_flags(group)
            case "move":
                await self._move(group)
            case "copy":
                await self._copy(group)
            case "append":
                await self._append(first)
            case "expunge":
                await self._expunge(group)
            case "create" | "rename" | "delete-mailbox" | "subscribe":
                self.changes_mailboxes = True
                await self._mailboxes.tell(first)
            case _:
                await self._fail(group, f"This program does not know how to {first.kind}.")

    # Flags

    async def _store_flags(self, operations: Sequence[Operation]) -> None:
        """Store what several changes of one mailbox amount to: each flag told once."""
        source = operations[0].arguments.source
        box = await self._box(source)
        if box is None:
            await self._finish(operations)
            return
        await self._select(box.path)
        changes = await self._store.read(lambda tx: _amount(tx, operations))
        await self._running(operations)
        for (add, remove, add_tags, remove_tags), uids in changes.items():
            chosen = UidSet.of([Uid(uid) for uid in uids])
            for mode, names in (
                (StoreMode.ADD, wire_flags(Flag(add), add_tags)),
                (StoreMode.REMOVE, wire_flags(Flag(remove), remove_tags)),
            ):
                if names:
                    for part in chosen.pieces(expunge.MAX_RANGES):
                        await self._client.uid_store(part, mode, names)
        await self._finish(operations)

    # Move and copy

    async def _move(self, group: Sequence[Operation]) -> None:
        if not self._client.offers("MOVE"):
            await self._copy(group, then_remove=True)
            return
        boxes = await self._both(group)
        if boxes is None:
            return
        source, target = boxes
        was_running = group[0].state == "running"
        since = await self._begin(group, target)
        members = await self._members(group)
        found: dict[int, int] = {}
        if was_running:
            found = await self._find(target, members, since)
            await self._arrived(target, members, found, remove=True)
            members = {uid: row for uid, row in members.items() if uid not in found}
        for part in _uids(members).pieces(expunge.MAX_RANGES):
            some = {int(uid): members[int(uid)] for uid in part}
            await self._select(source.path)
            code = await self._client.uid_move(part, target.path)
            told = proof.from_code(code, target.uidvalidity)
            if len(told) < len(some):
                missing = {uid: row for uid, row in some.items() if uid not in told}
                told |= await self._find(target, missing, since)
            await self._arrived(target, some, told, remove=True)
            found |= told
        await self._settle(group, source, {u: r for u, r in members.items() if u not in found})

    async def _copy(self, group: Sequence[Operation], *, then_remove: bool = False) -> None:
        boxes = await self._both(group)
        if boxes is None:
            return
        source, target = boxes
        was_running = group[0].state == "running"
        since = await self._begin(group, target)
        members = await self._members(group)
        found: dict[int, int] = {}
        if was_running:
            found = await self._find(target, members, since)
        rest = {uid: row for uid, row in members.items() if uid not in found}
        await self._select(source.path)
        for part in _uids(rest).pieces(expunge.MAX_RANGES):
            some = {int(uid): rest[int(uid)] for uid in part}
            await self._select(source.path)
            code = await self._client.uid_copy(part, target.path)
            told = proof.from_code(code, target.uidvalidity)
            if len(told) < len(some):
                missing = {uid: row for uid, row in some.items() if uid not in told}
                told |= await self._find(target, missing, since)
            found |= told
        if then_remove and found:
            await self._select(source.path)
            await expunge.remove(self._client, found)
        await self._arrived(target, members, found, remove=then_remove)
        await self._settle(group, source, {u: r for u, r in members.items() if u not in found})

    async def _both(self, group: Sequence[Operation]) -> tuple[Mailbox, Mailbox] | None:
        arguments = group[0].arguments
        source, target = await self._box(arguments.source), await self._box(arguments.target)
        if source is None or target is None:
            await self._fail(group, "The mailbox is not there any more.")
            return None
        return source, target

    async def _members(self, group: Sequence[Operation]) -> dict[int, tuple[Target, Placed]]:
        """What is still to be done, by the UID it has now."""

        def step(tx: Transaction) -> dict[int, tuple[Target, Placed]]:
            targets = {
                target.placement_id: target
                for target in operation.targets_of(tx, [one.id for one in group])
                if not target.done
            }
            return {
                placed.uid: (targets[placed.id], placed)
                for placed in placement.get(tx, list(targets))
                if placed.uid is not None
            }

        return await self._store.read(step)

    async def _find(
        self, target: Mailbox, members: dict[int, tuple[Target, Placed]], since: int
    ) -> dict[int, int]:
        """Find in the target what arrived there since, by the digests of the headers."""
        if not members:
            return {}

        def digests(tx: Transaction) -> dict[int, bytes]:
            return {
                uid: message.digest(tx, placed.message_id) for uid, (_, placed) in members.items()
            }

        await self._select(target.path)
        return await proof.by_digest(
            self._client,
            await self._store.read(digests),
            since=since,
            taken=await self._store.read(lambda tx: _others_from(tx, target.id, since, members)),
        )

    async def _arrived(
        self,
        target: Mailbox,
        members: dict[int, tuple[Target, Placed]],
        found: dict[int, int],
        *,
        remove: bool,
    ) -> None:
        """Store what is proved: the twin has its UID, and a moved message leaves its old place."""

        def step(tx: Transaction) -> None:
            known = placement.by_uids(tx, target.id, list(found.values()))
            done = [(members[uid], new) for uid, new in found.items() if uid in members]
            for (row, _), new in done:
                if row.twin is not None:
                    _give_uid(tx, row.twin, new, known)
            operation.prove(tx, [row for (row, _), _ in done])
            if remove:
                # The rows of the operation stay, with the twin in the place of what goes: so it can
                # be taken back.
                operation.pass_on(tx, [row for (row, _), _ in done])
                placement.remove(tx, [row.placement_id for (row, _), _ in done])

        if found:
            await self._store.write(step)

    async def _settle(
        self,
        group: Sequence[Operation],
        source: Mailbox,
        left: dict[int, tuple[Target, Placed]],
    ) -> None:
        """End operations; what could not be done stays where the server has it."""
        there: set[int] = set()
        if left:
            await self._select(source.path)
            there = set(await proof.still_there(self._client, left))
        failed = {left[uid][0].operation_id for uid in there}

        def step(tx: Transaction) -> None:
            for uid, (row, placed) in left.items():
                if row.twin is not None:
                    placement.remove(tx, [row.twin])
                if uid in there:
                    placement.show(tx, [placed.id], shown=True)
                else:  # another client has removed it meanwhile
                    placement.remove(tx, [placed.id])
            for operation_id in failed:
                operation.set_state(
                    tx,
                    operation_id,
                    "failed",
                    problem="The server did not do it, and gave no reason.",
                )
            operation.finish(tx, *(one.id for one in group if one.id not in failed))
            problem.settle(tx, self._account.id, "journal")

        await self._store.write(step)

    # Append

    async def _append(self, one: Operation) -> None:
        """Put messages that are here into a mailbox at the server, looking first."""
        target = await self._box(one.arguments.target)
        if target is None:
            await self._fail([one], "The mailbox is not there any more.")
            return
        # Found begun, a try may have been cut short after the server took it: look first.
        was_begun = one.arguments.uidnext is not None
        since = await self._begin([one], target)
        for row in await self._store.read(lambda tx: operation.targets(tx, one.id)):
            if not row.done and not await self._append_one(
                one, target, row, since, look_first=was_begun
            ):
                await self._fail([one], "The server said it took it, but it is not there.")
                return

        def step(tx: Transaction) -> None:
            operation.finish(tx, one.id)
            problem.settle(tx, self._account.id, "journal")
            journal.let_followers_go(tx, one.id)

        await self._store.write(step)
        if one.arguments.sending is not None:
            await self._filed(one)

    async def _append_one(
        self, one: Operation, target: Mailbox, row: Target, since: int, *, look_first: bool
    ) -> bool:
        """Put one message there; returns whether it is proved to be there."""

        def load(tx: Transaction) -> tuple[Placed, bytes, str, set[str], int] | None:
            placed = placement.get(tx, [row.placement_id])
            octets = message.octets(tx, placed[0].message_id) if placed else None
            if octets is None or placed[0].uid is not None:
                return None
            (found,) = tx.fetch(
                "SELECT m.message_id, p.arrived_s FROM placement AS p JOIN message AS m"
                " ON m.id = p.message_id WHERE p.id = ?",
                (row.placement_id,),
            )
            tags = placement.tags_of(tx, row.placement_id)
            return placed[0], octets, found[0], tags, found[1]

        loaded = await self._store.read(load)
        if loaded is None:
            return True
        placed, octets, message_id, tags, arrived_s = loaded
        uid = None
        if one.arguments.sending is not None:
            uid = await self._filed_already(
                target, placed, message_id, since, one, one.arguments.sending, begun=look_first
            )
        elif look_first:
            uid = await self._look_for(target, placed, message_id, since, one)
        if uid is None:
            code = await self._client.append(
                target.path,
                octets,
                wire_flags(placed.flags, tags),
                datetime.fromtimestamp(arrived_s, UTC),
            )
            if code is not None and code.uid_validity == target.uidvalidity:
                uid = next(iter(int(number) for number in code.uids), None)
            if uid is None:
                found = await self._find(target, {0: (row, placed)}, since)
                uid = found.get(0)
            if uid is None:  # some servers add fields of their own to what is appended
                uid = await self._named_since(target, message_id, since)
        if uid is None:
            return False
        new_uid = uid

        def step(tx: Transaction) -> None:
            known = placement.by_uids(tx, target.id, [new_uid])
            _give_uid(tx, placed.id, new_uid, known)
            operation.prove(tx, [row])

        await self._store.write(step)
        return True

    async def _filed_already(
        self, target: Mailbox, placed: Placed, message_id: str, since: int, one: Operation,
        sending_id: SendingId, *, begun: bool,
    ) -> int | None:  # fmt: skip
        """The copy that the server filed by itself, or we before a cut; one may be waited for."""
        uid = await self._look_for(target, placed, message_id, since, one)
        if begun:  # it may be ours: nothing is learned from it
            return uid
        is_expected = await self._store.read(
            lambda tx: filing.is_expected(tx, self._account.id, target.id, sending_id)
        )
        for pause_s in filing.PAUSES_S if is_expected else ():
            if uid is not None:
                break
            await self._ports.clock.sleep(pause_s)
            uid = await self._look_for(target, placed, message_id, since, one)
        if uid is not None or is_expected:
            files = uid is not None
            await self._store.write(lambda tx: filing.learn(tx, self._account.id, files_sent=files))
        return uid

    async def _look_for(
        self, target: Mailbox, placed: Placed, message_id: str, since: int, one: Operation
    ) -> int | None:
        """Whether it is there already: from a try that was cut short, or filed by the server."""
        row = (operation.Target(one.id, placed.id, placed.flags, None, False), placed)
        found = await self._find(target, {0: row}, since)
        if 0 in found:
            return found[0]
        if one.arguments.sending is None:
            return None
        await self._select(target.path)
        uids = await proof.by_message_id(self._client, message_id)
        return uids[-1] if uids else None

    async def _named_since(self, target: Mailbox, message_id: str, since: int) -> int | None:
        """The newest message of this Message-ID in the target, from a UID on."""
        await self._select(target.path)
        fresh = [uid for uid in await proof.by_message_id(self._client, message_id) if uid >= since]
        return fresh[-1] if fresh else None

    async def _filed(self, one: Operation) -> None:
        def step(tx: Transaction) -> None:
            rows = tx.fetch("SELECT state FROM sending WHERE id = ?", (one.arguments.sending,))
            if rows and rows[0][0] == SendingState.FILING.value and one.arguments.sending:
                now_s = self._ports.clock.now().timestamp()
                sending.set_state(tx, one.arguments.sending, SendingState.DONE, now_s)

        await self._store.write(step)

    # Expunge

    async def _expunge(self, group: Sequence[Operation]) -> None:
        after = group[0].arguments.after
        if after is not None:
            other = await self._store.read(lambda tx: operation.get(tx, after))
            if other is None:  # it was never proved: it went with its account
                await self._store.write(lambda tx: _revert(tx, group))
                return
            if other.state != "done":
                return
        box = await self._box(group[0].arguments.source)
        if box is None or box.local:
            await self._finish(group)
            return
        members = await self._members(group)
        if members:
            await self._select(box.path)
            await self._running(group)
            await expunge.remove(self._client, members)
        ids = [one.id for one in group]

        def step(tx: Transaction) -> None:
            gone = [row.placement_id for row in operation.targets_of(tx, ids)]
            operation.finish(tx, *ids)
            placement.remove(tx, gone)

        await self._store.write(step)

    # Journal

    async def _box(self, mailbox_id: MailboxId | None) -> Mailbox | None:
        if mailbox_id is None:
            return None
        wanted = mailbox_id

        def step(tx: Transaction) -> Mailbox | None:
            exists = tx.fetch("SELECT 1 FROM mailbox WHERE id = ?", (wanted,))
            return mailbox.get(tx, wanted) if exists else None

        return await self._store.read(step)

    async def _begin(self, group: Sequence[Operation], target: Mailbox) -> int:
        """Remember where the target ends now, before anything is put there; returns that UID."""
        known = [one.arguments.uidnext for one in group if one.arguments.uidnext is not None]
        if len(known) == len(group):
            await self._running(group)
            return min(known)
        since = await proof.next_uid(self._client, target.path)
        await self._store.write(lambda tx: operation.begin(tx, group, min([*known, since])))
        return min([*known, since])

    async def _running(self, operations: Sequence[Operation]) -> None:
        ids = [one.id for one in operations]
        await self._store.write(lambda tx: operation.set_states(tx, ids, "running"))

    async def _finish(self, operations: Sequence[Operation]) -> None:
        def step(tx: Transaction) -> None:
            operation.finish(tx, *(one.id for one in operations))
            problem.settle(tx, self._account.id, "journal")

        await self._store.write(step)

    async def _fail(self, group: Sequence[Operation], why: str) -> None:
        def step(tx: Transaction) -> None:
            for one in group:
                operation.set_state(tx, one.id, "failed", problem=why)

        await self._store.write(step)

    async def _refused(self, group: Sequence[Operation], error: RefusedError) -> None:
        """The server said no: tried again a few times, at last shown with Retry and Discard."""
        self._refusals += 1
        now_s = self._ports.clock.now().timestamp()

        def step(tx: Transaction) -> None:
            for one in group:
                state = "failed" if one.tries + 1 >= MAX_TRIES else "pending"
                operation.set_state(tx, one.id, state, problem=error.sentence, tried=True)
                if state == "failed":
                    problem.report(
                        tx, self._account.id, "journal", f"{one.label}: {error.sentence}",
                        "Try it again or give it up, under Operations.", now_s,
                    )  # fmt: skip

        await self._store.write(step)


_Change = tuple[int, int, tuple[str, ...], tuple[str, ...]]


def _revert(tx: Transaction, group: Sequence[Operation]) -> None:
    for one in group:
        undo.revert(tx, one)


def _amount(tx: Transaction, operations: Sequence[Operation]) -> dict[_Change, list[int]]:
    """What changes amount to in the end, and for which UIDs: later ones win over earlier ones."""
    amounts: dict[PlacementId, _Change] = defaultdict(lambda: (0, 0, (), ()))
    changes = {one.id: one.arguments for one in operations}
    for target in operation.targets_of(tx, list(changes)):
        change = changes[target.operation_id]
        add, remove, add_tags, remove_tags = amounts[target.placement_id]
        amounts[target.placement_id] = (
            (add | change.add) & ~change.remove,
            (remove | change.remove) & ~change.add,
            tuple(sorted({*add_tags, *change.add_tags} - {*change.remove_tags})),
            tuple(sorted({*remove_tags, *change.remove_tags} - {*change.add_tags})),
        )
    groups: dict[_Change, list[int]] = defaultdict(list)
    for placed in placement.get(tx, list(amounts)):
        if placed.uid is not None:
            groups[amounts[placed.id]].append(placed.uid)
    return groups


def _uids(members: dict[int, tuple[Target, Placed]]) -> UidSet:
    return UidSet.of([Uid(uid) for uid in members])


def _others_from(
    tx: Transaction,
    mailbox_id: MailboxId,
    since: int,
    members: dict[int, tuple[Target, Placed]],
) -> list[int]:
    """UIDs that belong to other messages; a look may have made rows of ours already."""
    ours = {placed.message_id for _, placed in members.values()}
    rows = tx.fetch(
        "SELECT uid, message_id FROM placement WHERE mailbox_id = ? AND uid >= ?",
        (mailbox_id, since),
    )
    return [uid for uid, message_id in rows if message_id not in ours]


def _give_uid(tx: Transaction, twin: PlacementId, uid: int, known: dict[int, Placed]) -> None:
    """Let the twin be the message at this UID; a row that a look made of it before gives way."""
    other = known.get(uid)
    if other is not None and other.id != twin:
        placement.remove(tx, [other.id])
    tx.execute("UPDATE placement SET uid = ? WHERE id = ?", (uid, twin))
    placement.touch(tx, [twin])
