"""Of octets that are lost it is said where the message can come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.interface import DoorError
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import Kind
from desktopmail.engine import doctor
from desktopmail.engine.store import pop_seen
from desktopmail.net.ports import system_ports
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import MessageId
    from desktopmail.engine.store.store import Store

ONLY_HERE = "It was here only, in INBOX of work; a backup may have it."


def refusal(store: Store, message_id: MessageId) -> DoorError:
    reader = SqliteReader(store.profile)
    with pytest.raises(DoorError) as caught:
        reader.octets(message_id)
    reader.close()
    return caught.value


async def lose(store: Store, first_uid: int | None, kind: Kind = Kind.IMAP) -> MessageId:
    account_id = await store.write(lambda tx: add_account(tx, kind=kind))
    await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1)], first_uid=first_uid))
    await store.write(lambda tx: tx.execute("UPDATE blob SET position = 70"))
    reader = SqliteReader(store.profile)
    message_id = reader.placements(1)[0].message_id
    reader.close()
    return message_id


async def test_what_a_server_has_is_repaired_and_fetched_again(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        message_id = await lose(store, first_uid=1)
        said = refusal(store, message_id)
        assert said.code == "octets-lost"
        assert said.sentence.startswith("The octets of message 1 are lost: octets 70 are missing")
        assert said.remedy.startswith("Its server has it: ")
        await doctor.examine(store, system_ports(), repair=True)
        reader = SqliteReader(store.profile)
        assert reader.octets(message_id) is None  # it is asked for
        reader.close()


async def test_what_was_here_only_is_named_with_its_place_before_and_after_a_repair(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        message_id = await lose(store, first_uid=None)
        assert refusal(store, message_id).remedy == ONLY_HERE
        await doctor.examine(store, system_ports(), repair=True)
        assert refusal(store, message_id).remedy == ONLY_HERE
        # A database that was put together anew does not name octets that are gone.
        await store.write(lambda tx: tx.execute("UPDATE message SET blob_id = NULL"))
        said = refusal(store, message_id)
        assert (said.sentence, said.remedy) == ("The octets of message 1 are lost.", ONLY_HERE)


async def test_a_maildrop_has_what_it_listed_in_the_last_session(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        message_id = await lose(store, first_uid=None, kind=Kind.POP3)
        account_id = (await store.read(lambda tx: tx.fetch("SELECT id FROM account")))[0][0]
        one = pop_seen.Seen("u1", message_id, b"digest", 1)
        await store.write(lambda tx: pop_seen.add(tx, account_id, [one]))
        assert refusal(store, message_id).remedy.startswith("Its server has it: ")
        await store.write(lambda tx: pop_seen.note_unlisted(tx, account_id, [one], {"u1"}))
        assert refusal(store, message_id).remedy == ONLY_HERE
