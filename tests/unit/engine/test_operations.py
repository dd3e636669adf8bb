"""What a person does about an operation of the journal."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    DiscardOperation,
    MoveMessages,
    RetryOperation,
    SetOffline,
    StoreFlags,
)
from desktopmail.door.ids import OperationId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag, Kind
from desktopmail.engine import journal, operations
from desktopmail.engine.store import operation, problem
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, running_engine, until
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Transaction


async def test_what_is_done_is_neither_done_again_nor_given_up(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await bench.engine.command(
                StoreFlags(placement_ids=(bench.placed("Subject 1"),), add=Flag.FLAGGED)
            )
            await until(lambda: bench.reader.operations() == [], "the flag told")
            for command in (RetryOperation, DiscardOperation):
                with pytest.raises(DoorError) as caught:
                    await bench.engine.command(command(operation_id=OperationId(1)))
                assert caught.value.code == "no-operation"
            assert bench.reader.operations() == []
            assert "\\Flagged" in server.messages("alice")[0].flags


async def test_what_failed_is_tried_again_or_given_up_and_undone_here(tmp_path: Path) -> None:
    def prepare(tx: Transaction) -> OperationId:
        inbox = inbox_of(tx, add_account(tx))
        (placed,) = put(tx, inbox, [mail(1)])
        journal.store_flags(tx, [placed], add=Flag.FLAGGED)
        (one,) = operation.pending(tx, inbox_account(tx))
        operation.set_state(tx, one.id, "failed")
        return one.id

    def inbox_account(tx: Transaction) -> int:
        return int(tx.fetch("SELECT id FROM account")[0][0])

    async with open_store(tmp_path) as store:
        failed = await store.write(prepare)
        await store.write(lambda tx: operations.retry(tx, failed))
        again = await store.read(lambda tx: operation.get(tx, failed))
        assert again is not None
        assert again.state == "pending"
        outcome = await store.write(lambda tx: operations.discard(tx, failed))
        assert outcome.label.startswith("Given up: ")
        flags = await store.read(lambda tx: tx.fetch("SELECT flags FROM placement"))
        assert flags == [(0,)]
        with pytest.raises(DoorError) as caught:
            await store.write(lambda tx: operations.discard(tx, failed))
        assert caught.value.code == "no-operation"


async def test_a_copy_to_another_account_that_is_given_up_leaves_the_message_where_it_was(
    tmp_path: Path,
) -> None:
    """It came by POP3: what waits for the copy is told to nobody, and has to end with it."""
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            source = await bench.add(server, kind=Kind.POP3)
            target = await bench.add(server, "bob")
            await bench.sync(source, target)
            await bench.engine.command(SetOffline(offline=True))
            archive = bench.mailbox("Archive", target)
            moved = (bench.placed("Subject 1"),)
            await bench.engine.command(MoveMessages(placement_ids=moved, mailbox_id=archive))
            assert bench.subjects("INBOX", source) == []
            (copied,) = [one for one in bench.reader.operations() if one.kind == "append"]
            await bench.engine.command(DiscardOperation(operation_id=copied.id))
            assert bench.subjects("INBOX", source) == ["Subject 1"]
            assert bench.subjects("Archive", target) == []
            assert bench.reader.operations() == []


async def test_what_went_wrong_is_said_until_the_last_that_failed_is_given_up(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:

        def prepare(tx: Transaction) -> AccountId:
            account_id = add_account(tx)
            for flag in (Flag.FLAGGED, Flag.SEEN):
                placed = put(tx, inbox_of(tx, account_id), [mail(int(flag))], first_uid=int(flag))
                journal.store_flags(tx, placed, add=flag)
            for one in operation.pending(tx, account_id):
                operation.set_state(tx, one.id, "failed")
            problem.report(tx, account_id, "journal", "The server says no.", "Give it up.", 0.0)
            return account_id

        await store.write(prepare)
        for left in (1, 0):
            rows = await store.read(lambda tx: tx.fetch("SELECT id FROM operation ORDER BY id"))
            await store.write(partial(operations.discard, operation_id=rows[0][0]))
            told = await store.read(lambda tx: tx.fetch("SELECT what FROM problem"))
            assert len(told) == left
