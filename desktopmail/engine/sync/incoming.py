"""Messages that came from a server, put into the store: octets first, then their rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.door.rows import Flag
from desktopmail.engine import summary
from desktopmail.engine.store import blob, message, person, placement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.ids import MailboxId, PlacementId
    from desktopmail.engine.store.message import Kept
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.summary import Summary


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as a server gave it.

    Attributes:
        octets: The whole message, or its header block alone.
        is_whole: Which of the two.
        size: Of the whole message, as the server says.
        arrived_s: When the server got it.
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


@dataclass(frozen=True, slots=True)
class Parsed:
    """A message with what its row shows: worked out beside the network."""

    incoming: Incoming
    summary: Summary


def parse(messages: Sequence[Incoming]) -> list[Parsed]:
    """Work out the rows; takes the processor for a while and nothing else."""
    return [
        Parsed(
            one,
            summary.of_message(one.octets) if one.is_whole else summary.of_header(one.octets),
        )
        for one in messages
    ]


def keep(tx: Transaction, parsed: Sequence[Parsed]) -> list[Kept]:
    """Keep messages, without placing them; octets are durable before their rows are written."""
    whole = [one for one in parsed if one.incoming.is_whole]
    blobs = dict(
        zip(
            (id(one) for one in whole),
            blob.put(tx, [one.incoming.octets for one in whole]),
            strict=True,
        )
    )
    kept = []
    for one in parsed:
        incoming = one.incoming
        kept.append(
            message.keep(
                tx,
                one.summary,
                blob_id=blobs.get(id(one)),
                size=len(incoming.octets) if incoming.is_whole else incoming.size,
                arrived_s=incoming.arrived_s,
            )
        )
    return kept


def place(
    tx: Transaction, mailbox_id: MailboxId, parsed: Sequence[Parsed], *, sent: bool = False
) -> list[PlacementId]:
    """Keep messages and put them into a mailbox.

    Args:
        tx: The step it is part of.
        mailbox_id: Where they stand.
        parsed: The messages.
        sent: The mailbox holds our own: their recipients are who we write to.
    """
    placements = []
    for one, kept in zip(parsed, keep(tx, parsed), strict=True):
        incoming = one.incoming
        placements.append(
            placement.add(
                tx,
                mailbox_id,
                kept,
                one.summary,
                uid=incoming.uid,
                flags=incoming.flags,
                arrived_s=incoming.arrived_s,
                modseq=incoming.modseq,
                tags=incoming.tags,
                wanted=incoming.wanted and not kept.has_octets,
            )
        )
    person.count(tx, [one.summary for one in parsed], sent=sent)
    return placements
