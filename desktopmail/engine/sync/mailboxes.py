"""The mailboxes of an IMAP account: what the server lists becomes what is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desktopmail.door.rows import Role
from desktopmail.engine import journal
from desktopmail.engine.store import mailbox, operation, placement
from desktopmail.engine.sync import vanish
from desktopmail.net.errors import RefusedError
from desktopmail.wire.imap.status import StatusItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desktopmail.door.ids import AccountId, MailboxId, PlacementId
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.store import Transaction
    from desktopmail.net.imap import ImapClient
    from desktopmail.wire.imap.list import ListResponse
    from desktopmail.wire.imap.status import StatusResponse

_BY_ATTRIBUTE = {
    "\\drafts": Role.DRAFTS,
    "\\sent": Role.SENT,
    "\\archive": Role.ARCHIVE,
    "\\junk": Role.JUNK,
    "\\trash": Role.TRASH,
    "\\all": Role.ALL,
}
# Where a server tells nothing of their use (no SPECIAL-USE), names have to do. In the languages of
# the servers that name them in the language of their users.
_BY_NAME = {
    "drafts": Role.DRAFTS, "draft": Role.DRAFTS, "entwürfe": Role.DRAFTS,
    "sent": Role.SENT, "sent items": Role.SENT, "sent messages": Role.SENT, "sent mail": Role.SENT,
    "gesendet": Role.SENT, "gesendete elemente": Role.SENT, "gesendete objekte": Role.SENT,
    "archive": Role.ARCHIVE, "archives": Role.ARCHIVE, "archiv": Role.ARCHIVE,
    "junk": Role.JUNK, "spam": Role.JUNK, "junk e-mail": Role.JUNK, "bulk mail": Role.JUNK,
    "trash": Role.TRASH, "deleted": Role.TRASH, "deleted items": Role.TRASH,
    "deleted messages": Role.TRASH, "papierkorb": Role.TRASH, "gelöscht": Role.TRASH,
    "gelöschte elemente": Role.TRASH,
}  # fmt: skip
STATUS_ITEMS = (StatusItem.MESSAGES, StatusItem.UIDNEXT, StatusItem.UIDVALIDITY, StatusItem.UNSEEN)
# A server that is busy, or restored from a backup, may leave a mailbox out once.
MISSED_TO_GO = 2
_NOT_SELECTABLE = frozenset({"\\noselect", "\\nonexistent"})


@dataclass(frozen=True, slots=True)
class Listed:
    """A mailbox as the server lists it.

    Attributes:
        numbers: By STATUS item; empty where the server was not asked or did not tell.
    """

    path: str
    delimiter: str
    role: Role
    selectable: bool
    subscribed: bool
    numbers: dict[StatusItem, int]

    def with_numbers(self, numbers: dict[StatusItem, int]) -> Listed:
        """The same, with what the server was asked of it apart."""
        return replace(self, numbers=numbers)


async def ask(client: ImapClient, *, numbers: bool = True) -> list[Listed]:
    """List the mailboxes, with their uses where the server tells them.

    Args:
        client: Logged in.
        numbers: Ask for those of each, too, where the server tells them with it: it has to look at
            each mailbox for that.
    """
    returns = ["SUBSCRIBED"] if client.offers("LIST-EXTENDED") else []
    if returns and client.offers("SPECIAL-USE"):
        returns.append("SPECIAL-USE")
    items = status_items(client) if numbers and returns and client.offers("LIST-STATUS") else ()
    if returns:
        try:
            return _listed(await client.list("", "*", returns=returns, status=items), None)
        except RefusedError:
            if not client.is_usable:
                raise
            # Some servers offer more than they know: the LIST of old will do.
    rows = await client.list("", "*")
    return _listed(rows, {row.mailbox for row in await client.lsub("", "*")})


def status_items(client: ImapClient) -> tuple[StatusItem, ...]:
    """What is worth asking of a mailbox that is not opened."""
    if client.offers("CONDSTORE"):
        return (*STATUS_ITEMS, StatusItem.HIGHESTMODSEQ)
    return STATUS_ITEMS


def numbers_of(answer: StatusResponse | None) -> dict[StatusItem, int]:
    """The numbers of a STATUS answer."""
    return dict(answer.values) if answer is not None else {}


def _listed(
    rows: Iterable[tuple[ListResponse, StatusResponse | None]], subscribed: set[str] | None
) -> list[Listed]:
    found: dict[str, Listed] = {}
    rows = list(rows)
    told = {role for row, _ in rows if (role := _told_role(row)) is not Role.NONE}
    for row, answer in rows:
        attributes = {str(one).lower() for one in row.attributes}
        role = _told_role(row)
        if role is Role.NONE:
            role = _guessed_role(row, taken=told | {one.role for one in found.values()})
        found[row.mailbox] = Listed(
            path=row.mailbox,
            delimiter=row.delimiter or "",
            role=role,
            selectable=not attributes & _NOT_SELECTABLE,
            subscribed="\\subscribed" in attributes
            if subscribed is None
            else row.mailbox in subscribed,
            numbers=numbers_of(answer),
        )
    return list(found.values())


def _told_role(row: ListResponse) -> Role:
    if row.mailbox == "INBOX":
        return Role.INBOX
    for one in row.attributes:
        role = _BY_ATTRIBUTE.get(str(one).lower())
        if role is not None:
            return role
    return Role.NONE


def _guessed_role(row: ListResponse, *, taken: set[Role]) -> Role:
    name = row.mailbox
    if row.delimiter:
        above, _, name = row.mailbox.rpartition(row.delimiter)
        if above not in {"", "INBOX", "[Gmail]", "[Google Mail]"}:
            return Role.NONE
    role = _BY_NAME.get(name.casefold(), Role.NONE)
    return Role.NONE if role in taken else role


def keep(tx: Transaction, account_id: AccountId, listed: list[Listed]) -> None:
    """Make the mailboxes here those of the server; one that it does not list any more goes.

    A mailbox that exists only here (its CREATE waits in the journal, or its account fetched by POP3
    before) stays; and so does everything where the server does not list the Inbox.
    """
    before = {one.path: one for one in mailbox.of_account(tx, account_id)}
    for one in listed:
        known = before.pop(one.path, None)
        if known is None and one.role is not Role.NONE:
            known = _adopt(tx, before, one)
        if known is not None and (
            (known.delimiter, known.role, known.selectable, known.local)
            == (one.delimiter, one.role, one.selectable, False)
        ):
            _keep_what_changed_there(tx, known, one)
            continue
        mailbox.add(
            tx,
            account_id,
            one.path,
            delimiter=one.delimiter,
            role=one.role,
            selectable=one.selectable,
            subscribed=one.subscribed,
        )
    seen = {one.path for one in listed}
    for here in mailbox.of_account(tx, account_id):
        if here.path in seen:
            tx.execute("UPDATE mailbox SET missed = 0 WHERE id = ? AND missed > 0", (here.id,))
    if not any(one.role is Role.INBOX for one in listed):
        return  # whoever has an Inbox is told of it: this answer is not whole
    for gone in before.values():
        is_heard = gone.hidden and not operation.of_mailbox(tx, gone.id, "delete-mailbox")
        if not (gone.local or is_heard or operation.of_mailbox(tx, gone.id, "create")):
            _miss(tx, gone)


def name(tx: Transaction, mailbox_id: MailboxId, path: str) -> MailboxId:
    """Give a mailbox the name that its server knows it by now; returns which one it is then.

    Where one of that name was listed meanwhile the two are one: it was made there before, or by
    another device, or brought there by another device's renaming.
    """
    box = mailbox.get(tx, mailbox_id)
    there = next(
        (
            one
            for one in mailbox.of_account(tx, box.account_id)
            if one.path == path and one.id != box.id
        ),
        None,
    )
    if (
        there is not None
        and there.hidden
        and not operation.of_mailbox(tx, there.id, "delete-mailbox")
    ):
        mailbox.remove(tx, there.id)  # it was deleted for good, and this is a new one
        there = None
    if there is None:
        mailbox.set_path(tx, box.id, path)
        return box.id
    _become(tx, box, there)
    return there.id


def _become(tx: Transaction, box: Mailbox, there: Mailbox) -> None:
    """Let what stands in a mailbox, or is to be done with it, be of another one."""
    if box.uidvalidity is not None:  # its messages have to be met there
        vanish.void(tx, box.id)
        vanish.void(tx, there.id)
    rows = tx.fetch("SELECT id FROM placement WHERE mailbox_id = ?", (box.id,))
    placement.relocate(tx, [row[0] for row in rows], there.id)
    tx.execute(
        "UPDATE placement SET gone_cycle = ? WHERE mailbox_id = ? AND gone_cycle IS NOT NULL"
        " AND uid IS NULL",
        (there.cycle, there.id),
    )
    operation.rehome(tx, box.account_id, box.id, there.id)
    if there.hidden:  # what was wanted last counts
        for one in operation.of_mailbox(tx, there.id, "delete-mailbox"):
            operation.remove(tx, one.id)
        mailbox.set_hidden(tx, there.id, hidden=False)
    mailbox.remove(tx, box.id)


def _keep_what_changed_there(tx: Transaction, known: Mailbox, one: Listed) -> None:
    """What another program did to a mailbox counts, unless the server has still to hear of ours."""
    if known.subscribed != one.subscribed and not operation.of_mailbox(tx, known.id, "subscribe"):
        mailbox.set_subscribed(tx, known.id, subscribed=one.subscribed)
    if known.hidden and not operation.of_mailbox(tx, known.id, "delete-mailbox"):
        mailbox.forget_state(tx, known.id)  # it was made anew
        mailbox.set_hidden(tx, known.id, hidden=False)


def _miss(tx: Transaction, gone: Mailbox) -> None:
    """A mailbox was left out of a LIST: it goes at the second time, and what stands only here not.

    A message whose append waits in the journal, or that an account brought along from POP3, is at
    no server. What is to be moved or copied into it stands where it came from: it waits for a
    person to give that up, and goes with the next LIST.
    """
    tx.execute("UPDATE mailbox SET missed = missed + 1 WHERE id = ?", (gone.id,))
    if tx.fetch("SELECT missed FROM mailbox WHERE id = ?", (gone.id,))[0][0] < MISSED_TO_GO:
        return
    at_server = tx.fetch(
        "SELECT id FROM placement WHERE mailbox_id = ? AND uid IS NOT NULL", (gone.id,)
    )
    going = [row[0] for row in at_server]
    _say_lost(tx, gone, going)
    placement.remove(tx, going)
    left = tx.fetch("SELECT id FROM placement WHERE mailbox_id = ?", (gone.id,))
    if not left:
        if not gone.hidden:  # one that is deleted here is kept, so that it can be made anew
            mailbox.remove(tx, gone.id)
    elif {row[0] for row in left} - operation.coming_into(tx, gone.id):
        journal.stand_alone(tx, gone)


def _say_lost(tx: Transaction, gone: Mailbox, going: Sequence[PlacementId]) -> None:
    """Have a person told of what cannot be done any more, because its messages went.

    A removal is not among it: they are removed.
    """
    lost = {one.id for one, _ in operation.open_about(tx, going) if one.kind != "expunge"}
    lost |= {one.id for one in operation.of_mailbox(tx, gone.id, "rename")}
    for operation_id in sorted(lost):
        operation.set_state(
            tx,
            operation_id,
            "failed",
            problem=f"{gone.path} is not at the server any more: another program deleted or renamed"
            " it.",
        )


def _adopt(tx: Transaction, before: dict[str, Mailbox], one: Listed) -> Mailbox | None:
    """A mailbox of an account that fetched by POP3 becomes the server's one for the same use."""
    for path, local in before.items():
        if local.local and local.role is one.role:
            tx.execute("UPDATE mailbox SET path = ? WHERE id = ?", (one.path, local.id))
            del before[path]
            return mailbox.get(tx, local.id)
    return None
