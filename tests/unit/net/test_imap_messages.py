"""The IMAP client, against written dialogues."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.errors import (
    RefusedError,
)
from desktopmail.wire.imap import flags
from desktopmail.wire.imap.client_events import Malformed
from desktopmail.wire.imap.codes import Code
from desktopmail.wire.imap.condition import Answer, Condition
from desktopmail.wire.imap.cursor import Streamed
from desktopmail.wire.imap.expunge import ExpungeResponse, VanishedResponse
from desktopmail.wire.imap.fetch_item import BodyItem, Item
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.search_key import EVERYTHING, Is
from desktopmail.wire.imap.select import ExistsResponse, QResync
from desktopmail.wire.imap.sequence import Seq, Uid, UidSet
from desktopmail.wire.imap.sort import SortBy, SortKey
from desktopmail.wire.imap.state import State
from desktopmail.wire.imap.store import StoreMode
from tests.helpers.imap_script import CAPABLE, scripted

if TYPE_CHECKING:
    from desktopmail.net.imap import ImapClient
    from desktopmail.wire.imap.response import UntaggedResponse

SELECT = (
    "C: A1 SELECT INBOX\nS: * FLAGS (\\Seen)\nS: * 3 EXISTS\nS: * OK "
    "[UIDVALIDITY 7] x\nS: * OK [UIDNEXT 9] x\nS: A1 OK [READ-WRITE] x\n"
)


async def fetched(client: ImapClient, *items: Item | BodyItem) -> list[object]:
    return [answer async for answer in client.uid_fetch(UidSet.all(), items)]


async def test_select_returns_what_was_told() -> None:
    text = CAPABLE + (
        "C: A1 SELECT INBOX\nS: * FLAGS (\\Seen keep)\nS: * 172 EXISTS\nS: * 1 RECENT\n"
        "S: * OK [UNSEEN 12] x\nS: * OK [UIDVALIDITY 3857529045] x\nS: * OK [UIDNEXT 4392] x\n"
        "S: * OK [PERMANENTFLAGS (\\Deleted \\*)] x\nS: * OK [HIGHESTMODSEQ 715194045007] x\n"
        "S: * NO [UIDNOTSTICKY] x\nS: * OK [UIDNOTSTICKY] x\nS: A1 OK [READ-ONLY] x\n*: wait\n"
    )
    told: list[UntaggedResponse | Malformed] = []
    async with scripted(text, told=told, segment_octets=7) as client:
        selected = await client.select("INBOX")
        assert selected.exists == 172
        assert selected.uid_validity == 3857529045
        assert selected.uid_next == 4392
        assert selected.highest_modseq == 715194045007
        assert selected.first_unseen == 12
        assert selected.permanent_flags == {flags.DELETED, flags.ANY}
        assert selected.readonly
        assert not selected.sticky
        assert client.state is State.SELECTED
    assert told == [Answer(Condition.NO, Code.UIDNOTSTICKY, "x")]


async def test_qresync_brings_what_vanished_and_what_changed() -> None:
    text = CAPABLE + (
        "C: A1 ENABLE QRESYNC\nS: * ENABLED QRESYNC\nS: A1 OK x\n"
        "C: A2 SELECT INBOX (QRESYNC (67890007 20050715194045000 41,43:211))\n"
        "S: * OK [UIDVALIDITY 67890007] x\nS: * 100 EXISTS\nS: * VANISHED (EARLIER) 41,43:116\n"
        "S: * 49 FETCH (UID 117 FLAGS (\\Seen) MODSEQ (90060115194045001))\nS: "
        "A2 OK [READ-WRITE] x\n"
    )
    async with scripted(text) as client:
        assert await client.enable("QRESYNC") == {"QRESYNC"}
        selected = await client.select(
            "INBOX", qresync=QResync(67890007, 20050715194045000, UidSet.parse(b"41,43:211"))
        )
        assert selected.vanished == UidSet.parse(b"41,43:116")
        assert [answer.uid for answer in selected.changed] == [117]


async def test_news_of_the_mailbox_that_is_left_is_not_of_the_next() -> None:
    text = (
        CAPABLE
        + SELECT
        + ("C: A2 SELECT other\nS: * 2 EXPUNGE\nS: * OK [CLOSED] x\nS: * 5 EXISTS\nS: A2 OK x\n")
    )
    told: list[tuple[UntaggedResponse | Malformed, str | None]] = []
    async with scripted(text) as client:
        client.told = lambda value: told.append((value, client.mailbox))
        await client.select("INBOX")
        assert (await client.select("other")).exists == 5
        assert client.mailbox == "other"
    assert told == [(ExpungeResponse(Seq(2)), "INBOX")]


async def test_after_a_select_that_is_refused_no_mailbox_is_open() -> None:
    text = CAPABLE + SELECT + "C: A2 SELECT gone\nS: * OK [CLOSED] x\nS: A2 NO it is gone\n"
    async with scripted(text) as client:
        assert client.mailbox is None
        await client.select("INBOX")
        with pytest.raises(RefusedError):
            await client.select("gone")
        assert client.mailbox is None


async def test_select_and_fetch_go_out_in_one_round_trip() -> None:
    text = CAPABLE + (
        "C: A1 SELECT INBOX\nC: A2 UID FETCH 1:* (FLAGS)\nS: * 1 EXISTS\nS: A1 OK x\n"
        "S: * 1 FETCH (UID 4 FLAGS ())\nS: A2 OK x\n"
    )
    async with scripted(text) as client:
        selected, answers = await asyncio.gather(
            client.select("INBOX"), fetched(client, Item.FLAGS)
        )
        assert selected.exists == 1
        assert answers == [FetchResponse(Seq(1), Uid(4), frozenset())]


async def test_answers_come_while_the_fetch_runs_and_news_is_told() -> None:
    text = (
        CAPABLE
        + SELECT
        + (
            "C: A2 UID FETCH 1:* (FLAGS RFC822.SIZE)\nS: * 1 FETCH (UID 4 FLAGS () RFC822.SIZE 5)\n"
            "S: * 2 FETCH (FLAGS (\\Seen))\nS: * 4 EXISTS\nS: * 3 FETCH (UID 8 "
            "FLAGS () RFC822.SIZE 6)\n"
            "S: * 1 FETCH (UID x)\nS: A2 OK x\n"
        )
    )
    told: list[UntaggedResponse | Malformed] = []
    async with scripted(text, told=told) as client:
        await client.select("INBOX")
        answers = await fetched(client, Item.FLAGS, Item.SIZE)
    assert [answer.uid for answer in answers] == [4, 8]  # type: ignore[attr-defined]
    assert told[0] == FetchResponse(Seq(2), flags=frozenset({flags.SEEN}))
    assert told[1] == ExistsResponse(4)
    assert isinstance(told[2], Malformed)


async def test_changes_and_what_vanished_since() -> None:
    text = (
        CAPABLE
        + SELECT
        + (
            "C: A2 UID FETCH 1:* (FLAGS) (CHANGEDSINCE 12 VANISHED)\nS: * VANISHED (EARLIER) 2,5\n"
            "S: * 1 FETCH (UID 4 FLAGS () MODSEQ (13))\nS: A2 OK x\n"
        )
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        found = [
            answer
            async for answer in client.uid_fetch(
                UidSet.all(), (Item.FLAGS,), changed_since=12, vanished=True
            )
        ]
    assert found == [
        VanishedResponse(UidSet.parse(b"2,5"), earlier=True),
        FetchResponse(Seq(1), Uid(4), frozenset(), 13),
    ]


class Pot:
    """A sink that keeps what is poured into it."""

    def __init__(self, fails: bool = False) -> None:
        self.octets = b""
        self.closed = False
        self.fails = fails

    def write(self, octets: bytes) -> None:
        if self.fails:
            raise OSError("the disk is full")
        self.octets += octets

    def close(self) -> None:
        self.closed = True


BIG = "x" * 70_000

BIG_FETCH = (
    CAPABLE + SELECT + "C: A2 UID FETCH 1:* (BODY.PEEK[])\n"
    f"S: * 1 FETCH (UID 4 BODY[] {{70000}}\nS: {BIG})\n"
    "S: * 2 FETCH (UID 5 BODY[] {2}\nS: ab)\nS: A2 OK x\n"
)


@pytest.mark.parametrize("segment", [1000, 65536])
async def test_large_literals_go_to_a_sink_and_small_ones_stay(segment: int) -> None:
    pots: dict[Uid | None, Pot] = {}
    async with scripted(BIG_FETCH, segment_octets=segment) as client:
        await client.select("INBOX")
        answers = []
        async for answer in client.uid_fetch(
            UidSet.all(), (BodyItem(),), sink=lambda which, _size: pots.setdefault(which.uid, Pot())
        ):
            assert isinstance(answer, FetchResponse)
            answers.append(answer)
    assert [answer.sections[0].octets for answer in answers] == [Streamed(70_000), b"ab"]
    assert list(pots) == [4]
    assert pots[Uid(4)].octets == BIG.encode()
    assert pots[Uid(4)].closed


async def test_a_sink_that_fails_fails_the_fetch_and_nothing_else() -> None:
    async with scripted(BIG_FETCH + "C: A3 NOOP\nS: A3 OK x\n") as client:
        await client.select("INBOX")
        with pytest.raises(OSError, match="disk is full"):
            async for _ in client.uid_fetch(
                UidSet.all(), (BodyItem(),), sink=lambda *_: Pot(fails=True)
            ):
                pass
        await client.noop()


async def test_whoever_stops_early_leaves_the_connection_usable() -> None:
    answers = "".join(f"S: * {n} FETCH (UID {n} FLAGS ())\n" for n in range(1, 10_001))
    text = (
        CAPABLE
        + SELECT
        + f"C: A2 UID FETCH 1:* (FLAGS)\n{answers}S: A2 OK x\nC: A3 NOOP\nS: A3 OK x\n"
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        async with aclosing(client.uid_fetch(UidSet.all(), (Item.FLAGS,))) as found:
            async for answer in found:
                assert answer.uid == 1  # type: ignore[union-attr]
                break
        await client.noop()


async def test_a_slow_reader_may_ask_other_things_meanwhile() -> None:
    answers = "".join(f"S: * {n} FETCH (UID {n} FLAGS ())\n" for n in range(1, 10_001))
    text = (
        CAPABLE
        + SELECT
        + f"C: A2 UID FETCH 1:* (FLAGS)\n{answers}S: A2 OK x\nC: A3 NOOP\nS: A3 OK x\n"
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        count = 0
        async for _ in client.uid_fetch(UidSet.all(), (Item.FLAGS,)):
            if count == 0:
                await asyncio.sleep(0.05)
                await client.noop()
            count += 1
        assert count == 10_000


async def test_a_fetch_of_no_messages_says_nothing() -> None:
    async with scripted(CAPABLE + SELECT) as client:
        await client.select("INBOX")
        assert [answer async for answer in client.uid_fetch(UidSet(), (Item.FLAGS,))] == []


async def test_store_tells_what_changed_and_what_was_left_alone() -> None:
    text = (
        CAPABLE
        + SELECT
        + (
            "C: A2 UID STORE 4:6 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\\Seen)\n"
            "S: * 1 FETCH (UID 4 MODSEQ (8))\nS: A2 OK [MODIFIED 5] x\n"
            "C: A3 UID STORE 4 (UNCHANGEDSINCE 1) -FLAGS (\\Seen)\nS: A3 NO [MODIFIED 4] x\n"
            "C: A4 UID STORE 4 FLAGS.SILENT ()\nS: A4 NO no\n"
        )
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        stored = await client.uid_store(
            UidSet.parse(b"4:6"), StoreMode.ADD, [flags.SEEN], unchanged_since=5
        )
        assert stored.changed == (FetchResponse(Seq(1), Uid(4), modseq=8),)
        assert stored.modified == UidSet.parse(b"5")
        four = UidSet.parse(b"4")
        stored = await client.uid_store(
            four, StoreMode.REMOVE, [flags.SEEN], silent=False, unchanged_since=1
        )
        assert stored.modified == four
        with pytest.raises(RefusedError):
            await client.uid_store(four, StoreMode.REPLACE, [])


async def test_copy_and_move_tell_which_became_which() -> None:
    text = (
        CAPABLE
        + SELECT
        + (
            "C: A2 UID COPY 4:5 a\nS: A2 OK [COPYUID 7 4:5 10:11] x\n"
            "C: A3 UID MOVE 4 a\nS: * OK [COPYUID 7 4 12] x\nS: * VANISHED 4\nS: A3 OK x\n"
            "C: A4 UID COPY 5 a\nS: A4 OK nothing was said\nC: A5 UID EXPUNGE 5\n"
            "S: * 2 EXPUNGE\nS: A5 OK x\n"
        )
    )
    told: list[UntaggedResponse | Malformed] = []
    async with scripted(text, told=told) as client:
        await client.select("INBOX")
        copied = await client.uid_copy(UidSet.parse(b"4:5"), "a")
        assert copied is not None
        assert list(copied.pairs()) == [(4, 10), (5, 11)]
        moved = await client.uid_move(UidSet.parse(b"4"), "a")
        assert moved is not None
        assert list(moved.pairs()) == [(4, 12)]
        assert await client.uid_copy(UidSet.parse(b"5"), "a") is None
        await client.uid_expunge(UidSet.parse(b"5"))
    assert told == [VanishedResponse(UidSet.parse(b"4")), ExpungeResponse(Seq(2))]


async def test_searches_have_one_form_of_answer() -> None:
    text = (
        CAPABLE
        + SELECT
        + (
            "C: A2 UID SEARCH UNSEEN\nS: * SEARCH 5 3 4\nS: A2 OK x\n"
            "C: A3 UID SEARCH RETURN (ALL COUNT) ALL\n"
            'S: * ESEARCH (TAG "A9") UID COUNT 0\nS: * ESEARCH (TAG "A3") UID ALL '
            "3:5 COUNT 3\nS: A3 OK x\n"
            "C: A4 UID SEARCH ALL\nS: * SEARCH\nS: A4 OK x\n"
            "C: A5 UID SORT (REVERSE DATE) UTF-8 ALL\nS: * SORT 5 3\nS: A5 OK x\n"
            "C: A6 UID THREAD REFERENCES UTF-8 ALL\nS: * THREAD (3 4)(5)\nS: A6 OK x\n"
        )
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        found = await client.uid_search(Is("UNSEEN"))
        assert found.all == UidSet.parse(b"3:5")
        assert found.count == 3
        found = await client.uid_search(EVERYTHING, returns=("ALL", "COUNT"))
        assert found.all == UidSet.parse(b"3:5")
        assert (await client.uid_search(EVERYTHING)).all is None
        order = (SortBy(SortKey.DATE, reverse=True),)
        assert await client.uid_sort(order, EVERYTHING) == [5, 3]
        assert (await client.uid_thread("REFERENCES", EVERYTHING)).numbers == (3, 4, 5)


async def test_two_searches_wait_for_one_another() -> None:
    text = (
        CAPABLE
        + SELECT
        + (
            "C: A2 UID SEARCH SEEN\nS: * SEARCH 1\nS: A2 OK x\nC: A3 UID SEARCH "
            "UNSEEN\nS: * SEARCH 2\nS: A3 OK x\n"
        )
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        one, two = await asyncio.gather(
            client.uid_search(Is("SEEN")), client.uid_search(Is("UNSEEN"))
        )
        assert (one.all, two.all) == (UidSet.parse(b"1"), UidSet.parse(b"2"))


async def test_without_unselect_nothing_is_expunged_all_the_same() -> None:
    text = (
        "S: * PREAUTH [CAPABILITY IMAP4rev1] hello\n"
        + SELECT
        + (
            "C: A2 EXAMINE INBOX\nS: * 3 EXISTS\nS: A2 OK [READ-ONLY] x\nC: A3 "
            "CLOSE\nS: A3 OK x\n*: wait\n"
        )
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        await client.unselect()
        assert client.state is State.AUTHENTICATED
