"""The quota of an IMAP account, as its server tells it (RFC 9208)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.rows import Quota
from desktopmail.net.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.net.imap import ImapClient
    from desktopmail.wire.imap.quota import QuotaResponse

# Asked once for a connection, and again after so long: it is no news that anybody waits for.
EVERY_S = 3600.0
_STORAGE_UNIT_OCTETS = 1024


async def ask(client: ImapClient) -> tuple[Quota, ...]:
    """Return the quotas that the Inbox falls under; none where the server has none.

    Raises:
        NetError: The connection failed.
    """
    if not client.offers("QUOTA"):
        return ()
    try:
        return rows(await client.quota("INBOX"))
    except RefusedError:
        if not client.is_usable:
            raise
        return ()  # some servers offer it, and have it for their administrators


def rows(answers: Iterable[QuotaResponse]) -> tuple[Quota, ...]:
    """Storage in octets, everything else in pieces; what has no limit is no quota."""
    found = []
    for answer in answers:
        for one in answer.resources:
            resource = one.name.lower()
            unit = _STORAGE_UNIT_OCTETS if resource == "storage" else 1
            found.append(
                Quota(
                    root=answer.root,
                    resource=resource,
                    used=one.usage * unit,
                    limit=one.limit * unit,
                )
            )
    return tuple(found)
