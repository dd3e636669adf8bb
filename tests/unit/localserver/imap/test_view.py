"""A mailbox as one client knows it."""

from __future__ import annotations

import pytest

from desktopmail.wire.imap.sequence import SeqSet, UidSet
from localserver.imap.view import News, View
from localserver.store.mailbox import Mailbox


class FakeAccount:
    def open(self, mailbox: Mailbox, told: object) -> None:
        mailbox.subscribe(told)  # type: ignore[arg-type]

    def query(self, *_: object) -> list[tuple[int]]:
        return []


def mailbox(*uids: int) -> Mailbox:
    box = Mailbox(1, "INBOX", 7, (uids[-1] if uids else 0) + 1, 1, "", len(uids), 0, 0, 0, 1)
    box.load(uids)
    return box


def view(box: Mailbox, *, readonly: bool = False) -> View:
    return View(FakeAccount(), box, lambda: None, readonly=readonly)  # type: ignore[arg-type]


def test_two_views_share_the_list_until_one_has_to_wait_with_an_expunge() -> None:
    box = mailbox(1, 2, 3)
    one, other = view(box), view(box)
    assert one.uids is other.uids
    box.expunged([2], 2)
    assert one.news(expunges=True).expunged == [(2, 2)]
    assert other.news(expunges=False).expunged == []
    assert list(one.uids) == [1, 3]
    assert list(other.uids) == [1, 2, 3]


def test_what_waited_is_told_later_together_with_what_came() -> None:
    box = mailbox(1, 2, 3)
    one = view(box)
    box.expunged([1], 2)
    one.news(expunges=False)
    box.appended([4], 3)
    assert one.news(expunges=False) == News([], 4, 4, [])
    assert list(one.uids) == [1, 2, 3, 4]
    assert one.has_news(expunges=True)
    assert not one.has_news(expunges=False)
    assert one.news(expunges=True).expunged == [(1, 1)]
    assert list(one.uids) == [2, 3, 4]
    assert not one.has_news(expunges=True)


def test_changes_are_told_by_the_numbers_the_client_has_after_the_expunges() -> None:
    box = mailbox(1, 2, 3)
    one = view(box)
    box.expunged([1], 2)
    box.flags_changed([3], 3)
    news = one.news(expunges=True)
    assert news.expunged == [(1, 1)]
    assert news.changed == [(2, 3)]


def test_ones_own_changes_are_not_told() -> None:
    box = mailbox(1, 2)
    one, other = view(box), view(box)
    box.flags_changed([1], 2)
    one.own.add(2)
    assert one.news(expunges=True).changed == []
    assert other.news(expunges=True).changed == [(1, 1)]


@pytest.mark.parametrize(
    ("numbers", "places"),
    [("1:3", [0, 1, 2]), ("*", [2]), ("2:*", [1, 2]), ("3,1", [0, 2]), ("4", None), ("1:9", None)],
)
def test_sequence_numbers(numbers: str, places: list[int] | None) -> None:
    found = view(mailbox(5, 7, 9)).places(SeqSet.parse(numbers.encode()))
    assert (None if found is None else list(found)) == places


@pytest.mark.parametrize(
    ("numbers", "places"),
    [
        ("1:*", [0, 1, 2]),
        ("7", [1]),
        ("6", []),
        ("8:100", [2]),
        ("50:*", [2]),
        ("5:7,9", [0, 1, 2]),
    ],
)
def test_uids(numbers: str, places: list[int]) -> None:
    found = view(mailbox(5, 7, 9)).places(UidSet.parse(numbers.encode()))
    assert found is not None
    assert list(found) == places


def test_an_empty_mailbox_has_no_places() -> None:
    assert view(mailbox()).places(UidSet.all()) == ()
    assert view(mailbox()).places(SeqSet.all()) is None


def test_examine_leaves_recent_to_others() -> None:
    box = mailbox(1, 2)
    assert view(box, readonly=True).recent == {1, 2}
    assert view(box).recent == {1, 2}
    assert view(box).recent == set()


def test_another_uidvalidity_makes_a_view_stale() -> None:
    box = mailbox(1)
    one = view(box)
    assert not one.is_stale
    box.uidvalidity += 1
    assert one.is_stale
