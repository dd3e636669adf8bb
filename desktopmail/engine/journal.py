"""Changes made by a person: seen at once, and journaled for the server in the same transaction.

What stands in a mailbox that the server does not have (POP3, local ones) is changed for good here;
the journal then only keeps how to take it back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag, Role
from desktopmail.engine import labels, onward
from desktopmail.engine.labels import messages
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import mailbox, message, operation, placement, pop_seen, tag
from desktopmail.engine.store.operation import Arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.ids import AccountId, MailboxId, OperationId, PlacementId
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.placement import Placed
    from desktopmail.engine.store.store import Transaction

_ROLE_NAMES = {Role.TRASH: "Trash", Role.ARCHIVE: "Archive", Role.DRAFTS: "Drafts"}


def store_flags(
    tx: Transaction,
    placement_ids: Sequence[PlacementId],
    *,
    add: Flag = Flag.NONE,
    remove: Flag = Flag.NONE,
    add_tags: tuple[str, ...] = (),
    remove_tags: tuple[str, ...] = (),
    undo: str | None = None,
) -> str:
    """Set and clear flags and tags; returns what was done, as a person would say it."""
    placed = _existing(tx, placement_ids)
    add_tags, remove_tags = tag.names(tx, add_tags), tag.known_names(tx, remove_tags)
    label = labels.marked(len(placed), add, remove, add_tags, remove_tags)
    if not all(source.keeps(name) for source, _ in _by_mailbox(tx, placed) for name in add_tags):
        label += ", on this machine only: the server keeps no such tag"
    for source, members in _by_mailbox(tx, placed):
        arguments = Arguments(
            source=source.id,
            add=int(add),
            remove=int(remove),
            add_tags=add_tags,
            remove_tags=remove_tags,
        )
        state = "done" if source.local else "pending"
        made = operation.add(
            tx, source.account_id, "flags", arguments, label, undo=undo, state=state
        )
        operation.add_targets(tx, made, [(one.id, one.flags, None) for one in members])
        operation.remember_tags(tx, made, (*add_tags, *remove_tags))
        for one in members:
            placement.apply_flags(tx, one, arguments)
        placement.touch(tx, [one.id for one in members])
    return label


def changed_by(
    tx: Transaction,
    placement_ids: Sequence[PlacementId],
    *,
    add: Flag,
    remove: Flag,
    add_tags: tuple[str, ...],
    remove_tags: tuple[str, ...],
) -> list[PlacementId]:
    """Those of these placements that do not have and lack all of that already.

    Raises:
        DoorError: None of them is there, or a tag cannot have a name.
    """
    placed = _existing(tx, placement_ids)
    added, removed = set(tag.names(tx, add_tags)), set(tag.known_names(tx, remove_tags))

    def is_changed(one: Placed) -> bool:
        if (one.flags | add) & ~remove != one.flags:
            return True
        if not added and not removed:
            return False
        before = placement.tags_of(tx, one.id)
        return (before | added) - removed != before

    return [one.id for one in placed if is_changed(one)]


def move(
    tx: Transaction,
    placement_ids: Sequence[PlacementId],
    mailbox_id: MailboxId,
    *,
    undo: str | None = None,
) -> str:
    """Move messages to a mailbox, of the same account or of another one.

    Raises:
        DoorError: The mailbox is gone or holds no messages, or octets would have to be here.
    """
    target = selectable(tx, mailbox_id)
    placed = [one for one in _existing(tx, placement_ids) if one.mailbox_id != mailbox_id]
    if not placed:
        return f"Nothing had to be moved to {target.shown_path}"
    label = labels.moved(len(placed), target.shown_path)
    for source, members in _by_mailbox(tx, placed):
        if source.local and target.local:
            made = _add(tx, source, "move", target, label, undo, state="done")
            operation.add_targets(tx, made, [(one.id, one.flags, None) for one in members])
            placement.relocate(tx, [one.id for one in members], target.id)
        elif source.account_id == target.account_id and not source.local and not target.local:
            rest = onward.move(tx, members, target, label, undo)
            if rest:
                made = _add(tx, source, "move", target, label, undo)
                _add_twins(tx, made, rest, target)
                placement.show(tx, [one.id for one in rest], shown=False)
        else:
            copied = _copy_across(tx, source, members, target, label, undo)
            expunge(tx, [one.id for one in members], label=label, undo=undo, after=copied)
    return label


def copy(
    tx: Transaction,
    placement_ids: Sequence[PlacementId],
    mailbox_id: MailboxId,
    *,
    undo: str | None = None,
) -> str:
    """Copy messages to a mailbox; raises as `move` does."""
    target = selectable(tx, mailbox_id)
    placed = _existing(tx, placement_ids)
    label = f"{messages(len(placed))} copied to {target.shown_path}"
    for source, members in _by_mailbox(tx, placed):
        if source.account_id == target.account_id and source.local == target.local:
            state = "done" if target.local else "pending"
            made = _add(tx, source, "copy", target, label, undo, state=state)
            _add_twins(tx, made, members, target)
        else:
            _copy_across(tx, source, members, target, label, undo)
    return label


def archive(
    tx: Transaction, placement_ids: Sequence[PlacementId], *, undo: str | None = None
) -> str:
    """Move messages to the Archive of their account."""
    return _move_to_role(tx, _existing(tx, placement_ids), Role.ARCHIVE, undo)


def delete(
    tx: Transaction,
    placement_ids: Sequence[PlacementId],
    *,
    permanently: bool = False,
    undo: str | None = None,
) -> str:
    """Move messages to the Trash of their account, or remove those that are in it already."""
    placed = _existing(tx, placement_ids)
    boxes = {source.id: source for source, _ in _by_mailbox(tx, placed)}
    last: list[Placed] = []
    rest: list[Placed] = []
    for one in placed:
        is_last = permanently or boxes[one.mailbox_id].role is Role.TRASH
        (last if is_last else rest).append(one)
    labels = []
    if rest:
        labels.append(_move_to_role(tx, rest, Role.TRASH, undo))
    if last:
        label = f"{messages(len(last))} deleted for good"
        labels.append(expunge(tx, [one.id for one in last], label=label, undo=undo))
    return "; ".join(labels)


def expunge(
    tx: Transaction,
    placement_ids: Sequence[PlacementId],
    *,
    label: str,
    undo: str | None = None,
    after: OperationId | None = None,
) -> str:
    """Remove messages for good, where `after` is proved if it is given."""
    for source, members in _by_mailbox(tx, placement.get(tx, placement_ids)):
        ids = [one.id for one in members]
        if source.local and after is None:
            _let_go(tx, source, members)
            placement.remove(tx, ids)
            continue
        made = operation.add(
            tx,
            source.account_id,
            "expunge",
            Arguments(source=source.id, after=after),
            label,
            undo=undo,
        )
        operation.add_targets(tx, made, [(one.id, one.flags, None) for one in members])
        placement.show(tx, ids, shown=False)
    return label


def append(
    tx: Transaction, placement_id: PlacementId, target: Mailbox, *, label: str
) -> OperationId | None:
    """Have a message that stands here only brought to its mailbox at the server."""
    if target.local:
        return None
    made = operation.add(tx, target.account_id, "append", Arguments(target=target.id), label)
    (one,) = placement.get(tx, [placement_id])
    operation.add_targets(tx, made, [(one.id, one.flags, None)])
    return made


def stand_alone(tx: Transaction, box: Mailbox) -> None:
    """Let a mailbox be of this device alone, because its server does not have it any more.

    What was to be put into it stands in it; what was to be moved or copied out of it is brought
    from here to where it goes.
    """
    mailbox.let_be_local(tx, box.id)
    for one in operation.into_mailbox(tx, box.id):
        if one.kind == "append" and one.arguments.sending is None:
            operation.remove(tx, one.id)
    for one in operation.out_of_mailbox(tx, box.id):
        target = one.arguments.target
        rows = [row for row in operation.targets(tx, one.id) if not row.done and row.twin]
        if not rows or target is None or mailbox.get(tx, target).local or one.arguments.filed:
            continue
        operation.become_append(tx, one, rows)
        if one.kind == "move":
            ids = [row.placement_id for row in rows]
            expunge(tx, ids, label=one.label, undo=one.undo, after=one.id)


def let_followers_go(tx: Transaction, proved: OperationId) -> None:
    """An operation is proved: what waited for it may be done, at once where no server has a say."""
    for one in operation.followers(tx, proved):
        operation.release(tx, one)
        source = one.arguments.source
        if source is None or not mailbox.get(tx, source).local:
            continue
        members = placement.get(
            tx, [target.placement_id for target in operation.targets(tx, one.id)]
        )
        operation.finish(tx, one.id)
        _let_go(tx, mailbox.get(tx, source), members)
        placement.remove(tx, [member.id for member in members])


def role_mailbox(tx: Transaction, account_id: AccountId, role: Role) -> Mailbox:
    """The mailbox of an account for this, made here and at the server where there is none."""
    found = mailbox.find_role(tx, account_id, role)
    if found is not None:
        return found
    name = _ROLE_NAMES[role]
    inbox = mailbox.find_role(tx, account_id, Role.INBOX)
    is_local = inbox is None or inbox.local
    delimiter = inbox.delimiter if inbox is not None else mailbox.LOCAL_DELIMITER
    made = mailbox.add(tx, account_id, name, delimiter=delimiter, role=role, local=is_local)
    if not is_local:
        operation.add(tx, account_id, "create", Arguments(target=made, path=name), f"Create {name}")
    return mailbox.get(tx, made)


def selectable(tx: Transaction, mailbox_id: MailboxId) -> Mailbox:
    """A mailbox that messages can be put into.

    Raises:
        DoorError: It is gone, or holds mailboxes only.
    """
    target = mailbox.get(tx, mailbox_id)
    if not target.selectable:
        raise DoorError(
            f"{target.shown_path} holds mailboxes only, no messages.", code="not-selectable"
        )
    return target


def _move_to_role(tx: Transaction, placed: Sequence[Placed], role: Role, undo: str | None) -> str:
    by_account: dict[AccountId, list[PlacementId]] = defaultdict(list)
    for source, members in _by_mailbox(tx, placed):
        by_account[source.account_id] += [one.id for one in members]
    moved = 0
    for account_id, members_ids in by_account.items():
        target = role_mailbox(tx, account_id, role).id
        moved += sum(one.mailbox_id != target for one in placement.get(tx, members_ids))
        move(tx, members_ids, target, undo=undo)
    if placed and not moved:
        return f"{messages(len(placed))} {_stood(placed)} in {_ROLE_NAMES[role]} already"
    return labels.moved(moved, _ROLE_NAMES[role])


def _stood(placed: Sequence[Placed]) -> str:
    return "was" if len(placed) == 1 else "were"


def _copy_across(
    tx: Transaction,
    source: Mailbox,
    members: Sequence[Placed],
    target: Mailbox,
    label: str,
    undo: str | None,
) -> OperationId | None:
    """Copy between accounts: the octets have to be here, and are appended there."""
    missing = [one for one in members if message.octets(tx, one.message_id) is None]
    if missing:
        raise DoorError(
            f"{messages(len(missing))} of {source.shown_path}"
            f" {'is' if len(missing) == 1 else 'are'} not here as a whole yet.",
            remedy="Fetch them first.",
            code="no-octets",
        )
    twins = [(one, placement.copy(tx, one.id, target.id)) for one in members]
    # A local one is done with this step, and kept so that it can be taken back.
    state = "done" if target.local else "pending"
    arguments = Arguments(target=target.id)
    made = operation.add(tx, target.account_id, "append", arguments, label, undo=undo, state=state)
    operation.add_targets(tx, made, [(twin, one.flags, None) for one, twin in twins])
    return None if target.local else made


def _add(
    tx: Transaction,
    source: Mailbox,
    kind: str,
    target: Mailbox,
    label: str,
    undo: str | None,
    *,
    state: str = "pending",
) -> OperationId:
    arguments = Arguments(source=source.id, target=target.id)
    return operation.add(tx, source.account_id, kind, arguments, label, undo=undo, state=state)


def _add_twins(
    tx: Transaction, made: OperationId, members: Sequence[Placed], target: Mailbox
) -> None:
    operation.add_targets(
        tx, made, [(one.id, one.flags, placement.copy(tx, one.id, target.id)) for one in members]
    )


def _let_go(tx: Transaction, source: Mailbox, members: Sequence[Placed]) -> None:
    """Remember that messages are deleted for good; their maildrop may have them still."""
    deletes = accounts.get(tx, source.account_id).learned.pop_deletes_with_local
    for message_id, going in Counter(one.message_id for one in members).items():
        rows = tx.fetch(
            "SELECT count(*) FROM placement AS p JOIN mailbox AS m ON m.id = p.mailbox_id"
            " WHERE p.message_id = ? AND m.account_id = ?",
            (message_id, source.account_id),
        )
        left = rows[0][0] - going
        pop_seen.let_go(tx, source.account_id, message_id, left=left, delete=deletes)


def _existing(tx: Transaction, placement_ids: Sequence[PlacementId]) -> list[Placed]:
    placed = placement.get(tx, placement_ids)
    if not placed:
        raise DoorError("These messages are not there any more.", code="no-message")
    return placed


def _by_mailbox(tx: Transaction, placed: Sequence[Placed]) -> list[tuple[Mailbox, list[Placed]]]:
    groups: dict[MailboxId, list[Placed]] = defaultdict(list)
    for one in placed:
        groups[one.mailbox_id].append(one)
    return [(mailbox.get(tx, mailbox_id), members) for mailbox_id, members in groups.items()]
