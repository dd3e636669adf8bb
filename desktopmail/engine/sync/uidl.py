"""Unique-ids that tell UIDVALIDITY and UID: who is who after a switch, without all the headers.

An id is only a hint: twenty messages, spread over the mailbox, have to prove it by the digests of
their header blocks. One that disagrees, and every message is looked at by its header. In place of
one that the server does not show, another one is looked at.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from functools import cache, partial
from typing import TYPE_CHECKING, TypeVar

import msgspec

from desktopmail import resources
from desktopmail.engine.store import mailbox, pop_seen
from desktopmail.engine.sync import meet
from desktopmail.engine.sync.flags import stored_flags
from desktopmail.engine.sync.incoming import Incoming
from desktopmail.mime.header import digest_of
from desktopmail.wire.imap.fetch_item import BodyItem, Item
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.section import HEADER
from desktopmail.wire.imap.sequence import Uid, UidSet

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from desktopmail.engine.store.pop_seen import Seen
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.sync.fetch import Fetcher

SAMPLES = 20
_BATCH = 2000

_T = TypeVar("_T")


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How some servers make ids, as the table in `resources/uidl` has it.

    Attributes:
        pattern: A whole id, with the groups `uid` and `uidvalidity`.
        base: Of both numbers.
        example: One whose UID is 10.
        source: Where it is documented, read at `dated`.
    """

    name: str
    servers: tuple[str, ...]
    pattern: str
    base: int
    example: str
    source: str
    dated: dt.date

    def read(self, uidl: str) -> tuple[int, int] | None:
        """The UIDVALIDITY and the UID that an id tells; None where it is of another form."""
        found = re.fullmatch(self.pattern, uidl)
        if found is None:
            return None
        return int(found["uidvalidity"], self.base), int(found["uid"], self.base)


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: tuple[Form, ...]


@cache
def forms() -> tuple[Form, ...]:
    """The table."""
    text = resources.path("uidl", "forms.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Table).form


def told(uidls: Iterable[str], uidvalidity: int) -> dict[str, int]:
    """The UIDs that ids tell, all by the one form that reads most of them with this UIDVALIDITY."""
    ids = list(uidls)
    most: dict[str, int] = {}
    for form in forms():
        read = {one: form.read(one) for one in ids}
        uids = {one: found[1] for one, found in read.items() if found and found[0] == uidvalidity}
        if len(uids) > len(most) and len(set(uids.values())) == len(uids):
            most = uids
    return most


def spread(items: Sequence[_T], count: int = SAMPLES) -> list[_T]:
    """So many of them, from the first to the last; as many as have to agree."""
    last = len(items) - 1
    return [items[number * last // max(count - 1, 1)] for number in range(count)]


async def agree(items: Sequence[_T], look: Callable[[list[_T]], Awaitable[int | None]]) -> bool:
    """Whether as many of these as have to agree do so, and none disagrees.

    Args:
        items: In the order of their UIDs.
        look: Looks at the headers of some; returns how many agree, None where one does not. What
            the server does not show counts for nothing.
    """
    left, agreed, unseen = list(items), 0, 0
    while agreed < SAMPLES and unseen < SAMPLES and len(left) >= SAMPLES - agreed:
        samples = spread(left, SAMPLES - agreed)
        found = await look(samples)
        if found is None:
            return False
        agreed += found
        unseen += len(samples) - found
        asked = set(samples)
        left = [one for one in left if one not in asked]
    return agreed >= SAMPLES


async def meet_known(fetcher: Fetcher, uids: UidSet) -> set[Uid]:
    """Give messages that came by POP3 their UIDs; returns the UIDs that were given.

    Args:
        fetcher: Of the open mailbox; only an Inbox was a maildrop.
        uids: What the server has in it.

    Raises:
        NetError: The server failed us.
    """
    known = await fetcher.store.read(partial(_waiting, fetcher, uids))
    if len(known) <= SAMPLES or not await _agree(fetcher, known):
        return set()
    met: set[Uid] = set()
    items = (Item.UID, Item.FLAGS, Item.INTERNALDATE)
    wanted = sorted(known)
    for at in range(0, len(wanted), _BATCH):
        await fetcher.between()
        chunk = UidSet.of(wanted[at : at + _BATCH])
        with_modseq = (*items, Item.MODSEQ) if fetcher.with_modseq else items
        came = [
            _incoming(fetcher, one)
            async for one in fetcher.client.uid_fetch(chunk, with_modseq)
            if isinstance(one, FetchResponse) and one.uid in known and one.flags is not None
        ]
        met |= await fetcher.store.write(partial(_give, fetcher, known, came))
    return met


def _waiting(fetcher: Fetcher, uids: UidSet, tx: Transaction) -> dict[Uid, Seen]:
    """What stands in this mailbox and has a UID by its unique-id, if the server has that, too."""
    if fetcher.uidvalidity is None:
        return {}
    seen = pop_seen.every(tx, fetcher.mailbox.account_id)
    by_uidl = told(seen, fetcher.uidvalidity)
    there = set(uids)
    waiting = meet.waiting(tx, fetcher.mailbox.id)
    return {
        Uid(uid): seen[uidl]
        for uidl, uid in by_uidl.items()
        if uid in there and seen[uidl].message_id in waiting
    }


async def _agree(fetcher: Fetcher, known: dict[Uid, Seen]) -> bool:
    """Whether the samples have the headers that they should have."""
    refusals = fetcher.refusals.apart()

    async def look(samples: list[Uid]) -> int | None:
        awaited = set(samples)
        async for one in refusals.answers(fetcher.client, samples, (Item.UID, BodyItem(HEADER))):
            header = one.section(HEADER)
            if header is None or one.uid not in awaited:
                continue
            awaited.remove(one.uid)
            if bytes.fromhex(digest_of(header)) != known[one.uid].header_digest:
                return None
        return len(samples) - len(awaited)

    return await agree(sorted(known), look)


def _incoming(fetcher: Fetcher, one: FetchResponse) -> Incoming:
    flags, tags = stored_flags(one.flags or frozenset())
    arrived = one.internal_date or fetcher.ports.clock.now()
    return Incoming(
        octets=b"",
        is_whole=False,
        size=0,
        arrived_s=int(arrived.timestamp()),
        uid=one.uid,
        flags=flags,
        tags=tags,
        modseq=one.modseq or 0,
    )


def _give(
    fetcher: Fetcher, known: dict[Uid, Seen], came: list[Incoming], tx: Transaction
) -> set[Uid]:
    if mailbox.get(tx, fetcher.mailbox.id).uidvalidity != fetcher.uidvalidity:
        return set()  # it was made anew while these were on their way
    met: set[Uid] = set()
    for one in came:
        uid = Uid(one.uid or 0)
        message_id = known[uid].message_id
        if message_id is not None and meet.take(tx, fetcher.mailbox.id, message_id, one):
            met.add(uid)
    return met
