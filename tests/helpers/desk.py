"""A store with an IMAP account of three messages, and a POP3 account."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from desktopmail.door.rows import Kind, Role
from desktopmail.engine import journal, undo
from desktopmail.engine.store import mailbox
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desktopmail.door.ids import AccountId, MailboxId, PlacementId
    from desktopmail.engine.store.store import Store, Transaction


class Desk:
    """An IMAP account with three messages, and a POP3 account whose mailboxes are only here."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.work: AccountId
        self.home: AccountId
        self.inbox: MailboxId
        self.trash: MailboxId
        self.local: MailboxId
        self.placements: list[PlacementId]

    def fill(self, tx: Transaction) -> None:
        self.work = add_account(tx)
        self.home = add_account(tx, "home", Kind.POP3)
        for box in mailbox.of_account(tx, self.home):
            mailbox.add(tx, self.home, box.path, role=box.role, local=True)
        self.inbox, self.local = inbox_of(tx, self.work), inbox_of(tx, self.home)
        self.trash = self.role(tx, Role.TRASH)
        self.placements = put(tx, self.inbox, [mail(number) for number in range(3)])

    def role(self, tx: Transaction, role: Role) -> MailboxId:
        found = mailbox.find_role(tx, self.work, role)
        assert found is not None
        return found.id

    async def shown(self, mailbox_id: MailboxId) -> list[str]:
        rows = await self.store.read(
            lambda tx: tx.fetch(
                "SELECT m.subject FROM placement AS p JOIN message AS m ON m.id = p.message_id"
                " WHERE p.mailbox_id = ? AND p.shown = 1 ORDER BY 1",
                (mailbox_id,),
            )
        )
        return [row[0].removeprefix("Subject ") for row in rows]

    async def kinds(self) -> list[tuple[str, str]]:
        rows = await self.store.read(
            lambda tx: tx.fetch("SELECT kind, state FROM operation ORDER BY id")
        )
        return [(row[0], row[1]) for row in rows]

    async def undo(self, token: str = "t") -> str:
        return await self.store.write(lambda tx: undo.take_back(tx, token))


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    async with open_store(folder) as store:
        made = Desk(store)
        await store.write(made.fill)
        yield made


async def across(d: Desk) -> tuple[AccountId, MailboxId]:
    """Move the first message to another IMAP account."""

    def step(tx: Transaction) -> tuple[AccountId, MailboxId]:
        other = add_account(tx, "other")
        inbox = inbox_of(tx, other)
        journal.move(tx, d.placements[:1], inbox, undo="t")
        return other, inbox

    return await d.store.write(step)
