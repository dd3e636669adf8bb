"""Messages into a mailbox."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import apsw
import pytest

from localserver.check import check
from localserver.store import append
from localserver.store.account import Message
from localserver.store.append import MAX_UID
from localserver.store.errors import CannotError, DiskFullError, OverQuotaError
from localserver.store.flags import Change, Mode
from tests.helpers.account import PLAIN, a_store, an_account

if TYPE_CHECKING:
    from pathlib import Path


async def test_header_and_body_are_kept_apart_and_together_they_are_the_message() -> None:
    octets = b"A: b\r\nC: d\r\n\r\nbody\0\xff"
    async with an_account(octets) as account:
        ((header, body),) = account.query("SELECT header, body FROM content")
        assert (header, body) == (b"A: b\r\nC: d\r\n\r\n", b"body\0\xff")
        assert account.octets(1) == octets


async def test_all_of_one_append_have_one_modseq_and_following_uids() -> None:
    async with an_account(PLAIN, PLAIN, PLAIN) as account:
        rows = account.query("SELECT uid, modseq FROM entry ORDER BY uid")
        assert [row[0] for row in rows] == [1, 2, 3]
        assert len({row[1] for row in rows}) == 1


async def test_a_flag_that_cannot_be_kept_stores_nothing() -> None:
    async with an_account() as account:
        messages = [Message(PLAIN), Message(PLAIN, frozenset({"\\Odd"}))]
        with pytest.raises(CannotError):
            await account.append(account.mailbox("INBOX"), messages)
        assert account.query("SELECT count(*) FROM content") == [(0,)]
        assert account.mailbox("INBOX").uidnext == 1
        await account.append(account.mailbox("INBOX"), [Message(PLAIN)])
        assert account.all_uids(account.mailbox("INBOX")) == [1]


async def test_when_the_uids_are_used_up_nothing_is_stored() -> None:
    async with an_account() as account:
        inbox = account.mailbox("INBOX")
        await account._database.write(
            lambda c: c.execute("UPDATE mailbox SET uidnext=? WHERE id=?", (MAX_UID, inbox.number))
        )
        await account.append(inbox, [Message(PLAIN)])
        assert account.all_uids(inbox) == [MAX_UID]
        with pytest.raises(OverQuotaError, match="no UIDs left"):
            await account.append(inbox, [Message(PLAIN)])


async def test_recent_is_the_servers_own_and_not_stored() -> None:
    async with an_account() as account:
        flags = frozenset({"\\Recent", "\\Seen"})
        await account.append(account.mailbox("INBOX"), [Message(PLAIN, flags)])
        assert account.query("SELECT flags FROM entry") == [(1,)]


async def test_deliveries_of_many_sessions_are_each_one_change_of_their_own(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        account = await store.account("alice")
        inbox, archive = account.mailbox("INBOX"), account.mailbox("Archive")
        before = inbox.modseq
        done = await asyncio.gather(
            *(account.append(inbox, [Message(b"Subject: %d\r\n\r\n" % n)]) for n in range(40)),
            account.append(archive, [Message(PLAIN, frozenset({"Kw"}))]),
            account.append(inbox, [Message(PLAIN, frozenset({"\\Seen"})), Message(PLAIN)]),
        )
        assert [each.uid for some in done for each in some] == [*range(1, 41), 1, 41, 42]
        assert len({each.email_id for some in done for each in some}) == 43
        rows = account.query("SELECT uid, modseq FROM entry WHERE mailbox=?", inbox.number)
        modseqs = [modseq for _, modseq in sorted(rows)]
        assert modseqs == [*range(before + 1, before + 41), before + 41, before + 41]
        assert (inbox.messages, inbox.unseen, inbox.modseq) == (42, 41, before + 41)
        assert archive.messages == 1
        numbers = [int(each.email_id[1:], 16) for each in [some[0] for some in done[:40]]]
        assert [account.octets(n) for n in numbers] == [
            b"Subject: %d\r\n\r\n" % n for n in range(40)
        ]
        assert account.used() == (sum(len(account.octets(n) or b"") for n in range(1, 44)), 43)


async def test_of_deliveries_that_come_together_those_that_fit_the_quota_are_kept(
    tmp_path: Path,
) -> None:
    async with a_store(tmp_path, quota_octets=3 * len(PLAIN)) as store:
        account = await store.account("alice")
        inbox = account.mailbox("INBOX")
        outcomes = await asyncio.gather(
            *(account.append(inbox, [Message(PLAIN)]) for _ in range(5)), return_exceptions=True
        )
        assert [isinstance(each, OverQuotaError) for each in outcomes] == [False] * 3 + [True] * 2
        assert account.all_uids(inbox) == [1, 2, 3]


@pytest.mark.parametrize("octets", [PLAIN, b"Subject: x\r\n\r\nno end", b"", b"\r\n"])
async def test_what_is_known_to_have_whole_line_ends_has_its_pop3_size_all_the_same(
    octets: bytes,
) -> None:
    async with an_account() as account:
        inbox = account.mailbox("INBOX")
        await account.append(inbox, [Message(octets), Message(octets, is_crlf=True)])
        (looked,), (known,) = account.query("SELECT pop_size FROM message ORDER BY id")
        assert known == looked


async def test_what_is_written_between_deliveries_is_reckoned_with(tmp_path: Path) -> None:
    async with a_store(tmp_path, quota_octets=20 * len(PLAIN)) as store:
        account = await store.account("alice")
        inbox, archive = account.mailbox("INBOX"), account.mailbox("Archive")

        async def deliver(count: int = 1) -> list[int]:
            done = await asyncio.gather(
                *(account.append(inbox, [Message(PLAIN)]) for _ in range(count))
            )
            return [each.uid for some in done for each in some]

        assert await deliver() == [1]
        assert await deliver(2) == [2, 3]
        await account.change_flags(inbox, Change([1], Mode.ADD, frozenset({"\\Seen"})))
        assert await deliver() == [4]
        await account.copy(inbox, [1, 2], archive)
        await account.expunge(inbox, [4], only_deleted=False)
        assert await deliver() == [5]
        with pytest.raises(CannotError):  # it is taken back, and leaves no gap
            await account.append(inbox, [Message(PLAIN, frozenset({"\\Odd"}))])
        assert await deliver() == [6]
        await account.append(archive, [Message(PLAIN)])
        assert await deliver() == [7]
        outcomes = await asyncio.gather(
            *(account.append(inbox, [Message(PLAIN)]) for _ in range(15)), return_exceptions=True
        )
        kept = sum(not isinstance(each, OverQuotaError) for each in outcomes)
        assert account.used() == (20 * len(PLAIN), 20)
        assert account.all_uids(inbox) == [1, 2, 3, 5, 6, 7, *range(8, 8 + kept)]
        modseqs = [
            row[0]
            for row in account.query(
                "SELECT modseq FROM entry WHERE mailbox=? AND uid>1 ORDER BY uid", inbox.number
            )
        ]
        assert modseqs == sorted(set(modseqs))
        assert inbox.modseq == modseqs[-1]
    assert not any(check(tmp_path).values())


async def test_a_commit_that_fails_is_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_store(tmp_path) as store:
        account = await store.account("alice")
        inbox = account.mailbox("INBOX")
        await account.append(inbox, [Message(PLAIN)])

        def full(*_arguments: object) -> None:
            raise apsw.FullError("no room")

        with monkeypatch.context() as context:
            context.setattr(append, "_insert", full)
            with pytest.raises(DiskFullError):
                await account.append(inbox, [Message(PLAIN)])
        (done,) = await account.append(inbox, [Message(PLAIN)])
        assert (done.uid, done.email_id) == (2, "M2")
        assert account.used() == (2 * len(PLAIN), 2)
    assert not any(check(tmp_path).values())
