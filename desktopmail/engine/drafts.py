"""Drafts: each saving is a new version; the one before goes when the new one is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import Outcome
from desktopmail.door.rows import Flag, Role
from desktopmail.engine import journal, summary
from desktopmail.engine.store import blob, message, placement

if TYPE_CHECKING:
    from desktopmail.door.commands import SaveDraft
    from desktopmail.door.ids import AccountId, PlacementId
    from desktopmail.engine.store.store import Transaction


def carry_out(tx: Transaction, command: SaveDraft, now_s: float) -> Outcome:
    """Keep a draft, as `save` does."""
    made = save(tx, command.account_id, command.octets, replaces=command.replaces, now_s=int(now_s))
    return Outcome(ids=(made,), label="Draft saved")


def save(
    tx: Transaction,
    account_id: AccountId,
    octets: bytes,
    *,
    replaces: PlacementId | None,
    now_s: int,
) -> PlacementId:
    """Keep a draft in Drafts; returns its placement.

    Args:
        tx: The step it is part of.
        account_id: Whose Drafts.
        octets: The whole message.
        replaces: The version before: removed at the server when the new one is proved there.
        now_s: The time.
    """
    target = journal.role_mailbox(tx, account_id, Role.DRAFTS)
    row = summary.of_message(octets)
    (blob_id,) = blob.put(tx, [octets])
    kept = message.keep(tx, row, blob_id=blob_id, size=len(octets), arrived_s=now_s)
    made = placement.add(
        tx,
        target.id,
        kept,
        uid=None,
        flags=Flag.DRAFT | Flag.SEEN,
        arrived_s=now_s,
    )
    placement.touch(tx, [made])
    saved = journal.append(tx, made, target, label=f"Save the draft “{row.subject}”")
    if replaces is not None and placement.get(tx, [replaces]):
        journal.expunge(tx, [replaces], label="Remove the older draft", after=saved)
    return made
