"""The journal: changes made here that a server has to hear of, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.ids import (
    AccountId,
    MailboxId,
    MessageId,
    OperationId,
    PlacementId,
    SendingId,
)
from desktopmail.door.rows import Flag
from desktopmail.engine.backoff import CAP_S
from desktopmail.engine.store import sending

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from desktopmail.door.sqlite import Fields, Value
    from desktopmail.engine.store.store import Transaction


class Via(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mailbox that messages were to be moved to, before they were moved on.

    Attributes:
        undo: The token of the command that moved them there.
    """

    mailbox: MailboxId
    undo: str | None = None


#: What waits to bring messages somewhere may have been told already: it was begun, with what is
#: known of its target.
MAY_BE_TOLD = (
    "UPDATE operation SET arguments = json_set(arguments, '$.uidnext', coalesce(b.uidnext, 1),"
    " '$.uidvalidity', b.uidvalidity) FROM mailbox AS b"
    " WHERE b.id = json_extract(arguments, '$.target') AND kind IN ('move', 'copy', 'append')"
    " AND operation.state IN ('pending', 'running')"
    " AND json_extract(arguments, '$.uidnext') IS NULL"
)


class Arguments(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an operation is to do; which of these count depends on its kind.

    Attributes:
        source, target: Mailboxes.
        add, remove, add_tags, remove_tags: Of a change of flags.
        path: The name of a mailbox to create or to rename to.
        before: What a mailbox was called that is renamed.
        after: An operation that has to be proved first (a copy across accounts).
        sending: The message of the outbox whose copy this files.
        filed: Of a move: its twins stood where they are before it, and stay whatever becomes of it.
        via: Of a move: where the messages were to go before, in that order; its server hears of
            source and target alone.
        uidnext: Where the target ended before the first try: what is there from here on may be
            ours.
        uidvalidity: Of the target then; under another one that UID says nothing.
    """

    source: MailboxId | None = None
    target: MailboxId | None = None
    add: int = 0
    remove: int = 0
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    path: str = ""
    before: str = ""
    after: OperationId | None = None
    sending: SendingId | None = None
    filed: bool = False
    via: tuple[Via, ...] = ()
    uidnext: int | None = None
    uidvalidity: int | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the journal.

    Attributes:
        kind: flags, move, copy, expunge, append, create, rename, delete-mailbox, subscribe.
        state: pending, running (its command may have reached the server), done, failed.
        not_before_s: It was refused, and is told again from then on.
    """

    id: OperationId
    account_id: AccountId
    kind: str
    arguments: Arguments
    label: str
    state: str
    tries: int
    undo: str | None
    not_before_s: float = 0.0

    def is_put_off(self, now_s: float) -> bool:
        """Whether it has to wait; a clock that was set back meanwhile holds nothing up for long."""
        return now_s < self.not_before_s <= now_s + CAP_S


@dataclass(frozen=True, slots=True)
class Target:
    """A placement that an operation is about.

    Attributes:
        before: Its flags before.
        twin: The placement that a move or copy made.
        done: The server has done it.
        before_tags: Those of the tags which the operation changes that it had before.
    """

    operation_id: OperationId
    placement_id: PlacementId
    before: Flag
    twin: PlacementId | None
    done: bool
    before_tags: frozenset[str] = frozenset()


_COLUMNS = "id, account_id, kind, arguments, label, state, tries, undo, not_before_s"
# Which operations: those that a server has still to hear of, and those that name a mailbox.
_TO_TELL = "state IN ('pending', 'running')"
_NAMES = "? IN (json_extract(arguments, '$.source'), json_extract(arguments, '$.target'))"
DONE_KEPT = 200
_CHUNK = 500


def add(
    tx: Transaction,
    account_id: AccountId,
    kind: str,
    arguments: Arguments,
    label: str,
    *,
    undo: str | None = None,
    state: str = "pending",
) -> OperationId:
    """Put an operation at the end of the journal."""
    tx.touch_operations()
    return OperationId(
        tx.insert(
            "INSERT INTO operation (account_id, kind, arguments, label, undo, state)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                account_id,
                kind,
                msgspec.json.encode(arguments).decode(),
                label,
                undo,
                state,
            ),
        )
    )


