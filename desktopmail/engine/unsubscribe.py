"""Leaving a mailing list with one click (RFC 8058): a POST by HTTPS, and nothing that tells of us.

The fields are believed when a DKIM signature covers them that the account's own server verified
(RFC 8058 section 4). Else a person is asked first: a forged field would make us visit whatever URL
somebody likes.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import truststore

from desktopmail.door.commands import Outcome
from desktopmail.door.interface import DoorError
from desktopmail.engine.remote_images import is_public, sockets
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import mailbox, placement
from desktopmail.engine.store import message as message_store
from desktopmail.mime import authres, mailing_list
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.door.commands import Unsubscribe
    from desktopmail.door.ids import PlacementId
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.store import Store, Transaction

TIMEOUT_S = 20.0
_COVERED = frozenset({"list-unsubscribe", "list-unsubscribe-post"})
_DONE = range(200, 300)


async def leave(command: Unsubscribe, store: Store, *, offline: bool, proxied: bool) -> Outcome:
    """Leave the list that a message came by.

    Args:
        command: Which message, and whether a person has confirmed it.
        store: Where it is.
        offline: Nobody is to be asked.
        proxied: All servers are reached by a proxy, and nothing goes round it.

    Raises:
        DoorError: There is no such way, it is not to be trusted, or the list did not say yes.
    """
    account, octets = await store.read(lambda tx: _load(tx, command.placement_id))
    read = Message.parse(octets)
    url = url_of(read)
    host = url.split("/")[2]
    if offline or proxied:
        why = "you work offline" if offline else "all servers are reached by a proxy"
        raise DoorError(f"{host} is not asked while {why}.", code="offline")
    if not command.confirmed and not is_vouched_for(read, account):
        raise DoorError(
            f"No signature proves that the address at {host} comes from the sender.",
            remedy="Confirm it, if you know the list.",
            code="unconfirmed",
        )
    await post(url)
    return Outcome(label=f"{host} was asked to end the subscription")


def _load(tx: Transaction, placement_id: PlacementId) -> tuple[Account, bytes]:
    placed = placement.get(tx, [placement_id])
    octets = message_store.octets(tx, placed[0].message_id) if placed else None
    if octets is None:
        raise DoorError("The message is not here as a whole.", code="no-octets")
    account_id = mailbox.get(tx, placed[0].mailbox_id).account_id
    return accounts.get(tx, account_id), octets


def url_of(message: Message) -> str:
    """The URL to post to.

    Raises:
        DoorError: The message came by no list that can be left so.
    """
    found = mailing_list.of(message.header)
    if found is None or not found.one_click:
        remedy = ""
        if found is not None and (found.leave_mail or found.leave_page):
            remedy = f"Leave it yourself: {found.leave_mail or found.leave_page}"
        raise DoorError(
            "This message offers no way to unsubscribe with one click.",
            remedy=remedy,
            code="no-one-click",
        )
    return found.one_click


def is_vouched_for(message: Message, account: Account) -> bool:
    """Whether a signature that our own server verified covers the fields."""
    results = authres.judge(message, trusted_servers(account)).results
    passed = {
        one.domain("header.d", "header.i")
        for one in results
        if one.method == "dkim" and one.result == "pass"
    }
    for field in message.header.fields:
        if field.name.lower() != "dkim-signature":
            continue
        tags = _tags(field.value)
        names = {name.strip().lower() for name in tags.get("h", "").split(":")}
        if names >= _COVERED and tags.get("d", "").lower() in passed:
            return True
    return False


def trusted_servers(account: Account) -> tuple[str, ...]:
    """The servers whose word counts: those that receive the mail of the account."""
    names = [f"mx.{account.address.rpartition('@')[2].lower()}"]
    host = account.incoming.host.lower()
    if "." in host and not host.replace(".", "").isdigit():  # no loopback: anybody writes that
        names.append(host)
    return tuple(names)


def _tags(value: str) -> dict[str, str]:
    # tag-list = tag-spec *( ";" tag-spec ) [ ";" ]                       ; RFC 6376 section 3.2
    pairs = (piece.partition("=") for piece in value.split(";"))
    return {name.strip(): "".join(text.split()) for name, _, text in pairs}


async def post(
    url: str,
    *,
    allowed: Callable[[str], bool] = is_public,
    trust: ssl.SSLContext | None = None,
) -> None:
    """Ask the list to let us go.

    Args:
        url: https, at its own port.
        allowed: Whether an address may be connected to.
        trust: Whom to believe; the system's authorities.

    Raises:
        DoorError: It is no place on the Internet, or the list did not say yes.
    """
    host = _host(url, allowed)
    connector = aiohttp.TCPConnector(
        socket_factory=sockets(allowed),
        ssl=trust or truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    )
    try:
        async with (
            aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "Mozilla/5.0"},
            ) as session,
            session.post(
                url,
                data=mailing_list.ONE_CLICK_BODY,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                allow_redirects=False,
            ) as response,
        ):
            status = response.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise _failed(
            host, f"it cannot be reached ({str(error) or 'no answer in time'})"
        ) from error
    if status not in _DONE:
        raise _failed(host, f"it answered {status}")


def _host(url: str, allowed: Callable[[str], bool]) -> str:
    """Look at what a connection does not show: scheme, port, and who is to log in."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _failed(url, "its address cannot be read") from error
    host = parts.hostname or ""
    if parts.scheme.lower() != "https" or not host or parts.username:
        raise _failed(host or url, "its address is not one of the web with TLS")
    if allowed is is_public and port not in {443, None}:
        raise _failed(host, f"it is at port {port}")
    return host


def _failed(host: str, why: str) -> DoorError:
    return DoorError(
        f"The subscription was not ended by {host}: {why}.",
        remedy="Try again later, or leave the list at its web page.",
        code="not-unsubscribed",
    )
