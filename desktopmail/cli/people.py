"""`desktopmail contacts` and `identity`: whom a person knows, and who they write as."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from desktopmail.cli import numbers
from desktopmail.cli.errors import CommandError, UsageError
from desktopmail.cli.output import joined, short
from desktopmail.door.commands import (
    ExportContacts,
    ImportContacts,
    RemoveContact,
    RemoveIdentity,
    SetContact,
    SetIdentity,
)
from desktopmail.door.ids import ContactId, IdentityId

if TYPE_CHECKING:
    import argparse

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands
    from desktopmail.door.commands import AnyCommand
    from desktopmail.door.rows import ContactRow

_OFFERED = 20


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this group."""
    contacts = commands.add_parser("contacts", help="the address book")
    contacts.set_defaults(run=_no_action)
    actions = contacts.add_subparsers(metavar="ACTION")
    listing = actions.add_parser("list", parents=[common], help="the address book, or some of it")
    listing.add_argument("words", nargs="*", metavar="WORD", help="beginnings of names, addresses")
    listing.set_defaults(run=_list)
    find = actions.add_parser(
        "complete", parents=[common], help="whom one knows from mail or the address book"
    )
    find.add_argument("typed", metavar="TEXT", help="the beginning of a name or an address")
    find.set_defaults(run=_complete)
    put = actions.add_parser("add", parents=[common], help="add a contact, or change one")
    put.add_argument("addresses", nargs="*", metavar="ADDRESS")
    put.add_argument("--name", metavar="TEXT")
    put.add_argument("--organisation", metavar="TEXT")
    put.add_argument("--phone", action="append", metavar="NUMBER")
    put.add_argument("--note", metavar="TEXT")
    put.add_argument("--id", type=numbers.local_id, metavar="ID", help="the contact to change")
    put.set_defaults(run=_add)
    remove = actions.add_parser("remove", parents=[common], help="take a contact out")
    remove.add_argument(
        "id", type=numbers.local_id, metavar="ID", help="as `contacts list` shows it"
    )
    remove.set_defaults(run=_remove)
    for name, run, text in (
        ("import", _import, "take the vCards of a file in; nobody is doubled"),
        ("export", _export, "write the address book to a file of vCards"),
    ):
        action = actions.add_parser(name, parents=[common], help=text)
        action.add_argument("file", metavar="FILE", type=Path)
        action.set_defaults(run=run)

    identity = commands.add_parser("identity", help="who one writes as")
    identity.set_defaults(run=_no_identity_action)
    actions = identity.add_subparsers(metavar="ACTION")
    listing = actions.add_parser("list", parents=[common], help="the identities of the accounts")
    listing.set_defaults(run=_identities)
    put = actions.add_parser("set", parents=[common], help="add an identity, or change one")
    put.add_argument("account", metavar="N", help="name, address or id of the account")
    put.add_argument("--id", type=numbers.local_id, metavar="ID", help="the identity to change")
    for option in ("--name", "--address", "--reply-to", "--signature", "--signature-html"):
        put.add_argument(option, metavar="TEXT")
    put.add_argument("--default", action="store_true", help="have it be the one to begin with")
    put.set_defaults(run=_set_identity)
    remove = actions.add_parser("remove", parents=[common], help="remove an identity")
    remove.add_argument(
        "id", type=numbers.local_id, metavar="ID", help="as `identity list` shows it"
    )
    remove.set_defaults(run=_remove_identity)


async def _no_action(_context: Context, _arguments: argparse.Namespace) -> int:
    raise UsageError("Say what to do: list, complete, add, remove, import or export contacts.")


async def _no_identity_action(_context: Context, _arguments: argparse.Namespace) -> int:
    raise UsageError("Say what to do with identities: list, set or remove.")


async def _list(context: Context, arguments: argparse.Namespace) -> int:
    context.output.table(
        context.contacts(" ".join(arguments.words)),
        [
            ("ID", lambda row: str(row.id)),
            ("NAME", lambda row: short(row.name, 32)),
            ("ADDRESSES", lambda row: short(", ".join(row.addresses), 48)),
            ("ORGANISATION", lambda row: short(row.organisation, 24)),
        ],
        empty="Nobody is there.",
    )
    return 0