def add_targets(
    tx: Transaction,
    operation_id: OperationId,
    targets: Sequence[tuple[PlacementId, Flag, PlacementId | None]],
) -> None:
    """Say which placements an operation is about: (placement, flags before, twin)."""
    tx.execute_many(
        "INSERT INTO operation_target (operation_id, placement_id, uid, before, twin)"
        " SELECT ?, id, uid, ?, ? FROM placement WHERE id = ?",
        [(operation_id, int(before), twin, placement) for placement, before, twin in targets],
    )


def remember_tags(tx: Transaction, operation_id: OperationId, names: Sequence[str]) -> None:
    """Remember which of these tags the placements of an operation have now."""
    if not names:
        return
    tx.execute(
        "UPDATE operation_target SET before_tags = ("
        " SELECT json_group_array(t.name) FROM placement_tag AS p JOIN tag AS t ON t.id = p.tag_id"
        "  WHERE p.placement_id = operation_target.placement_id"
        "  AND t.name COLLATE NOCASE IN (SELECT value FROM json_each(?2)))"
        " WHERE operation_id = ?1",
        (operation_id, msgspec.json.encode(names).decode()),
    )


def into_mailbox(tx: Transaction, mailbox_id: MailboxId) -> list[Operation]:
    """What is not done yet and puts messages into a mailbox, newest first."""
    return _some(
        tx,
        "state <> 'done' AND kind IN ('move', 'copy', 'append')"
        " AND json_extract(arguments, '$.target') = ? ORDER BY id DESC",
        (mailbox_id,),
    )


def out_of_mailbox(tx: Transaction, mailbox_id: MailboxId) -> list[Operation]:
    """What is not done yet and moves or copies messages out of a mailbox, oldest first."""
    return _some(
        tx,
        "state <> 'done' AND kind IN ('move', 'copy')"
        " AND json_extract(arguments, '$.source') = ? ORDER BY id",
        (mailbox_id,),
    )


def become_append(tx: Transaction, one: Operation, rows: Sequence[Target]) -> None:
    """Let what a move or copy has made of these be brought to its place from here."""
    arguments = Arguments(target=one.arguments.target)
    tx.execute(
        "UPDATE operation SET kind = 'append', arguments = ?, state = 'pending', not_before_s = 0,"
        " problem = NULL WHERE id = ?",
        (msgspec.json.encode(arguments).decode(), one.id),
    )
    tx.execute_many(
        "DELETE FROM operation_target WHERE operation_id = ? AND placement_id = ?",
        [(one.id, row.placement_id) for row in rows],
    )
    made = [(row.twin, row.before, None) for row in rows if row.twin is not None]
    add_targets(tx, one.id, made)
    tx.touch_operations()


def coming_into(tx: Transaction, mailbox_id: MailboxId) -> set[PlacementId]:
    """What is to be moved or copied into a mailbox, and still stands where it comes from."""
    rows = tx.fetch(
        "SELECT p.id FROM placement AS p JOIN operation_target AS t ON t.twin = p.id"
        " JOIN operation AS o ON o.id = t.operation_id"
        " WHERE p.mailbox_id = ? AND p.uid IS NULL AND t.done = 0 AND o.state <> 'done'"
        " AND o.kind IN ('move', 'copy')",
        (mailbox_id,),
    )
    return {row[0] for row in rows}


def of_mailbox(tx: Transaction, mailbox_id: MailboxId, kind: str) -> list[Operation]:
    """The operations of a kind on a mailbox that are not done yet, oldest first."""
    return _some(tx, f"state <> 'done' AND kind = ? AND {_NAMES} ORDER BY id", (kind, mailbox_id))


def is_any_about(tx: Transaction, mailbox_id: MailboxId) -> bool:
    """Whether anything that is not done yet names a mailbox."""
    return _is_any(tx, f"state <> 'done' AND {_NAMES}", (mailbox_id,))


def leaves_mailbox(tx: Transaction, mailbox_id: MailboxId) -> bool:
    """Whether messages are still to be moved out of a mailbox."""
    return _is_any(
        tx,
        "state <> 'done' AND kind IN ('move', 'copy', 'expunge')"
        " AND json_extract(arguments, '$.source') = ?",
        (mailbox_id,),
    )


