"""Mailboxes: listed, made, renamed, deleted, emptied, given another UIDVALIDITY."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desktopmail.wire.imap.list import SPECIAL_USES
from localserver.api import bodies
from localserver.api.problem import ProblemError

if TYPE_CHECKING:
    from aiohttp import web

    from localserver.server import Server
    from localserver.store.account import Account
    from localserver.store.mailbox import Mailbox


async def list_mailboxes(server: Server, request: web.Request) -> list[dict[str, Any]]:
    """Return the mailboxes of a user with their numbers."""
    account = await account_of(server, request)
    subscribed = account.subscriptions()
    return [{**_row(box), "subscribed": box.name in subscribed} for box in account.mailboxes()]


async def make_mailbox(server: Server, request: web.Request) -> dict[str, Any]:
    """Make a mailbox, and those above it that are missing, with a special use."""
    values = await bodies.json_object(request)
    account = await account_of(server, request)
    use = bodies.text(values, "special_use", default="")
    if use and use not in SPECIAL_USES:
        raise ProblemError(400, f"The special uses are {', '.join(sorted(SPECIAL_USES))}.")
    made = await account.create(request.match_info["mailbox"], use)
    await account.subscribe(made.name)
    return _row(made)


async def rename_mailbox(server: Server, request: web.Request) -> dict[str, Any]:
    """Rename a mailbox and those below it: `{"name": "new"}`."""
    values = await bodies.json_object(request)
    account = await account_of(server, request)
    new = bodies.text(values, "name")
    await account.rename(request.match_info["mailbox"], new)
    return _row(account.mailbox(new))


async def delete_mailbox(server: Server, request: web.Request) -> dict[str, Any]:
    """Delete a mailbox with its messages; those below it stay."""
    account = await account_of(server, request)
    await account.delete(request.match_info["mailbox"])
    return {}


async def renew_uidvalidity(server: Server, request: web.Request) -> dict[str, Any]:
    """Give a mailbox another UIDVALIDITY and its messages other UIDs, as after a disaster."""
    account = await account_of(server, request)
    box = account.mailbox(request.match_info["mailbox"])
    await account.new_uidvalidity(box)
    return _row(box)


async def account_of(server: Server, request: web.Request) -> Account:
    """Return the mail of the user in the path.

    Raises:
        ProblemError: There is no such user.
    """
    return await server.store.account(bodies.known_user(server, request))


def _row(box: Mailbox) -> dict[str, Any]:
    return {
        "name": box.name,
        "uidvalidity": box.uidvalidity,
        "uidnext": box.uidnext,
        "highestmodseq": box.modseq,
        "messages": box.messages,
        "unseen": box.unseen,
        "octets": box.octets,
        "special_use": box.special_use,
        "mailbox_id": box.mailbox_id,
    }
