"""Messages out of a mailbox."""

from __future__ import annotations

from localserver.store.flags import Change, Mode
from tests.helpers.account import PLAIN, an_account


async def test_only_the_deleted_among_those_named_go() -> None:
    async with an_account(PLAIN, PLAIN, PLAIN) as account:
        inbox = account.mailbox("INBOX")
        await account.change_flags(inbox, Change([1, 2], Mode.ADD, frozenset({"\\Deleted"})))
        expunged = await account.expunge(inbox, [2, 3])
        assert expunged.uids == [2]
        assert account.all_uids(inbox) == [1, 3]


async def test_nothing_to_expunge_raises_no_modseq() -> None:
    async with an_account(PLAIN) as account:
        inbox = account.mailbox("INBOX")
        before = inbox.modseq
        assert (await account.expunge(inbox)).uids == []
        assert inbox.modseq == before


async def test_the_expunged_uid_is_remembered_with_its_modseq() -> None:
    async with an_account(PLAIN) as account:
        inbox = account.mailbox("INBOX")
        await account.expunge(inbox, None, only_deleted=False)
        assert account.query("SELECT uid, modseq FROM expunged") == [(1, inbox.modseq)]
