"""The address book and the identities: what a person keeps about people, and about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door import commands
from desktopmail.door.interface import DoorError
from desktopmail.engine.files import beside
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import contact, identity, person
from desktopmail.mime import vcard

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.ports import Ports

Kept = (
    commands.SetIdentity
    | commands.RemoveIdentity
    | commands.SetContact
    | commands.RemoveContact
    | commands.ForgetPerson
)
_MAX_OCTETS = 100 * 1024 * 1024


def carry_out(tx: Transaction, command: Kept, now_s: float) -> commands.Outcome:
    """Change what is kept.

    Raises:
        DoorError: It was refused; the step leaves nothing behind.
    """
    match command:
        case commands.SetIdentity():
            accounts.get(tx, command.account_id)
            made = identity.put(tx, command)
            return commands.Outcome(ids=(made,), label=f"Identity {command.address} kept")
        case commands.RemoveIdentity(identity_id=identity_id):
            identity.remove(tx, identity_id)
            return commands.Outcome(label="Identity removed")
        case commands.SetContact():
            kept = contact.put(tx, command, now_s)
            return commands.Outcome(ids=(kept,), label="Contact kept")
        case commands.RemoveContact(contact_id=contact_id):
            contact.remove(tx, contact_id)
            return commands.Outcome(label="Contact removed")
        case commands.ForgetPerson(address=address):
            person.forget(tx, address)
            return commands.Outcome(label=f"{address} is not offered any more")


async def import_(store: Store, ports: Ports, path: Path) -> commands.Outcome:
    """Take a file of vCards in.

    Raises:
        DoorError: It cannot be read, or holds none.
    """
    cards = await ports.executor.run(_read, path)
    now_s = ports.clock.now().timestamp()
    added, known = await store.write(lambda tx: contact.take_in(tx, cards, now_s))
    there = f", {known} {'was' if known == 1 else 'were'} there already" if known else ""
    return commands.Outcome(label=f"{_people(added)} taken in{there}")


def _read(path: Path) -> list[vcard.Card]:
    try:
        if path.stat().st_size > _MAX_OCTETS:
            raise DoorError(f"{path} is too large for a file of vCards.", code="too-large")
        cards = vcard.read(path.read_bytes())
    except OSError as error:
        raise DoorError(f"{path} cannot be read: {error.strerror}.", code="unreadable") from error
    if not cards:
        raise DoorError(f"There is no vCard in {path}.", code="no-vcard")
    return cards


async def export(store: Store, ports: Ports, path: Path) -> commands.Outcome:
    """Write the address book to a file.

    Raises:
        DoorError: It cannot be written.
    """
    cards = await store.read(contact.cards)
    try:
        await ports.executor.run(beside.write, path, vcard.write(cards))
    except OSError as error:
        raise DoorError(
            f"{path} cannot be written: {error.strerror}.", code="unwritable"
        ) from error
    return commands.Outcome(label=f"{_people(len(cards))} written to {path}")


def _people(count: int) -> str:
    return "1 contact" if count == 1 else f"{count} contacts"
