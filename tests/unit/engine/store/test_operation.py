"""The journal: in order, proved row by row, and what waits for another is never let loose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.changes import AnyChange, OperationsChanged
from desktopmail.door.ids import OperationId
from desktopmail.door.rows import Flag
from desktopmail.engine.store import operation
from desktopmail.engine.store.operation import Arguments, Target
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId, PlacementId
    from desktopmail.engine.store.store import Store, Transaction


async def filled(store: Store, count: int = 2) -> tuple[AccountId, list[PlacementId]]:
    account_id = await store.write(add_account)
    return account_id, await store.write(
        lambda tx: put(tx, inbox_of(tx, account_id), [mail(n) for n in range(count)])
    )


async def test_operations_come_in_the_order_they_were_asked_for(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id, _ = await filled(store)
        other = await store.write(lambda tx: add_account(tx, "other"))

        def step(tx: Transaction) -> None:
            for kind in ("flags", "move", "expunge"):
                operation.add(tx, account_id, kind, Arguments(), kind)
            operation.add(tx, other, "copy", Arguments(), "of somebody else")

        await store.write(step)
        found = await store.read(lambda tx: operation.pending(tx, account_id))
        assert [one.kind for one in found] == ["flags", "move", "expunge"]


async def test_one_that_was_running_is_still_to_be_told(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id, _ = await filled(store)
        made = await store.write(lambda tx: operation.add(tx, account_id, "move", Arguments(), ""))
        one = await store.read(lambda tx: operation.get(tx, made))
        assert one is not None
        await store.write(lambda tx: operation.begin(tx, [one], 5, 17))
    async with open_store(tmp_path) as store:  # after a crash
        (found,) = await store.read(lambda tx: operation.pending(tx, account_id))
        assert found.state == "running"
        assert (found.arguments.uidvalidity, found.arguments.uidnext) == (5, 17)


async def test_arguments_come_back_as_they_went_in(tmp_path: Path) -> None:
    arguments = Arguments(
        add=5, remove=2, add_tags=("work", "ünï"), remove_tags=("x",), path="Täst/ü"
    )
    async with open_store(tmp_path) as store:
        account_id, _ = await filled(store)
        made = await store.write(
            lambda tx: operation.add(tx, account_id, "flags", arguments, "label", undo="t")
        )
        found = await store.read(lambda tx: operation.get(tx, made))
        assert found is not None
        assert (found.arguments, found.label, found.undo) == (arguments, "label", "t")


async def test_proof_is_kept_for_each_message_by_itself(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id, (one, two) = await filled(store)

        def step(tx: Transaction) -> OperationId:
            made = operation.add(tx, account_id, "copy", Arguments(), "")
            operation.add_targets(tx, made, [(one, Flag.SEEN, None), (two, Flag.NONE, None)])
            operation.prove(tx, operation.targets(tx, made)[:1])
            return made

        made = await store.write(step)
        assert await store.read(lambda tx: operation.targets(tx, made)) == [
            Target(made, one, Flag.SEEN, None, True),
            Target(made, two, Flag.NONE, None, False),
        ]


async def test_a_command_is_taken_back_newest_first(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id, _ = await filled(store)
        for kind in ("append", "expunge"):
            await store.write(
                lambda tx, kind=kind: operation.add(
                    tx, account_id, kind, Arguments(), "", undo="token"
                )
            )
        found = await store.read(lambda tx: operation.with_undo(tx, "token"))
        assert [one.kind for one in found] == ["expunge", "append"]


async def test_the_last_done_ones_are_kept_and_older_ones_forgotten(tmp_path: Path) -> None:
    def step(tx: Transaction, account_id: AccountId) -> None:
        for _ in range(operation.DONE_KEPT + 5):
            operation.finish(tx, operation.add(tx, account_id, "flags", Arguments(), ""))

    async with open_store(tmp_path) as store:
        account_id, _ = await filled(store)
        await store.write(lambda tx: step(tx, account_id))
        rows = await store.read(lambda tx: tx.fetch("SELECT count(*), min(id) FROM operation"))
        assert rows == [(operation.DONE_KEPT, 6)]


async def test_what_waits_is_found_until_it_is_let_go(tmp_path: Path) -> None:
    def step(tx: Transaction, account_id: AccountId) -> None:
        first = operation.add(tx, account_id, "append", Arguments(), "")
        operation.add(tx, account_id, "expunge", Arguments(after=first, path="x"), "")
        operation.add(tx, account_id, "expunge", Arguments(), "")
        (waiting,) = operation.followers(tx, first)
        operation.release(tx, waiting)
        assert operation.followers(tx, first) == []
        freed = operation.get(tx, waiting.id)
        assert freed is not None
        assert freed.arguments == Arguments(path="x")

    async with open_store(tmp_path) as store:
        account_id, _ = await filled(store)
        await store.write(lambda tx: step(tx, account_id))


async def test_changes_of_flags_that_the_server_did_not_hear_of_are_known(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id, (one, two) = await filled(store)

        def step(tx: Transaction) -> None:
            for state, add, placed in (
                ("pending", Flag.SEEN, one),
                ("running", Flag.FLAGGED, one),
                ("done", Flag.ANSWERED, one),
                ("pending", Flag.SEEN, two),
            ):
                made = operation.add(
                    tx, account_id, "flags", Arguments(add=int(add)), "", state=state
                )
                operation.add_targets(tx, made, [(placed, Flag.NONE, None)])

        await store.write(step)
        found = await store.read(lambda tx: operation.unheard_flags(tx, [one]))
        assert [change.add for change in found[one]] == [Flag.SEEN, Flag.FLAGGED]
        assert list(found) == [one]


async def test_a_copy_that_waits_for_its_server_is_not_filed_yet(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id, _ = await filled(store)
        arguments = Arguments(sending=7)  # type: ignore[arg-type]
        made = await store.write(lambda tx: operation.add(tx, account_id, "append", arguments, ""))
        assert await store.read(lambda tx: operation.files(tx, 7))  # type: ignore[arg-type]
        await store.write(lambda tx: operation.finish(tx, made))
        assert not await store.read(lambda tx: operation.files(tx, 7))  # type: ignore[arg-type]


async def test_every_change_of_the_journal_is_told(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id, _ = await filled(store)
        told: list[AnyChange] = []
        store.listen(told.append)
        made = await store.write(lambda tx: operation.add(tx, account_id, "move", Arguments(), ""))
        await store.write(lambda tx: operation.set_state(tx, made, "failed", problem="No."))
        await store.write(lambda tx: operation.remove(tx, made))
        assert told == [OperationsChanged()] * 3


async def test_what_goes_is_passed_on_to_its_twin(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id, (one, two) = await filled(store)

        def step(tx: Transaction) -> list[Target]:
            made = operation.add(tx, account_id, "move", Arguments(), "")
            operation.add_targets(tx, made, [(one, Flag.SEEN, two)])
            operation.pass_on(tx, operation.targets(tx, made))
            return operation.targets(tx, made)

        assert await store.write(step) == [Target(OperationId(1), two, Flag.SEEN, two, False)]


@pytest.mark.parametrize(
    ("state", "waits"), [("pending", True), ("running", True), ("failed", False), ("done", False)]
)
async def test_whether_anything_waits_is_seen_without_reading_it_all(
    tmp_path: Path, state: str, *, waits: bool
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        other = await store.write(lambda tx: add_account(tx, "other"))
        await store.write(
            lambda tx: operation.add(tx, account_id, "flags", Arguments(), "x", state=state)
        )
        assert await store.read(lambda tx: operation.is_any_pending(tx, account_id)) is waits
        assert not await store.read(lambda tx: operation.is_any_pending(tx, other))
