"""What is moved on before its server heard of the move before is one move, or none."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.door.rows import Flag, Role
from desktopmail.engine import journal, mailboxes, operations, undo
from desktopmail.engine.store import mailbox, operation, placement
from desktopmail.engine.store.store import Store
from desktopmail.net.ports import InlineExecutor
from tests.helpers.desk import Desk, desk
from tests.helpers.store import mail, open_store, put

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from desktopmail.door.ids import MailboxId, PlacementId
    from desktopmail.engine.store.store import Transaction


def shown_in(tx: Transaction, box: MailboxId) -> list[PlacementId]:
    """What is seen in a mailbox, by subject."""
    rows = tx.fetch(
        "SELECT p.id FROM placement AS p JOIN message AS m ON m.id = p.message_id"
        " WHERE p.mailbox_id = ? AND p.shown = 1 ORDER BY m.subject",
        (box,),
    )
    return [row[0] for row in rows]


async def moved(
    d: Desk, source: MailboxId, target: MailboxId, token: str, numbers: Sequence[int] | None = None
) -> None:
    """Move what is seen in a mailbox, or some of it, on."""

    def step(tx: Transaction) -> None:
        ids = shown_in(tx, source)
        some = ids if numbers is None else [ids[number] for number in numbers]
        journal.move(tx, some, target, undo=token)

    await d.store.write(step)


async def told(d: Desk) -> list[tuple[str, str, str, list[int | None]]]:
    """What the server is still to hear: kind, from where, to where, and of which UIDs."""

    def step(tx: Transaction) -> list[tuple[str, str, str, list[int | None]]]:
        found = []
        for one in operation.pending(tx, d.work):
            ids = [row.placement_id for row in operation.targets(tx, one.id)]
            names = [
                mailbox.get(tx, box).path if box is not None else ""
                for box in (one.arguments.source, one.arguments.target)
            ]
            uids = [placed.uid for placed in placement.get(tx, ids)]
            found.append((one.kind, names[0], names[1], uids))
        return found

    return await d.store.read(step)


async def test_what_is_to_be_done_with_a_copy_is_told_behind_it_where_the_move_before_is_undone(
    tmp_path: Path,
) -> None:
    """The copy is told anew, of the message where it stands again."""
    async with desk(tmp_path) as d:

        def step(tx: Transaction) -> None:
            box = {name: mailbox.add(tx, d.work, name) for name in ("B", "Copies", "Kept")}
            journal.move(tx, d.placements[:1], box["B"], undo="t")
            journal.copy(tx, shown_in(tx, box["B"]), box["Copies"])
            journal.store_flags(tx, shown_in(tx, box["Copies"]), add=Flag.FLAGGED)
            journal.move(tx, shown_in(tx, box["Copies"]), box["Kept"])

        await d.store.write(step)
        await d.undo()
        assert [row[:3] for row in await told(d)] == [
            ("copy", "INBOX", "Copies"),
            ("flags", "Copies", ""),
            ("move", "Copies", "Kept"),
        ]


async def boxes(d: Desk) -> dict[str, MailboxId]:
    """The mailboxes of the IMAP account, one more among them."""
    return await d.store.write(lambda tx: with_one_more(tx, d))


def with_one_more(tx: Transaction, d: Desk) -> dict[str, MailboxId]:
    mailbox.add(tx, d.work, "Work")
    return {one.path: one.id for one in mailbox.of_account(tx, d.work)}


async def is_counted(d: Desk) -> bool:
    """Whether the totals of the mailboxes are those of what is seen in them."""
    return await d.store.read(counts_are_right)


def counts_are_right(tx: Transaction) -> bool:
    return not tx.fetch(
        "SELECT 1 FROM mailbox_total AS t WHERE (t.total, t.unread, t.octets) <> ("
        " SELECT count(*), coalesce(sum(flags & 1 = 0), 0), coalesce(sum(size), 0)"
        " FROM placement WHERE mailbox_id = t.mailbox_id AND shown = 1)"
    )


async def test_a_message_that_is_moved_on_is_told_as_one_move(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")
        await moved(d, box["Sent"], box["Work"], "b")
        await d.store.write(lambda tx: journal.delete(tx, shown_in(tx, box["Work"]), undo="c"))
        assert await told(d) == [("move", "INBOX", "Trash", [1, 2, 3])]
        assert [await d.shown(box[name]) for name in ("INBOX", "Sent", "Work", "Trash")] == [
            [], [], [], ["0", "1", "2"]
        ]  # fmt: skip
        assert await is_counted(d)


async def test_a_message_that_is_moved_back_is_not_told_of_and_has_its_uid(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")
        await moved(d, box["Sent"], d.inbox, "b")
        assert await told(d) == []
        placed = await d.store.read(lambda tx: placement.get(tx, shown_in(tx, d.inbox)))
        assert [(one.id, one.uid) for one in placed] == list(
            zip(d.placements, (1, 2, 3), strict=True)
        )
        rows = await d.store.read(lambda tx: tx.fetch("SELECT count(*) FROM placement"))
        assert (rows, await is_counted(d)) == ([(3,)], True)


async def test_some_of_the_moved_messages_go_on_and_the_others_stay(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")
        await moved(d, box["Sent"], box["Trash"], "b", [0])
        await moved(d, box["Sent"], d.inbox, "c", [1])
        assert await told(d) == [("move", "INBOX", "Sent", [2]), ("move", "INBOX", "Trash", [1])]
        pending = await d.store.read(lambda tx: operation.pending(tx, d.work))
        assert [one.label for one in pending] == [
            "1 message moved to Sent", "1 message moved to Trash"
        ]  # fmt: skip
        assert [await d.shown(box[name]) for name in ("INBOX", "Sent", "Trash")] == [
            ["2"], ["1"], ["0"]
        ]  # fmt: skip
        assert await is_counted(d)


async def test_what_was_marked_on_the_way_is_told_of_where_it_is_in_the_end(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")

        def mark(tx: Transaction) -> None:
            ids = shown_in(tx, box["Sent"])
            journal.store_flags(tx, ids, add=Flag.SEEN | Flag.FLAGGED, add_tags=("x",), undo="m")
            journal.store_flags(tx, ids[:2], remove=Flag.SEEN, undo="n")

        await d.store.write(mark)
        await moved(d, box["Sent"], box["Trash"], "b", [0])
        await moved(d, box["Sent"], d.inbox, "c", [0])
        assert await told(d) == [
            ("move", "INBOX", "Sent", [3]),
            ("flags", "Sent", "", [None]),
            ("move", "INBOX", "Trash", [1]),
            ("flags", "Trash", "", [None]),  # waits for the UID that the move brings
            ("flags", "Trash", "", [None]),
            ("flags", "INBOX", "", [2]),
            ("flags", "INBOX", "", [2]),
        ]

        def marks(tx: Transaction) -> list[tuple[Flag, set[str]]]:
            ids = [*shown_in(tx, box["Trash"]), *shown_in(tx, d.inbox), *shown_in(tx, box["Sent"])]
            return [
                (one.flags, placement.tags_of(tx, one.id))
                for each in ids
                for one in placement.get(tx, [each])
            ]

        assert await d.store.read(marks) == [
            (Flag.FLAGGED, {"x"}),
            (Flag.FLAGGED, {"x"}),
            (Flag.SEEN | Flag.FLAGGED, {"x"}),
        ]
        assert await is_counted(d)
        await d.undo("n")
        await d.undo("m")
        assert await d.store.read(marks) == [(Flag.NONE, set())] * 3
        assert [one[0] for one in await told(d)] == ["move", "move"]


async def test_the_last_step_is_taken_back_alone_and_then_the_one_before(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")
        await moved(d, box["Sent"], box["Work"], "b")
        await moved(d, box["Work"], box["Trash"], "c", [0])
        await d.undo("c")
        assert await told(d) == [
            ("move", "INBOX", "Work", [2, 3]), ("move", "INBOX", "Work", [1])
        ]  # fmt: skip
        await d.undo("b")
        assert sorted(await told(d)) == [
            ("move", "INBOX", "Sent", [1]), ("move", "INBOX", "Sent", [2, 3])
        ]  # fmt: skip
        assert await d.shown(box["Sent"]) == ["0", "1", "2"]
        await d.undo("a")
        assert (await told(d), await d.shown(d.inbox)) == ([], ["0", "1", "2"])
        assert await is_counted(d)


async def test_a_way_back_that_is_taken_back_is_gone_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")
        await moved(d, box["Sent"], d.inbox, "b", [0, 1])
        await d.undo("b")
        assert await d.shown(box["Sent"]) == ["0", "1", "2"]
        assert sorted(await told(d)) == [
            ("move", "INBOX", "Sent", [1, 2]), ("move", "INBOX", "Sent", [3])
        ]  # fmt: skip
        await d.undo("a")
        assert (await told(d), await d.shown(d.inbox)) == ([], ["0", "1", "2"])
        assert await is_counted(d)


async def test_a_way_back_is_not_taken_back_when_the_message_has_gone_elsewhere(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")
        await moved(d, box["Sent"], d.inbox, "b")
        await moved(d, d.inbox, box["Trash"], "c")
        with pytest.raises(DoorError) as caught:
            await d.undo("b")
        assert caught.value.code == "no-undo"
        assert await d.shown(box["Trash"]) == ["0", "1", "2"]


def heard(tx: Transaction, d: Desk) -> None:
    """The server did what it was to hear, as what tells the journal stores it."""
    for one in operation.pending(tx, d.work):
        assert one.kind == "move"
        rows = operation.targets(tx, one.id)
        for row in rows:
            tx.execute("UPDATE placement SET uid = 100 + id WHERE id = ?", (row.twin,))
        operation.prove(tx, rows)
        operation.pass_on(tx, rows)
        placement.remove(tx, [row.placement_id for row in rows])
        operation.finish(tx, one.id)


@pytest.mark.parametrize("hears_each", [False, True])
async def test_each_step_is_taken_back_after_the_server_heard_of_them_as_one(
    tmp_path: Path, *, hears_each: bool
) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")
        await moved(d, box["Sent"], box["Work"], "b")
        await moved(d, box["Work"], box["Trash"], "c")
        await d.store.write(lambda tx: heard(tx, d))
        for token, name in (("c", "Work"), ("b", "Sent"), ("a", "INBOX")):
            await d.undo(token)
            assert await d.shown(box[name]) == ["0", "1", "2"]
            assert [one[1:3] for one in await told(d)] == [
                (previous if hears_each else "Trash", name)
                for previous in [{"Work": "Trash", "Sent": "Work", "INBOX": "Sent"}[name]]
            ]
            if hears_each:
                await d.store.write(lambda tx: heard(tx, d))
        rows = await d.store.read(
            lambda tx: tx.fetch("SELECT count(*) FROM placement WHERE shown = 1")
        )
        assert (rows, await is_counted(d)) == ([(3,)], True)


@pytest.mark.parametrize(("state", "tries"), [("running", 0), ("failed", 5), ("pending", 1)])
async def test_a_first_move_that_the_server_may_have_heard_of_stays_one(
    tmp_path: Path, state: str, tries: int
) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")
        await d.store.write(
            lambda tx: tx.execute("UPDATE operation SET state = ?, tries = ?", (state, tries))
        )
        await moved(d, box["Sent"], box["Trash"], "b")
        rows = await d.store.read(
            lambda tx: tx.fetch(
                "SELECT json_extract(arguments, '$.source'), json_extract(arguments, '$.target')"
                " FROM operation ORDER BY id"
            )
        )
        assert rows == [(d.inbox, box["Sent"]), (box["Sent"], box["Trash"])]
        await d.undo("b")
        assert await d.shown(box["Sent"]) == ["0", "1", "2"]


async def test_a_message_that_something_else_builds_on_is_told_of_step_by_step(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")
        await d.store.write(lambda tx: journal.copy(tx, shown_in(tx, box["Sent"])[:1], box["Work"]))
        await moved(d, box["Sent"], box["Trash"], "b")
        assert [one[:3] for one in await told(d)] == [
            ("move", "INBOX", "Sent"),
            ("copy", "Sent", "Work"),
            ("move", "INBOX", "Trash"),
            ("move", "Sent", "Trash"),
        ]
        assert await d.shown(box["Trash"]) == ["0", "1", "2"]


async def test_what_another_device_has_removed_meanwhile_is_not_said_to_be_back(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")
        await d.store.write(
            lambda tx: tx.execute("UPDATE placement SET gone_cycle = 1 WHERE uid IS NOT NULL")
        )
        await moved(d, box["Sent"], d.inbox, "b")
        assert [one[:3] for one in await told(d)] == [
            ("move", "INBOX", "Sent"), ("move", "Sent", "INBOX")
        ]  # fmt: skip


async def test_what_is_given_up_goes_back_to_where_the_server_has_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")
        await moved(d, box["Sent"], box["Trash"], "b")
        (one,) = await d.store.read(lambda tx: operation.pending(tx, d.work))
        await d.store.write(lambda tx: operations.discard(tx, one.id))
        assert (await told(d), await d.shown(d.inbox)) == ([], ["0", "1", "2"])


async def test_a_mailbox_that_is_deleted_on_the_way_is_not_gone_back_to(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:

        def step(tx: Transaction) -> MailboxId:
            made = mailbox.add(tx, d.work, "Passing")
            journal.move(tx, d.placements, made, undo="a")
            journal.move(tx, shown_in(tx, made)[:1], d.role(tx, Role.SENT), undo="b")
            mailboxes.delete(tx, made, undo="c")
            return made

        passing = await d.store.write(step)
        assert await d.shown(d.trash) == ["1", "2"]
        await d.undo("b")
        assert await d.shown(d.inbox) == ["0"]
        await d.undo("c")
        assert await d.shown(passing) == ["1", "2"]
        await d.undo("a")
        assert (await told(d), await d.shown(d.inbox)) == ([], ["0", "1", "2"])


async def test_what_left_a_mailbox_that_is_deleted_is_told_before_that(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:

        def step(tx: Transaction) -> None:
            doomed = mailbox.add(tx, d.work, "Doomed")
            ids = put(tx, doomed, [mail(7)])
            journal.move(tx, ids, d.role(tx, Role.SENT))
            mailboxes.delete(tx, doomed)
            journal.move(tx, shown_in(tx, d.role(tx, Role.SENT)), d.trash)

        await d.store.write(step)
        assert [one[:3] for one in await told(d)] == [
            ("move", "Doomed", "Sent"),
            ("delete-mailbox", "Doomed", "Trash"),
            ("move", "Sent", "Trash"),
        ]


async def test_what_was_to_be_done_at_the_last_step_is_not_done_elsewhere(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")
        await moved(d, box["Sent"], box["Trash"], "b")
        await d.store.write(
            lambda tx: journal.delete(tx, shown_in(tx, box["Trash"])[:1], permanently=True)
        )
        await d.undo("b")
        assert await d.shown(box["Sent"]) == ["0", "1", "2"]
        assert [one for one in await told(d) if one[0] == "expunge" and one[3]] == []
        await d.undo("a")
        assert await d.shown(d.inbox) == ["0", "1", "2"]
        assert await is_counted(d)


async def test_a_mailbox_that_is_not_made_after_all_is_not_gone_back_to(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:

        def step(tx: Transaction) -> None:
            made, _ = mailboxes.create(tx, d.work, "Passing", None, undo="m")
            journal.move(tx, d.placements, made, undo="a")
            journal.move(tx, shown_in(tx, made)[:1], d.trash, undo="b")

        await d.store.write(step)
        await d.undo("m")
        assert (await d.shown(d.inbox), await d.shown(d.trash)) == (["1", "2"], ["0"])
        await d.undo("b")
        assert (await told(d), await d.shown(d.inbox)) == ([], ["0", "1", "2"])


async def test_what_was_put_there_by_another_device_stays_when_the_step_is_taken_back(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")
        await moved(d, box["Sent"], box["Trash"], "b")
        await d.store.write(
            lambda tx: tx.execute("UPDATE placement SET uid = 7 WHERE id = ?",
                                  (shown_in(tx, box["Trash"])[0],))
        )  # fmt: skip
        await d.undo("b")
        assert await d.shown(box["Sent"]) == ["0", "1", "2"]
        assert await d.shown(box["Trash"]) == ["0"]
        assert sum([len(one[3]) for one in await told(d)]) == 3


async def test_moves_meet_also_when_the_program_was_restarted_between_them(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        box = await boxes(d)
        await moved(d, d.inbox, box["Sent"], "a")
        await moved(d, box["Sent"], box["Work"], "b")
    async with open_store(tmp_path) as store:
        d.store = store
        await moved(d, box["Work"], box["Trash"], "c")
        assert await told(d) == [("move", "INBOX", "Trash", [1, 2, 3])]
        for token in "cba":
            await d.undo(token)
        assert (await told(d), await d.shown(d.inbox)) == ([], ["0", "1", "2"])


# However messages wander, each step can be taken back, and nothing is lost or doubled

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["INBOX", "Sent", "Work", "Trash", "seen", "unseen", "tag", "refused"]),
        st.sets(st.integers(0, 2), min_size=1),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_wherever_messages_wander_each_step_is_taken_back(
    steps: list[tuple[str, set[int]]],
) -> None:
    with TemporaryDirectory() as folder:
        store = Store(Profile.at(folder), InlineExecutor())
        try:
            _wander(store, steps)
        finally:
            store._close()


def _wander(store: Store, steps: list[tuple[str, set[int]]]) -> None:
    d = Desk(store)
    store._run(d.fill)
    box = store._run(lambda tx: with_one_more(tx, d))
    states = []
    for number, (name, numbers) in enumerate(steps):
        states.append(store._run(_state))
        store._run(lambda tx: _step(tx, box, name, numbers, str(number)))  # noqa: B023 - at once
        assert len(store._run(_standing)) == len(d.placements)
        assert store._run(counts_are_right)
    for number, before in reversed(list(enumerate(states))):
        store._run(lambda tx: _back(tx, str(number)))  # noqa: B023 - at once
        assert store._run(_state) == before
        assert store._run(counts_are_right)
    assert store._run(lambda tx: operation.pending(tx, d.work)) == []
    assert store._run(_standing) == d.placements


def _step(
    tx: Transaction, box: dict[str, MailboxId], name: str, numbers: set[int], token: str
) -> None:
    ids = [one for each, one in enumerate(_standing(tx)) if each in numbers]
    if name == "refused":
        tx.execute("UPDATE operation SET tries = 1 WHERE state = 'pending'")
    elif name in box:
        journal.move(tx, ids, box[name], undo=token)
    else:
        journal.store_flags(
            tx, ids, undo=token,
            add=Flag.SEEN if name == "seen" else Flag.NONE,
            remove=Flag.SEEN if name == "unseen" else Flag.NONE,
            add_tags=("x",) if name == "tag" else (),
        )  # fmt: skip


def _back(tx: Transaction, token: str) -> None:
    if operation.with_undo(tx, token):
        undo.take_back(tx, token)


def _standing(tx: Transaction) -> list[PlacementId]:
    """Where each message is seen."""
    rows = tx.fetch(
        "SELECT p.id FROM placement AS p JOIN message AS m ON m.id = p.message_id"
        " WHERE p.shown = 1 ORDER BY m.subject"
    )
    return [row[0] for row in rows]


def _state(tx: Transaction) -> list[object]:
    return tx.fetch(
        "SELECT p.message_id, p.mailbox_id, p.flags,"
        " (SELECT count(*) FROM placement_tag WHERE placement_id = p.id)"
        " FROM placement AS p WHERE p.shown = 1 ORDER BY 1, 2"
    )
