"""Threads that never change once they were told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localserver.store import thread
from localserver.store.account import Message
from tests.helpers.account import a_store, an_account

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from localserver.store.account import Account


def mail(own: str, *refers: str) -> bytes:
    fields = f"Message-ID: <{own}@x>\r\n" if own else ""
    if refers:
        fields += "References: " + " ".join(f"<{each}@x>" for each in refers) + "\r\n"
    return f"{fields}Subject: {own}\r\n\r\nbody\r\n".encode()


async def threads(account: Account) -> list[int]:
    await account.thread()
    return [row[0] for row in account.query("SELECT thread FROM thread ORDER BY message")]


async def add(account: Account, *octets: bytes) -> None:
    await account.append(account.mailbox("INBOX"), [Message(each) for each in octets])


async def test_replies_belong_to_what_they_reply_to_and_others_to_themselves() -> None:
    async with an_account(mail("a"), mail("b"), mail("c", "a"), mail("d", "a", "c")) as account:
        assert await threads(account) == [1, 2, 1, 1]


async def test_answers_to_a_message_nobody_has_belong_together() -> None:
    async with an_account(mail("b", "gone"), mail("c", "gone"), mail("gone")) as account:
        assert await threads(account) == [1, 1, 1]


async def test_messages_without_an_id_stand_alone() -> None:
    async with an_account(mail(""), mail("")) as account:
        assert await threads(account) == [1, 2]


async def test_what_was_told_stays_when_a_later_message_joins_two_threads() -> None:
    async with an_account(mail("a"), mail("b")) as account:
        assert await threads(account) == [1, 2]
        await add(account, mail("c", "a", "b"))
        assert await threads(account) == [1, 2, 1]


async def test_threads_outlive_their_messages_moves_and_the_server(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        account = await store.account("alice")
        inbox, archive = account.mailbox("INBOX"), account.mailbox("Archive")
        await add(account, mail("a"), mail("b", "a"))
        assert await threads(account) == [1, 1]
        await account.expunge(inbox, [1], only_deleted=False)
        await account.copy(inbox, [2], archive, move=True)
        assert account.query("SELECT message, thread FROM thread") == [(2, 1)]
    async with a_store(tmp_path) as store:
        account = await store.account("alice")
        await add(account, mail("c", "b"))
        assert await threads(account) == [1, 1]


async def test_a_large_mailbox_is_threaded_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread, "AT_ONCE", 2)
    octets = [mail(f"m{number}", "m0") for number in range(5)]
    async with an_account(*octets) as account:
        assert await threads(account) == [1] * 5
