"""The commands that change what is here in one step of the store, and can be taken back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypedDict

import msgspec

from desktopmail.door import commands
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag, Kind
from desktopmail.engine import journal, mailboxes
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import operation, pop_seen, tag

if TYPE_CHECKING:
    from desktopmail.engine.octets import Octets
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.working import Working
    from desktopmail.net.ports import Entropy

Journaled = (
    commands.StoreFlags
    | commands.ArchiveMessages
    | commands.DeleteMessages
    | commands.MoveMessages
    | commands.CopyMessages
    | commands.ChangeTag
    | commands.ForgetTag
    | commands.CreateMailbox
    | commands.RenameMailbox
    | commands.DeleteMailbox
    | commands.SubscribeMailbox
    | commands.EmptyMailbox
    | commands.LeaveOnServer
)

_UNDO_OCTETS = 12
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_DAYS = re.compile(r"days:([0-9]{1,4})")


class _Wanted(TypedDict):
    """What messages are to have, and what not."""

    add: Flag
    remove: Flag
    add_tags: tuple[str, ...]
    remove_tags: tuple[str, ...]


class Journaling:
    """Carries such commands out, and has servers told.

    Args:
        store: What is changed.
        entropy: For the tokens by which a command can be taken back.
        octets: Brings what travels to another account.
        working: Who tells the servers.
    """

    def __init__(self, store: Store, entropy: Entropy, octets: Octets, working: Working) -> None:
        self._store = store
        self._entropy = entropy
        self._octets = octets
        self._working = working

    async def carry_out(self, command: Journaled) -> commands.Outcome:
        """Change what is here at once, and tell the servers in order.

        Raises:
            DoorError: It was refused, and nothing has changed.
        """
        if isinstance(command, commands.MoveMessages | commands.CopyMessages):
            await self._octets.bring(command.placement_ids, command.mailbox_id)
        token = self._entropy.token(_UNDO_OCTETS).hex()
        outcome = await self._store.write(lambda tx: carry_out(tx, command, token))
        self._working.wake_all()
        return outcome


def carry_out(tx: Transaction, command: Journaled, undo: str) -> commands.Outcome:
    """Change what is here, and write down what a server has to hear.

    Args:
        tx: The step.
        command: What is to be done.
        undo: The token by which it can be taken back.

    Raises:
        DoorError: It was refused; the step leaves nothing behind.
    """
    match command:
        case commands.CreateMailbox(account_id=account_id, name=name, parent_id=parent_id):
            made, label = mailboxes.create(tx, account_id, name, parent_id, undo=undo)
            return commands.Outcome(ids=(made,), label=label, undo=undo)
        case commands.ChangeTag():
            return commands.Outcome(label=_change_tag(tx, command))
        case commands.LeaveOnServer():
            return commands.Outcome(label=_leave_on_server(tx, command))
        case _:
            label = _label_of(tx, command, undo)
            is_done = bool(operation.with_undo(tx, undo))
            return commands.Outcome(label=label, undo=undo if is_done else None)


def _label_of(tx: Transaction, command: Journaled, undo: str) -> str:
    match command:
        case commands.StoreFlags():
            return _store_flags(tx, command, undo)
        case commands.MoveMessages(placement_ids=ids, mailbox_id=target):
            return journal.move(tx, ids, target, undo=undo)
        case commands.CopyMessages(placement_ids=ids, mailbox_id=target):
            return journal.copy(tx, ids, target, undo=undo)
        case commands.ArchiveMessages(placement_ids=ids):
            return journal.archive(tx, ids, undo=undo)
        case commands.DeleteMessages(placement_ids=ids, permanently=permanently):
            return journal.delete(tx, ids, permanently=permanently, undo=undo)
        case commands.ForgetTag(tag=wanted):
            return _forget_tag(tx, wanted, undo)
        case commands.RenameMailbox(mailbox_id=mailbox_id, path=path):
            return mailboxes.rename(tx, mailbox_id, path, undo=undo)
        case commands.DeleteMailbox(mailbox_id=mailbox_id):
            return mailboxes.delete(tx, mailbox_id, undo=undo)
        case commands.SubscribeMailbox(mailbox_id=mailbox_id, subscribed=subscribed):
            return mailboxes.subscribe(tx, mailbox_id, subscribed=subscribed, undo=undo)
        case commands.EmptyMailbox(mailbox_id=mailbox_id):
            return mailboxes.empty(tx, mailbox_id, undo=undo)
        case _:
            raise TypeError(f"{type(command).__name__} is answered elsewhere")


def _store_flags(tx: Transaction, command: commands.StoreFlags, undo: str) -> str:
    _refuse_deletion(command)
    wanted = _Wanted(
        add=command.add,
        remove=command.remove,
        add_tags=command.add_tags,
        remove_tags=command.remove_tags,
    )
    ids = journal.changed_by(tx, command.placement_ids, **wanted)
    if not ids:
        return "Nothing had to be changed"
    return journal.store_flags(tx, ids, **wanted, undo=undo)


def _refuse_deletion(command: commands.StoreFlags) -> None:
    """What is marked as deleted vanishes at the next EXPUNGE of anybody, past every Undo."""
    tags = {name.removeprefix("\\").lower() for name in command.add_tags + command.remove_tags}
    if (command.add | command.remove) & Flag.DELETED or "deleted" in tags:
        raise DoorError(
            "Messages are not deleted by a flag.", remedy="Delete them instead.", code="bad-flag"
        )


def _change_tag(tx: Transaction, command: commands.ChangeTag) -> str:
    if command.colour and not _COLOUR.fullmatch(command.colour.lower()):
        raise DoorError(
            f"{command.colour} is not a colour.", remedy="Write it as #3d7bd9.", code="bad-colour"
        )
    (name,) = tag.names(tx, (command.tag,))
    colour = None if command.colour is None else command.colour.lower()
    tag.change(tx, name, label=command.label, colour=colour)
    return name


def _forget_tag(tx: Transaction, wanted: str, undo: str) -> str:
    name = tag.find(tx, wanted)
    if name is None:
        raise DoorError(f"There is no tag {wanted}.", code="no-tag")
    label = f"Tag {wanted} removed"
    tagged = tag.tagged(tx, name)
    if tagged:
        label = journal.store_flags(tx, tagged, remove_tags=(name,), undo=undo)
    tag.forget(tx, name)
    return label


def _leave_on_server(tx: Transaction, command: commands.LeaveOnServer) -> str:
    account = accounts.get(tx, command.account_id)
    days = _DAYS.fullmatch(command.policy)
    if command.policy not in {"forever", "until-deleted"} and days is None:
        raise DoorError(
            f"{command.policy!r} is not known: there are forever, days:N and until-deleted.",
            code="bad-policy",
        )
    if account.kind is not Kind.POP3:
        raise DoorError(
            f"{account.name} fetches by IMAP: its messages stand at the server anyway.",
            code="not-pop3",
        )
    with_local = command.policy == "until-deleted"
    learned = msgspec.structs.replace(
        account.learned,
        pop_deletes_after_days=float(days[1]) if days is not None else None,
        pop_deletes_with_local=with_local,
    )
    accounts.learn(tx, account.id, learned)
    if not with_local:
        pop_seen.let_stay(tx, account.id)
    tx.touch_accounts()
    stay = {"forever": "for ever", "until-deleted": "until they are deleted here"}
    how_long = stay.get(command.policy) or f"for {days[1] if days is not None else ''} days"
    return f"Messages of {account.name} stay at the server {how_long}"
