"""Proof that messages arrived in a mailbox: COPYUID, or what they are like at new UIDs.

A tagged OK proves nothing (RFC 9051 section 6.4.9): a COPY may have left out messages that another
client expunged in between. What they are like is the digest of the header block; where that names
no message, or is that of several which are looked for, it is the octets.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from desktopmail.engine.sync.expunge import MAX_RANGES
from desktopmail.mime.header import Header, digest_of, header_end
from desktopmail.mime.message import Message
from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.fetch_item import BodyItem, Item
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.search_key import Among, And, HeaderHas
from desktopmail.wire.imap.section import HEADER, TEXT, WHOLE
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.status import StatusItem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable, Mapping

    from desktopmail.net.imap import ImapClient
    from desktopmail.wire.imap.codes import CopyUid
    from desktopmail.wire.imap.section import Section

K = TypeVar("K")

# More than anybody moves at once: a set of billions is made to fill our memory.
_MAX_PAIRS = 1_000_000


class End(NamedTuple):
    """Where a mailbox ends.

    Attributes:
        uidvalidity: Under which that is told; None where the server has none.
        uidnext: The UID that the next message will have at the least.
    """

    uidvalidity: int | None
    uidnext: int


async def end_of(client: ImapClient, path: str) -> End:
    """Where a mailbox ends now."""
    answer = await client.status(path, (StatusItem.UIDVALIDITY, StatusItem.UIDNEXT))
    told = dict(answer.values)
    return End(told.get(StatusItem.UIDVALIDITY), told.get(StatusItem.UIDNEXT, 1))


def from_code(
    code: CopyUid | None, uidvalidity: int | None, asked: Container[int], *, since: int
) -> dict[int, int]:
    """What the server said became what; nothing when it said nothing, or of another mailbox.

    What it says of messages that it was not asked to copy is no proof: they would be removed here.
    Neither is a UID below `since`, at which another message stood before, nor one UID for two.
    """
    if code is None or (uidvalidity is not None and code.uid_validity != uidvalidity):
        return {}
    if sum(high - low + 1 for low, high in code.source) > _MAX_PAIRS:
        return {}
    try:
        pairs = [(int(uid), int(target)) for uid, target in code.pairs()]
    except RemoteProtocolError:
        return {}  # the sets do not pair: it proves nothing, and the digests will have to
    if len({target for _, target in pairs}) < len(pairs):
        return {}
    return {uid: target for uid, target in pairs if uid in asked and target >= since}


async def by_digest(
    client: ImapClient,
    digests: Mapping[K, bytes],
    tell: Callable[[list[K], bytes], Awaitable[K | None]],
    *,
    since: int,
    taken: Iterable[int] = (),
) -> dict[K, int]:
    """Find messages in the open mailbox at UIDs from `since` on, each UID once.

    Args:
        client: On which the mailbox is open.
        digests: Key to the digest of a header block.
        tell: Which of some keys of one digest it is that has these octets; None: none of them.
        since: UIDs below were there before.
        taken: UIDs that belong to somebody already: they are not asked for.

    Returns:
        Key to UID, for those that were found.
    """
    wanted: dict[bytes, list[K]] = defaultdict(list)
    for key, digest in digests.items():
        wanted[digest].append(key)
    shared = {digest for digest, keys in wanted.items() if len(keys) > 1}
    found: dict[K, int] = {}
    doubtful: dict[Uid, bytes] = {}
    used = UidSet.of(map(Uid, taken))
    rest = UidSet.span(since) - used if digests else UidSet()
    for uid, head in (await heads_of(client, rest)).items():
        keys = wanted.get(head.digest)
        if not keys or uid < since or uid in used:
            continue
        if head.is_named and head.digest not in shared:
            found[keys.pop()] = uid
        else:
            doubtful[Uid(uid)] = head.digest
    async for uid, octets in _parts(client, UidSet.of(doubtful), WHOLE):
        keys = wanted[doubtful.pop(Uid(uid), b"")]
        told = await tell(keys, octets) if keys else None
        if told is not None:
            keys.remove(told)
            found[told] = uid
    return found


class Head(NamedTuple):
    """What the header of a message tells.

    Attributes:
        digest: Of the header block.
        is_named: It has a Message-ID; else it may well be that of two messages.
    """

    digest: bytes
    is_named: bool


async def heads_of(client: ImapClient, uids: UidSet) -> dict[int, Head]:
    """What the headers of messages in the open mailbox tell, by UID."""
    return {
        uid: Head(bytes.fromhex(digest_of(header)), bool(Message.parse(header).message_id))
        async for uid, header in _parts(client, uids, HEADER)
    }


async def hashes_of(client: ImapClient, heads: Mapping[int, Head]) -> dict[int, bytes]:
    """The SHA-256 of messages in the open mailbox whose headers alone do not tell, by UID."""
    times = Counter(head.digest for head in heads.values())
    doubtful = [
        Uid(uid) for uid, head in heads.items() if not head.is_named or times[head.digest] > 1
    ]
    return {
        uid: sha256(octets).digest()
        async for uid, octets in _parts(client, UidSet.of(doubtful), WHOLE)
    }


async def by_parts(
    client: ImapClient, octets: bytes, *, since: int, taken: Iterable[int]
) -> int | None:
    """Find a message in the open mailbox, to which the server may have added fields of its own.

    Every field that it had is there, and its body is the same: what shares no more than its
    Message-ID, or its header, as another version of a draft does, is another message.

    Args:
        client: On which the mailbox is open.
        octets: The message as it was before.
        since: UIDs below were there before.
        taken: UIDs that belong to somebody already: they are not asked for.
    """
    fields = _fields(octets)
    if not fields:
        return None
    used = UidSet.of(map(Uid, taken))
    alike = [
        Uid(uid)
        async for uid, header in _parts(client, UidSet.span(since) - used, HEADER)
        if uid >= since and uid not in used and fields <= _fields(header)
    ]
    body = _body(octets[header_end(octets) :])
    async for uid, text in _parts(client, UidSet.of(alike), TEXT):
        if uid in alike and _body(text) == body:
            return uid
    return None


def _fields(header: bytes) -> Counter[tuple[str, str]]:
    return Counter(
        (field.name.lower(), " ".join(field.value.split())) for field in Header.parse(header).fields
    )


def _body(octets: bytes) -> bytes:
    return octets.replace(b"\r\n", b"\n").rstrip(b"\n")


async def _parts(
    client: ImapClient, uids: UidSet, section: Section
) -> AsyncIterator[tuple[int, bytes]]:
    """The same part of messages in the open mailbox, with their UIDs."""
    for start in range(0, len(uids.ranges), MAX_RANGES):
        part = UidSet(uids.ranges[start : start + MAX_RANGES])
        async for answer in client.uid_fetch(part, (Item.UID, BodyItem(section))):
            if isinstance(answer, FetchResponse) and answer.uid is not None:
                octets = answer.section(section)
                if octets is not None:
                    yield int(answer.uid), octets


async def by_message_id(client: ImapClient, message_id: str) -> list[int]:
    """The UIDs in the open mailbox of messages with this Message-ID."""
    if not message_id or not message_id.isascii():
        return []
    found = await client.uid_search(HeaderHas(b"MESSAGE-ID", message_id.encode()))
    return sorted(found.all or ())


async def still_there(client: ImapClient, uids: Iterable[int]) -> set[int]:
    """Which of these UIDs the open mailbox has."""
    wanted = UidSet.of([Uid(uid) for uid in uids])
    if not wanted:
        return set()
    found = await client.uid_search(And((Among(wanted),)))
    return {int(uid) for uid in found.all or () if uid in wanted}