def pending(tx: Transaction, account_id: AccountId) -> list[Operation]:
    """What an account has still to tell its server, oldest first."""
    return _some(tx, f"account_id = ? AND {_TO_TELL} ORDER BY id", (account_id,))


def is_any_pending(tx: Transaction, account_id: AccountId) -> bool:
    """Whether an account has anything still to tell its server."""
    return _is_any(tx, f"account_id = ? AND {_TO_TELL}", (account_id,))


def is_any_open(tx: Transaction, account_id: AccountId, kind: str) -> bool:
    """Whether an operation of a kind is not done yet."""
    return _is_any(tx, "account_id = ? AND kind = ? AND state <> 'done'", (account_id, kind))


def has_failed(tx: Transaction, account_id: AccountId) -> bool:
    """Whether a person has to try something again, or to give it up."""
    return _is_any(tx, "account_id = ? AND state = 'failed'", (account_id,))


def moving_without_header(
    tx: Transaction, account_id: AccountId
) -> dict[MailboxId, list[tuple[int, PlacementId, MessageId]]]:
    """What is to be moved or copied while only its envelope is here: UIDs and ids, by mailbox."""
    if not tx.fetch("SELECT 1 FROM message WHERE header_digest = x'' LIMIT 1"):
        return {}
    found: dict[MailboxId, list[tuple[int, PlacementId, MessageId]]] = {}
    for mailbox_id, *row in tx.fetch(
        "SELECT DISTINCT p.mailbox_id, p.uid, p.id, m.id FROM operation AS o"
        " JOIN operation_target AS t ON t.operation_id = o.id AND t.done = 0"
        " JOIN placement AS p ON p.id = t.placement_id AND p.uid IS NOT NULL"
        " JOIN message AS m ON m.id = p.message_id AND +m.header_digest = x''"
        " WHERE o.account_id = ? AND o.kind IN ('move', 'copy')"
        " AND o.state IN ('pending', 'running')",
        (account_id,),
    ):
        found.setdefault(mailbox_id, []).append((row[0], row[1], row[2]))
    return found


def get(tx: Transaction, operation_id: OperationId) -> Operation | None:
    """Return one, or None when it is gone."""
    return next(iter(_some(tx, "id = ?", (operation_id,))), None)


def waiting(tx: Transaction, operation_ids: Sequence[OperationId]) -> list[Operation]:
    """Those of these operations that are still to be told, as they are now, oldest first."""
    return _some(
        tx,
        f"id IN (SELECT value FROM json_each(?)) AND {_TO_TELL} ORDER BY id",
        (_json(operation_ids),),
    )


def with_undo(tx: Transaction, token: str) -> list[Operation]:
    """The operations of one command, newest first: the order of taking back."""
    return _some(tx, "undo = ? ORDER BY id DESC", (token,))


def files(tx: Transaction, sending_id: SendingId) -> bool:
    """Whether the copy of a sent message is still on its way to its server."""
    return _is_any(
        tx,
        "kind = 'append' AND state <> 'done' AND json_extract(arguments, '$.sending') = ?",
        (sending_id,),
    )


def followers(tx: Transaction, operation_id: OperationId) -> list[Operation]:
    """The operations that wait until this one is proved."""
    return _some(
        tx,
        "kind = 'expunge' AND state <> 'done'"
        " AND json_extract(arguments, '$.after') = ? ORDER BY id",
        (operation_id,),
    )


def release(tx: Transaction, one: Operation) -> None:
    """Let an operation wait no longer: what it waited for is proved."""
    arguments = msgspec.structs.replace(one.arguments, after=None)
    tx.execute(
        "UPDATE operation SET arguments = ? WHERE id = ?",
        (msgspec.json.encode(arguments).decode(), one.id),
    )


def targets(tx: Transaction, operation_id: OperationId) -> list[Target]:
    """The placements of an operation."""
    return targets_of(tx, [operation_id])


def targets_of(tx: Transaction, operation_ids: Sequence[OperationId]) -> list[Target]:
    """The placements of operations, in the order of the operations."""
    return _targets(tx, "t.operation_id IN (SELECT value FROM json_each(?))", operation_ids)


