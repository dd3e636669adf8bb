"""What a person changes is seen at once, journaled in the same step, and can be taken back."""

from __future__ import annotations

from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.door.rows import Flag, Kind, Role
from desktopmail.engine import journal
from desktopmail.engine.store import account, mailbox, message, operation, placement, pop_seen
from desktopmail.engine.store.account import Learned
from desktopmail.engine.store.store import Store
from desktopmail.net.ports import InlineExecutor
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desktopmail.door.ids import AccountId, MailboxId, PlacementId
    from desktopmail.engine.store.store import Transaction


class Desk:
    """An IMAP account with three messages, and a POP3 account whose mailboxes are only here."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.work: AccountId
        self.home: AccountId
        self.inbox: MailboxId
        self.trash: MailboxId
        self.local: MailboxId
        self.placements: list[PlacementId]

    def fill(self, tx: Transaction) -> None:
        self.work = add_account(tx)
        self.home = add_account(tx, "home", Kind.POP3)
        for box in mailbox.of_account(tx, self.home):
            mailbox.add(tx, self.home, box.path, role=box.role, local=True)
        self.inbox, self.local = inbox_of(tx, self.work), inbox_of(tx, self.home)
        self.trash = self.role(tx, Role.TRASH)
        self.placements = put(tx, self.inbox, [mail(number) for number in range(3)])

    def role(self, tx: Transaction, role: Role) -> MailboxId:
        found = mailbox.find_role(tx, self.work, role)
        assert found is not None
        return found.id

    async def shown(self, mailbox_id: MailboxId) -> list[str]:
        rows = await self.store.read(
            lambda tx: tx.fetch(
                "SELECT m.subject FROM placement AS p JOIN message AS m ON m.id = p.message_id"
                " WHERE p.mailbox_id = ? AND p.shown = 1 ORDER BY 1",
                (mailbox_id,),
            )
        )
        return [row[0].removeprefix("Subject ") for row in rows]

    async def kinds(self) -> list[tuple[str, str]]:
        rows = await self.store.read(
            lambda tx: tx.fetch("SELECT kind, state FROM operation ORDER BY id")
        )
        return [(row[0], row[1]) for row in rows]

    async def undo(self, token: str = "t") -> str:
        return await self.store.write(lambda tx: journal.take_back(tx, token))


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    async with open_store(folder) as store:
        made = Desk(store)
        await store.write(made.fill)
        yield made


# At once, and in the same step


async def test_what_is_shown_and_what_the_server_hears_are_one_step(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:

        def step(tx: Transaction) -> None:
            journal.move(tx, d.placements[:1], d.trash)
            raise RuntimeError("cut before the commit")

        with pytest.raises(RuntimeError):
            await d.store.write(step)
        assert (await d.shown(d.inbox), await d.shown(d.trash)) == (["0", "1", "2"], [])
        assert await d.kinds() == []


async def test_a_move_is_seen_at_once_and_loses_nothing_before_it_is_proved(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        label = await d.store.write(lambda tx: journal.move(tx, d.placements[:2], d.trash))
        assert label == "2 messages moved to Trash"
        assert (await d.shown(d.inbox), await d.shown(d.trash)) == (["2"], ["0", "1"])
        left = await d.store.read(lambda tx: placement.of_mailbox(tx, d.inbox))
        assert [one.uid for one in left] == [1, 2, 3]  # hidden, with the UIDs the server knows
        assert await d.kinds() == [("move", "pending")]


async def test_what_no_server_has_is_changed_for_good_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        ids = await d.store.write(lambda tx: put(tx, d.local, [mail(7)], first_uid=None))
        await d.store.write(lambda tx: journal.store_flags(tx, ids, add=Flag.SEEN))
        await d.store.write(lambda tx: journal.archive(tx, ids))
        assert await d.shown(d.local) == []
        assert await d.store.read(lambda tx: operation.pending(tx, d.home)) == []


async def test_deleting_moves_to_trash_and_from_there_for_good(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        await d.store.write(lambda tx: journal.delete(tx, d.placements[:1]))
        assert await d.shown(d.trash) == ["0"]
        twins = await d.store.read(
            lambda tx: [row[0] for row in tx.fetch(
                "SELECT id FROM placement WHERE mailbox_id = ?", (d.trash,)
            )]
        )  # fmt: skip
        label = await d.store.write(lambda tx: journal.delete(tx, twins))
        assert label == "1 message deleted for good"
        assert await d.shown(d.trash) == []
        assert await d.kinds() == [("move", "pending"), ("expunge", "pending")]


async def test_an_archive_that_is_missing_is_made_before_anything_is_moved_to_it(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as d:
        await d.store.write(lambda tx: journal.archive(tx, d.placements))
        assert await d.kinds() == [("create", "pending"), ("move", "pending")]
        await d.store.write(lambda tx: journal.role_mailbox(tx, d.work, Role.ARCHIVE))
        assert len(await d.kinds()) == 2


async def test_a_mailbox_that_holds_no_messages_takes_none(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        folder = await d.store.write(lambda tx: mailbox.add(tx, d.work, "Lists", selectable=False))
        with pytest.raises(DoorError) as caught:
            await d.store.write(lambda tx: journal.move(tx, d.placements, folder))
        assert caught.value.code == "not-selectable"
        assert await d.shown(d.inbox) == ["0", "1", "2"]


async def test_what_is_gone_cannot_be_changed(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        await d.store.write(lambda tx: placement.remove(tx, d.placements))
        with pytest.raises(DoorError) as caught:
            await d.store.write(lambda tx: journal.store_flags(tx, d.placements, add=Flag.SEEN))
        assert caught.value.code == "no-message"


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


# Across accounts: add, prove, then remove


async def across(d: Desk, folder: Path) -> tuple[AccountId, MailboxId]:
    """Move the first message to another IMAP account."""
    del folder

    def step(tx: Transaction) -> tuple[AccountId, MailboxId]:
        other = add_account(tx, "other")
        inbox = inbox_of(tx, other)
        journal.move(tx, d.placements[:1], inbox, undo="t")
        return other, inbox

    return await d.store.write(step)


async def test_across_accounts_the_source_waits_for_the_proof(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        other, inbox = await across(d, tmp_path)
        (append,) = await d.store.read(lambda tx: operation.pending(tx, other))
        (expunge,) = await d.store.read(lambda tx: operation.pending(tx, d.work))
        assert (append.kind, expunge.kind) == ("append", "expunge")
        assert expunge.arguments.after == append.id
        assert (await d.shown(d.inbox), await d.shown(inbox)) == (["1", "2"], ["0"])


async def test_a_discarded_copy_brings_the_source_back(tmp_path: Path) -> None:
    """Else the source was removed for a copy that never came about."""
    async with desk(tmp_path) as d:
        other, inbox = await across(d, tmp_path)
        (append,) = await d.store.read(lambda tx: operation.pending(tx, other))
        await d.store.write(lambda tx: operation.set_state(tx, append.id, "failed"))
        await d.store.write(lambda tx: journal.revert(tx, append))
        assert (await d.shown(d.inbox), await d.shown(inbox)) == (["0", "1", "2"], [])
        assert await d.kinds() == []


async def test_an_account_that_is_removed_gives_back_what_was_on_its_way_to_it(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as d:
        other, _ = await across(d, tmp_path)
        await d.store.write(lambda tx: account.remove(tx, other))
        assert await d.shown(d.inbox) == ["0", "1", "2"]
        assert await d.kinds() == []
        octets = await d.store.read(
            lambda tx: message.octets(tx, placement.get(tx, d.placements)[0].message_id)
        )
        assert octets == mail(0)


async def test_undo_across_accounts_leaves_one_message(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        _, inbox = await across(d, tmp_path)
        await d.undo()
        assert (await d.shown(d.inbox), await d.shown(inbox)) == (["0", "1", "2"], [])


async def test_undo_of_a_move_to_this_machine_leaves_one_message(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        await d.store.write(lambda tx: journal.move(tx, d.placements[:1], d.local, undo="t"))
        assert (await d.shown(d.inbox), await d.shown(d.local)) == (["1", "2"], ["0"])
        await d.undo()
        assert (await d.shown(d.inbox), await d.shown(d.local)) == (["0", "1", "2"], [])


async def test_octets_that_are_not_here_are_never_moved_across(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        await d.store.write(lambda tx: tx.execute("UPDATE message SET blob_id = NULL"))
        with pytest.raises(DoorError) as caught:
            await d.store.write(lambda tx: journal.move(tx, d.placements, d.local))
        assert caught.value.code == "no-octets"
        assert await d.shown(d.inbox) == ["0", "1", "2"]


async def test_a_local_source_goes_when_its_copy_is_proved_and_not_before(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:

        def step(tx: Transaction) -> None:
            account.learn(tx, d.home, Learned(pop_deletes_with_local=True))
            (one,) = put(tx, d.local, [mail(7)], first_uid=None)
            placed = placement.get(tx, [one])[0]
            pop_seen.add(tx, d.home, "u7", placed.message_id, bytes(32), 1)
            journal.move(tx, [one], d.inbox, undo="t")

        await d.store.write(step)
        assert await d.shown(d.local) == []
        wish = lambda tx: pop_seen.every(tx, d.home)["u7"].delete_wanted  # noqa: E731
        assert not await d.store.read(wish)  # the POP3 server keeps it as long as the proof is out
        (append,) = await d.store.read(lambda tx: operation.pending(tx, d.work))
        await d.store.write(lambda tx: operation.finish(tx, append.id))
        await d.store.write(lambda tx: journal.let_followers_go(tx, append.id))
        assert await d.store.read(lambda tx: operation.pending(tx, d.home)) == []
        assert await d.store.read(wish)
        rows = await d.store.read(
            lambda tx: tx.fetch("SELECT count(*) FROM placement WHERE mailbox_id = ?", (d.local,))
        )
        assert rows == [(0,)]


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
            journal.take_back(tx, "t")
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
            journal.revert(tx, one)
    if any(one.state == "done" for one in operation.with_undo(tx, "t")):
        journal.take_back(tx, "t")


def _state(tx: Transaction) -> list[object]:
    return tx.fetch(
        "SELECT p.mailbox_id, p.message_id, p.uid, p.flags,"
        " (SELECT count(*) FROM placement_tag WHERE placement_id = p.id)"
        " FROM placement AS p WHERE p.shown = 1 ORDER BY 1, 2"
    )
