"""Flags as a bit mask: five bits for the system flags, the others for the keywords of one user."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, cast

from localserver.store.errors import CannotError, LimitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import apsw

SEEN: Final = 1
ANSWERED: Final = 2
FLAGGED: Final = 4
DELETED: Final = 8
DRAFT: Final = 16
SYSTEM: Final = {
    "\\Seen": SEEN, "\\Answered": ANSWERED, "\\Flagged": FLAGGED, "\\Deleted": DELETED,
    "\\Draft": DRAFT,
}  # fmt: skip
_SYSTEM_BY_LOWER: Final = {name.lower(): bit for name, bit in SYSTEM.items()}
# SQLite's integers have 63 bits without the sign; 5 to 7 are kept for system flags to come.
_FIRST_KEYWORD: Final = 8
_MOST_KEYWORDS: Final = 55
_MAX_KEYWORD_OCTETS: Final = 200

# flag-keyword = atom (RFC 9051 section 9)
_KEYWORD = re.compile(r"[^\x00-\x20\x7f(){%*\"\\\]]+")


class Mode(Enum):
    """What a STORE does with the flags it names."""

    SET = "FLAGS"
    ADD = "+FLAGS"
    REMOVE = "-FLAGS"


@dataclass(frozen=True, slots=True)
class Change:
    r"""A change of the flags of one mailbox.

    Attributes:
        uids: Whose flags shall change, ascending.
        mode: How.
        flags: Which; `\Recent` is not among them.
        unchanged_since: Messages with a higher MODSEQ stay as they are (RFC 7162 section 3.1.3).
    """

    uids: Sequence[int]
    mode: Mode
    flags: frozenset[str]
    unchanged_since: int | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change of flags did.

    Attributes:
        masks: New mask of every message that was asked for and may have it, changed or not.
        modseq: The MODSEQ of those that changed.
        changed: UIDs whose flags are different now.
        modified: UIDs left alone because of `unchanged_since`.
        missing: UIDs that do not exist any more.
        totals: (unseen, deleted) of the mailbox.
        keywords: All keywords of the user, by bit.
    """

    masks: dict[int, int]
    modseq: int
    changed: list[int]
    modified: list[int]
    missing: list[int]
    totals: tuple[int, int]
    keywords: dict[int, str]


class FlagTable:
    """The keywords of one user as the loop knows them; reads masks, never makes keywords.

    Attributes:
        revision: Another one whenever the keywords are others.
    """

    def __init__(self, keywords: dict[int, str]) -> None:
        self.revision = 0
        self._take(keywords)

    def update(self, keywords: dict[int, str]) -> None:
        """Take the keywords after a commit."""
        if keywords != self._keywords:
            self.revision += 1
            self._take(keywords)

    def _take(self, keywords: dict[int, str]) -> None:
        self._keywords = keywords
        self._bits = {name.lower(): bit for bit, name in keywords.items()}
        self._texts: dict[int, bytes] = {}

    @property
    def keywords(self) -> list[str]:
        """The names of all keywords, in the order they were made."""
        return [self._keywords[bit] for bit in sorted(self._keywords)]

    @property
    def has_room(self) -> bool:
        """Whether there is a bit that no keyword has."""
        return len(self._keywords) < _MOST_KEYWORDS

    def bit(self, flag: str) -> int:
        """Return the bit of a flag; 0 for a keyword that no message can have."""
        lower = flag.lower()
        return _SYSTEM_BY_LOWER.get(lower) or (1 << self._bits[lower] if lower in self._bits else 0)

    def names(self, mask: int) -> list[str]:
        """Return the flags of a mask, system flags first."""
        names = [name for name, bit in SYSTEM.items() if mask & bit]
        if mask >> _FIRST_KEYWORD:
            names += [name for bit, name in self._keywords.items() if mask >> bit & 1]
        return names

    def text(self, mask: int) -> bytes:
        """Return the flags of a mask as they stand between parentheses."""
        text = self._texts.get(mask)
        if text is None:
            text = self._texts[mask] = " ".join(self.names(mask)).encode()
        return text


def load_keywords(connection: apsw.Connection) -> dict[int, str]:
    """Read all keywords, by bit."""
    rows = connection.execute("SELECT bit, name FROM keyword").fetchall()
    return dict(cast("list[tuple[int, str]]", rows))


def mask_of(connection: apsw.Connection, flags: Iterable[str], *, make: bool = True) -> int:
    """Return the mask of flags, making keywords that are new; part of a write.

    When every bit is taken, those of keywords that no message has are given back.

    Raises:
        CannotError: A flag begins with a backslash and is no system flag, or is no atom.
        LimitError: There are too many keywords.
    """
    mask = 0
    flags = list(flags)
    for flag in flags:
        lower = flag.lower()
        bit = _SYSTEM_BY_LOWER.get(lower)
        if bit is not None:
            mask |= bit
        elif lower != "\\recent":  # the server's own: silently not stored
            mask |= _keyword_bit(connection, flag, make, flags)
    return mask


