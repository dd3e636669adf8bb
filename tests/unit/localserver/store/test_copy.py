"""Messages from one mailbox to another."""

from __future__ import annotations

from localserver.store.account import Message
from tests.helpers.account import PLAIN, an_account


async def test_copies_share_their_octets() -> None:
    async with an_account(PLAIN) as account:
        inbox = account.mailbox("INBOX")
        await account.copy(inbox, [1], account.mailbox("Archive"))
        assert account.query("SELECT count(*) FROM content") == [(1,)]
        assert account.query("SELECT refs FROM message") == [(2,)]


async def test_flags_and_dates_go_along_and_the_date_of_saving_does_not() -> None:
    async with an_account() as account:
        inbox, archive = account.mailbox("INBOX"), account.mailbox("Archive")
        await account.append(inbox, [Message(PLAIN, frozenset({"$Label1"}))])
        await account._database.write(lambda c: c.execute("UPDATE entry SET saved=7"))
        await account.copy(inbox, [1], archive)
        rows = account.query("SELECT flags, saved FROM entry ORDER BY mailbox")
        assert rows[0][0] == rows[1][0]
        assert rows[0][1] == 7
        assert rows[1][1] > 7


async def test_a_copy_of_nothing_changes_nothing() -> None:
    async with an_account() as account:
        archive = account.mailbox("Archive")
        copied = await account.copy(account.mailbox("INBOX"), [4], archive)
        assert (copied.source, copied.target) == ([], [])
        assert archive.uidnext == 1
