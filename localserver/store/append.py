"""Messages into a mailbox: octets, UIDs, MODSEQ and quota in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from localserver.store.content import is_large, place_of, put
from localserver.store.errors import NoSuchMailboxError, OverQuotaError
from localserver.store.flags import DELETED, SEEN, load_keywords, mask_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

MAX_UID = 0xFFFFFFFF
# In one statement. The statements of each count of rows are kept compiled.
_MOST_ROWS: Final = 16
_LARGE_OCTETS: Final = 256 * 1024
_NUMBER, _SIZE, _BODY = 5, 6, 13  # columns of `arrival`
_STATE: Final = (
    "SELECT uidnext, modseq+1,"
    " coalesce((SELECT seq FROM sqlite_sequence WHERE name='message'), 0)+1,"
    " (SELECT value FROM meta WHERE key='octets') FROM mailbox WHERE id=?"
)
_NO_UIDS: Final = "The mailbox has no UIDs left; move its messages to a new one."
_FULL: Final = "The mailbox is full: the quota of this user would be passed."


class Arriving(NamedTuple):
    """A message about to be stored. A tuple: to make one costs a third of a frozen dataclass.

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


class Appended(NamedTuple):
    r"""What an append did to a mailbox. A tuple, as `Arriving` is.

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


@dataclass(slots=True)
class Next:
    """What the next message gets, as long as nothing else was written; only for the writing thread.

    Attributes:
        mailbox: The mailbox it is about; 0 for none.
        uid: The next UID.
        modseq: The next MODSEQ.
        number: The next number of a message.
        used: The octets in use.
        changes: `total_changes` of the connection when this was so: anything that is written, even
            what was taken back, makes it another.
    """

    mailbox: int = 0
    uid: int = 0
    modseq: int = 0
    number: int = 0
    used: int = 0
    changes: int = -1


@dataclass(frozen=True, slots=True)
class Append:
    """A job that stores messages in one mailbox, all or none.

    Jobs of several sessions that are committed together are done together too (`database.Joint`):
    each statement lets the loop's thread go on and has to wait for it afterwards, which costs more
    than most statements themselves (0.5 ms of a message's 1.0 ms). So there is one, however many
    messages come (schema.py, `arrival`), and mostly it is a transaction of its own.

    Attributes:
        mailbox: Its id.
        arriving: The messages.
        quota_octets: Limit of the user, or None.
        next: One for all jobs of a user.
    """

    mailbox: int
    arriving: Sequence[Arriving]
    quota_octets: int | None
    next: Next

    def __call__(self, connection: apsw.Connection) -> Appended:
        """Store the messages.

        Raises:
            OverQuotaError: The quota would be passed; nothing is stored.
            NoSuchMailboxError: The mailbox was deleted meanwhile.
        """
        return self.together(connection, [self])[0]

    @staticmethod
    def at_once(connection: apsw.Connection, jobs: Sequence[Append]) -> list[Appended] | None:
        """Store the messages of several jobs by one statement, outside of a transaction.

        Returns:
            None when it takes more than one; nothing is stored then.

        Raises:
            OverQuotaError: The quota would be passed by all of them.
            NoSuchMailboxError: The mailbox was deleted meanwhile.
            apsw.Error: Nothing is stored.
        """
        known, mailbox = jobs[0].next, jobs[0].mailbox
        arriving = [each for job in jobs for each in job.arriving]
        octets = sum(len(each.octets) for each in arriving)
        if (
            len(arriving) > _MOST_ROWS
            or (len(arriving) > 1 and octets >= _LARGE_OCTETS)
            or is_large(octets)
            or any(each.flags for each in arriving)
            or any(job.mailbox != mailbox for job in jobs)
        ):
            return None
        if known.mailbox != mailbox or known.changes != connection.total_changes():
            known.uid, known.modseq, known.number, known.used = _state(connection, mailbox)
        _check_quota(jobs, known.used)
        done: list[Appended] = []
        rows: list[tuple[object, ...]] = []
        uid, number = known.uid, known.number
        _check_uids(uid, len(arriving))
        for modseq, job in enumerate(jobs, known.modseq):
            uids, numbers, size = [], [], 0
            for each in job.arriving:
                rows.append(_row(mailbox, uid, 0, modseq, number, each))
                uids.append(uid)
                numbers.append(number)
                size += len(each.octets)
                uid += 1
                number += 1
            done.append(Appended(mailbox, uids, numbers, modseq, size, len(uids), 0, None))
        known.mailbox = 0  # until it is done
        _insert(connection, rows)
        known.uid, known.modseq, known.number = uid, known.modseq + len(jobs), number
        known.used += octets
        known.mailbox, known.changes = mailbox, connection.total_changes()
        return done

    @staticmethod
    def together(connection: apsw.Connection, jobs: Sequence[Append]) -> list[Appended]:
        """Store the messages of several jobs.

        Raises:
            OverQuotaError: The quota would be passed by all of them.
            NoSuchMailboxError: A mailbox was deleted meanwhile.
        """
        masks = [[_mask(connection, each) for each in job.arriving] for job in jobs]
        places: dict[int, tuple[int, int]] = {}  # of each mailbox: its next UID and next MODSEQ
        number = used = 0
        for job in jobs:
            if job.mailbox not in places:
                uid, modseq, number, used = _state(connection, job.mailbox)
                places[job.mailbox] = uid, modseq
        _check_quota(jobs, used)
        done: list[Appended] = []
        rows: list[tuple[object, ...]] = []
        for job, own in zip(jobs, masks, strict=True):
            uid, modseq = places[job.mailbox]
            _check_uids(uid, len(own))
            for place, (mask, each) in enumerate(zip(own, job.arriving, strict=True)):
                rows.append(_row(job.mailbox, uid + place, mask, modseq, number + place, each))
            done.append(_appended(connection, job, own, uid, number, modseq))
            places[job.mailbox] = (uid + len(own), modseq + 1)
            number += len(own)
        _insert(connection, rows)
        return done


def _mask(connection: apsw.Connection, message: Arriving) -> int:
    return mask_of(connection, message.flags) if message.flags else 0


def _state(connection: apsw.Connection, mailbox: int) -> tuple[int, int, int, int]:
    """Return the next UID and MODSEQ, the next number of a message, and the octets in use."""
    row = connection.execute(_STATE, (mailbox,)).fetchone()
    if row is None:
        raise NoSuchMailboxError("The mailbox was deleted.")
    return cast("tuple[int, int, int, int]", row)


def _check_uids(uid: int, count: int) -> None:
    if uid + count - 1 > MAX_UID:
        raise OverQuotaError(_NO_UIDS)


def _check_quota(jobs: Sequence[Append], used: int) -> None:
    quotas = [job.quota_octets for job in jobs if job.quota_octets is not None]
    if not quotas:
        return
    octets = sum(len(each.octets) for job in jobs for each in job.arriving)
    if octets > 0 and used + octets > min(quotas):
        raise OverQuotaError(_FULL)


def _row(
    mailbox: int, uid: int, mask: int, modseq: int, number: int, message: Arriving
) -> tuple[object, ...]:
    """Return what the view `arrival` takes."""
    octets, header_size, pop_size, _, arrived, zone, saved, sender, recipient = message
    view = memoryview(octets)
    return (
        mailbox, uid, mask, modseq, saved, number, len(octets), pop_size, arrived, zone, sender,
        recipient, view[:header_size], view[header_size:],
    )  # fmt: skip


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


def _insert(connection: apsw.Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows into `arrival`, many in each statement; large ones alone, which copies less."""
    begin = 0
    while begin < len(rows):
        end, octets = begin, 0
        while end < len(rows) and end - begin < _MOST_ROWS and octets < _LARGE_OCTETS:
            octets += cast("int", rows[end][_SIZE])
            end += 1
        some = rows[begin:end]
        bindings = [
            value for row in some for value in (*row[:_BODY], place_of(cast("Any", row[_BODY])))
        ]
        connection.execute(_insertion(len(rows[0]), end - begin), cast("Any", bindings))
        for row in some:
            put(connection, "content", "body", cast("int", row[_NUMBER]), cast("Any", row[_BODY]))
        begin = end


@cache
def _insertion(columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"INSERT INTO arrival VALUES {', '.join([row] * rows)}"


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
        raise OverQuotaError(_NO_UIDS)
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
        raise OverQuotaError(_FULL)


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
