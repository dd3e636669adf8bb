"""Messages into a mailbox: octets, UIDs, MODSEQ and quota in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from localserver.store.errors import NoSuchMailboxError, OverQuotaError
from localserver.store.flags import DELETED, SEEN, load_keywords, mask_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

MAX_UID = 0xFFFFFFFF
# In one statement. The statements of each count of rows are kept compiled.
_MOST_ROWS: Final = 16


@dataclass(frozen=True, slots=True)
class Arriving:
    """A message about to be stored.

    Attributes:
        octets: The message.
        header_size: Octets of its header with the empty line.
        pop_size: Octets as POP3 sends it.
        flags: Its flags.
        arrived: INTERNALDATE in seconds since 1970.
        zone: Minutes east of UTC that INTERNALDATE is shown in.
        saved: Now, in seconds since 1970 (SAVEDATE).
        sender: Envelope sender, or None.
        recipient: Envelope recipient, or None.
    """

    octets: bytes
    header_size: int
    pop_size: int
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


@dataclass(frozen=True, slots=True)
class Append:
    """A job that stores messages in one mailbox, all or none.

    Jobs of several sessions that are committed together are done together too (`database.Joint`):
    each statement lets the loop's thread go on and has to wait for it afterwards, which costs more
    than most statements themselves. So there are few, however many messages come.

    Attributes:
        mailbox: Its id.
        arriving: The messages.
        quota_octets: Limit of the user, or None.
    """

    mailbox: int
    arriving: Sequence[Arriving]
    quota_octets: int | None

    def __call__(self, connection: apsw.Connection) -> Appended:
        """Store the messages.

        Raises:
            OverQuotaError: The quota would be passed; nothing is stored.
            NoSuchMailboxError: The mailbox was deleted meanwhile.
        """
        return self.together(connection, [self])[0]

    @staticmethod
    def together(connection: apsw.Connection, jobs: Sequence[Append]) -> list[Appended]:
        """Store the messages of several jobs.

        Raises:
            OverQuotaError: The quota would be passed by all of them.
            NoSuchMailboxError: A mailbox was deleted meanwhile.
        """
        masks = [[_mask(connection, each) for each in job.arriving] for job in jobs]
        places = _places(connection, jobs, masks)
        arriving = [each for job in jobs for each in job.arriving]
        quotas = [job.quota_octets for job in jobs if job.quota_octets is not None]
        octets = sum(len(each.octets) for each in arriving)
        charge(connection, octets, len(arriving), min(quotas, default=None))
        number = _newest(connection)
        _store(connection, number + 1, arriving)
        done, rows = [], []
        for job, own, (uid, modseq) in zip(jobs, masks, places, strict=True):
            appended = _appended(connection, job, own, uid, number + 1, modseq)
            number += len(job.arriving)
            done.append(appended)
            rows += [
                (job.mailbox, uid, mask, modseq, message, each.saved)
                for uid, mask, message, each in zip(
                    appended.uids, own, appended.messages, job.arriving, strict=True
                )
            ]
        insert_rows(connection, "entry", rows)
        return done


def _mask(connection: apsw.Connection, message: Arriving) -> int:
    return mask_of(connection, message.flags) if message.flags else 0


def _places(
    connection: apsw.Connection, jobs: Sequence[Append], masks: Sequence[Sequence[int]]
) -> list[tuple[int, int]]:
    """Take UIDs and MODSEQs: one step for each mailbox, and its own MODSEQ for each job."""
    together: dict[int, list[int]] = {}
    for place, job in enumerate(jobs):
        together.setdefault(job.mailbox, []).append(place)
    found: dict[int, tuple[int, int]] = {}
    for mailbox, places in together.items():
        flags = [mask for place in places for mask in masks[place]]
        uid, modseq = take_in(
            connection, mailbox, len(flags),
            sum(not mask & SEEN for mask in flags), sum(bool(mask & DELETED) for mask in flags),
            sum(len(each.octets) for place in places for each in jobs[place].arriving),
            changes=len(places),
        )  # fmt: skip
        for place in places:
            found[place] = uid, modseq
            uid, modseq = uid + len(masks[place]), modseq + 1
    return [found[place] for place in range(len(jobs))]


def _newest(connection: apsw.Connection) -> int:
    """Return the highest number a message ever had; it comes back in no other message."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name='message'").fetchone()
    return 0 if row is None else cast("int", row[0])


def _store(connection: apsw.Connection, first: int, arriving: Sequence[Arriving]) -> None:
    messages, contents = [], []
    for number, each in enumerate(arriving, first):
        messages.append(
            (number, 1, len(each.octets), each.pop_size, each.arrived, each.zone, each.sender,
             each.recipient)
        )  # fmt: skip
        view = memoryview(each.octets)
        contents.append((number, view[: each.header_size], view[each.header_size :]))
    insert_rows(connection, "message", messages)
    insert_rows(connection, "content", contents)


def _appended(
    connection: apsw.Connection,
    job: Append,
    masks: Sequence[int],
    uid: int,
    number: int,
    modseq: int,
) -> Appended:
    count = len(masks)
    has_flags = any(each.flags for each in job.arriving)
    return Appended(
        job.mailbox, list(range(uid, uid + count)), list(range(number, number + count)), modseq,
        sum(len(each.octets) for each in job.arriving),
        sum(not mask & SEEN for mask in masks),
        sum(bool(mask & DELETED) for mask in masks),
        load_keywords(connection) if has_flags else None,
    )  # fmt: skip


def insert_rows(
    connection: apsw.Connection, table: str, rows: Sequence[tuple[object, ...]]
) -> None:
    """Insert rows of one width, many in each statement."""
    for begin in range(0, len(rows), _MOST_ROWS):
        some = rows[begin : begin + _MOST_ROWS]
        bindings = [value for row in some for value in row]
        connection.execute(_insertion(table, len(some[0]), len(some)), cast("Any", bindings))


@lru_cache(maxsize=256)
def _insertion(table: str, columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {table} VALUES {', '.join([row] * rows)}"


def take_in(
    connection: apsw.Connection,
    mailbox: int,
    messages: int,
    unseen: int,
    deleted: int,
    octets: int,
    *,
    changes: int = 1,
) -> tuple[int, int]:
    """Take UIDs and the next MODSEQs of a mailbox, and add to its totals.

    Returns:
        The first UID, and the first MODSEQ of as many as there are changes.

    Raises:
        NoSuchMailboxError: The mailbox was deleted meanwhile.
        OverQuotaError: It has used up its 2**32 UIDs.
    """
    row = connection.execute(
        "UPDATE mailbox SET uidnext=uidnext+?1, modseq=modseq+?6, messages=messages+?1,"
        " unseen=unseen+?2, deleted=deleted+?3, octets=octets+?4 WHERE id=?5"
        " RETURNING uidnext, modseq",
        (messages, unseen, deleted, octets, mailbox, changes),
    ).fetchone()
    if row is None:
        raise NoSuchMailboxError("The mailbox was deleted.")
    uidnext, modseq = cast("tuple[int, int]", row)
    if uidnext - 1 > MAX_UID:
        raise OverQuotaError("The mailbox has no UIDs left; move its messages to a new one.")
    return uidnext - messages, modseq - changes + 1


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
