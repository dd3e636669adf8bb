"""A message on its way out survives the engine in every state, and is never sent twice for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import SendingState
from desktopmail.engine.store import blob, operation, sending
from desktopmail.engine.store.operation import Arguments
from tests.helpers.store import add_account, mail, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import SendingId
    from desktopmail.engine.store.store import Transaction


def queue(tx: Transaction, number: int = 1) -> SendingId:
    rows = tx.fetch("SELECT id FROM account")
    account_id = rows[0][0] if rows else add_account(tx)
    return sending.add(
        tx, account_id, message_id=f"{number}@example.org", subject=f"Subject {number}",
        sender="ann@example.org", recipients=("bob@example.org", "zoe@example.org"),
        blob_id=blob.put(tx, [mail(number)])[0], now_s=100.0, delay_s=10.0,
        draft=None, answers=None, forwards=False,
    )  # fmt: skip


async def test_what_is_queued_comes_back_as_it_went_in(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        made = await store.write(queue)
    async with open_store(tmp_path) as store:
        found = await store.read(lambda tx: sending.get(tx, made))
        assert found.state is SendingState.QUEUED
        assert found.recipients == ("bob@example.org", "zoe@example.org")
        assert found.not_before_s == 110.0
        assert await store.read(lambda tx: blob.read(tx, found.blob_id)) == mail(1)


@pytest.mark.parametrize(
    ("left", "becomes"),
    [
        (SendingState.QUEUED, SendingState.QUEUED),
        (SendingState.CONNECTING, SendingState.QUEUED),
        (SendingState.TRANSMITTING, SendingState.QUEUED),  # the final dot was never written
        (SendingState.UNSURE, SendingState.UNSURE),  # it may have been: never by itself again
        (SendingState.FILING, SendingState.DONE),  # accepted, and no copy waits
        (SendingState.DONE, SendingState.DONE),
        (SendingState.FAILED, SendingState.FAILED),
    ],
)
async def test_what_an_engine_that_died_left_becomes_what_is_safe(
    left: SendingState, becomes: SendingState, tmp_path: Path
) -> None:
    async with open_store(tmp_path) as store:
        made = await store.write(queue)
        await store.write(lambda tx: sending.set_state(tx, made, left, 101.0))
    async with open_store(tmp_path) as store:
        await store.write(lambda tx: sending.recover(tx, 200.0))
        assert (await store.read(lambda tx: sending.get(tx, made))).state is becomes


async def test_a_copy_that_is_still_to_be_filed_stays_filing(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        made = await store.write(queue)

        def step(tx: Transaction) -> None:
            one = sending.get(tx, made)
            operation.add(tx, one.account_id, "append", Arguments(sending=made), "")
            sending.set_state(tx, made, SendingState.FILING, 101.0)
            sending.recover(tx, 200.0)

        await store.write(step)
        assert (await store.read(lambda tx: sending.get(tx, made))).state is SendingState.FILING


async def test_tries_are_counted_and_results_kept(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        made = await store.write(queue)

        def step(tx: Transaction) -> None:
            sending.set_state(tx, made, SendingState.CONNECTING, 101.0, tried=True)
            sending.set_results(tx, made, ("zoe@example.org",), {"bob@example.org": "550 no"})
            sending.set_state(tx, made, SendingState.QUEUED, 102.0, problem="x", retry_s=150.0)

        await store.write(step)
        found = await store.read(lambda tx: sending.get(tx, made))
        assert (found.tries, found.retry_s) == (1, 150.0)
        assert (found.recipients, found.refused) == (
            ("zoe@example.org",),
            {"bob@example.org": "550 no"},
        )


async def test_those_in_a_state_come_oldest_first(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        made = [await store.write(lambda tx, n=n: queue(tx, n)) for n in (1, 2, 3)]
        account_id = (await store.read(lambda tx: sending.get(tx, made[0]))).account_id
        await store.write(lambda tx: sending.set_state(tx, made[1], SendingState.FAILED, 1.0))
        states = (SendingState.QUEUED, SendingState.UNSURE)
        found = await store.read(lambda tx: sending.in_states(tx, account_id, states))
        assert [one.id for one in found] == [made[0], made[2]]


async def test_one_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        made = await store.write(queue)
        await store.write(lambda tx: sending.remove(tx, made))
        with pytest.raises(DoorError) as caught:
            await store.read(lambda tx: sending.get(tx, made))
        assert caught.value.code == "no-sending"


async def test_what_waits_for_a_moment_follows_a_clock_that_is_set_back(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        made = await store.write(queue)  # at 100, not before 110

        def at(tx: Transaction, now_s: float) -> float:
            one = sending.get(tx, made)
            sending.follow_clock(tx, one.account_id, now_s, (SendingState.QUEUED,))
            return sending.get(tx, made).not_before_s

        assert await store.write(lambda tx: at(tx, 104.0)) == 110.0
        assert await store.write(lambda tx: at(tx, 40.0)) == 50.0
        assert await store.write(lambda tx: at(tx, 41.0)) == 50.0
