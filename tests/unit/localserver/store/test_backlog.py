"""Summaries that are worked out behind the delivery."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

import pytest

from localserver.store import account as account_module
from localserver.store import backlog
from localserver.store.account import Message
from localserver.store.errors import StoreError
from localserver.store.summary import summarise
from tests.helpers.account import PLAIN, a_store, an_account
from tests.helpers.corpora import messages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from localserver.store.account import Account

T = TypeVar("T")


def rows(account: Account) -> list[tuple[object, ...]]:
    return account.query("SELECT * FROM answer JOIN finding USING (message) ORDER BY message")


async def add(account: Account, *octets: bytes) -> None:
    await account.append(account.mailbox("INBOX"), [Message(each) for each in octets])


async def test_a_delivery_works_out_nothing_and_who_asks_first_gets_all_of_it(
    tmp_path: Path,
) -> None:
    async with a_store(tmp_path) as store:
        account = await store.account("alice")
        await add(account, PLAIN, PLAIN)
        assert rows(account) == []
        await account.summarise()
        found = summarise(PLAIN)
        assert account.query("SELECT * FROM answer") == [
            (number, found.envelope, found.body, found.structure) for number in (1, 2)
        ]
        assert account.query("SELECT subject, preview FROM finding") == [("x", "body")] * 2


async def test_when_nothing_comes_for_a_moment_it_is_done_unasked(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        account = await store.account("alice")
        await add(account, *[PLAIN] * 200)
        async with asyncio.timeout(10):
            while len(rows(account)) < 200:
                await asyncio.sleep(backlog.QUIET_S)
        await add(account, PLAIN)
        async with asyncio.timeout(10):
            while len(rows(account)) < 201:
                await asyncio.sleep(backlog.QUIET_S)


async def test_asked_for_and_unasked_the_outcome_is_the_same(tmp_path: Path) -> None:
    octets = [each.octets for each in messages()][:150]
    for name in ("asked", "unasked"):
        (tmp_path / name).mkdir()
    async with a_store(tmp_path / "asked") as one, a_store(tmp_path / "unasked") as other:
        asked, unasked = await one.account("alice"), await other.account("alice")
        for each in octets:
            await add(asked, each)
            await asked.summarise()
        await add(unasked, *octets)
        async with asyncio.timeout(60):
            while len(rows(unasked)) < len(octets):
                await asyncio.sleep(backlog.QUIET_S)
        assert rows(asked) == rows(unasked)


async def test_what_a_stop_left_over_is_done_after_the_next_start(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await add(await store.account("alice"), PLAIN, PLAIN)
    async with a_store(tmp_path) as store:
        account = await store.account("alice")
        assert rows(account) == []
        await account.summarise()
        assert len(rows(account)) == 2
    async with a_store(tmp_path) as store:
        account = await store.account("alice")
        await add(account, PLAIN)
        await account.summarise()
        assert [row[0] for row in rows(account)] == [1, 2, 3]


async def test_a_message_that_was_expunged_meanwhile_leaves_no_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_store(tmp_path) as store:
        account = await store.account("alice")
        inbox = account.mailbox("INBOX")
        await add(account, PLAIN, PLAIN, PLAIN)
        await account.expunge(inbox, [1, 3], only_deleted=False)
        await account.summarise()
        assert [row[0] for row in rows(account)] == [2]
        await add(account, PLAIN)
        monkeypatch.setattr(backlog, "_STEP_S", 0.0)
        await asyncio.gather(account.summarise(), account.expunge(inbox, [4], only_deleted=False))
        assert [row[0] for row in rows(account)] == [2]
        assert account.query("SELECT value FROM meta WHERE key='summarised'") == [(4,)]


async def test_many_who_ask_at_once_wait_for_one_piece_of_work() -> None:
    async with an_account(*[PLAIN] * 100) as account:
        await asyncio.gather(*(account.summarise() for _ in range(5)))
        assert len(rows(account)) == 100


async def test_large_messages_are_written_by_fewer_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "_AT_ONCE_OCTETS", 10)
    async with a_store(tmp_path) as store:
        account = await store.account("alice")
        await add(account, PLAIN, PLAIN, PLAIN)
        await account.summarise()
        assert len(rows(account)) == 3


@pytest.mark.parametrize("on_disk", [True, False])
async def test_a_large_message_is_looked_through_beside_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, on_disk: bool
) -> None:
    at: dict[str, list[bool]] = {"pop_size": [], "summarise": []}
    large = b"Subject: x\r\n\r\n" + b"a line\n" * 200_000

    def watched(name: str, function: Callable[..., T]) -> Callable[..., T]:
        def run(*arguments: object, **options: object) -> T:
            at[name].append(threading.current_thread() is threading.main_thread())
            return function(*arguments, **options)

        return run

    monkeypatch.setattr(account_module, "pop_size", watched("pop_size", account_module.pop_size))
    monkeypatch.setattr(backlog, "summarise", watched("summarise", summarise))
    async with a_store(tmp_path if on_disk else None) as store:
        account = await store.account("alice")
        await add(account, PLAIN)
        await add(account, large)
        await account.summarise()
        assert at == {"pop_size": [True, False], "summarise": [True, False]}
        assert account.octets(2) == large
        assert account.query("SELECT subject FROM finding") == [("x",)] * 2
        assert account.query("SELECT pop_size FROM message WHERE id=2") == [(1_600_014,)]


async def test_when_it_cannot_be_stored_who_asks_is_told_and_it_is_done_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_store(tmp_path) as store:
        account = await store.account("alice")
        await add(account, PLAIN)

        def refuse(*_arguments: object) -> int:
            raise StoreError("No room.")

        with monkeypatch.context() as context:
            context.setattr(backlog, "_store", refuse)
            with pytest.raises(StoreError, match="No room"):
                await account.summarise()
            await asyncio.sleep(3 * backlog.QUIET_S)  # unasked it fails too, and says so in the log
        assert account.octets(1) == PLAIN
        await account.summarise()
        assert len(rows(account)) == 1


async def test_unasked_work_stops_when_something_comes_and_keeps_what_it_has(
    tmp_path: Path,
) -> None:
    async with a_store(tmp_path) as store:
        account = await store.account("alice")
        await add(account, *[PLAIN] * 10)
        work = account._backlog
        await work._some(10, while_at=work._grown_at - 1)
        assert [row[0] for row in rows(account)] == [1]
        await work._some(10, while_at=work._grown_at)
        assert len(rows(account)) == 10
