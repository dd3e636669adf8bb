"""A date that is wrong deletes nothing at a POP3 server, also from one life of the engine on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import pop_seen
from desktopmail.engine.sync.leaving import DAY_S, believed_s
from tests.helpers.store import add_account, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Store

THEN_S = 20_000 * DAY_S


async def sessions(store: Store, *days: float) -> list[float]:
    """The date that each session believes, in days since the first; each may be of another life."""
    account_id = await store.write(add_account)
    told = []
    for day in days:
        now_s = THEN_S + int(day * DAY_S)
        told.append((await store.write(partial(believed_s, account_id, now_s)) - THEN_S) / DAY_S)
    return told


@pytest.mark.parametrize(
    ("days", "believed"),
    [
        pytest.param((0, 0.5, 1.5, 2), (0, 0.5, 1.5, 2), id="as it is"),
        pytest.param((0, 400, 0.1, 0.2), (0, 0, 0.1, 0.2), id="ahead once"),
        pytest.param((0, 400, 0.1, 400, 0.2), (0, 0, 0.1, 0.1, 0.2), id="ahead at two starts"),
        pytest.param((0, 3, 3.1), (0, 0, 3.1), id="three days away"),
        pytest.param((0, 7, 14, 21, 28), (0, 0, 14, 14, 28), id="once a week"),
        pytest.param((0, -5, -4.5), (0, -5, -4.5), id="set back"),
        pytest.param((0, 400, 399, 399.1), (0, 0, 0, 399.1), id="wrong, and then right"),
    ],
)
async def test_a_date_far_ahead_counts_when_it_still_stands_at_the_next_session(
    days: tuple[float, ...], believed: tuple[float, ...], tmp_path: Path
) -> None:
    async with open_store(tmp_path) as store:
        assert await sessions(store, *days) == pytest.approx(believed)


@pytest.mark.parametrize(("away_days", "age_days"), [(7, 7.5), (40, 0.5), (20_000, 0.5)], ids=str)
async def test_after_long_absence_or_under_a_clock_that_was_wrong_messages_are_as_old_as_before(
    away_days: int, age_days: float, tmp_path: Path
) -> None:
    """Fetched in 1970 by its clock, a message must not be 56 years old the next morning."""
    async with open_store(tmp_path) as store:
        account_id: AccountId = await store.write(add_account)
        for day in (0.0, 0.5):
            await store.write(partial(believed_s, account_id, THEN_S + int(day * DAY_S)))
        await store.write(
            lambda tx: pop_seen.add(tx, account_id, [pop_seen.Seen("u", None, b"digest", THEN_S)])
        )
        now_s = THEN_S + int((0.5 + away_days) * DAY_S)
        for _ in range(2):
            await store.write(partial(believed_s, account_id, now_s))
        seen = await store.read(lambda tx: pop_seen.every(tx, account_id))
        assert (now_s - seen["u"].first_seen_s) / DAY_S == pytest.approx(age_days)


async def test_what_came_under_a_clock_that_was_ahead_counts_from_when_it_is_right(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(partial(believed_s, account_id, THEN_S + 400 * DAY_S))
        await store.write(
            lambda tx: pop_seen.add(
                tx, account_id, [pop_seen.Seen("u", None, b"digest", THEN_S + 400 * DAY_S)]
            )
        )
        await store.write(partial(believed_s, account_id, THEN_S))
        seen = await store.read(lambda tx: pop_seen.every(tx, account_id))
        assert seen["u"].first_seen_s == THEN_S


async def test_what_else_was_learned_stays(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        learned = accounts.Learned(pop_deletes_after_days=3, pop_reuses_uidls=True)
        await store.write(lambda tx: accounts.learn(tx, account_id, learned))
        await store.write(partial(believed_s, account_id, THEN_S))
        after = (await store.read(lambda tx: accounts.get(tx, account_id))).learned
        assert after == replace(learned, pop_date_s=THEN_S)
