"""Mailboxes made, deleted, renamed."""

from __future__ import annotations

import pytest

from localserver.store.errors import LimitError, MailboxExistsError
from localserver.store.tree import next_uidvalidity
from tests.helpers.account import PLAIN, an_account


async def test_uidvalidity_grows_even_within_a_second_and_when_the_clock_goes_back() -> None:
    async with an_account() as account:

        def job(connection: object) -> list[int]:
            return [next_uidvalidity(connection, now) for now in (2**31, 2**31, 5)]  # type: ignore[arg-type]

        first, second, third = await account._database.write(job)
        assert first == 2**31
        assert (second, third) == (first + 1, first + 2)


async def test_a_rename_onto_a_taken_name_below_changes_nothing() -> None:
    async with an_account() as account:
        await account.create("a/x")
        await account.create("b/x")
        await account.delete("b")
        with pytest.raises(MailboxExistsError):
            await account.rename("a", "b")
        assert account.mailbox("a/x").exists


async def test_missing_parents_count_towards_the_limit() -> None:
    async with an_account(mailboxes=8) as account:
        with pytest.raises(LimitError):
            await account.create("a/b/c")
        await account.create("a/b")


async def test_deleting_frees_the_octets() -> None:
    async with an_account(PLAIN) as account:
        box = await account.create("Box")
        await account.copy(account.mailbox("INBOX"), [1], box, move=True)
        await account.delete("Box")
        assert account.used() == (0, 0)
        assert account.query("SELECT count(*) FROM content") == [(0,)]
