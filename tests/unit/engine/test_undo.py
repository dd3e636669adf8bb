"""What a person did can be taken back, before the server heard and after; nothing is lost."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktopmail.door.ids import PlacementId
from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.door.rows import Flag, Role
from desktopmail.engine import journal, undo
from desktopmail.engine.store import operation, placement
from desktopmail.engine.store.store import Store
from desktopmail.net.ports import InlineExecutor
from tests.helpers.desk import Desk, across, desk

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import MailboxId
    from desktopmail.engine.store.store import Transaction


# Undo before and after the server heard


async def test_undo_before_the_server_heard_leaves_nothing_to_tell(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        before = await d.shown(d.inbox)
        for change in (
            lambda tx: journal.move(tx, d.placements, d.trash, undo="t"),
            lambda tx: journal.copy(tx, d.placements, d.trash, undo="t"),
            lambda tx: journal.delete(tx, d.placements, permanently=True, undo="t"),
            lambda tx: journal.store_flags(tx, d.placements, add=Flag.SEEN, undo="t"),
        ):
            await d.store.write(change)
            await d.undo()
            assert (await d.shown(d.inbox), await d.shown(d.trash)) == (before, [])
            assert await d.kinds() == []
            flags = await d.store.read(lambda tx: placement.get(tx, d.placements))
            assert {one.flags for one in flags} == {Flag.NONE}


async def test_undo_of_flags_gives_each_message_its_own_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        await d.store.write(
            lambda tx: placement.set_flags(tx, d.placements[0], Flag.SEEN | Flag.ANSWERED)
        )
        await d.store.write(
            lambda tx: journal.store_flags(tx, d.placements[:2], add=Flag.SEEN, undo="t")
        )
        # meanwhile something else becomes of one of them: it stays
        await d.store.write(lambda tx: journal.store_flags(tx, d.placements[1:2], add=Flag.FLAGGED))
        await d.undo()
        found = await d.store.read(lambda tx: placement.get(tx, d.placements[:2]))
        assert [one.flags for one in found] == [Flag.SEEN | Flag.ANSWERED, Flag.FLAGGED]


async def test_undo_after_the_server_heard_tells_it_the_opposite(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        await d.store.write(lambda tx: placement.set_flags(tx, d.placements[0], Flag.SEEN))
        await d.store.write(
            lambda tx: journal.store_flags(
                tx, d.placements[:2], add=Flag.SEEN | Flag.FLAGGED, add_tags=("work",), undo="t"
            )
        )
        (told,) = await d.store.read(lambda tx: operation.pending(tx, d.work))
        await d.store.write(lambda tx: operation.finish(tx, told.id))
        await d.undo()
        opposite = await d.store.read(lambda tx: operation.pending(tx, d.work))
        said = {one.arguments.remove: one.arguments.remove_tags for one in opposite}
        assert said == {
            int(Flag.FLAGGED): ("work",),  # it was read before: it stays read
            int(Flag.SEEN | Flag.FLAGGED): ("work",),
        }


async def test_a_running_operation_is_answered_never_forgotten(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        await d.store.write(lambda tx: journal.move(tx, d.placements[:1], d.trash, undo="t"))
        (one,) = await d.store.read(lambda tx: operation.pending(tx, d.work))
        await d.store.write(lambda tx: operation.set_state(tx, one.id, "running"))
        await d.undo()
        assert await d.kinds() == [("move", "running"), ("move", "pending")]
        assert await d.shown(d.inbox) == ["0", "1", "2"]


async def test_undo_of_what_the_server_refused_brings_the_message_itself_back(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as d:
        await d.store.write(lambda tx: journal.move(tx, d.placements[:1], d.trash, undo="t"))
        (one,) = await d.store.read(lambda tx: operation.pending(tx, d.work))
        await d.store.write(
            lambda tx: operation.set_state(tx, one.id, "failed", problem="No.", tried=True)
        )
        await d.undo()
        shown = await d.store.read(lambda tx: placement.get(tx, d.placements[:1]))
        assert [(row.uid, row.shown) for row in shown] == [(1, True)]
        assert await d.shown(d.trash) == []
        assert await d.kinds() == []


async def test_what_the_server_removed_for_good_is_not_promised_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        await d.store.write(
            lambda tx: journal.delete(tx, d.placements[:1], permanently=True, undo="t")
        )
        (one,) = await d.store.read(lambda tx: operation.pending(tx, d.work))
        await d.store.write(lambda tx: operation.finish(tx, one.id))
        with pytest.raises(DoorError) as caught:
            await d.undo()
        assert caught.value.code == "no-undo"
        with pytest.raises(DoorError):
            await d.undo("never given")


async def test_of_several_messages_those_that_are_left_are_taken_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        await d.store.write(
            lambda tx: journal.store_flags(tx, d.placements[:1], add=Flag.SEEN, undo="t")
        )
        await d.store.write(
            lambda tx: journal.store_flags(tx, d.placements[1:2], add=Flag.SEEN, undo="t")
        )
        for one in await d.store.read(lambda tx: operation.pending(tx, d.work)):
            await d.store.write(lambda tx, one=one: operation.finish(tx, one.id))
        await d.store.write(lambda tx: placement.remove(tx, d.placements[:1]))
        await d.undo()
        (left,) = await d.store.read(lambda tx: placement.get(tx, d.placements[:2]))
        assert left.flags is Flag.NONE


async def test_undo_across_accounts_leaves_one_message(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        _, inbox = await across(d)
        await d.undo()
        assert (await d.shown(d.inbox), await d.shown(inbox)) == (["0", "1", "2"], [])


async def test_undo_of_a_move_to_this_machine_leaves_one_message(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        await d.store.write(lambda tx: journal.move(tx, d.placements[:1], d.local, undo="t"))
        assert (await d.shown(d.inbox), await d.shown(d.local)) == (["1", "2"], ["0"])
        await d.undo()
        assert (await d.shown(d.inbox), await d.shown(d.local)) == (["0", "1", "2"], [])


async def test_a_move_across_accounts_that_both_servers_heard_of_is_taken_back_by_another_one(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as d:
        home, inbox = await across(d)
        (copied,) = await d.store.read(lambda tx: operation.pending(tx, home))

        def heard(tx: Transaction) -> None:
            (arrived,) = operation.targets(tx, copied.id)
            tx.execute("UPDATE placement SET uid = 9 WHERE id = ?", (arrived.placement_id,))
            operation.prove(tx, [arrived])
            operation.finish(tx, copied.id)
            journal.let_followers_go(tx, copied.id)
            (gone,) = operation.pending(tx, d.work)
            (left,) = operation.targets(tx, gone.id)
            placement.remove(tx, [left.placement_id])
            operation.finish(tx, gone.id)

        await d.store.write(heard)
        assert (await d.shown(d.inbox), await d.shown(inbox)) == (["1", "2"], ["0"])
        await d.undo()
        assert (await d.shown(d.inbox), await d.shown(inbox)) == (["0", "1", "2"], [])
        with pytest.raises(DoorError):
            await d.undo()


# Undo of an older command, below newer ones


async def newest(d: Desk, box: MailboxId) -> PlacementId:
    rows = await d.store.read(
        lambda tx: tx.fetch(
            "SELECT max(id) FROM placement WHERE mailbox_id = ? AND shown = 1", (box,)
        )
    )
    return PlacementId(rows[0][0])


async def refuse(d: Desk) -> None:
    await d.store.write(_refuse_all)


@pytest.mark.parametrize("refused", [False, True])
async def test_a_copy_is_taken_back_and_its_original_stays_where_it_was_moved_to_since(
    refused: bool, tmp_path: Path
) -> None:
    async with desk(tmp_path) as d:
        sent = await d.store.read(lambda tx: d.role(tx, Role.SENT))
        await d.store.write(lambda tx: journal.copy(tx, d.placements[:1], sent, undo="t"))
        await d.store.write(lambda tx: journal.move(tx, d.placements[:1], d.trash, undo="new"))
        if refused:
            await refuse(d)
        await d.undo()
        shown = [await d.shown(box) for box in (d.inbox, sent, d.trash)]
        assert shown == [["1", "2"], [], ["0"]]
        assert [kind for kind, _ in await d.kinds()] == ["move"]


@pytest.mark.parametrize("between", ["", "the copy is moved", "the original is moved"])
@pytest.mark.parametrize("refused", [False, True])
async def test_a_copy_is_taken_back_and_what_was_copied_of_it_since_stays(
    refused: bool, between: str, tmp_path: Path
) -> None:
    """It is told of the original, as the copy never stood at the server."""
    async with desk(tmp_path) as d:
        sent = await d.store.read(lambda tx: d.role(tx, Role.SENT))
        archive = await d.store.write(lambda tx: journal.role_mailbox(tx, d.work, Role.ARCHIVE).id)
        await d.store.write(lambda tx: journal.copy(tx, d.placements[:1], archive, undo="t"))
        copied = await newest(d, archive)
        if between == "the copy is moved":
            await d.store.write(lambda tx: journal.move(tx, [copied], d.trash))
            copied = await newest(d, d.trash)
        if between == "the original is moved":
            await d.store.write(lambda tx: journal.move(tx, d.placements[:1], d.trash))
        await d.store.write(lambda tx: journal.copy(tx, [copied], sent, undo="new"))
        if refused:
            await refuse(d)
        await d.undo()
        is_away = between == "the original is moved"
        shown = [await d.shown(box) for box in (d.inbox, archive, sent)]
        assert shown == [["1", "2"] if is_away else ["0", "1", "2"], [], ["0"]]
        assert (await about(d))[-1] == (
            ("copy", d.trash, [None]) if is_away else ("copy", d.inbox, [1])
        )
        await d.undo("new")
        assert await d.shown(sent) == []


async def test_a_copy_is_not_taken_back_where_it_is_all_that_another_copy_can_be_made_of(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as d:
        sent = await d.store.read(lambda tx: d.role(tx, Role.SENT))
        await d.store.write(lambda tx: journal.copy(tx, d.placements[:1], d.trash, undo="t"))
        copied = await newest(d, d.trash)
        await d.store.write(lambda tx: journal.copy(tx, [copied], sent, undo="new"))
        await d.store.write(lambda tx: journal.delete(tx, d.placements[:1], permanently=True))
        with pytest.raises(DoorError):
            await d.undo()
        assert [await d.shown(box) for box in (sent, d.trash)] == [["0"], ["0"]]


@pytest.mark.parametrize("marked", [False, True])
async def test_a_mark_is_taken_back_from_what_was_copied_before_the_server_heard_of_it_too(
    marked: bool, tmp_path: Path
) -> None:
    """The server copies what it has, without the mark; one that the copy got itself stays."""
    async with desk(tmp_path) as d:
        await d.store.write(
            lambda tx: journal.store_flags(tx, d.placements[:1], add=Flag.FLAGGED, undo="t")
        )
        await d.store.write(lambda tx: journal.copy(tx, d.placements[:1], d.trash))
        copied = await newest(d, d.trash)
        if marked:
            for change in ({"remove": Flag.FLAGGED}, {"add": Flag.FLAGGED}):
                await d.store.write(lambda tx, how=change: journal.store_flags(tx, [copied], **how))
        await d.undo()
        both = await d.store.read(lambda tx: placement.get(tx, [d.placements[0], copied]))
        flags = {one.id: one.flags & Flag.FLAGGED for one in both}
        assert flags == {
            d.placements[0]: Flag.NONE, copied: Flag.FLAGGED if marked else Flag.NONE
        }  # fmt: skip


@pytest.mark.parametrize("refused", [False, True])
async def test_a_move_is_taken_back_and_what_was_copied_of_it_since_stays(
    refused: bool, tmp_path: Path
) -> None:
    async with desk(tmp_path) as d:
        sent = await d.store.read(lambda tx: d.role(tx, Role.SENT))
        await d.store.write(lambda tx: journal.move(tx, d.placements[:1], d.trash, undo="t"))
        moved = await newest(d, d.trash)
        await d.store.write(lambda tx: journal.copy(tx, [moved], sent, undo="new"))
        if refused:
            await refuse(d)
        await d.undo()
        shown = [await d.shown(box) for box in (d.inbox, sent, d.trash)]
        assert shown == [["0", "1", "2"], ["0"], []]
        assert await about(d) == [("copy", d.inbox, [1])]
        await d.undo("new")
        assert [await d.shown(box) for box in (d.inbox, sent)] == [["0", "1", "2"], []]


async def test_the_last_step_of_a_move_is_taken_back_and_what_was_copied_behind_it_stays(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as d:
        sent = await d.store.read(lambda tx: d.role(tx, Role.SENT))
        archive = await d.store.write(lambda tx: journal.role_mailbox(tx, d.work, Role.ARCHIVE).id)
        await d.store.write(lambda tx: journal.move(tx, d.placements[:1], archive, undo="first"))
        there = await newest(d, archive)
        await d.store.write(lambda tx: journal.move(tx, [there], d.trash, undo="t"))
        moved = await newest(d, d.trash)
        await d.store.write(lambda tx: journal.copy(tx, [moved], sent, undo="new"))
        await d.undo()
        shown = [await d.shown(box) for box in (d.inbox, archive, d.trash, sent)]
        assert shown == [["1", "2"], ["0"], [], ["0"]]
        assert await about(d) == [("move", d.inbox, [1]), ("copy", archive, [None])]
        await d.undo("first")
        shown = [await d.shown(box) for box in (d.inbox, archive, sent)]
        assert shown == [["0", "1", "2"], [], ["0"]]
        assert await about(d) == [("copy", d.inbox, [1])]


@pytest.mark.parametrize("refused", [False, True])
async def test_a_move_is_taken_back_and_what_was_marked_since_stays_marked(
    refused: bool, tmp_path: Path
) -> None:
    async with desk(tmp_path) as d:
        await d.store.write(lambda tx: journal.move(tx, d.placements[:1], d.trash, undo="t"))
        moved = await newest(d, d.trash)
        await d.store.write(
            lambda tx: journal.store_flags(tx, [moved], add=Flag.FLAGGED, add_tags=("x",))
        )
        if refused:
            await refuse(d)
        await d.undo()
        (back,) = await d.store.read(lambda tx: placement.get(tx, d.placements[:1]))
        assert (back.flags, back.shown) == (Flag.FLAGGED, True)
        assert await d.store.read(lambda tx: placement.tags_of(tx, back.id)) == {"x"}
        assert await about(d) == [("flags", d.inbox, [1])]


@pytest.mark.parametrize("heard", [False, True])
async def test_a_move_is_taken_back_with_the_deletion_for_good_that_no_server_has_heard_of(
    heard: bool, tmp_path: Path
) -> None:
    async with desk(tmp_path) as d:
        await d.store.write(lambda tx: journal.move(tx, d.placements[:2], d.trash, undo="t"))
        moved = await newest(d, d.trash)
        if heard:
            await d.store.write(all_heard)
        await d.store.write(lambda tx: journal.expunge(tx, [moved], label="Delete", undo="new"))
        await d.undo()
        shown = [await d.shown(box) for box in (d.inbox, d.trash)]
        assert shown == [["0", "1", "2"], []]
        assert "expunge" not in [kind for kind, _ in await d.kinds()]
        with pytest.raises(DoorError):
            await d.undo("new")


def all_heard(tx: Transaction) -> None:
    """The server has done what it was to hear."""
    for (account_id,) in tx.fetch("SELECT id FROM account"):
        for one in operation.pending(tx, account_id):
            rows = operation.targets(tx, one.id)
            for number, row in enumerate(rows):
                tx.execute("UPDATE placement SET uid = ? WHERE id = ?", (70 + number, row.twin))
            operation.prove(tx, rows)
            operation.pass_on(tx, rows)
            placement.remove(tx, [row.placement_id for row in rows])
            operation.finish(tx, one.id)


async def about(d: Desk) -> list[tuple[str, MailboxId | None, list[int | None]]]:
    """What the journal says: kinds, sources, and the UIDs of what they are about."""

    def step(tx: Transaction) -> list[tuple[str, MailboxId | None, list[int | None]]]:
        found = []
        for (one,) in tx.fetch("SELECT id FROM operation WHERE kind <> 'create' ORDER BY id"):
            each = operation.get(tx, one)
            assert each is not None
            ids = [row.placement_id for row in operation.targets(tx, one)]
            placed = placement.get(tx, ids)
            assert {row.mailbox_id for row in placed} <= {each.arguments.source}
            found.append((each.kind, each.arguments.source, [row.uid for row in placed]))
        return found

    return await d.store.read(step)


# Whatever is done and taken back, no message is lost

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["move", "copy", "trash", "archive", "local", "purge", "flags"]),
        st.sets(st.integers(0, 2), min_size=1),
        st.sampled_from(["undo", "refused", "discard"]),
    ),
    max_size=5,
)


@settings(max_examples=20, deadline=None)
@given(CHANGES)
def test_what_is_done_and_taken_back_leaves_everything_where_it_was(
    changes: list[tuple[str, set[int], str]],
) -> None:
    with TemporaryDirectory() as folder:
        store = Store(Profile.at(folder), InlineExecutor())
        try:
            d = Desk(store)
            before, after = store._run(lambda tx: _play(tx, d, changes))
        finally:
            store._close()
    assert after == before


def _play(
    tx: Transaction, d: Desk, changes: list[tuple[str, set[int], str]]
) -> tuple[list[object], list[object]]:
    d.fill(tx)
    before = _state(tx)
    for name, numbers, ending in changes:
        _change(tx, d, name, numbers)
        if ending == "discard":
            _discard_all(tx)
        else:
            if ending == "refused":
                _refuse_all(tx)
            undo.take_back(tx, "t")
        tx.execute("UPDATE operation SET undo = NULL")
    return before, _state(tx)


def _change(tx: Transaction, d: Desk, name: str, numbers: set[int]) -> None:
    ids = [d.placements[number] for number in sorted(numbers)]
    match name:
        case "move":
            journal.move(tx, ids, d.role(tx, Role.SENT), undo="t")
        case "copy":
            journal.copy(tx, ids, d.role(tx, Role.SENT), undo="t")
        case "trash":
            journal.delete(tx, ids, undo="t")
        case "archive":
            journal.archive(tx, ids, undo="t")
        case "local":
            journal.move(tx, ids, d.local, undo="t")
        case "purge":
            journal.delete(tx, ids, permanently=True, undo="t")
        case _:
            journal.store_flags(tx, ids, add=Flag.SEEN, add_tags=("x",), undo="t")


def _refuse_all(tx: Transaction) -> None:
    tx.execute("UPDATE operation SET state = 'failed', tries = 5 WHERE state = 'pending'")


def _discard_all(tx: Transaction) -> None:
    """Give everything up; what no server had a say in is taken back as a person does."""
    for one in operation.with_undo(tx, "t"):
        if one.state == "pending":
            undo.revert(tx, one)
    if any(one.state == "done" for one in operation.with_undo(tx, "t")):
        undo.take_back(tx, "t")


def _state(tx: Transaction) -> list[object]:
    return tx.fetch(
        "SELECT p.mailbox_id, p.message_id, p.uid, p.flags,"
        " (SELECT count(*) FROM placement_tag WHERE placement_id = p.id)"
        " FROM placement AS p WHERE p.shown = 1 ORDER BY 1, 2"
    )
