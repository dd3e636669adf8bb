"""Bugs, put into an engine on purpose: the harness that does not find them finds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from desktopmail.door.commands import Outcome, Undo
from desktopmail.door.rows import SendingState
from desktopmail.engine import undo
from desktopmail.engine.engine import Engine
from desktopmail.engine.outbox import Outbox
from desktopmail.engine.store import operation, pop_seen, words
from desktopmail.engine.sync import pop3
from desktopmail.engine.sync.append import Appends
from desktopmail.engine.sync.incoming import Incoming
from desktopmail.engine.sync.mailbox_changes import MailboxChanges
from desktopmail.engine.sync.maildrop import look
from desktopmail.engine.sync.pop3 import Pop3Sync
from desktopmail.engine.sync.renamed import Recognition
from desktopmail.engine.sync.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from desktopmail.door.commands import AnyCommand
    from desktopmail.door.ids import MessageId, SendingId
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.operation import Operation
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.summary import Words
    from desktopmail.engine.sync.maildrop import Maildrop
    from desktopmail.net.pop3 import Pop3Client
    from desktopmail.wire.imap.condition import Tagged


def dele_before_commit() -> None:
    """What a maildrop lists is deleted there before it is durable here."""

    async def run(self: Pop3Sync, account: Account, *, headers_only: bool = False) -> None:
        del headers_only
        client = await self._connector.pop3(account)
        try:
            maildrop = await look(client)
            numbers = sorted(maildrop.sizes)
            batch = [
                (number, Incoming(content, True, len(content), 0))
                async for number, content in client.retr_many(numbers)
            ]
            await client.dele_many(numbers)
            await client.quit()
            if batch:
                rows = await pop3._parse(self._store.guard, self._ports, batch)
                await self._store.write(lambda tx: self._keep(tx, account, maildrop, rows))
        finally:
            await client.aclose()

    Pop3Sync.run = run  # type: ignore[method-assign]


def uidl_before_message() -> None:
    """A UIDL is remembered in a step of its own, before the message it names."""
    fetch = Pop3Sync._fetch

    async def first(
        self: Pop3Sync,
        client: Pop3Client,
        account: Account,
        maildrop: Maildrop,
        fresh: list[int],
        *rest: Any,
    ) -> None:
        def step(tx: Transaction) -> None:
            seen = [
                pop_seen.Seen(maildrop.uidls[number], None, b"", 0, size=maildrop.sizes[number])
                for number in fresh
            ]
            pop_seen.add(tx, account.id, seen)

        await self._store.write(step)
        await fetch(self, client, account, maildrop, fresh, *rest)

    Pop3Sync._fetch = first  # type: ignore[method-assign]


def final_dot_unrecorded() -> None:
    """The outbox writes the final dot without having stored that it may have."""
    keep = Outbox._set

    async def forget(
        self: Outbox, sending_id: SendingId, state: SendingState, why: str | None = None
    ) -> None:
        if state is not SendingState.UNSURE:
            await keep(self, sending_id, state, why)

    Outbox._set = forget  # type: ignore[method-assign]


def append_without_looking() -> None:
    """What a try that was cut short may have appended is not looked for."""

    async def nothing(*_args: object) -> None:
        return None

    Appends._look_for = nothing  # type: ignore[assignment]
    Telling.find_whole = nothing  # type: ignore[assignment]


def journal_forgotten() -> None:
    """An operation found running at the start is taken for done."""
    pending = operation.pending

    def waiting(tx: Transaction, account_id: object) -> object:
        return [one for one in pending(tx, account_id) if one.state != "running"]  # type: ignore[arg-type]

    operation.pending = waiting  # type: ignore[assignment]


def mailbox_not_looked_for() -> None:
    """Whether a try that was cut short renamed or deleted a mailbox already is not asked.

    Nor is one that was renamed known by what stands in it: a LIST would tell.
    """

    async def is_there(*_args: object) -> bool:
        return True

    async def nothing(*_args: object) -> None:
        return None

    MailboxChanges._exists = is_there  # type: ignore[assignment]
    Recognition.run = nothing  # type: ignore[assignment]
    rename = MailboxChanges._rename

    async def slowly(self: MailboxChanges, one: Operation, box: Mailbox) -> bool:
        client, store = self._at.client, self._at.store
        say = client.rename

        async def and_wait(mailbox: str, new: str) -> Tagged:
            answer = await say(mailbox, new)
            for _ in range(20):  # so that kills fall between it and the step that stores it
                await store.write(lambda _: None)
            return answer

        client.rename = and_wait  # type: ignore[method-assign]
        try:
            return await rename(self, one, box)
        finally:
            del client.rename

    MailboxChanges._rename = slowly  # type: ignore[method-assign]


def undo_in_two_steps() -> None:
    """The token of an undo is used up in a step of its own, before anything is taken back."""
    command = Engine.command

    async def two_steps(self: Engine, asked: AnyCommand) -> Outcome:
        if not isinstance(asked, Undo):
            return await command(self, asked)
        token = asked.token
        members = await self.store.read(lambda tx: operation.with_undo(tx, token))
        await self.store.write(
            lambda tx: tx.execute("UPDATE operation SET undo = NULL WHERE undo = ?", (token,))
        )

        def step(tx: Transaction) -> str:
            tx.execute_many(
                "UPDATE operation SET undo = ? WHERE id = ?", [(token, one.id) for one in members]
            )
            return undo.take_back(tx, token)

        return Outcome(label=await self.store.write(step))

    Engine.command = two_steps  # type: ignore[method-assign]


def deletion_forgotten_early() -> None:
    """That a message is to be deleted at a POP3 server is forgotten before QUIT is answered."""
    delete = Pop3Sync._delete

    async def forget(
        self: Pop3Sync, client: Pop3Client, account: Account, maildrop: Maildrop
    ) -> list[str]:
        deleted = await delete(self, client, account, maildrop)
        for _ in range(20):  # so that kills fall between it and QUIT
            await self._store.write(lambda tx: pop_seen.let_stay(tx, account.id))
        return deleted

    Pop3Sync._delete = forget  # type: ignore[method-assign]


def words_in_memory_alone() -> None:
    """What waits for the word index is nowhere written down."""

    def add_waiting(tx: Transaction, rows: Mapping[MessageId, Words]) -> None:
        ids = msgspec.json.encode(list(rows)).decode()
        found = tx.fetch(
            "SELECT words_id, id FROM message WHERE id IN (SELECT value FROM json_each(?))", (ids,)
        )
        words.add(tx, [(words_id, rows[message_id]) for words_id, message_id in sorted(found)])

    words.wait = lambda _tx, _message_ids: None
    words.add_waiting = add_waiting


PLANTS: dict[str, Callable[[], None]] = {
    "DELE before the commit": dele_before_commit,
    "UIDL before its message": uidl_before_message,
    "final dot unrecorded": final_dot_unrecorded,
    "append without looking": append_without_looking,
    "journal forgotten": journal_forgotten,
    "mailbox not looked for": mailbox_not_looked_for,
    "undo in two steps": undo_in_two_steps,
    "deletion forgotten early": deletion_forgotten_early,
    "words in memory alone": words_in_memory_alone,
}