async def _complete(context: Context, arguments: argparse.Namespace) -> int:
    context.output.table(
        context.reader().people(arguments.typed, _OFFERED),
        [("NAME", lambda row: row.name), ("ADDRESS", lambda row: row.address)],
        empty=f"Nobody is known as {arguments.typed}.",
    )
    return 0


async def _add(context: Context, arguments: argparse.Namespace) -> int:
    given = {
        "name": arguments.name,
        "addresses": tuple(arguments.addresses) or None,
        "organisation": arguments.organisation,
        "phones": None if arguments.phone is None else tuple(arguments.phone),
        "note": arguments.note,
    }
    before = SetContact(name="") if arguments.id is None else _as_it_is(context, arguments.id)
    chosen = {key: value for key, value in given.items() if value is not None}
    return await _do(context, msgspec.structs.replace(before, **chosen))


def _as_it_is(context: Context, contact_id: int) -> SetContact:
    """A contact that is to be changed: what is not named stays."""
    row = _contact(context, contact_id)
    return SetContact(
        contact_id=row.id,
        name=row.name,
        addresses=row.addresses,
        organisation=row.organisation,
        phones=row.phones,
        note=row.note,
    )


def _contact(context: Context, contact_id: int) -> ContactRow:
    rows = {row.id: row for row in context.reader().contacts()}
    numbers.refuse_unknown(contact_id, rows, "contact {}", "contacts list")
    return rows[ContactId(contact_id)]


async def _remove(context: Context, arguments: argparse.Namespace) -> int:
    row = _contact(context, arguments.id)
    return await _do(context, RemoveContact(contact_id=row.id))


async def _import(context: Context, arguments: argparse.Namespace) -> int:
    return await _do(context, ImportContacts(path=str(arguments.file.absolute())))


async def _export(context: Context, arguments: argparse.Namespace) -> int:
    return await _do(context, ExportContacts(path=str(arguments.file.absolute())))


async def _identities(context: Context, _arguments: argparse.Namespace) -> int:
    names = {account.id: account.name for account in context.accounts()}
    context.output.table(
        context.reader().identities() if names else [],
        [
            ("ID", lambda row: str(row.id)),
            ("ACCOUNT", lambda row: names[row.account_id]),
            ("NAME", lambda row: row.name),
            ("ADDRESS", lambda row: row.address),
            ("DEFAULT", lambda row: "yes" if row.default else ""),
        ],
        empty="There are no accounts yet.",
    )
    return 0


async def _set_identity(context: Context, arguments: argparse.Namespace) -> int:
    account = context.account(arguments.account)
    known = {row.id: row for row in context.reader().identities(account.id)}
    before = None
    if arguments.id is not None:
        before = known.get(IdentityId(arguments.id))
        if before is None:
            ids = joined(str(one) for one in known)
            raise CommandError(f"{account.name} has no identity {arguments.id}; it has {ids}.")

    def chosen(option: str, field: str) -> str:
        value: str | None = getattr(arguments, option)
        return value if value is not None else str(getattr(before, field, ""))

    command = SetIdentity(
        account_id=account.id,
        identity_id=None if before is None else before.id,
        name=chosen("name", "name"),
        address=chosen("address", "address") or account.address,
        reply_to=chosen("reply_to", "reply_to"),
        signature_text=chosen("signature", "signature_text"),
        signature_html=chosen("signature_html", "signature_html"),
        default=arguments.default,
    )
    return await _do(context, command)


async def _remove_identity(context: Context, arguments: argparse.Namespace) -> int:
    rows = context.reader().identities() if context.accounts() else []
    ids = [row.id for row in rows]
    numbers.refuse_unknown(arguments.id, ids, "identity {}", "identity list")
    return await _do(context, RemoveIdentity(identity_id=IdentityId(arguments.id)))


async def _do(context: Context, command: AnyCommand) -> int:
    outcome = await (await context.door()).command(command)
    context.output.line(f"{outcome.label}.")
    made = {"id": outcome.ids[0]} if outcome.ids else {}
    context.output.value({**made, "label": outcome.label})
    return 0
