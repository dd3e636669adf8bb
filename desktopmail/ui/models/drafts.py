"""Messages that were kept before they were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.rows import Flag, Role

if TYPE_CHECKING:
    from desktopmail.door.interface import StoreReader
    from desktopmail.door.rows import MessageRow


def is_draft(reader: StoreReader, row: MessageRow) -> bool:
    """Whether a message is a draft, by its flag or by its place."""
    if row.flags & Flag.DRAFT:
        return True
    box = reader.mailbox(row.mailbox_id)
    return box is not None and box.role is Role.DRAFTS
