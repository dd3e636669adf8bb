"""What waits to be sent: the line of the outbox counts it, and the outbox shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.rows import SendingState

if TYPE_CHECKING:
    from desktopmail.door.interface import StoreReader
    from desktopmail.door.rows import SendingRow


def waiting(reader: StoreReader) -> list[SendingRow]:
    """The messages that did not go out yet, what failed among them."""
    return [row for row in reader.sendings() if row.state is not SendingState.DONE]