def unused_keywords(connection: apsw.Connection) -> list[str]:
    """Return the keywords that no message has; looks at the flags of every message."""
    used = 0
    for row in connection.execute("SELECT DISTINCT flags FROM entry").fetchall():
        used |= cast("int", row[0])
    return [name for bit, name in load_keywords(connection).items() if not used >> bit & 1]


def forget_keywords(connection: apsw.Connection, kept: Sequence[str] = ()) -> dict[int, str]:
    """Delete the keywords that no message has, those of `kept` aside; return the others, by bit."""
    lower = {each.lower() for each in kept}
    unused = [(each,) for each in unused_keywords(connection) if each.lower() not in lower]
    connection.executemany("DELETE FROM keyword WHERE name=?", unused)
    return load_keywords(connection)


def _keyword_bit(
    connection: apsw.Connection, name: str, make: bool, together: Sequence[str]
) -> int:
    row = connection.execute("SELECT bit FROM keyword WHERE name=?", (name,)).fetchone()
    if row is not None:
        return 1 << cast("int", row[0])
    if not make:
        return 0
    if not _KEYWORD.fullmatch(name) or len(name.encode()) > _MAX_KEYWORD_OCTETS:
        raise CannotError(f"{name[:80]} is no flag that can be stored.")
    free = _free_bit(connection)
    if free is None:
        # Those that are named beside it may have no message yet.
        forget_keywords(connection, kept=together)
        free = _free_bit(connection)
    if free is None:
        raise LimitError(f"At most {_MOST_KEYWORDS} different keywords can be stored.")
    connection.execute("INSERT INTO keyword VALUES (?, ?)", (free, name))
    return 1 << free


def _free_bit(connection: apsw.Connection) -> int | None:
    bits = range(_FIRST_KEYWORD, _FIRST_KEYWORD + _MOST_KEYWORDS)
    taken = load_keywords(connection)
    return next((bit for bit in bits if bit not in taken), None)


def change_flags(connection: apsw.Connection, mailbox: int, change: Change) -> Changed:
    """Change flags in one transaction; messages that stay the same keep their MODSEQ."""
    mask = mask_of(connection, change.flags, make=change.mode is not Mode.REMOVE)
    modseq = _next_modseq(connection, mailbox)
    found = _masks(connection, mailbox, change.uids)
    masks: dict[int, int] = {}
    modified: list[int] = []
    updates: list[tuple[int, int, int, int]] = []
    unseen = deleted = 0
    for uid, old, at in found:
        if change.unchanged_since is not None and at > change.unchanged_since:
            modified.append(uid)
            continue
        new = _applied(change.mode, old, mask)
        masks[uid] = new
        if new != old:
            updates.append((new, modseq, mailbox, uid))
            unseen += (old & SEEN) - (new & SEEN)
            deleted += ((new & DELETED) - (old & DELETED)) // DELETED
    if updates:
        connection.executemany(
            "UPDATE entry SET flags=?, modseq=? WHERE mailbox=? AND uid=?", updates
        )
        connection.execute(
            "UPDATE mailbox SET modseq=?, unseen=unseen+?, deleted=deleted+? WHERE id=?",
            (modseq, unseen, deleted, mailbox),
        )
    seen = masks.keys() | set(modified)
    row = connection.execute(
        "SELECT unseen, deleted FROM mailbox WHERE id=?", (mailbox,)
    ).fetchone()
    return Changed(
        masks, modseq, [update[3] for update in updates], modified,
        [uid for uid in change.uids if uid not in seen] if len(seen) < len(change.uids) else [],
        cast("tuple[int, int]", row or (0, 0)), load_keywords(connection),
    )  # fmt: skip


def _applied(mode: Mode, old: int, mask: int) -> int:
    if mode is Mode.SET:
        return mask
    return old | mask if mode is Mode.ADD else old & ~mask


def _next_modseq(connection: apsw.Connection, mailbox: int) -> int:
    row = connection.execute("SELECT modseq FROM mailbox WHERE id=?", (mailbox,)).fetchone()
    return cast("int", row[0]) + 1 if row is not None else 1


def _masks(
    connection: apsw.Connection, mailbox: int, uids: Sequence[int]
) -> list[tuple[int, int, int]]:
    query = "SELECT uid, flags, modseq FROM entry WHERE mailbox=? AND uid BETWEEN ? AND ?"
    found: list[tuple[int, int, int]] = []
    for first, last in ranges_of(uids):
        found += cast(
            "list[tuple[int, int, int]]",
            connection.execute(query, (mailbox, first, last)).fetchall(),
        )
    return found


def ranges_of(uids: Sequence[int]) -> list[tuple[int, int]]:
    """Return ascending numbers as inclusive ranges."""
    if not uids:
        return []
    if uids[-1] - uids[0] + 1 == len(uids):
        return [(uids[0], uids[-1])]
    ranges: list[tuple[int, int]] = []
    first = last = uids[0]
    for uid in uids:
        if uid > last + 1:
            ranges.append((first, last))
            first = uid
        last = uid
    ranges.append((first, last))
    return ranges
