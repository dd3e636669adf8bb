"""What a person does to mailboxes: seen at once, and journaled for the server in the same step.

A mailbox that is deleted is hidden, and one that is renamed has its new name beside the one that
its server knows, until the server has heard of it: what waits in the journal before still finds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Role
from desktopmail.engine import journal
from desktopmail.engine.labels import messages
from desktopmail.engine.store import mailbox, operation
from desktopmail.engine.store.operation import Arguments

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId, MailboxId, PlacementId
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.operation import Operation
    from desktopmail.engine.store.store import Transaction

# What an account cannot be without: mail arrives there, or is put there by the program.
_KEPT_ROLES = frozenset({Role.INBOX, Role.DRAFTS, Role.SENT, Role.TRASH})
_MAX_NAME_CHARACTERS = 200


def create(
    tx: Transaction,
    account_id: AccountId,
    name: str,
    parent_id: MailboxId | None = None,
    *,
    undo: str | None = None,
) -> tuple[MailboxId, str]:
    """Make a mailbox; returns its id and what was done, as a person would say it.

    Raises:
        DoorError: The name cannot be one, or is taken.
    """
    parent = None if parent_id is None else mailbox.get(tx, parent_id)
    inbox = mailbox.find_role(tx, account_id, Role.INBOX)
    is_local = inbox is None or inbox.local
    delimiter = inbox.delimiter if inbox is not None else mailbox.LOCAL_DELIMITER
    path = name
    if parent is not None:
        is_local = parent.local
        if not parent.delimiter:
            raise DoorError(
                f"{parent.shown_path} cannot hold mailboxes: its server knows flat names only.",
                code="bad-name",
            )
        delimiter = parent.delimiter
        path = parent.shown_path + delimiter + name
    _refuse_bad_name(path, delimiter)
    _make_room(tx, account_id, path)
    made = mailbox.add(tx, account_id, path, delimiter=delimiter, local=is_local)
    label = f"Mailbox {path} created"
    operation.add(
        tx,
        account_id,
        "create",
        Arguments(target=made, path=path),
        label,
        undo=undo,
        state="done" if is_local else "pending",
    )
    return made, label


def rename(tx: Transaction, mailbox_id: MailboxId, path: str, *, undo: str | None = None) -> str:
    """Give a mailbox another name, which may put it into another one; what is in it goes along.

    Raises:
        DoorError: The name cannot be one, or is taken.
    """
    box = mailbox.get(tx, mailbox_id)
    if box.role is Role.INBOX:
        raise DoorError("The Inbox cannot be renamed.", code="inbox")
    before = box.shown_path
    _refuse_bad_name(path, box.delimiter)
    if box.delimiter and path.startswith(before + box.delimiter):
        raise DoorError(f"{before} cannot be moved into itself.", code="bad-name")
    if path == before:
        raise DoorError(f"The mailbox is called {path} already.", code="name-taken")
    _make_room(tx, box.account_id, path, but=box)
    label = f"Mailbox {before} renamed to {path}"
    for other in _with_below(tx, box):
        _show_as(tx, other, path + other.shown_path[len(before) :])
    operation.add(
        tx,
        box.account_id,
        "rename",
        Arguments(source=box.id, path=path, before=before),
        label,
        undo=undo,
        state="done" if box.local else "pending",
    )
    return label


def delete(tx: Transaction, mailbox_id: MailboxId, *, undo: str | None = None) -> str:
    """Delete a mailbox with those in it: their messages go to the Trash.

    What is deleted out of the Trash is deleted for good.

    Raises:
        DoorError: The account cannot be without it.
    """
    top = mailbox.get(tx, mailbox_id)
    doomed = _with_below(tx, top)
    for box in doomed:
        if box.role in _KEPT_ROLES:
            raise DoorError(
                f"{box.shown_path} cannot be deleted: the account needs it.", code="needed"
            )
    trash = mailbox.find_role(tx, top.account_id, Role.TRASH)
    is_for_good = trash is not None and top.is_below(trash)
    label = f"Mailbox {top.shown_path} deleted"
    for box in reversed(doomed):  # the innermost first
        ids = _shown_in(tx, box)
        target = None
        if not is_for_good:
            trash = journal.role_mailbox(tx, top.account_id, Role.TRASH)
            target = trash.id
            if ids:
                journal.move(tx, ids, target, undo=undo)
        operation.add(
            tx,
            box.account_id,
            "delete-mailbox",
            Arguments(source=box.id, target=target, path=box.shown_path),
            label,
            undo=undo,
            state="done" if box.local else "pending",
        )
        if box.local and is_for_good:
            journal.expunge(tx, ids, label=label)
            mailbox.remove(tx, box.id)
        else:
            mailbox.set_hidden(tx, box.id, hidden=True)
    return label


def subscribe(
    tx: Transaction, mailbox_id: MailboxId, *, subscribed: bool, undo: str | None = None
) -> str:
    """Have a mailbox shown by the programs that show subscribed ones only, or not."""
    box = mailbox.get(tx, mailbox_id)
    label = f"{'Subscribed to' if subscribed else 'Unsubscribed from'} {box.shown_path}"
    operation.add(
        tx,
        box.account_id,
        "subscribe",
        Arguments(source=box.id, add=int(subscribed), remove=int(box.subscribed)),
        label,
        undo=undo,
        state="done" if box.local else "pending",
    )
    mailbox.set_subscribed(tx, box.id, subscribed=subscribed)
    return label


def empty(tx: Transaction, mailbox_id: MailboxId, *, undo: str | None = None) -> str:
    """Remove every message of a mailbox: out of the Trash and Junk for good, else to the Trash."""
    box = mailbox.get(tx, mailbox_id)
    ids = _shown_in(tx, box)
    if not ids:
        raise DoorError(f"{box.shown_path} is empty already.", code="empty")
    trash = mailbox.find_role(tx, box.account_id, Role.TRASH)
    is_for_good = box.role in {Role.TRASH, Role.JUNK} or (trash is not None and box.is_below(trash))
    if not is_for_good:
        return journal.delete(tx, ids, undo=undo)
    label = f"{messages(len(ids))} of {box.shown_path} deleted for good"
    return journal.expunge(tx, ids, label=label, undo=undo)


def revert(tx: Transaction, one: Operation) -> None:
    """Take back what an operation of the journal, which goes, showed of a mailbox."""
    mailbox_id = one.arguments.source
    if mailbox_id is None or not tx.fetch("SELECT 1 FROM mailbox WHERE id = ?", (mailbox_id,)):
        return
    match one.kind:
        case "rename":
            _show_as_before(tx, mailbox.get(tx, mailbox_id), one.arguments.before)
        case "delete-mailbox":
            mailbox.set_hidden(tx, mailbox_id, hidden=False)
        case "subscribe":
            mailbox.set_subscribed(tx, mailbox_id, subscribed=bool(one.arguments.remove))
        case _:
            pass


def answer(tx: Transaction, one: Operation) -> bool:
    """Do the opposite of what a server has done to a mailbox; returns whether it was one of these.

    Raises:
        DoorError: It cannot be taken back.
    """
    if one.state != "done":
        return False
    arguments = one.arguments
    match one.kind:
        case "create" if arguments.target is not None:
            _refuse_gone(tx, arguments.target)
            box = mailbox.get(tx, arguments.target)
            if len(_with_below(tx, box)) > 1 or _shown_in(tx, box):
                raise DoorError(
                    f"{box.shown_path} is not empty any more.",
                    remedy="Delete it as a whole if you do not want it.",
                    code="no-undo",
                )
            delete(tx, box.id)
        case "rename" if arguments.source is not None:
            _refuse_gone(tx, arguments.source)
            rename(tx, arguments.source, arguments.before)
        case "delete-mailbox" if arguments.source is not None:
            _refuse_gone(tx, arguments.source)
            _bring_back(tx, arguments.source, arguments.path)
        case "subscribe" if arguments.source is not None:
            _refuse_gone(tx, arguments.source)
            subscribe(tx, arguments.source, subscribed=bool(arguments.remove))
        case _:
            return False
    return True


def _bring_back(tx: Transaction, mailbox_id: MailboxId, path: str) -> None:
    """Make a deleted mailbox anew; its messages come back out of the Trash after it."""
    box = mailbox.get(tx, mailbox_id)
    mailbox.set_hidden(tx, box.id, hidden=False)
    if not box.local:
        mailbox.forget_state(tx, box.id)
        operation.add(
            tx,
            box.account_id,
            "create",
            Arguments(target=box.id, path=path),
            f"Mailbox {path} created",
        )


def _show_as(tx: Transaction, box: Mailbox, path: str) -> None:
    if box.local:
        mailbox.set_path(tx, box.id, path)
    else:
        mailbox.set_renamed(tx, box.id, None if path == box.path else path)


def _show_as_before(tx: Transaction, box: Mailbox, before: str) -> None:
    """Show a mailbox as before a renaming; as its server calls it where no other one waits."""
    waits = box.local or operation.is_any_open(tx, box.account_id, "rename")
    path = before if waits else box.path
    for other in _with_below(tx, box):
        _show_as(tx, other, path + other.shown_path[len(box.shown_path) :])


def _with_below(tx: Transaction, box: Mailbox) -> list[Mailbox]:
    """A mailbox, and those that stand in it: outer ones before inner ones."""
    every = [one for one in mailbox.of_account(tx, box.account_id) if not one.hidden]
    below = [one for one in every if one.id != box.id and one.is_below(box)]
    return [box, *sorted(below, key=lambda one: one.shown_path)]


def _shown_in(tx: Transaction, box: Mailbox) -> list[PlacementId]:
    rows = tx.fetch("SELECT id FROM placement WHERE mailbox_id = ? AND shown = 1", (box.id,))
    return [row[0] for row in rows]


def _refuse_gone(tx: Transaction, mailbox_id: MailboxId) -> None:
    if not tx.fetch("SELECT 1 FROM mailbox WHERE id = ?", (mailbox_id,)):
        raise DoorError(
            "This cannot be taken back: the mailbox was deleted for good.", code="no-undo"
        )


def _refuse_bad_name(path: str, delimiter: str) -> None:
    parts = path.split(delimiter) if delimiter else [path]
    if any(not part.strip() for part in parts):
        raise DoorError(
            "A mailbox needs a name" + (f", also before and behind {delimiter}." if path else "."),
            code="bad-name",
        )
    if not path.isprintable() or any(character in path for character in "*%"):
        raise DoorError(
            f"{path!r} cannot be the name of a mailbox: it holds a character that means something"
            " else to mail servers.",
            remedy="Take letters, digits and spaces.",
            code="bad-name",
        )
    if len(path) > _MAX_NAME_CHARACTERS:
        raise DoorError("The name is too long for a mailbox.", code="bad-name")


def _make_room(
    tx: Transaction, account_id: AccountId, path: str, *, but: Mailbox | None = None
) -> None:
    """See that a name is free; one that was deleted under it cannot come back any more."""
    if path.upper() == "INBOX":
        raise DoorError(f"There is a mailbox {path} already.", code="name-taken")
    for other in mailbox.of_account(tx, account_id):
        if (but is not None and other.id == but.id) or path not in {other.path, other.shown_path}:
            continue
        if other.shown_path == path and not other.hidden:
            raise DoorError(f"There is a mailbox {path} already.", code="name-taken")
        if other.hidden and not operation.of_mailbox(tx, other.id, "delete-mailbox"):
            mailbox.remove(tx, other.id)
        else:
            raise DoorError(
                f"The server has not heard yet that {path} is free.",
                remedy="Fetch mail, and try again.",
                code="name-taken",
            )
