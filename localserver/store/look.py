"""Looks for messages in steps: through the rows of a SELECT, and through large ones by themselves.

SQLite gives others their turn between two rows, but not within one. So it leaves texts of large
messages undecided: a condition that hangs on them is NULL. Only then they are read, piece by piece,
once for all texts, and the row is asked for again with what was found in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import apsw

from desktopmail.mime.header import Header
from localserver.store.functions import has_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from localserver.steps import Steps

# Octets times texts that SQLite may look at in one row: some ten milliseconds.
_LARGE_OCTETS: Final = 2 * 1024 * 1024
_PIECE_OCTETS: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Text:
    """What is looked for in the contents of messages.

    Attributes:
        wanted: Folded.
        where: `TEXT`, `BODY`, or the name of a field of the header behind a colon.
    """

    wanted: str
    where: str

    def sql(self, number: int, small: str) -> str:
        """Return the condition that a message holds it.

        Args:
            number: Its place among the texts that are looked for, from 1.
            small: The condition of messages that are not large.
        """
        return f"CASE WHEN size>large THEN substr(held, {number}, 1)+0 ELSE {small} END"


@dataclass(frozen=True, slots=True)
class Look:
    """A SELECT of messages by UID that may take long.

    Attributes:
        columns: Of its rows, before the condition.
        tables: Joined; with texts `message`, `finding` and `content` are among them.
        condition: Of what is wanted; it may be NULL for want of texts.
        bindings: Of the condition.
        mailbox: Number of the mailbox.
        last: The last UID that is looked at.
        texts: What is looked for in contents.
    """

    columns: str
    tables: str
    condition: str
    bindings: tuple[object, ...]
    mailbox: int
    last: int
    texts: tuple[Text, ...] = ()

    def at_once(self, connection: apsw.Connection) -> list[tuple[Any, ...]]:
        """Return the rows that are wanted, where nothing is looked for in contents."""
        sql = (
            f"SELECT {self.columns} FROM {self.tables}"
            f" WHERE mailbox=? AND uid<=? AND ({self.condition}) ORDER BY uid"
        )
        bindings = (self.mailbox, self.last, *self.bindings)
        return connection.execute(sql, cast("Any", bindings)).fetchall()

    def steps(self, connection: apsw.Connection) -> Steps[list[tuple[Any, ...]]]:
        """Return the rows that are wanted; they may come from different moments.

        Behind each row there is a step, wanted or not: what is not makes no piece longer.
        """
        rows: list[tuple[Any, ...]] = []
        cursor = connection.cursor()
        try:
            for *row, message, is_wanted in self._rows(cursor, 0, self.last, None):
                if is_wanted:
                    rows.append(tuple(row))
                elif is_wanted is None and self.texts:
                    held = yield from _held(connection, message, self.texts)
                    if held is not None and self._is_wanted(connection, row[0], held):
                        rows.append(tuple(row))
                yield
        finally:
            cursor.close(force=True)
        return rows

    def _is_wanted(self, connection: apsw.Connection, uid: int, held: str) -> bool:
        rows = list(self._rows(connection.cursor(), uid, uid, held))
        return bool(rows and rows[0][-1])

    def _rows(
        self, cursor: apsw.Cursor, first: int, last: int, held: str | None
    ) -> Iterator[tuple[Any, ...]]:
        """Return the columns of each message, its number, and whether it is wanted."""
        tables, bindings = self.tables, self.bindings
        if self.texts:
            tables += " JOIN (SELECT ? AS large, ? AS held)"
            bindings += (_LARGE_OCTETS // len(self.texts), held)
        sql = (
            f"SELECT {self.columns}, entry.message, ({self.condition}) FROM {tables}"
            " WHERE mailbox=? AND uid BETWEEN ? AND ? ORDER BY uid"
        )
        bindings += (self.mailbox, first, last)
        return cursor.execute(sql, cast("Any", bindings))


def _held(connection: apsw.Connection, message: int, texts: Sequence[Text]) -> Steps[str | None]:
    """Return for each text whether a message holds it, as 0 or 1; None when it is gone."""
    try:
        found = yield from _found(connection, message, texts)
    except (apsw.AbortError, apsw.SQLError):
        return None  # it was expunged meanwhile
    return "".join("01"[text in found] for text in texts)


def _found(connection: apsw.Connection, message: int, texts: Sequence[Text]) -> Steps[set[Text]]:
    (columns,) = connection.execute(
        "SELECT header_text IS NULL, parts_text IS NULL, body_text IS NULL FROM finding"
        " WHERE message=?",
        (message,),
    ).fetchall() or [(None, None, None)]
    # The octets of a plain ASCII message stand for its text.
    header = ("content", "header") if columns[0] else ("finding", "header_text")
    body = ("content", "body") if columns[2] else ("finding", "body_text")
    whole = [("finding", "subject"), header, *([] if columns[1] else [("finding", "parts_text")])]
    found: set[Text] = set()
    for table, column in (*whole, body):
        missing = {
            text: text.wanted.encode()
            for text in texts
            if text not in found
            and (text.where == "TEXT" or (text.where == "BODY" and (table, column) == body))
        }
        if missing:
            with connection.blob_open("main", table, column, message, False) as blob:
                found |= yield from _read_through(blob, missing, is_folded=table == "finding")
    fields = [text for text in texts if text.where.startswith(":")]
    if fields:
        with connection.blob_open("main", "content", "header", message, False) as blob:
            block = Header.parse(blob.read())
        for text in fields:
            if has_field(block, text.where[1:], text.wanted):
                found.add(text)
            yield
    return found


def _read_through(
    blob: apsw.Blob, missing: dict[Text, bytes], *, is_folded: bool
) -> Steps[set[Text]]:
    """Return those of the texts that stand in a column."""
    found: set[Text] = set()
    longest = max(len(octets) for octets in missing.values())
    window = b""
    while missing:
        # What is cut by the end of a piece is found in the next one.
        before = window[max(0, len(window) - longest + 1) :]
        piece = blob.read(max(_PIECE_OCTETS, longest))
        window = before + (piece if is_folded else piece.lower())
        for text, octets in tuple(missing.items()):
            if octets in window:
                found.add(text)
                del missing[text]
            yield
        if not piece:
            break
    return found
