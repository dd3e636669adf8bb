"""A picture of the window, taken without a display."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desktopmail.door.commands import StartSandbox
from desktopmail.door.rows import ConnectionState

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import PlacementId
    from desktopmail.ui.window import MainWindow

_SETTLE_S = 0.4
_WAIT_S = 60.0
_OPEN_WITHIN_S = 20.0  # Chromium starts with the first HTML message
_SCAN_ROWS = 500
_TELLING = ("Ihre Fahrkarte", "Leave the seed heads")  # of the sample mail: much to see


class PictureError(Exception):
    """The picture could not be taken; the text is a sentence."""


async def take(window: MainWindow, file: Path, *, demo: bool, select: str = "") -> None:
    """Save a picture of the window with its list and a message.

    Args:
        window: The window, shown.
        file: A PNG.
        demo: Open the sandbox first.
        select: Words of the subject of the message to show; empty: one that shows a lot.

    Raises:
        PictureError: It could not be saved.
        DoorError: The sandbox could not be opened.
    """
    if demo and not window.accounts():
        await window.door.command(StartSandbox())
    await _until_synced(window)
    window.bridge.flush()
    await asyncio.sleep(_SETTLE_S)
    window.in_view.choose_first()
    messages = window.list_pane.list
    messages.setFocus()
    wanted = _wanted(window, select)
    if wanted is not None:
        messages.go_to_message(wanted)
        window.reading_is_decided()
        await _until_open(window, wanted)
        messages.scrollTo(messages.currentIndex(), messages.ScrollHint.PositionAtCenter)
    window.snack.hide()
    window.status_line.forget_progress()
    await asyncio.sleep(_SETTLE_S)
    if not window.grab().save(str(file), "PNG"):
        raise PictureError(f"The picture {file} cannot be written.")


async def _until_open(window: MainWindow, wanted: PlacementId) -> None:
    reading = window.reading
    deadline = asyncio.get_running_loop().time() + _OPEN_WITHIN_S
    while reading.row is None or reading.row.id != wanted or not reading.is_ready:
        if asyncio.get_running_loop().time() > deadline:
            raise PictureError("The message to be shown could not be opened.")
        await asyncio.sleep(0.05)


async def _until_synced(window: MainWindow) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _WAIT_S
    busy = {ConnectionState.CONNECTING, ConnectionState.SYNCING}
    while loop.time() < deadline:
        accounts = window.reader.accounts()
        if all(account.state not in busy for account in accounts):
            return
        await asyncio.sleep(0.1)


def _wanted(window: MainWindow, select: str) -> PlacementId | None:
    rows = window.reader.window(window.list_pane.view, 0, _SCAN_ROWS)
    if not rows:
        return None
    if select:
        for row in rows:
            if select.casefold() in row.subject.casefold():
                return row.id
        raise PictureError(f"No message has “{select}” in its subject.")
    for words in _TELLING:
        for row in rows:
            if words in row.subject and len(row.preview) > 80:
                return row.id
    # One that shows much: with an attachment, not the very first, a real text.
    for row in rows[1:12]:
        if row.has_attachment and len(row.preview) > 80 and row.preview.isascii():
            return row.id
    return rows[min(1, len(rows) - 1)].id
