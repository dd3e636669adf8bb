"""A mailbox as the loop knows it."""

from __future__ import annotations

from localserver.store.mailbox import Mailbox, position


def mailbox(*uids: int) -> Mailbox:
    box = Mailbox(1, "INBOX", 7, (uids[-1] if uids else 0) + 1, 1, "", len(uids), 0, 0, 0, 1)
    box.subscribe(lambda: None)
    box.load(uids)
    return box


def test_lists_are_replaced_and_never_changed() -> None:
    box = mailbox(1, 2)
    before = box.uids
    box.appended([3], 2)
    box.expunged([1], 3)
    assert list(before or ()) == [1, 2]
    assert list(box.uids or ()) == [2, 3]
    assert (box.messages, box.uidnext, box.modseq) == (2, 4, 3)


def test_messages_that_were_loaded_already_are_not_added_again() -> None:
    box = mailbox(1, 2, 3)
    box.appended([3, 4], 2)
    assert list(box.uids or ()) == [1, 2, 3, 4]


def test_changes_are_remembered_from_a_modseq_on() -> None:
    box = mailbox(1, 2, 3)
    box.flags_changed([1], 5)
    box.flags_changed([2, 3], 6)
    assert box.changed_since(5) == {2, 3}
    assert box.changed_since(4) == {1, 2, 3}
    assert box.changed_since(4, own={6}) == {1}
    assert box.changed_since(0) is None


def test_who_fell_too_far_behind_has_to_look_anew() -> None:
    box = mailbox(1)
    for modseq in range(2, 1002):
        box.flags_changed([1], modseq)
    assert box.changed_since(10) is None
    assert box.changed_since(900) == {1}


def test_everybody_is_told_and_the_list_goes_with_the_last() -> None:
    box = mailbox(1)
    told: list[int] = []

    def mine() -> None:
        told.append(1)
        box.unsubscribe(mine)

    box.subscribe(mine)
    box.announce()
    box.announce()
    assert told == [1]
    assert box.watched


def test_positions() -> None:
    box = mailbox(5, 7)
    assert box.uids is not None
    assert position(box.uids, 7) == 1
    assert position(box.uids, 6) is None
