"""Placements: rows of lists, whose counts are always those of what is shown."""

from __future__ import annotations

from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktopmail.door.changes import AnyChange, MailboxesChanged, MessagesChanged
from desktopmail.door.profile import Profile
from desktopmail.door.rows import Flag
from desktopmail.engine.store import mailbox, operation, placement
from desktopmail.engine.store.operation import Arguments
from desktopmail.engine.store.store import Store, Transaction
from desktopmail.net.ports import InlineExecutor
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import PlacementId


async def test_a_uid_stands_once_in_a_mailbox(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1)], first_uid=5))
        with pytest.raises(apsw.ConstraintError):
            await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(2)], first_uid=5))
        rows = await store.read(lambda tx: placement.of_mailbox(tx, inbox_of(tx, account_id)))
        assert [row.uid for row in rows] == [5]


async def test_a_copy_has_flags_and_tags_and_no_uid_yet(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        (one,) = await store.write(
            lambda tx: put(tx, inbox_of(tx, account_id), [mail(1)], flags=Flag.FLAGGED)
        )
        await store.write(lambda tx: placement.add_tags(tx, one, ["work", "later"]))
        other = await store.write(lambda tx: mailbox.add(tx, account_id, "Other"))
        twin = await store.write(lambda tx: placement.copy(tx, one, other))
        (found,) = await store.read(lambda tx: placement.get(tx, [twin]))
        assert (found.mailbox_id, found.uid, found.flags) == (other, None, Flag.FLAGGED)
        assert await store.read(lambda tx: placement.tags_of(tx, twin)) == {"work", "later"}


@pytest.mark.parametrize("uid", [None, 7], ids=["on-its-way", "at-the-server"])
async def test_with_a_message_goes_what_was_to_be_made_of_it_and_not_what_a_server_has(
    uid: int | None, tmp_path: Path
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        (one,) = await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1)]))
        other = await store.write(lambda tx: mailbox.add(tx, account_id, "Other"))

        def move(tx: Transaction) -> PlacementId:
            twin = placement.copy(tx, one, other)
            made = operation.add(tx, account_id, "move", Arguments(target=other), "Moved")
            operation.add_targets(tx, made, [(one, Flag.NONE, twin)])
            tx.execute("UPDATE placement SET uid = ? WHERE id = ?", (uid, twin))
            return twin

        twin = await store.write(move)
        await store.write(lambda tx: placement.remove(tx, [one]))
        assert bool(await store.read(lambda tx: placement.get(tx, [twin]))) is (uid is not None)


async def test_a_tag_is_one_in_whatever_case_it_is_written(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        (one,) = await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1)]))
        await store.write(lambda tx: placement.set_tags(tx, one, ["Work", "work"]))
        assert await store.read(lambda tx: placement.tags_of(tx, one)) == {"Work"}
        await store.write(lambda tx: placement.remove_tags(tx, one, ["WORK"]))
        assert await store.read(lambda tx: placement.tags_of(tx, one)) == set()


async def test_more_ids_than_one_statement_takes_are_all_found(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        contents = [mail(number) for number in range(1200)]
        placements = await store.write(lambda tx: put(tx, inbox, contents))
        found = await store.read(lambda tx: placement.get(tx, [*placements, *placements]))
        assert [one.id for one in found] == placements
        uids = await store.read(lambda tx: placement.by_uids(tx, inbox, range(1, 2000)))
        assert sorted(uids) == list(range(1, 1201))
        await store.write(lambda tx: placement.remove(tx, placements))
        assert await store.read(lambda tx: tx.fetch("SELECT count(*) FROM message")) == [(0,)]


async def test_of_uids_far_apart_not_all_between_them_are_read(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        await store.write(lambda tx: put(tx, inbox, [mail(number) for number in range(20)]))
        taken = partial(placement.taken_uids, mailbox_id=inbox)
        assert await store.read(partial(taken, uids=[])) == set()
        assert await store.read(partial(taken, uids=[21, 30])) == set()
        assert await store.read(partial(taken, uids=[30, 1])) == {1}
        assert await store.read(partial(taken, uids=[9, 8, 7])) == {7, 8, 9}


async def test_what_is_touched_is_told_with_its_account(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        placements = await store.write(lambda tx: put(tx, inbox, [mail(1), mail(2)]))
        told: list[AnyChange] = []
        store.listen(told.append)
        await store.write(lambda tx: placement.show(tx, placements[:1], shown=False))
        assert told == [
            MessagesChanged(mailbox_ids=(inbox,), message_ids=(1,)),
            MailboxesChanged(account_id=account_id),
        ]


async def test_hiding_deletes_nothing(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        placements = await store.write(lambda tx: put(tx, inbox, [mail(1)]))
        await store.write(lambda tx: placement.show(tx, placements, shown=False))
        (found,) = await store.read(lambda tx: placement.of_mailbox(tx, inbox))
        assert (found.id, found.shown) == (placements[0], False)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["show", "hide", "seen", "unseen", "remove", "move", "copy"]),
        st.integers(0, 5),
    ),
    max_size=25,
)


@settings(max_examples=15, deadline=None)
@given(STEPS)
def test_the_counts_are_always_those_of_what_is_shown(steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        store = Store(Profile.at(folder), InlineExecutor())
        try:
            store._run(lambda tx: _play(tx, steps))
            counted = store._look(_counted)
        finally:
            store._close()
    assert counted[0] == counted[1]


def _play(tx: Transaction, steps: list[tuple[str, int]]) -> None:
    account_id = add_account(tx)
    other = mailbox.add(tx, account_id, "Other")
    placements = put(tx, inbox_of(tx, account_id), [mail(number) for number in range(6)])
    for step, number in steps:
        one = [placements[number]]
        if step in {"show", "hide"}:
            placement.show(tx, one, shown=step == "show")
        elif step in {"seen", "unseen"}:
            for placed in placement.get(tx, one):
                placement.set_flags(tx, placed.id, Flag.SEEN if step == "seen" else Flag.NONE)
        elif step == "remove":
            placement.remove(tx, one)
        elif step == "copy" and placement.get(tx, one):
            placement.copy(tx, one[0], other)
        else:
            tx.execute("UPDATE placement SET mailbox_id = ? WHERE id = ?", (other, one[0]))


def _counted(tx: Transaction) -> tuple[list[object], list[object]]:
    told = tx.fetch("SELECT mailbox_id, total, unread, octets FROM mailbox_total WHERE total > 0")
    real = tx.fetch(
        "SELECT mailbox_id, count(*), sum(flags & 1 = 0), sum(size) FROM placement"
        " WHERE shown = 1 GROUP BY mailbox_id"
    )
    return sorted(told), sorted(real)
