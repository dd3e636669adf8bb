"""Messages on their way to another mailbox, by drag and drop."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData

from desktopmail.door.ids import PlacementId

if TYPE_CHECKING:
    from collections.abc import Sequence

PLACEMENTS_MIME = "application/x-desktopmail-placements"


def write_placements(ids: Sequence[PlacementId]) -> QMimeData:
    """Pack placements for a drag."""
    data = QMimeData()
    data.setData(PLACEMENTS_MIME, struct.pack(f">{len(ids)}q", *ids))
    return data


def read_placements(data: QMimeData) -> list[PlacementId]:
    """Unpack what `write_placements` packed."""
    packed = data.data(PLACEMENTS_MIME).data()
    return [PlacementId(number) for (number,) in struct.iter_unpack(">q", packed)]
