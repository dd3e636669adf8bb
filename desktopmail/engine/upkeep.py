"""What a person does for the store as a whole: have it examined, shrunk, copied."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.door.commands import Outcome
from desktopmail.engine import backup, disk_use, doctor

if TYPE_CHECKING:
    from desktopmail.door.commands import BackUp, CheckStore
    from desktopmail.engine.store.store import Store
    from desktopmail.net.ports import Ports


async def compact(store: Store) -> Outcome:
    """Give the room that removed mail left back to the disk."""
    freed = await disk_use.compact(store)
    return Outcome(label=f"{max(0, freed) / 1e6:.1f} MB given back to the disk")


async def examine(store: Store, ports: Ports, command: CheckStore) -> Outcome:
    """Look whether the store is sound."""
    findings = await doctor.examine(store, ports, repair=command.repair)
    return Outcome(
        label="\n".join(one.sentence for one in findings) or "The store is sound.",
        left=sum(one.is_damage for one in findings),
    )


async def back_up(store: Store, command: BackUp) -> Outcome:
    """Write a copy of it."""
    await backup.write(store, Path(command.path))
    return Outcome(label=f"Backed up to {command.path}")
