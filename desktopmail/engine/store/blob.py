"""Contents: the exact octets of messages, each kept once, named by their SHA-256."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.engine.store.segments import sha256

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.engine.store.store import Transaction


def put(tx: Transaction, contents: Sequence[bytes]) -> list[int]:
    """Keep contents and return their blob ids, in order; what is here already is not written again.

    The octets are durable before this returns, so before the transaction that names them commits.
    """
    digests = [sha256(octets) for octets in contents]
    known: dict[bytes, int] = {}
    for digest in digests:
        row = tx.fetch_one("SELECT id FROM blob WHERE sha256 = ?", (digest,))
        if row is not None:
            known[digest] = row[0]
    fresh = {
        digest: octets
        for digest, octets in zip(digests, contents, strict=True)
        if digest not in known
    }
    if fresh:
        for stored in tx.segments.write(list(fresh.values())):
            known[stored.sha256] = tx.insert(
                "INSERT INTO blob (sha256, segment, position, octets) VALUES (?, ?, ?, ?)",
                (stored.sha256, stored.segment, stored.position, stored.octets),
            )
    return [known[digest] for digest in digests]


def read(tx: Transaction, blob_id: int) -> bytes:
    """Return a content.

    Raises:
        KeyError: It is not there: the profile is damaged.
    """
    row = tx.fetch_one("SELECT segment, position FROM blob WHERE id = ?", (blob_id,))
    if row is None:
        raise KeyError(f"there is no blob {blob_id}")
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
