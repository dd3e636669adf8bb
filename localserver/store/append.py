"""Messages into a mailbox: octets, summary, UIDs, MODSEQ and quota in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from localserver.store.errors import NoSuchMailboxError, OverQuotaError
from localserver.store.flags import DELETED, SEEN, load_keywords, mask_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from localserver.store.summary import Summary

MAX_UID = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Arriving:
    """A message about to be stored.

    Attributes:
        octets: The message.
        summary: What was worked out about it.
        flags: Its flags.
        arrived: INTERNALDATE in seconds since 1970.
        zone: Minutes east of UTC that INTERNALDATE is shown in.
        saved: Now, in seconds since 1970 (SAVEDATE).
        sender: Envelope sender, or None.
        recipient: Envelope recipient, or None.
    """

    octets: bytes
    summary: Summary
    flags: frozenset[str]
    arrived: int
    zone: int
    saved: int
    sender: str | None = None
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    r"""What an append did to a mailbox.

    Attributes:
        mailbox: Its id.
        uids: Of the new messages, in order.
        messages: Their message ids (EMAILID).
        modseq: MODSEQ of all of them.
        octets: Sum of their sizes.
        unseen: How many are not \Seen.
        deleted: How many are \Deleted.
        keywords: All keywords of the user; None when none can have been made.
    """

    mailbox: int
    uids: list[int]
    messages: list[int]
    modseq: int
    octets: int
    unseen: int
    deleted: int
    keywords: dict[int, str] | None


def append(
    connection: apsw.Connection,
    mailbox: int,
    arriving: Sequence[Arriving],
    quota_octets: int | None,
) -> Appended:
    """Store messages in one mailbox.

    Raises:
        OverQuotaError: The quota would be passed; nothing is stored.
        NoSuchMailboxError: The mailbox was deleted meanwhile.
    """
    # Each statement lets the loop's thread go on and then waits for it: so there are few of them.
    masks = [mask_of(connection, each.flags) if each.flags else 0 for each in arriving]
    unseen = sum(not mask & SEEN for mask in masks)
    deleted = sum(bool(mask & DELETED) for mask in masks)
    octets = sum(message.summary.size for message in arriving)
    first, modseq = take_in(connection, mailbox, len(arriving), unseen, deleted, octets)
    charge(connection, octets, len(arriving), quota_octets)
    uids, messages = [], []
    for uid, message, mask in zip(
        range(first, first + len(arriving)), arriving, masks, strict=True
    ):
        number = _insert(connection, message)
        connection.execute(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)",
            (mailbox, uid, mask, modseq, number, message.saved),
        )
        uids.append(uid)
        messages.append(number)
    has_flags = any(each.flags for each in arriving)
    keywords = load_keywords(connection) if has_flags else None
    return Appended(mailbox, uids, messages, modseq, octets, unseen, deleted, keywords)


def take_in(
    connection: apsw.Connection,
    mailbox: int,
    messages: int,
    unseen: int,
    deleted: int,
    octets: int,
) -> tuple[int, int]:
    """Take UIDs and the next MODSEQ of a mailbox, and add to its totals.

    Returns:
        The first UID and the MODSEQ.

    Raises:
        NoSuchMailboxError: The mailbox was deleted meanwhile.
        OverQuotaError: It has used up its 2**32 UIDs.
    """
    row = connection.execute(
        "UPDATE mailbox SET uidnext=uidnext+?1, modseq=modseq+1, messages=messages+?1,"
        " unseen=unseen+?2, deleted=deleted+?3, octets=octets+?4 WHERE id=?5"
        " RETURNING uidnext, modseq",
        (messages, unseen, deleted, octets, mailbox),
    ).fetchone()
    if row is None:
        raise NoSuchMailboxError("The mailbox was deleted.")
    uidnext, modseq = cast("tuple[int, int]", row)
    if uidnext - 1 > MAX_UID:
        raise OverQuotaError("The mailbox has no UIDs left; move its messages to a new one.")
    return uidnext - messages, modseq


def charge(
    connection: apsw.Connection, octets: int, messages: int, quota_octets: int | None
) -> None:
    """Add to what the user has stored.

    Raises:
        OverQuotaError: The quota would be passed.
    """
    rows = connection.execute(
        "UPDATE meta SET value=value+iif(key='octets', ?, ?) WHERE key IN ('octets', 'messages')"
        " RETURNING key, value",
        (octets, messages),
    ).fetchall()
    used = dict(cast("list[tuple[str, int]]", rows))["octets"]
    if quota_octets is not None and octets > 0 and used > quota_octets:
        raise OverQuotaError("The mailbox is full: the quota of this user would be passed.")


def count(
    connection: apsw.Connection,
    mailbox: int,
    messages: int,
    unseen: int,
    deleted: int,
    octets: int,
) -> None:
    """Add to the totals of a mailbox."""
    connection.execute(
        "UPDATE mailbox SET messages=messages+?, unseen=unseen+?, deleted=deleted+?,"
        " octets=octets+? WHERE id=?",
        (messages, unseen, deleted, octets, mailbox),
    )


def _insert(connection: apsw.Connection, message: Arriving) -> int:
    found = message.summary
    connection.execute(
        "INSERT INTO message (refs, size, pop_size, arrived, zone, envelope, body, structure,"
        " sender, recipient) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            found.size, found.pop_size, message.arrived, message.zone, found.envelope, found.body,
            found.structure, message.sender, message.recipient,
        ),
    )  # fmt: skip
    number = connection.last_insert_rowid()
    connection.execute(
        "INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number, found.sent, found.sent_day, found.subject, found.from_text, found.to_text,
            found.cc_text, found.bcc_text, found.base_subject, found.is_reply, found.from_key,
            found.to_key, found.cc_key, found.from_display, found.to_display, found.message_id,
            found.ancestors, found.preview, found.header_text, found.body_text,
        ),
    )  # fmt: skip
    view = memoryview(message.octets)
    connection.execute(
        "INSERT INTO content VALUES (?, ?, ?)",
        (number, view[: found.header_size], view[found.header_size :]),
    )
    return number
