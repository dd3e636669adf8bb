"""New UIDs meet what is here: a known message gets its UID, and no flag of a person is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.rows import Flag
from desktopmail.engine import journal
from desktopmail.engine.store import message, operation, placement
from desktopmail.engine.sync import meet, vanish
from desktopmail.engine.sync.incoming import Incoming
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.flags import DELETED, FLAGGED, SEEN
from desktopmail.wire.imap.flags import Flag as WireFlag
from desktopmail.wire.imap.sequence import Seq, Uid
from tests.helpers.store import add_account, inbox_of, mail, open_store, parsed, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId, MailboxId
    from desktopmail.engine.store.placement import Placed
    from desktopmail.engine.store.store import Store


def came(number: int, uid: int, **more: object) -> Incoming:
    return Incoming(mail(number), True, len(mail(number)), 1_000, uid=uid, **more)  # type: ignore[arg-type]


def told(uid: int, *flags: WireFlag, modseq: int | None = None) -> FetchResponse:
    return FetchResponse(seq=Seq(uid), uid=Uid(uid), flags=frozenset(flags), modseq=modseq)


async def account(store: Store) -> tuple[AccountId, MailboxId]:
    account_id = await store.write(add_account)
    return account_id, await store.read(lambda tx: inbox_of(tx, account_id))


async def place(store: Store, inbox: MailboxId, *messages: Incoming) -> list[int]:
    found = parsed(messages)
    return list(await store.write(lambda tx: meet.place(tx, inbox, found)))


async def rows(store: Store, inbox: MailboxId) -> list[Placed]:
    return await store.read(
        lambda tx: placement.get(
            tx,
            [row[0] for row in tx.fetch("SELECT id FROM placement WHERE mailbox_id = ?", (inbox,))],
        )
    )


async def test_a_uid_that_is_answered_twice_is_one_message(tmp_path: Path) -> None:
    """One answer too many must not stop the mailbox for ever."""
    async with open_store(tmp_path) as store:
        _, inbox = await account(store)
        await place(store, inbox, came(1, 5), came(2, 6), came(1, 5, flags=Flag.SEEN))
        await place(store, inbox, came(1, 5))
        found = await rows(store, inbox)
        assert [(row.uid, row.flags) for row in found] == [(5, Flag.SEEN), (6, Flag.NONE)]


async def test_two_equal_messages_of_a_server_are_two_rows_of_one_message(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        _, inbox = await account(store)
        await place(store, inbox, came(1, 5), came(1, 6))
        found = await rows(store, inbox)
        assert [row.uid for row in found] == [5, 6]
        assert len({row.message_id for row in found}) == 1


async def test_only_new_unread_mail_of_the_inbox_is_announced(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        _, inbox = await account(store)
        fresh = await place(store, inbox, came(1, 5), came(2, 6, flags=Flag.SEEN))
        assert len(fresh) == 1
        assert await place(store, inbox, came(1, 5)) == []


async def test_after_a_lost_uidvalidity_a_message_gets_its_new_uid_and_no_second_row(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        _, inbox = await account(store)
        (one,) = await store.write(lambda tx: put(tx, inbox, [mail(1)]))
        await store.write(lambda tx: placement.add_tags(tx, one, ["mine"]))
        await store.write(lambda tx: vanish.detach(tx, inbox))
        await place(store, inbox, came(1, 900, flags=Flag.FLAGGED, tags=("mine",)))
        (found,) = await rows(store, inbox)
        assert (found.id, found.uid, found.shown) == (one, 900, True)
        assert found.flags == Flag.FLAGGED  # the server knows better
        assert await store.read(lambda tx: placement.tags_of(tx, one)) == {"mine"}


async def test_a_row_that_waits_for_its_own_append_is_not_taken_for_the_servers(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        account_id, inbox = await account(store)
        (one,) = await store.write(lambda tx: put(tx, inbox, [mail(1)], first_uid=None))
        box = (await store.read(lambda tx: meet.mailbox.of_account(tx, account_id)))[0]
        assert box.id == inbox
        await store.write(lambda tx: journal.append(tx, one, box, label=""))
        await place(store, inbox, came(1, 5))
        assert sorted((row.id == one, row.uid) for row in await rows(store, inbox)) == [
            (False, 5),
            (True, None),
        ]


async def test_what_was_marked_while_it_stood_here_only_is_told_and_nothing_cleared(
    tmp_path: Path,
) -> None:
    """From POP3 to IMAP: local flags become +FLAGS operations."""
    async with open_store(tmp_path) as store:
        account_id, inbox = await account(store)
        (one,) = await store.write(
            lambda tx: put(tx, inbox, [mail(1)], first_uid=None, flags=Flag.SEEN | Flag.FLAGGED)
        )
        await store.write(lambda tx: placement.add_tags(tx, one, ["work"]))
        await place(store, inbox, came(1, 5, flags=Flag.FLAGGED | Flag.ANSWERED, tags=("other",)))
        (found,) = await rows(store, inbox)
        assert found.flags == Flag.SEEN | Flag.FLAGGED | Flag.ANSWERED
        assert await store.read(lambda tx: placement.tags_of(tx, one)) == {"work", "other"}
        (change,) = await store.read(lambda tx: operation.pending(tx, account_id))
        arguments = change.arguments
        assert (arguments.add, arguments.remove) == (int(Flag.SEEN), 0)
        assert (arguments.add_tags, arguments.remove_tags) == (("work",), ())


async def test_what_the_server_has_not_heard_of_stays_on_top_of_what_it_tells(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        _, inbox = await account(store)
        (one,) = await store.write(lambda tx: put(tx, inbox, [mail(1)]))
        await store.write(
            lambda tx: journal.store_flags(tx, [one], add=Flag.SEEN, add_tags=("work",))
        )
        await store.write(lambda tx: meet.update(tx, inbox, [told(1, FLAGGED, modseq=7)]))
        (found,) = await rows(store, inbox)
        assert (found.flags, found.modseq) == (Flag.SEEN | Flag.FLAGGED, 7)
        assert await store.read(lambda tx: placement.tags_of(tx, one)) == {"work"}


async def test_flags_of_what_is_not_here_are_given_back_as_missing(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        _, inbox = await account(store)
        await store.write(lambda tx: put(tx, inbox, [mail(1)]))
        missing = await store.write(
            lambda tx: meet.update(tx, inbox, [told(1, SEEN), told(9, SEEN)])
        )
        assert missing == {9}


async def test_what_is_marked_as_deleted_is_hidden_and_comes_back_unmarked(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        _, inbox = await account(store)
        await store.write(lambda tx: put(tx, inbox, [mail(1)]))
        await store.write(lambda tx: meet.update(tx, inbox, [told(1, DELETED)]))
        assert [row.shown for row in await rows(store, inbox)] == [False]
        await store.write(lambda tx: meet.update(tx, inbox, [told(1)]))
        assert [row.shown for row in await rows(store, inbox)] == [True]


async def test_what_seemed_gone_comes_back_hidden_when_it_is_marked_as_deleted(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        _, inbox = await account(store)
        await store.write(lambda tx: put(tx, inbox, [mail(1), mail(2)]))
        await store.write(lambda tx: vanish.unlink(tx, inbox, [1, 2]))
        await store.write(lambda tx: meet.update(tx, inbox, [told(1, DELETED), told(2)]))
        assert [row.shown for row in await rows(store, inbox)] == [False, True]
        for _ in range(3):
            await store.write(lambda tx: vanish.finish_cycle(tx, inbox))
        assert len(await rows(store, inbox)) == 2  # the server has both: nothing is removed


async def test_contents_of_what_is_hidden_are_kept(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        _, inbox = await account(store)
        await store.write(lambda tx: put(tx, inbox, [mail(1)]))
        await store.write(lambda tx: vanish.detach(tx, inbox))
        await store.write(lambda tx: vanish.finish_cycle(tx, inbox))
        (found,) = await rows(store, inbox)
        assert await store.read(lambda tx: message.octets(tx, found.message_id)) == mail(1)
