"""People are counted for completion: those one wrote to, and those one heard from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.engine import summary
from desktopmail.engine.store import person
from tests.helpers.store import mail, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Store


async def count(store: Store, octets: bytes, *, sent: bool) -> None:
    row = summary.of_message(octets)
    await store.write(lambda tx: person.count(tx, [row], sent=sent))


async def people(store: Store) -> dict[str, tuple[str, int, int]]:
    rows = await store.read(lambda tx: tx.fetch("SELECT address, name, sent, received FROM person"))
    return {row[0]: tuple(row[1:]) for row in rows}


async def test_of_mail_that_came_the_sender_counts_and_of_mail_sent_the_recipients(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        await count(store, mail(1), sent=False)
        await count(store, mail(2), sent=False)
        await count(store, mail(3, to="Ann <ANN@example.org>, bob@example.org"), sent=True)
        assert await people(store) == {
            "ann@example.org": ("Ann", 1, 2),
            "bob@example.org": ("", 1, 0),
        }


async def test_a_name_is_not_lost_to_a_bare_address(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await count(store, mail(1, sender="Ann Weber <ann@example.org>"), sent=False)
        await count(store, mail(2, sender="ann@example.org"), sent=False)
        assert (await people(store))["ann@example.org"] == ("Ann Weber", 0, 2)


async def test_a_mail_to_hundreds_names_nobody(tmp_path: Path) -> None:
    crowd = ", ".join(f"p{number}@example.org" for number in range(200))
    async with open_store(tmp_path) as store:
        await count(store, mail(1, to=crowd), sent=True)
        assert await people(store) == {}


async def test_what_is_no_address_is_nobody(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await count(store, mail(1, sender="undisclosed"), sent=False)
        assert await people(store) == {}
