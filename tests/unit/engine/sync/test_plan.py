"""Alike operations are told together, where nobody can see that their order was another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktopmail.door.ids import AccountId, MailboxId, OperationId, PlacementId
from desktopmail.engine.store.operation import Arguments, Operation
from desktopmail.engine.sync.plan import Plan, due

INBOX, WORK, TRASH = MailboxId(1), MailboxId(2), MailboxId(3)


def one(
    number: int, kind: str, source: int = 1, target: int | None = None, *, not_before_s: float = 0
) -> Operation:
    arguments = Arguments(
        source=MailboxId(source), target=None if target is None else MailboxId(target)
    )
    return Operation(
        OperationId(number), AccountId(1), kind, arguments, "", "pending", 0, None, not_before_s
    )


def groups(
    operations: list[Operation], touched: dict[int, set[int]] | None = None
) -> list[list[int]]:
    plan = Plan(
        operations,
        {
            OperationId(key): frozenset(map(PlacementId, members))
            for key, members in (touched or {}).items()
        },
    )
    found = []
    while group := plan.next():
        found.append([int(member.id) for member in group])
    return found


def test_a_second_copy_of_a_message_is_told_by_itself() -> None:
    copies = [one(number, "copy", target=2) for number in (1, 2, 3)]
    assert groups(copies, {1: {7, 21}, 2: {7, 22}, 3: {8, 23}}) == [[1, 3], [2]]


def test_what_is_read_and_filed_message_after_message_is_two_groups() -> None:
    operations = []
    touched = {}
    for number in range(0, 20, 2):
        operations += [one(number, "flags"), one(number + 1, "move", target=TRASH)]
        touched[number] = {number}
        touched[number + 1] = {number, number + 1000}
    assert groups(operations, touched) == [list(range(0, 20, 2)), list(range(1, 20, 2))]


def test_what_happens_to_one_message_keeps_its_order() -> None:
    operations = [one(1, "flags"), one(2, "move", target=TRASH), one(3, "flags", source=TRASH),
                  one(4, "flags")]  # fmt: skip
    touched = {1: {1}, 2: {1, 11}, 3: {11}, 4: {1}}
    assert groups(operations, touched) == [[1], [2], [3], [4]]


def test_what_is_done_to_mailboxes_keeps_its_place() -> None:
    operations = [one(1, "flags"), one(2, "rename"), one(3, "flags"), one(4, "append"),
                  one(5, "append"), one(6, "flags")]  # fmt: skip
    assert groups(operations) == [[1], [2], [3], [4], [5], [6]]


def test_a_try_that_was_cut_short_is_verified_apart() -> None:
    running = Operation(
        OperationId(2), AccountId(1), "flags", Arguments(source=INBOX), "", "running", 1, None
    )
    assert groups([one(1, "flags"), running, one(3, "flags")]) == [[1, 3], [2]]


@given(
    st.lists(
        st.tuples(st.sampled_from(["flags", "move", "expunge", "create"]), st.integers(0, 3)),
        max_size=30,
    )
)
def test_each_is_told_once_and_no_message_sees_another_order(
    done: list[tuple[str, int]],
) -> None:
    operations = [one(number, kind) for number, (kind, _) in enumerate(done)]
    touched = {number: {message} for number, (_, message) in enumerate(done)}
    order = [number for group in groups(operations, touched) for number in group]
    assert sorted(order) == list(range(len(done)))
    for message in range(4):
        mine = [number for number in order if done[number][1] == message]
        assert mine == sorted(mine)
    for number, (kind, _) in enumerate(done):
        if kind == "create":
            place = order.index(number)
            assert set(order[:place]) == set(range(number))


def told(operations: list[Operation], touched: dict[int, set[int]]) -> list[int]:
    """What of them is told at the time 100."""
    about = {OperationId(key): frozenset(map(PlacementId, ids)) for key, ids in touched.items()}
    return [int(member.id) for member in due(operations, about, 100.0)]


def test_behind_what_is_put_off_wait_those_about_its_messages_and_theirs() -> None:
    operations = [
        one(1, "flags", not_before_s=105.0),
        one(2, "flags"),
        one(3, "move", target=WORK),  # of the message that 1 is about
        one(4, "flags", source=WORK),  # of what 3 makes of it
        one(5, "move", target=WORK),
    ]
    assert told(operations, {1: {1}, 2: {2}, 3: {1, 11}, 4: {11}, 5: {3, 13}}) == [2, 5]


def test_behind_a_mailbox_that_is_put_off_wait_all_that_need_it() -> None:
    operations = [
        one(1, "create", source=WORK, not_before_s=105.0),
        one(2, "move", target=WORK),
        one(3, "move", target=TRASH),
        one(4, "rename", source=WORK),
        one(5, "append", source=TRASH, target=WORK),
    ]
    assert told(operations, {2: {1, 11}, 3: {2, 12}, 5: {14}}) == [3]


def test_what_was_put_off_is_told_when_its_time_has_come_or_cannot_be_right() -> None:
    operations = [
        one(number, "flags", not_before_s=not_before_s)
        for number, not_before_s in enumerate((100.0, 100.1, 9_999_999.0))
    ]
    assert told(operations, {0: {1}, 1: {2}, 2: {3}}) == [0, 2]