def unheard_moves(
    tx: Transaction, placement_ids: Sequence[PlacementId]
) -> list[tuple[Operation, list[Target]]]:
    """The moves that made these placements and were never told, with those rows of theirs.

    Left out is what seems to be gone from where it was.
    """
    return _with_targets(
        tx,
        "t.twin IN (SELECT value FROM json_each(?)) AND t.done = 0 AND EXISTS ("
        "  SELECT 1 FROM operation AS o WHERE o.id = t.operation_id AND o.kind = 'move'"
        "  AND o.state = 'pending' AND o.tries = 0"
        "  AND json_extract(o.arguments, '$.uidnext') IS NULL"
        "  AND json_extract(o.arguments, '$.filed') IS NULL)"
        " AND EXISTS (SELECT 1 FROM placement AS p"
        "  WHERE p.id = t.twin AND p.uid IS NULL AND p.shown = 1)"
        " AND EXISTS (SELECT 1 FROM placement AS p"
        "  WHERE p.id = t.placement_id AND p.gone_cycle IS NULL)",
        placement_ids,
    )


def built_on(tx: Transaction, placement_ids: Sequence[PlacementId]) -> set[PlacementId]:
    """Those of these placements that an operation is about which is open, other than marking."""
    rows = tx.fetch(
        "SELECT t.placement_id FROM operation_target AS t"
        " JOIN operation AS o ON o.id = t.operation_id"
        " WHERE t.placement_id IN (SELECT value FROM json_each(?)) AND o.state <> 'done'"
        " AND (o.kind <> 'flags' OR o.state <> 'pending')",
        (_json(placement_ids),),
    )
    return {PlacementId(row[0]) for row in rows}


def unheard_flag_changes(
    tx: Transaction, placement_ids: Sequence[PlacementId]
) -> list[tuple[Operation, list[Target]]]:
    """The changes of flags that wait to be told of these placements, with those rows of theirs."""
    return _about(tx, placement_ids, "o.kind = 'flags' AND o.state = 'pending'")


def open_about(
    tx: Transaction, placement_ids: Sequence[PlacementId]
) -> list[tuple[Operation, list[Target]]]:
    """What is not done yet and is about these placements, with those rows of it, oldest first."""
    return _about(tx, placement_ids, "o.state <> 'done'")


def _about(
    tx: Transaction, placement_ids: Sequence[PlacementId], which: str
) -> list[tuple[Operation, list[Target]]]:
    return _with_targets(
        tx,
        "t.placement_id IN (SELECT value FROM json_each(?)) AND t.done = 0 AND EXISTS ("
        f"  SELECT 1 FROM operation AS o WHERE o.id = t.operation_id AND {which})",
        placement_ids,
    )


def hand_over(
    tx: Transaction,
    rows: Sequence[Target],
    to: OperationId,
    now: Mapping[PlacementId, PlacementId] | None = None,
) -> None:
    """Let another operation be about what these rows are about; one that is left empty goes.

    Args:
        tx: The step it is part of.
        rows: What is handed over.
        to: The other operation.
        now: Placements that others stand for from now on.
    """
    stands = now or {}
    tx.execute_many(
        "UPDATE operation_target SET operation_id = ?, placement_id = ?"
        " WHERE operation_id = ? AND placement_id = ?",
        [
            (
                to,
                stands.get(row.placement_id, row.placement_id),
                row.operation_id,
                row.placement_id,
            )
            for row in rows
        ],
    )
    _remove_empty(tx, rows)


def give_up(tx: Transaction, rows: Sequence[Target]) -> None:
    """Let operations not be about what these rows are about; one that is left empty goes."""
    tx.execute_many(
        "DELETE FROM operation_target WHERE operation_id = ? AND placement_id = ?",
        [(row.operation_id, row.placement_id) for row in rows],
    )
    _remove_empty(tx, rows)


def _remove_empty(tx: Transaction, rows: Sequence[Target]) -> None:
    tx.execute_many(
        "DELETE FROM operation WHERE id = ?1"
        " AND NOT EXISTS (SELECT 1 FROM operation_target WHERE operation_id = ?1)",
        [(operation_id,) for operation_id in {row.operation_id for row in rows}],
    )
    tx.touch_operations()


