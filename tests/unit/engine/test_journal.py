"""What a person changes is seen at once, journaled in the same step, and can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag, Role
from desktopmail.engine import journal, undo
from desktopmail.engine.store import account, mailbox, message, operation, placement, pop_seen
from desktopmail.engine.store.account import Learned
from tests.helpers.desk import across, desk
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction


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


# Across accounts: add, prove, then remove


async def test_across_accounts_the_source_waits_for_the_proof(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        other, inbox = await across(d)
        (append,) = await d.store.read(lambda tx: operation.pending(tx, other))
        (expunge,) = await d.store.read(lambda tx: operation.pending(tx, d.work))
        assert (append.kind, expunge.kind) == ("append", "expunge")
        assert expunge.arguments.after == append.id
        assert (await d.shown(d.inbox), await d.shown(inbox)) == (["1", "2"], ["0"])


async def test_a_discarded_copy_brings_the_source_back(tmp_path: Path) -> None:
    """Else the source was removed for a copy that never came about."""
    async with desk(tmp_path) as d:
        other, inbox = await across(d)
        (append,) = await d.store.read(lambda tx: operation.pending(tx, other))
        await d.store.write(lambda tx: operation.set_state(tx, append.id, "failed"))
        await d.store.write(lambda tx: undo.revert(tx, append))
        assert (await d.shown(d.inbox), await d.shown(inbox)) == (["0", "1", "2"], [])
        assert await d.kinds() == []


async def test_an_account_that_is_removed_gives_back_what_was_on_its_way_to_it(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as d:
        other, _ = await across(d)
        await d.store.write(lambda tx: account.remove(tx, other))
        assert await d.shown(d.inbox) == ["0", "1", "2"]
        assert await d.kinds() == []
        octets = await d.store.read(
            lambda tx: message.octets(tx, placement.get(tx, d.placements)[0].message_id)
        )
        assert octets == mail(0)


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
            pop_seen.add(tx, d.home, [pop_seen.Seen("u7", placed.message_id, bytes(32), 1)])
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


async def test_archiving_twice_moves_once_and_says_so(tmp_path: Path) -> None:
    def prepare(tx: Transaction) -> tuple[str, str, int]:
        account_id = add_account(tx)
        (one,) = put(tx, inbox_of(tx, account_id), [mail(1)])
        first = journal.archive(tx, [one])
        archive = mailbox.find_role(tx, account_id, Role.ARCHIVE)
        assert archive is not None
        (there,) = tx.fetch("SELECT id FROM placement WHERE mailbox_id = ?", (archive.id,))
        again = journal.archive(tx, [there[0]])
        moves = [row for row in operation.pending(tx, account_id) if row.kind == "move"]
        return first, again, len(moves)

    async with open_store(tmp_path) as store:
        assert await store.write(prepare) == (
            "1 message moved to Archive",
            "1 message was in Archive already",
            1,
        )
