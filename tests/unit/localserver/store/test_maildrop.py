"""The INBOX as POP3 sees it."""

from __future__ import annotations

import pytest

from localserver.store.account import Message
from localserver.store.errors import InUseError, StoreError
from tests.helpers.account import PLAIN, a_store


async def test_numbers_and_octets_stay_while_others_change_the_inbox() -> None:
    async with a_store() as store:
        account = await store.account("alice")
        inbox = account.mailbox("INBOX")
        await account.append(inbox, [Message(PLAIN), Message(b"bare\nline")])
        drop = await store.lock_maildrop("alice")
        await account.append(inbox, [Message(PLAIN)])
        await account.expunge(inbox, [1], only_deleted=False)
        assert [each.number for each in drop.messages] == [1, 2]
        assert drop.octets(1) is None
        assert drop.octets(2) == b"bare\nline"
        assert drop.messages[1].size == len(b"bare\r\nline\r\n")
        await drop.commit({1, 2})
        drop.release()
        assert account.all_uids(inbox) == [3]


async def test_uidls_differ_and_stay() -> None:
    async with a_store() as store:
        account = await store.account("alice")
        await account.append(account.mailbox("INBOX"), [Message(PLAIN)] * 2)
        drop = await store.lock_maildrop("alice")
        first = [each.uidl for each in drop.messages]
        drop.release()
        again = await store.lock_maildrop("alice")
        assert [each.uidl for each in again.messages] == first
        assert len(set(first)) == 2
        assert all(len(uidl) <= 70 and uidl.isalnum() for uidl in first)
        again.release()


async def test_nothing_deleted_is_nothing_done() -> None:
    async with a_store() as store:
        account = await store.account("alice")
        await account.append(account.mailbox("INBOX"), [Message(PLAIN)])
        drop = await store.lock_maildrop("alice")
        await drop.commit(())
        drop.release()
        assert account.mailbox("INBOX").messages == 1


async def test_what_was_numbered_anew_is_not_deleted_by_its_old_number() -> None:
    async with a_store() as store:
        account = await store.account("alice")
        inbox = account.mailbox("INBOX")
        await account.append(inbox, [Message(PLAIN)] * 3)
        await account.expunge(inbox, [1], only_deleted=False)
        drop = await store.lock_maildrop("alice")
        await account.new_uidvalidity(inbox)  # 2 and 3 are 1 and 2 now
        await drop.commit(())
        with pytest.raises(StoreError, match="nothing was deleted"):
            await drop.commit({1})
        drop.release()
        assert account.all_uids(inbox) == [1, 2]


async def test_a_lock_given_back_twice_takes_nobody_elses() -> None:
    async with a_store() as store:
        first = await store.lock_maildrop("alice")
        first.release()
        second = await store.lock_maildrop("alice")
        first.release()
        with pytest.raises(InUseError):
            await store.lock_maildrop("alice")
        second.release()


async def test_mail_that_comes_meanwhile_is_neither_shown_nor_deleted() -> None:
    async with a_store() as store:
        account = await store.account("alice")
        await account.append(account.mailbox("INBOX"), [Message(PLAIN)])
        drop = await store.lock_maildrop("alice")
        await account.append(account.mailbox("INBOX"), [Message(PLAIN)])
        assert len(drop.messages) == 1
        await drop.commit({1})
        drop.release()
        assert account.all_uids(account.mailbox("INBOX")) == [2]
