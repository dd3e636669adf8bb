"""Contents: the exact octets of messages, each kept once, named by their SHA-256."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.octets import OctetsLostError
from desktopmail.engine.content import Content

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.engine.store.store import Transaction

#: Of a blob: no message is made of it.
UNNAMED = (
    "NOT EXISTS (SELECT 1 FROM message AS m WHERE m.blob_id = b.id)"
    " AND NOT EXISTS (SELECT 1 FROM sending AS s WHERE s.blob_id = b.id)"
)
_CHUNK = 500


def put(tx: Transaction, contents: Sequence[bytes]) -> list[int]:
    """Keep octets; see `put_all`."""
    return put_all(tx, [Content.of(octets) for octets in contents])


def put_all(tx: Transaction, contents: Sequence[Content]) -> list[int]:
    """Keep contents and return their blob ids, in order; what is here already is not written again.

    The octets are durable before this returns, so before the transaction that names them commits.
    """
    known: dict[bytes, int] = {}
    for start in range(0, len(contents), _CHUNK):
        digests = tuple(one.sha256 for one in contents[start : start + _CHUNK])
        marks = ",".join("?" * len(digests))
        known |= tx.fetch(f"SELECT sha256, id FROM blob WHERE sha256 IN ({marks})", digests)
    fresh = {one.sha256: one for one in contents if one.sha256 not in known}
    if fresh:
        row = tx.fetch_one("SELECT coalesce(max(id), 0) + 1 FROM blob")
        first = row[0] if row is not None else 1
        stored = list(enumerate(tx.segments.write(list(fresh.values())), first))
        tx.execute_for(
            "INSERT INTO blob (id, sha256, segment, position, octets) SELECT value ->> 0,"
            " unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4 FROM json_each(?)",
            [
                (blob_id, one.sha256.hex(), one.segment, one.position, one.octets)
                for blob_id, one in stored
            ],
        )
        known |= {one.sha256: blob_id for blob_id, one in stored}
    return [known[one.sha256] for one in contents]


def read(tx: Transaction, blob_id: int) -> bytes:
    """Return a content.

    Raises:
        OctetsLostError: It is not there: the profile is damaged.
    """
    row = tx.fetch_one("SELECT segment, position FROM blob WHERE id = ?", (blob_id,))
    if row is None:
        raise OctetsLostError(f"there is no content {blob_id}")
    return tx.segments.read(row[0], row[1])


def drop_unnamed(tx: Transaction, blob_ids: Sequence[int]) -> None:
    """Forget those of the blobs that no message and no sending names any more."""
    for blob_id in blob_ids:
        tx.execute(
            "DELETE FROM blob WHERE id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM message WHERE blob_id = ?1)"
            " AND NOT EXISTS (SELECT 1 FROM sending WHERE blob_id = ?1)",
            (blob_id,),
        )


def unnamed(after: int, limit: int, tx: Transaction) -> list[tuple[int, int, int]]:
    """Blobs that no message and no sending names: their ids and where they are, by id."""
    rows = tx.fetch(
        f"SELECT b.id, b.segment, b.position FROM blob AS b WHERE b.id > ? AND {UNNAMED}"
        " ORDER BY b.id LIMIT ?",
        (after, limit),
    )
    return [(row[0], row[1], row[2]) for row in rows]