def forget_twins(tx: Transaction, operation_id: OperationId) -> None:
    """Let an operation that needs not be told have made no placements."""
    tx.execute(
        "UPDATE operation_target SET twin = NULL, done = 1 WHERE operation_id = ?", (operation_id,)
    )


def set_twins(tx: Transaction, twins: Mapping[Target, PlacementId | None]) -> None:
    """Say which placements these rows have made; None: none, or none any more."""
    tx.execute_many(
        "UPDATE operation_target SET twin = ? WHERE operation_id = ? AND placement_id = ?",
        [(twin, row.operation_id, row.placement_id) for row, twin in twins.items()],
    )


def name(tx: Transaction, operation_id: OperationId, label: str) -> None:
    """Call an operation something else."""
    tx.execute("UPDATE operation SET label = ? WHERE id = ?", (label, operation_id))
    tx.touch_operations()


def stand_now(
    tx: Transaction, placement_ids: Sequence[PlacementId]
) -> dict[PlacementId, PlacementId]:
    """Where messages stand that stood here: what unfinished moves have made of them, at last."""
    now = {one: one for one in placement_ids}
    while went := _twins(tx, list(now.values())):
        now = {before: went.get(one, one) for before, one in now.items()}
    return now


def touched(tx: Transaction, account_id: AccountId) -> dict[OperationId, frozenset[PlacementId]]:
    """The placements that the waiting operations of an account are about or made."""
    found: dict[OperationId, set[PlacementId]] = {}
    for operation_id, placement_id, twin in tx.fetch(
        "SELECT o.id, t.placement_id, t.twin FROM operation AS o JOIN operation_target AS t"
        " ON t.operation_id = o.id WHERE o.account_id = ? AND o.state IN ('pending', 'running')",
        (account_id,),
    ):
        members = found.setdefault(operation_id, set())
        members.add(placement_id)
        if twin is not None:
            members.add(twin)
    return {operation_id: frozenset(members) for operation_id, members in found.items()}


def retarget(tx: Transaction, old: PlacementId, new: PlacementId) -> None:
    """Let what is to be done with a placement be done with another one of the same message."""
    tx.execute(
        "UPDATE OR IGNORE operation_target SET placement_id = ? WHERE placement_id = ?", (new, old)
    )
    tx.execute("UPDATE operation_target SET twin = ? WHERE twin = ?", (new, old))


def rehome(tx: Transaction, account_id: AccountId, old: MailboxId, new: MailboxId) -> None:
    """Let all that names a mailbox name another one: they turned out to be the same."""

    def now(one: MailboxId | None) -> MailboxId | None:
        return new if one == old else one

    changed = []
    for one in _some(tx, "account_id = ? ORDER BY id", (account_id,)):
        before = one.arguments
        after = msgspec.structs.replace(
            before,
            source=now(before.source),
            target=now(before.target),
            via=tuple(
                msgspec.structs.replace(via, mailbox=new) if via.mailbox == old else via
                for via in before.via
            ),
        )
        if after != before:
            changed.append((msgspec.json.encode(after).decode(), one.id))
    tx.execute_many("UPDATE operation SET arguments = ? WHERE id = ?", changed)
    tx.touch_operations()


def prove(tx: Transaction, done: Iterable[Target]) -> None:
    """Remember for which placements the server has done it."""
    tx.execute_many(
        "UPDATE operation_target SET done = 1 WHERE operation_id = ? AND placement_id = ?",
        [(row.operation_id, row.placement_id) for row in done],
    )


def proved_uids(tx: Transaction, mailbox_id: MailboxId, since: int) -> set[int]:
    """UIDs of a mailbox, from one on, at which operations have put messages."""
    rows = tx.fetch(
        "SELECT p.uid FROM placement AS p WHERE p.mailbox_id = ? AND p.uid >= ? AND EXISTS ("
        " SELECT 1 FROM operation_target AS t JOIN operation AS o ON o.id = t.operation_id"
        " WHERE t.done = 1 AND o.kind <> 'flags' AND (t.placement_id = p.id OR t.twin = p.id))",
        (mailbox_id, since),
    )
    return {row[0] for row in rows}


