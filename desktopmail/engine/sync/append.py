"""Messages that are here put into a mailbox at an IMAP server; looked for where one may be there.

What is sent is filed so, too, unless its server has put a copy into Sent by itself.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.rows import SendingState
from desktopmail.engine import journal
from desktopmail.engine.store import message, operation, placement, problem, sending
from desktopmail.engine.sync import filing, proof
from desktopmail.engine.sync.flags import wire_flags
from desktopmail.engine.sync.telling import give_uid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.ids import SendingId
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.operation import Operation, Target
    from desktopmail.engine.store.placement import Placed
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.sync.telling import Telling


class Appends:
    """Tells what is to be put into mailboxes of one account."""

    def __init__(self, at: Telling) -> None:
        self._at = at

    async def append(self, one: Operation) -> None:
        """Put messages that are here into a mailbox at the server, looking first."""
        target = await self._at.box(one.arguments.target)
        if target is None:
            await self._at.fail([one], "The mailbox is not there any more.")
            return
        # Found begun, a try may have been cut short after the server took it: look first.
        was_begun = one.arguments.uidnext is not None
        target, since = await self._at.begin([one], target)
        for row in await self._at.store.read(lambda tx: operation.targets(tx, one.id)):
            if not row.done and not await self._append_one(
                one, target, row, since, look_first=was_begun
            ):
                await self._at.fail([one], "The server said it took it, but it is not there.")
                return

        def step(tx: Transaction) -> None:
            operation.finish(tx, one.id)
            problem.settle(tx, self._at.account.id, "journal")
            journal.let_followers_go(tx, one.id)

        await self._at.store.write(step)
        if one.arguments.sending is not None:
            await self._filed(one)

    async def _append_one(
        self, one: Operation, target: Mailbox, row: Target, since: int, *, look_first: bool
    ) -> bool:
        """Put one message there; returns whether it is proved to be there."""

        def load(tx: Transaction) -> tuple[Placed, bytes, str, set[str]] | None:
            placed = placement.get(tx, [row.placement_id])
            octets = message.octets(tx, placed[0].message_id) if placed else None
            if octets is None or placed[0].uid is not None:
                return None
            (found,) = tx.fetch(
                "SELECT message_id FROM message WHERE id = ?", (placed[0].message_id,)
            )
            tags = placement.tags_of(tx, row.placement_id)
            return placed[0], octets, found[0], tags

        loaded = await self._at.store.read(load)
        if loaded is None:
            return True
        placed, octets, message_id, tags = loaded
        uid = None
        if one.arguments.sending is not None:
            uid = await self._filed_already(
                target, row, placed, message_id, since, one.arguments.sending, begun=look_first
            )
        elif look_first:
            uid = await self._at.find_whole(target, row, octets, since)
        if uid is None:
            code = await self._at.client.append(
                target.path,
                octets,
                wire_flags(placed.flags, filter(target.keeps, tags)),
                datetime.fromtimestamp(placed.arrived_s, UTC),
            )
            if code is not None and code.uid_validity == target.uidvalidity:
                uid = next(iter(int(number) for number in code.uids), None)
            if uid is None:
                uid = await self._find(target, row, placed, since)
            if uid is None:  # some servers add fields of their own
                uid = await self._at.find_whole(target, row, octets, since)
            if uid is None:  # some servers write anew what is appended
                uid = await self._named_since(target, message_id, since)
        if uid is None:
            return False
        new_uid = uid

        def step(tx: Transaction) -> None:
            known = placement.by_uids(tx, target.id, [new_uid])
            give_uid(tx, placed.id, new_uid, known)
            operation.prove(tx, [row])

        await self._at.store.write(step)
        return True

    async def _filed_already(
        self, target: Mailbox, row: Target, placed: Placed, message_id: str, since: int,
        sending_id: SendingId, *, begun: bool,
    ) -> int | None:  # fmt: skip
        """The copy that the server filed by itself, or we before a cut; one may be waited for."""
        uid = await self._look_for(target, row, placed, message_id, since, sending_id)
        if begun:  # it may be ours: nothing is learned from it
            return uid
        is_expected = await self._at.store.read(
            lambda tx: filing.is_expected(tx, self._at.account.id, target.id, sending_id)
        )
        for pause_s in filing.PAUSES_S if is_expected else ():
            if uid is not None:
                break
            await self._at.ports.clock.sleep(pause_s)
            uid = await self._look_for(target, row, placed, message_id, since, sending_id)
        if uid is not None or is_expected:
            files = uid is not None
            await self._at.store.write(
                lambda tx: filing.learn(tx, self._at.account.id, files_sent=files)
            )
        return uid

    async def _look_for(
        self, target: Mailbox, row: Target, placed: Placed, message_id: str, since: int,
        sending_id: SendingId,
    ) -> int | None:  # fmt: skip
        """Whether what was sent is there: from a try that was cut short, or filed by the server."""
        found = await self._find(target, row, placed, since)
        if found is not None:
            return found
        uids = await proof.by_message_id(self._at.client, message_id)
        before = await self._at.store.read(partial(_there_before, target, uids, sending_id))
        return max(set(uids) - before, default=None)

    async def _find(self, target: Mailbox, row: Target, placed: Placed, since: int) -> int | None:
        found = await self._at.find(target, {placed.id: (row, placed)}, since)
        return found.get(placed.id)

    async def _named_since(self, target: Mailbox, message_id: str, since: int) -> int | None:
        """The newest message of this Message-ID in the target, from a UID on."""
        await self._at.open_target(target)
        fresh = [
            uid for uid in await proof.by_message_id(self._at.client, message_id) if uid >= since
        ]
        return fresh[-1] if fresh else None

    async def _filed(self, one: Operation) -> None:
        def step(tx: Transaction) -> None:
            rows = tx.fetch("SELECT state FROM sending WHERE id = ?", (one.arguments.sending,))
            if rows and rows[0][0] == SendingState.FILING.value and one.arguments.sending:
                now_s = self._at.ports.clock.now().timestamp()
                sending.set_state(tx, one.arguments.sending, SendingState.DONE, now_s)

        await self._at.store.write(step)


def _there_before(
    target: Mailbox, uids: Sequence[int], sending_id: SendingId, tx: Transaction
) -> set[int]:
    """Those of these UIDs that are of messages which came before this one was to be sent."""
    rows = tx.fetch(
        "SELECT p.uid FROM json_each(?1) AS u JOIN placement AS p ON p.mailbox_id = ?2"
        " AND p.uid = u.value JOIN sending AS s ON s.id = ?3 WHERE p.arrived_s < s.queued_s - ?4",
        (msgspec.json.encode(uids).decode(), target.id, sending_id, sending.CLOCKS_APART_S),
    )
    return {row[0] for row in rows}
