"""The INBOX as POP3 sees it."""

from __future__ import annotations

from localserver.store.account import Message
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