def set_state(
    tx: Transaction,
    operation_id: OperationId,
    state: str,
    *,
    problem: str | None = None,
    tried: bool = False,
    not_before_s: float = 0.0,
) -> None:
    """Store how far an operation is, and from when on it is told again."""
    tx.execute(
        "UPDATE operation SET state = ?, problem = ?, tries = tries + ?, not_before_s = ?"
        " WHERE id = ?",
        (state, problem, tried, not_before_s, operation_id),
    )
    tx.touch_operations()


def try_now(tx: Transaction, account_id: AccountId) -> None:
    """Let nothing of an account wait any longer because it was refused."""
    tx.execute(
        "UPDATE operation SET not_before_s = 0 WHERE account_id = ? AND not_before_s > 0",
        (account_id,),
    )


def next_due_s(tx: Transaction, account_id: AccountId, now_s: float) -> float | None:
    """When the next of what has to wait is told again; None when nothing has to."""
    row = tx.fetch_one(
        "SELECT min(not_before_s) FROM operation WHERE account_id = ?1 AND state = 'pending'"
        " AND not_before_s > ?2 AND not_before_s <= ?2 + ?3",
        (account_id, now_s, CAP_S),
    )
    return None if row is None or row[0] is None else float(row[0])


def set_states(tx: Transaction, operation_ids: Sequence[OperationId], state: str) -> None:
    """Store how far operations are."""
    tx.execute(
        "UPDATE operation SET state = ?, problem = NULL"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (state, _json(operation_ids)),
    )
    tx.touch_operations()


def pass_on(tx: Transaction, rows: Sequence[Target]) -> None:
    """Let operations be about the twins of these placements, which are going.

    What was done with them before, too: it can be taken back where they are now.
    """
    tx.execute_many(
        "UPDATE operation_target SET placement_id = twin WHERE operation_id = ?"
        " AND placement_id = ? AND twin IN (SELECT id FROM placement)",
        [(row.operation_id, row.placement_id) for row in rows],
    )
    went = {row.placement_id: row.twin for row in rows if row.twin is not None}
    for column in ("placement_id", "twin"):
        tx.execute_many(
            f"UPDATE OR IGNORE operation_target SET {column} = ?1 WHERE {column} = ?2"
            " AND operation_id IN (SELECT id FROM operation WHERE state = 'done')",
            [(new, old) for old, new in went.items()],
        )
    sending.follow(tx, went)


def begin(
    tx: Transaction, operations: Iterable[Operation], uidvalidity: int | None, uidnext: int
) -> None:
    """Store, before the first command, from which UID on the target may hold what is ours."""
    tx.execute_many(
        "UPDATE operation SET state = 'running', arguments = ? WHERE id = ?",
        [
            (
                msgspec.json.encode(
                    msgspec.structs.replace(one.arguments, uidvalidity=uidvalidity, uidnext=uidnext)
                ).decode(),
                one.id,
            )
            for one in operations
        ],
    )
    tx.touch_operations()


def finish(tx: Transaction, *operation_ids: OperationId) -> None:
    """Mark operations as done; the last ones are kept, so that they can be taken back."""
    set_states(tx, operation_ids, "done")
    tx.execute(
        "DELETE FROM operation WHERE state = 'done' AND id <= ("
        " SELECT id FROM operation WHERE state = 'done' ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (DONE_KEPT,),
    )


def remove(tx: Transaction, operation_id: OperationId) -> None:
    """Take an operation out of the journal."""
    tx.execute("DELETE FROM operation WHERE id = ?", (operation_id,))
    tx.touch_operations()


def unheard_flags(
    tx: Transaction, placement_ids: Sequence[PlacementId]
) -> dict[PlacementId, list[Arguments]]:
    """Changes of flags that the server has not heard of yet, in order, by placement."""
    found: dict[PlacementId, list[Arguments]] = {}
    decoded: dict[str, Arguments] = {}
    for start in range(0, len(placement_ids), _CHUNK):
        for placement_id, encoded in tx.fetch(
            "SELECT t.placement_id, o.arguments FROM operation_target AS t"
            " JOIN operation AS o ON o.id = t.operation_id"
            " WHERE t.placement_id IN (SELECT value FROM json_each(?)) AND t.done = 0"
            " AND o.kind = 'flags' AND o.state IN ('pending', 'running') ORDER BY o.id",
            (_json(placement_ids[start : start + _CHUNK]),),
        ):
            if encoded not in decoded:
                decoded[encoded] = msgspec.json.decode(encoded, type=Arguments)
            found.setdefault(placement_id, []).append(decoded[encoded])
    return found


