"""Messages that came from a server, put into the store: octets first, then their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from desktopmail.door.rows import Flag
from desktopmail.engine import reading
from desktopmail.engine.store import blob, message, person, placement
from desktopmail.engine.store.message import Coming
from desktopmail.engine.store.placement import Placing
from desktopmail.mime.header import digest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.ids import MailboxId, MessageId, PlacementId
    from desktopmail.engine.content import Content
    from desktopmail.engine.guard import Guard
    from desktopmail.engine.reading import Reader
    from desktopmail.engine.store.message import Kept
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.summary import Summary
    from desktopmail.net.ports import Ports


class Incoming(NamedTuple):
    """A message as a server gave it.

    Attributes:
        octets: The whole message, or its header block alone.
        is_whole: Which of the two.
        size: Of the whole message, as the server says.
        arrived_s: When the server got it.
        wanted: Its octets are fetched by and by.
    """

    octets: bytes
    is_whole: bool
    size: int
    arrived_s: int
    uid: int | None = None
    flags: Flag = Flag.NONE
    tags: tuple[str, ...] = ()
    modseq: int = 0
    wanted: bool = False


class Parsed(NamedTuple):
    """A message with what its row shows: worked out beside the network.

    Attributes:
        content: Its octets, ready to be stored; None where only the header came.
    """

    incoming: Incoming
    summary: Summary
    content: Content | None


async def parse(
    guard: Guard, ports: Ports, messages: Sequence[Incoming], *, read: Reader = reading.read
) -> list[Parsed]:
    """Work out the rows, beside the network and the writer.

    In place of a message that is set aside stands a header that says so.

    Args:
        guard: Knows what is set aside.
        ports: Where that is done.
        messages: What came.
        read: How: all of them (`reading.read`), or only their headers now (`reading.glance`).
    """
    wanted = [_wanted(guard, one) for one in messages]
    found = await read(guard, ports, [(one.octets, one.is_whole) for one in wanted])
    return [
        Parsed(one, _of_what_came(came, one, row.summary), row.content)
        for came, one, row in zip(messages, wanted, found, strict=True)
    ]


def _wanted(guard: Guard, one: Incoming) -> Incoming:
    stand_in = guard.stand_in(one.octets)
    if stand_in is None:
        return one
    return one._replace(octets=stand_in, is_whole=False, wanted=False)


def _of_what_came(came: Incoming, shown: Incoming, summary: Summary) -> Summary:
    """The row of what is shown; its digest is of what came, by which a server's copy is proved."""
    if shown is came:
        return summary
    return summary._replace(digest=bytes.fromhex(digest_of(came.octets)))


def keep(tx: Transaction, parsed: Sequence[Parsed]) -> list[Kept]:
    """Keep messages, without placing them; octets are durable before their rows are written."""
    blobs = iter(blob.put_all(tx, [one.content for one in parsed if one.content is not None]))
    return message.keep_all(
        tx,
        [
            Coming(
                one.summary,
                None,
                one.incoming.size,
                one.incoming.arrived_s,
                one.incoming.wanted,
            )
            if one.content is None
            else Coming(one.summary, next(blobs), len(one.incoming.octets), one.incoming.arrived_s)
            for one in parsed
        ],
    )


def placing(one: Parsed, kept: Kept) -> Placing:
    """How a message that came is put into its mailbox."""
    came = one.incoming
    return Placing(
        kept,
        uid=came.uid,
        flags=came.flags,
        arrived_s=came.arrived_s,
        modseq=came.modseq,
        tags=came.tags,
        wanted=came.wanted and not kept.has_octets,
    )


def place(
    tx: Transaction, mailbox_id: MailboxId, parsed: Sequence[Parsed], *, sent: bool = False
) -> list[PlacementId]:
    """Keep messages and put them into a mailbox.

    One that stands there already, by its header alone and known to no server, is there as a whole.

    Args:
        tx: The step it is part of.
        mailbox_id: Where they stand.
        parsed: The messages.
        sent: The mailbox holds our own: their recipients are who we write to.
    """
    standing = _by_headers(tx, mailbox_id, parsed)
    kept = keep(tx, parsed)
    here = [standing.pop(one.id, None) for one in kept]
    made = placement.add_all(
        tx,
        mailbox_id,
        [placing(*one) for one, there in zip(zip(parsed, kept, strict=True), here, strict=True)
         if there is None],
    )  # fmt: skip
    placement.touch(tx, [there for there in here if there is not None])
    person.count(tx, [one.summary for one in parsed], sent=sent)
    fresh = iter(made)
    return [next(fresh) if there is None else there for there in here]


def _by_headers(
    tx: Transaction, mailbox_id: MailboxId, parsed: Sequence[Parsed]
) -> dict[MessageId, PlacementId]:
    """Where those of these messages stand of which only the headers are here, and no UID."""
    digests = [
        one.summary.digest.hex()
        for one in parsed
        if one.content is not None and one.summary.message_id
    ]
    rows = tx.fetch(
        "SELECT m.id, p.id FROM json_each(?) AS name"
        " CROSS JOIN message AS m INDEXED BY message_by_digest"
        " ON m.header_digest = unhex(name.value) AND m.header_digest <> x'' AND m.blob_id IS NULL"
        " CROSS JOIN placement AS p INDEXED BY placement_by_message ON p.message_id = m.id"
        " WHERE p.mailbox_id = ? AND p.uid IS NULL",
        (msgspec.json.encode(digests).decode(), mailbox_id),
    )
    return dict(rows)
