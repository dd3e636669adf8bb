"""Flags as masks."""

from __future__ import annotations

import pytest

from localserver.store.errors import CannotError, LimitError
from localserver.store.flags import (
    DELETED,
    SEEN,
    Change,
    FlagTable,
    Mode,
    ranges_of,
)
from tests.helpers.account import PLAIN, an_account


def test_masks_become_names_and_texts() -> None:
    table = FlagTable({8: "$Work", 62: "last"})
    assert table.names(SEEN | DELETED | 1 << 8) == ["\\Seen", "\\Deleted", "$Work"]
    assert table.text(1 << 62) == b"last"
    assert table.bit("$WORK") == 1 << 8
    assert table.bit("\\sEEN") == SEEN
    assert table.bit("nothing") == 0


@pytest.mark.parametrize(
    ("uids", "ranges"),
    [
        ([], []), ([5], [(5, 5)]), ([1, 2, 3], [(1, 3)]), ([1, 3, 4, 9], [(1, 1), (3, 4), (9, 9)]),
    ],
)  # fmt: skip
def test_numbers_become_ranges(uids: list[int], ranges: list[tuple[int, int]]) -> None:
    assert ranges_of(uids) == ranges


async def test_missing_and_modified_messages_are_told_apart() -> None:
    async with an_account(PLAIN, PLAIN, PLAIN) as account:
        inbox = account.mailbox("INBOX")
        first = inbox.modseq
        await account.change_flags(inbox, Change([2], Mode.ADD, frozenset({"\\Seen"})))
        await account.expunge(inbox, [3], only_deleted=False)
        changed = await account.change_flags(
            inbox, Change([1, 2, 3], Mode.SET, frozenset({"\\Draft"}), unchanged_since=first)
        )
        assert changed.changed == [1]
        assert changed.modified == [2]
        assert changed.missing == [3]


@pytest.mark.parametrize("flag", ["\\Odd", "a b", "x" * 201, "(", "a\x01", ""])
async def test_what_is_no_flag_is_refused(flag: str) -> None:
    async with an_account(PLAIN) as account:
        with pytest.raises(CannotError):
            await account.change_flags(
                account.mailbox("INBOX"), Change([1], Mode.ADD, frozenset({flag}))
            )


async def test_a_keyword_that_is_removed_but_unknown_is_not_made() -> None:
    async with an_account(PLAIN) as account:
        change = Change([1], Mode.REMOVE, frozenset({"unknown"}))
        await account.change_flags(account.mailbox("INBOX"), change)
        assert account.flags.keywords == []


async def test_the_fifty_sixth_keyword_is_too_many_and_undoes_the_whole_change() -> None:
    async with an_account(PLAIN) as account:
        inbox = account.mailbox("INBOX")
        many = frozenset(f"k{number}" for number in range(56))
        with pytest.raises(LimitError):
            await account.change_flags(inbox, Change([1], Mode.ADD, many))
        assert account.flags.keywords == []
        fewer = frozenset(f"k{number}" for number in range(55))
        await account.change_flags(inbox, Change([1], Mode.ADD, fewer))
        assert not account.flags.has_room
        assert not account.has_room_for_keywords


async def test_a_keyword_that_no_message_has_any_more_makes_room_for_another() -> None:
    async with an_account(PLAIN, PLAIN) as account:
        inbox = account.mailbox("INBOX")
        many = frozenset(f"k{number}" for number in range(55))
        await account.change_flags(inbox, Change([1], Mode.ADD, many))
        await account.change_flags(inbox, Change([2], Mode.ADD, frozenset({"k7", "k8"})))
        await account.change_flags(inbox, Change([1], Mode.SET, frozenset({"k1", "k2"})))
        assert account.has_room_for_keywords
        # k9 has no message yet, and must not be given back for the new ones beside it.
        both = ("k9", "new", "newer")
        await account.change_flags(inbox, Change([2], Mode.ADD, frozenset(both)))
        rows = account.query("SELECT flags FROM entry ORDER BY uid")
        told = [set(account.flags.names(row[0])) for row in rows]
        assert told == [{"k1", "k2"}, {"k7", "k8", *both}]