def _twins(tx: Transaction, placement_ids: Sequence[PlacementId]) -> dict[PlacementId, PlacementId]:
    """What unfinished moves have made of these placements."""
    rows = tx.fetch(
        "SELECT t.placement_id, t.twin FROM operation_target AS t"
        " JOIN operation AS o ON o.id = t.operation_id"
        " WHERE t.placement_id IN (SELECT value FROM json_each(?)) AND t.twin IS NOT NULL"
        " AND t.done = 0 AND o.kind = 'move' AND o.state <> 'done' ORDER BY t.twin",
        (_json(placement_ids),),
    )
    return dict(rows)


def _with_targets(
    tx: Transaction, condition: str, ids: Sequence[int]
) -> list[tuple[Operation, list[Target]]]:
    found: dict[OperationId, list[Target]] = {}
    for row in _targets(tx, condition, ids):
        found.setdefault(row.operation_id, []).append(row)
    operations = _some(
        tx, "id IN (SELECT value FROM json_each(?)) ORDER BY id", (_json(list(found)),)
    )
    return [(one, found[one.id]) for one in operations]


def _targets(tx: Transaction, condition: str, ids: Sequence[int]) -> list[Target]:
    rows = tx.fetch(
        "SELECT t.operation_id, t.placement_id, t.before, t.twin, t.done, t.before_tags"
        f" FROM operation_target AS t WHERE {condition} ORDER BY t.operation_id, t.placement_id",
        (_json(ids),),
    )
    return [
        Target(
            row[0],
            row[1],
            Flag(row[2]),
            row[3],
            bool(row[4]),
            frozenset(msgspec.json.decode(row[5], type=list[str]) if row[5] else ()),
        )
        for row in rows
    ]


def _json(numbers: Sequence[int]) -> str:
    return msgspec.json.encode([int(number) for number in numbers]).decode()


def _some(tx: Transaction, which: str, parameters: tuple[Value, ...]) -> list[Operation]:
    """Return those of a condition, in the order that stands behind it."""
    rows = tx.fetch(f"SELECT {_COLUMNS} FROM operation WHERE {which}", parameters)
    return [_operation(row) for row in rows]


def _is_any(tx: Transaction, which: str, parameters: tuple[Value, ...]) -> bool:
    return bool(tx.fetch(f"SELECT 1 FROM operation WHERE {which} LIMIT 1", parameters))


def _operation(row: Fields) -> Operation:
    return Operation(
        OperationId(row[0]),
        AccountId(row[1]),
        row[2],
        msgspec.json.decode(row[3], type=Arguments),
        row[4],
        row[5],
        row[6],
        row[7],
        row[8],
    )


def lacking_uids(tx: Transaction, operation_ids: Sequence[OperationId]) -> set[OperationId]:
    """Those operations that are about a placement whose UID will only be known later.

    Its UIDVALIDITY has changed and no full look has met it again, or missed it, yet; or an earlier
    operation has not brought it to the server yet. (What exists only here, and is not on its way,
    never has a UID.)
    """
    rows = tx.fetch(
        "SELECT DISTINCT t.operation_id FROM operation_target AS t"
        " JOIN placement AS p ON p.id = t.placement_id"
        " JOIN mailbox AS b ON b.id = p.mailbox_id"
        " WHERE t.operation_id IN (SELECT value FROM json_each(?))"
        " AND t.done = 0 AND p.uid IS NULL"
        " AND (p.gone_cycle >= b.cycle OR EXISTS ("
        "  SELECT 1 FROM operation_target AS u JOIN operation AS o ON o.id = u.operation_id"
        "  WHERE o.id < t.operation_id AND o.state <> 'done' AND u.done = 0"
        "  AND (u.twin = p.id OR (u.placement_id = p.id AND o.kind = 'append'))))",
        (_json(operation_ids),),
    )
    return {OperationId(row[0]) for row in rows}
