"""Conversations: an answer meets its question in whatever order they come."""

from __future__ import annotations

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktopmail.engine.store import thread
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from desktopmail.engine.store.store import Store, Transaction

ROOT = mail(1)
ANSWER = mail(2, references="<1@example.org>")
LATER = mail(3, references="<1@example.org> <2@example.org>")
OTHER = mail(9)


async def threads(store: Store) -> list[set[str]]:
    rows = await store.read(
        lambda tx: tx.fetch(
            "SELECT p.thread_id, m.message_id FROM placement AS p"
            " JOIN message AS m ON m.id = p.message_id AND m.thread_id = p.thread_id"
        )
    )
    found: dict[int, set[str]] = {}
    for thread_id, message_id in rows:
        found.setdefault(thread_id, set()).add(message_id.partition("@")[0])
    return sorted(found.values(), key=min)


@pytest.mark.parametrize("order", list(itertools.permutations([ROOT, ANSWER, LATER])))
async def test_a_thread_is_the_same_in_whatever_order_it_comes(
    order: tuple[bytes, ...], tmp_path: Path
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        for uid, octets in enumerate((OTHER, *order), 1):
            await store.write(
                lambda tx, uid=uid, octets=octets: put(
                    tx, inbox_of(tx, account_id), [octets], first_uid=uid
                )
            )
        assert await threads(store) == [{"1", "2", "3"}, {"9"}]


async def test_two_threads_that_a_message_connects_become_one(tmp_path: Path) -> None:
    bridge = mail(3, references="<1@example.org> <9@example.org>")
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        await store.write(lambda tx: put(tx, inbox, [ROOT, ANSWER, OTHER]))
        assert len(await threads(store)) == 2
        await store.write(lambda tx: put(tx, inbox, [bridge], first_uid=10))
        assert await threads(store) == [{"1", "2", "3", "9"}]


async def test_a_message_without_names_is_a_thread_of_its_own(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        nameless = [b"Subject: a\r\n\r\n1\r\n", b"Subject: a\r\n\r\n2\r\n"]
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), nameless))
        rows = await store.read(lambda tx: tx.fetch("SELECT DISTINCT thread_id FROM message"))
        assert len(rows) == 2


def test_a_key_fits_into_a_signed_number_of_the_database() -> None:
    assert all(0 <= thread.key_of(f"{number}@example.org") < 2**63 for number in range(100))


async def test_of_a_long_chain_the_root_and_the_nearest_count(tmp_path: Path) -> None:
    chain = " ".join(f"<c{number}@example.org>" for number in range(500))
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1, references=chain)]))
        keys = {
            row[0] for row in await store.read(lambda tx: tx.fetch("SELECT key FROM thread_key"))
        }
        assert thread.key_of("c0@example.org") in keys
        assert thread.key_of("c499@example.org") in keys
        assert thread.key_of("c100@example.org") not in keys
        assert len(keys) < 30


@given(st.lists(st.tuples(st.integers(1, 6), st.lists(st.integers(1, 6), max_size=3)), max_size=10))
@settings(max_examples=60, deadline=None)
async def test_together_threads_are_joined_as_one_by_one(
    coming: list[tuple[int, list[int]]],
) -> None:
    messages = [
        (number, f"{name}@example.org", tuple(f"{other}@example.org" for other in others))
        for number, (name, others) in enumerate(coming, 1)
    ]
    keys: list[object] = []
    for together in (True, False):
        with TemporaryDirectory() as folder:
            async with open_store(Path(folder)) as store:

                def step(tx: Transaction, together: bool = together) -> None:
                    for chunk in [messages] if together else [[one] for one in messages]:
                        thread.join(tx, chunk)

                await store.write(step)
                keys.append(
                    await store.read(
                        lambda tx: tx.fetch("SELECT key, thread_id FROM thread_key ORDER BY key")
                    )
                )
    assert keys[0] == keys[1]


async def test_threads_become_one_without_going_through_all_that_is_here(tmp_path: Path) -> None:
    """With 20,000 messages each answer that met its question late took some milliseconds."""
    plans: list[str] = []

    def step(tx: Transaction) -> None:
        execute_many = tx.execute_many

        def explained(sql: str, rows: list[tuple[int, int]]) -> None:
            for row in rows:
                plans.extend(plan[3] for plan in tx.fetch(f"EXPLAIN QUERY PLAN {sql}", row))
            execute_many(sql, rows)

        tx.execute_many = explained  # type: ignore[method-assign, assignment]
        thread.join(tx, [(1, "a@example.org", ())])
        thread.join(tx, [(2, "b@example.org", ())])
        thread.join(tx, [(3, "c@example.org", ("a@example.org", "b@example.org"))])

    async with open_store(tmp_path) as store:
        await store.write(step)
    assert any("placement" in plan for plan in plans)
    assert not [plan for plan in plans if plan.startswith("SCAN")]


def add_rows(tx: Transaction, threads: list[int], first: int) -> None:
    tx.execute_many(
        "INSERT INTO message (id, header_digest, message_id, subject, sender_name, sender_address,"
        " recipients, date_s, size, attachment, preview, thread_id, words_id)"
        " VALUES (?1, x'', '', '', '', '', '', 1, 1, 0, '', ?2, ?1)",
        list(enumerate(threads, first)),
    )


async def test_a_large_thread_is_not_written_anew_for_each_message_that_joins_another_to_it(
    tmp_path: Path,
) -> None:
    """Somebody could send such messages: each took a second where the thread was one of 50,000."""

    def step(tx: Transaction) -> int:
        old = [(number, f"{number}@example.org", ()) for number in range(1, 11)]
        add_rows(tx, thread.join(tx, old), 1)
        large = [
            (number, f"{number}@example.org", ("root@example.org",)) for number in range(11, 91)
        ]
        add_rows(tx, thread.join(tx, large), 11)
        before = tx.fetch("SELECT total_changes()")[0][0]
        for number in range(10, 0, -1):
            bridge = (100 + number, "", (f"{number}@example.org", "root@example.org"))
            add_rows(tx, thread.join(tx, [bridge]), 100 + number)
        changed: int = tx.fetch("SELECT total_changes()")[0][0] - before
        assert tx.fetch("SELECT DISTINCT thread_id FROM message") == [(11,)]
        assert tx.fetch("SELECT DISTINCT thread_id FROM thread_key") == [(11,)]
        return changed

    async with open_store(tmp_path) as store:
        assert await store.write(step) <= 40


def test_a_long_chain_of_threads_that_become_one_is_not_walked_for_each_message() -> None:
    above = {number + 1: number for number in range(10_000)}
    looks = 0

    class Counting(dict[int, int]):
        def get(self, key: int, default: int | None = None) -> int | None:  # type: ignore[override]
            nonlocal looks
            looks += 1
            return super().get(key, default)

        def __getitem__(self, key: int) -> int:
            nonlocal looks
            looks += 1
            return super().__getitem__(key)

    counting = Counting(above)
    assert {thread._root(counting, 10_000) for _ in range(1000)} == {0}
    assert looks < 30_000
