"""What the commands of a client bring back."""

from __future__ import annotations

import pytest

from desktopmail.net.imap_answers import Fetching, Gathering, Selecting
from desktopmail.wire.imap.codes import Code, UidValidity
from desktopmail.wire.imap.condition import Answer, Condition, Tag, Tagged
from desktopmail.wire.imap.envelope import Envelope
from desktopmail.wire.imap.expunge import ExpungeResponse, VanishedResponse
from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.fetch_item import FetchItem, Item
from desktopmail.wire.imap.fetch_response import FetchResponse, SectionData
from desktopmail.wire.imap.fetch_rows import FetchRows
from desktopmail.wire.imap.section import WHOLE
from desktopmail.wire.imap.select import ExistsResponse, RecentResponse, Select
from desktopmail.wire.imap.sequence import Seq, SeqSet, Uid, UidSet

TAG = Tag("A1")
FLAGS = frozenset[object]()


def answer(uid: int | None = None, seq: int = 1, **fields: object) -> FetchResponse:
    return FetchResponse(Seq(seq), None if uid is None else Uid(uid), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("numbers", "items", "value", "claimed"),
    [
        (UidSet.parse(b"4:5"), (Item.FLAGS,), answer(4, flags=FLAGS), True),
        (UidSet.parse(b"4:5"), (Item.FLAGS,), answer(6, flags=FLAGS), False),
        (UidSet.parse(b"4:5"), (Item.FLAGS,), answer(None, flags=FLAGS), False),
        (UidSet.parse(b"9:*"), (Item.FLAGS,), answer(4, flags=FLAGS), True),
        (UidSet.parse(b"4:5"), (Item.ENVELOPE,), answer(4, flags=FLAGS), False),
        (UidSet.parse(b"4:5"), (Item.ENVELOPE,), answer(4, envelope=Envelope()), True),
        (SeqSet.parse(b"3"), (Item.FLAGS,), answer(None, 3, flags=FLAGS), True),
        (SeqSet.parse(b"3"), (Item.FLAGS,), answer(3, 4, flags=FLAGS), False),
    ],
)
async def test_a_fetch_claims_what_it_asked_for(
    numbers: UidSet | SeqSet, items: tuple[FetchItem, ...], value: FetchResponse, claimed: bool
) -> None:
    fetching = Fetching(Fetch(numbers, items))
    assert fetching.claim is not None
    assert fetching.claim(value, TAG) is claimed
    assert list(fetching.answers) == [value] * claimed


async def test_a_fetch_is_full_by_number_and_by_octets() -> None:
    fetching = Fetching(Fetch(UidSet.all(), (Item.RFC822,)))
    assert fetching.claim is not None
    large = answer(4, sections=(SectionData(WHOLE, bytes(3 << 18)),))
    fetching.claim(large, TAG)
    assert not fetching.is_full()
    fetching.claim(large, TAG)
    assert fetching.is_full()
    fetching.take()
    fetching.take()
    assert not fetching.is_full()
    fetching.abandon()
    fetching.claim(large, TAG)
    assert not fetching.answers


async def test_only_a_fetch_that_asked_for_it_hears_what_vanished_earlier() -> None:
    earlier = VanishedResponse(UidSet.parse(b"4"), earlier=True)
    now = VanishedResponse(UidSet.parse(b"4"))
    for vanished in (True, False):
        fetching = Fetching(Fetch(UidSet.all(), (Item.FLAGS,), 5, vanished))
        assert fetching.claim is not None
        assert fetching.claim(earlier, TAG) is vanished
        assert not fetching.claim(now, TAG)


def test_a_select_keeps_its_answers_apart_from_news() -> None:
    begun: list[str] = []
    selecting = Selecting(Select("a"), leaves=True, begin=lambda: begun.append("a"))
    assert not selecting.claim(ExpungeResponse(Seq(1)), TAG)
    assert not selecting.claim(answer(4, flags=FLAGS), TAG)
    assert begun == []
    assert selecting.claim(Answer(Condition.OK, Code.CLOSED), TAG)
    assert begun == ["a"]
    assert selecting.claim(ExistsResponse(3), TAG)
    assert selecting.claim(RecentResponse(0), TAG)
    assert selecting.claim(Answer(Condition.OK, UidValidity(7)), TAG)
    assert not selecting.claim(Answer(Condition.OK, None, "by the way"), TAG)
    assert not selecting.claim(VanishedResponse(UidSet.parse(b"1")), TAG)
    selected = selecting.result(Tagged(TAG, Condition.OK, Code.READ_WRITE))
    assert (selected.exists, selected.recent, selected.uid_validity) == (3, 0, 7)
    assert selected.highest_modseq is None
    assert not selected.readonly


def test_without_closed_the_next_mailbox_begins_with_its_exists() -> None:
    begun: list[str] = []
    selecting = Selecting(Select("a"), leaves=True, begin=lambda: begun.append("a"))
    assert selecting.claim(ExistsResponse(3), TAG)
    assert begun == ["a"]
    assert selecting.result(Tagged(TAG, Condition.OK)).exists == 3


@pytest.mark.parametrize(
    ("readonly", "code", "expected"),
    [
        (True, None, True),
        (True, Code.READ_WRITE, False),
        (False, Code.READ_ONLY, True),
        (False, None, False),
    ],
)
def test_the_server_has_the_last_word_on_what_can_be_changed(
    readonly: bool, code: Code | None, expected: bool
) -> None:
    selecting = Selecting(Select("a", readonly), leaves=False, begin=list)
    assert selecting.result(Tagged(TAG, Condition.OK, code)).readonly is expected


def test_answers_of_a_type_are_gathered_on_a_condition() -> None:
    gathering = Gathering(
        ExistsResponse, lambda value, tag: tag == TAG and value != ExistsResponse(9)
    )
    assert gathering.claim(ExistsResponse(1), TAG)
    assert not gathering.claim(ExistsResponse(9), TAG)
    assert not gathering.claim(RecentResponse(1), TAG)
    assert gathering.found == [ExistsResponse(1)]


async def test_rows_are_kept_unread_where_that_is_wanted_until_nobody_wants_them() -> None:
    assert Fetching(Fetch(UidSet.all(), (Item.ENVELOPE,))).keep_rows is None
    fetching = Fetching(Fetch(UidSet.all(), (Item.ENVELOPE,)), rows=True)
    assert fetching.keep_rows is not None
    fetching.keep_rows(FetchRows(bytes(5 << 20)))
    assert fetching.is_full()
    assert fetching.take_rows() == FetchRows(bytes(5 << 20))
    assert not fetching.is_full()
    fetching.abandon()
    fetching.keep_rows(FetchRows(b""))
    assert not fetching.rows
