"""Contacts: the people a person has put into the address book."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.commands import SetContact
from desktopmail.door.ids import ContactId
from desktopmail.door.interface import DoorError
from desktopmail.engine.store import person
from desktopmail.mime import address as addresses
from desktopmail.mime.vcard import Card

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.engine.store.store import Transaction


def put(tx: Transaction, command: SetContact, now_s: float, *, uid: str | None = None) -> ContactId:
    """Add a contact, or change one; returns its id.

    Raises:
        DoorError: It has neither a name nor an address, an address is none, or it is gone.
    """
    for text in command.addresses:
        if not addresses.is_valid(text):
            raise DoorError(
                f"{text} is not an address, as in anna@example.org.", code="bad-address"
            )
    if not command.name.strip() and not command.addresses:
        raise DoorError("A contact needs a name or an address.", code="bad-contact")
    contact_id = command.contact_id
    fields = (
        command.name.strip(),
        command.organisation.strip(),
        msgspec.json.encode(command.phones).decode(),
        command.note,
    )
    if contact_id is None:
        contact_id = ContactId(
            tx.insert(
                "INSERT INTO contact (name, organisation, phones, note, uid)"
                " VALUES (?, ?, ?, ?, ?)",
                (*fields, uid),
            )
        )
    else:
        tx.execute(
            "UPDATE contact SET name = ?, organisation = ?, phones = ?, note = ? WHERE id = ?",
            (*fields, contact_id),
        )
        if not tx.changed_rows():
            raise _gone(contact_id)
    person.know(tx, contact_id, command.name.strip(), command.addresses, now_s)
    tx.touch_contacts()
    return contact_id


def remove(tx: Transaction, contact_id: ContactId) -> None:
    """Take a contact out of the address book.

    Raises:
        DoorError: It is gone.
    """
    person.let_go(tx, contact_id)
    tx.execute("DELETE FROM contact WHERE id = ?", (contact_id,))
    if not tx.changed_rows():
        raise _gone(contact_id)
    tx.touch_contacts()


def take_in(tx: Transaction, cards: Iterable[Card], now_s: float) -> tuple[int, int]:
    """Take vCards into the address book; what is there already is brought up to date.

    Returns:
        How many were added, and how many were there.
    """
    added = known = 0
    for card in cards:
        usable = tuple(text for text in card.addresses if addresses.is_valid(text))
        if not card.name.strip() and not usable:
            continue
        found = _find(tx, card, usable)
        command = SetContact(
            contact_id=found,
            name=card.name or usable[0],
            addresses=usable,
            organisation=card.organisation,
            phones=card.phones,
            note=card.note,
        )
        put(tx, command, now_s, uid=card.uid or None)
        added, known = added + (found is None), known + (found is not None)
    return added, known


def cards(tx: Transaction) -> list[Card]:
    """The address book as vCards."""
    by_contact: dict[int, tuple[str, ...]] = {}
    for contact_id, address in tx.fetch(
        "SELECT contact_id, address FROM person WHERE contact_id IS NOT NULL"
        " ORDER BY contact_id, place"
    ):
        by_contact[contact_id] = (*by_contact.get(contact_id, ()), address)
    return [
        Card(
            uid=uid or "",
            name=name,
            addresses=by_contact.get(contact_id, ()),
            organisation=organisation,
            phones=tuple(msgspec.json.decode(phones, type=list[str])),
            note=note,
        )
        for contact_id, name, organisation, phones, note, uid in tx.fetch(
            "SELECT id, name, organisation, phones, note, uid FROM contact ORDER BY id"
        )
    ]


def _gone(contact_id: ContactId) -> DoorError:
    return DoorError(f"There is no contact {contact_id}.", code="no-contact")


def _find(tx: Transaction, card: Card, usable: tuple[str, ...]) -> ContactId | None:
    if card.uid:
        rows = tx.fetch("SELECT id FROM contact WHERE uid = ?", (card.uid,))
        if rows:
            return ContactId(rows[0][0])
    for text in usable:
        rows = tx.fetch(
            "SELECT contact_id FROM person WHERE address = ? AND contact_id IS NOT NULL", (text,)
        )
        if rows:
            return ContactId(rows[0][0])
    if usable:
        return None
    rows = tx.fetch("SELECT id FROM contact WHERE name = ?", (card.name.strip(),))
    return ContactId(rows[0][0]) if rows else None
