"""The address book: contacts with their addresses, found beside the people of one's mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import SetContact
from desktopmail.door.interface import DoorError
from desktopmail.door.reader import SqliteReader
from desktopmail.engine import summary
from desktopmail.engine.store import contact, person
from desktopmail.mime.vcard import Card
from tests.helpers.store import mail, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import ContactId
    from desktopmail.engine.store.store import Store

NOW_S = 1.8e9


async def put(store: Store, command: SetContact) -> ContactId:
    return await store.write(lambda tx: contact.put(tx, command, NOW_S))


def offered(reader: SqliteReader, typed: str) -> list[tuple[str, str]]:
    return [(row.name, row.address) for row in reader.people(typed, 5)]


async def test_a_contact_is_offered_by_its_name_and_each_address(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        reader = SqliteReader(store.profile)
        made = await put(
            store,
            SetContact(name="Zoe Quist", addresses=("z@example.org", "zoe@work.example")),
        )
        assert {address for _, address in offered(reader, "quist")} == {
            "z@example.org", "zoe@work.example",
        }  # fmt: skip
        (row,) = reader.contacts()
        assert (row.id, row.addresses) == (made, ("z@example.org", "zoe@work.example"))
        assert [one.name for one in reader.contacts("work.ex")] == ["Zoe Quist"]
        assert reader.contacts("nobody") == []
        reader.close()


async def test_the_name_in_the_book_is_better_than_that_of_a_header(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        reader = SqliteReader(store.profile)
        heard = [summary.of_message(mail(1, sender="info <ann@example.org>"))]
        await store.write(lambda tx: person.count(tx, heard, sent=False))
        made = await put(store, SetContact(name="Ann Weber", addresses=("ANN@example.org",)))
        await store.write(lambda tx: person.count(tx, heard, sent=False))
        assert offered(reader, "ann") == [("Ann Weber", "ann@example.org")]
        assert offered(reader, "info") == []
        await store.write(lambda tx: contact.remove(tx, made))
        assert [address for _, address in offered(reader, "ann")] == ["ann@example.org"]
        assert reader.contacts() == []
        reader.close()


async def test_who_was_only_in_the_book_is_forgotten_with_it(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        reader = SqliteReader(store.profile)
        made = await put(store, SetContact(name="Zoe", addresses=("z@example.org",)))
        await store.write(
            lambda tx: contact.put(
                tx, SetContact(contact_id=made, name="Zoe", addresses=("n@example.org",)), NOW_S
            )
        )
        assert offered(reader, "zoe") == [("Zoe", "n@example.org")]
        await store.write(lambda tx: contact.remove(tx, made))
        assert offered(reader, "zoe") == []
        reader.close()


@pytest.mark.parametrize(
    "command",
    [SetContact(name=" "), SetContact(name="x", addresses=("nowhere",))],
)
async def test_what_is_no_contact_is_refused(command: SetContact, tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        with pytest.raises(DoorError):
            await put(store, command)


async def test_cards_are_taken_in_once_and_brought_up_to_date(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        reader = SqliteReader(store.profile)
        cards = [
            Card(uid="1", name="Ann", addresses=("ann@example.org", "broken")),
            Card(name="Bob", addresses=("bob@example.org",)),
            Card(name="", addresses=("no address",)),
        ]
        assert await store.write(lambda tx: contact.take_in(tx, cards, NOW_S)) == (2, 0)
        cards[0] = Card(uid="1", name="Ann Weber", addresses=("new@example.org",))
        assert await store.write(lambda tx: contact.take_in(tx, cards, NOW_S)) == (0, 2)
        assert [(row.name, row.addresses) for row in reader.contacts()] == [
            ("Ann Weber", ("new@example.org",)),
            ("Bob", ("bob@example.org",)),
        ]
        again = await store.read(contact.cards)
        assert [(card.uid, card.name) for card in again] == [("1", "Ann Weber"), ("", "Bob")]
        reader.close()
