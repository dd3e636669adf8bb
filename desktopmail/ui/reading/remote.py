"""Remote images of the message shown, fetched by the engine, and which of them did not come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, QTimer, Signal

from desktopmail.door.interface import DoorError
from desktopmail.ui.language import trn
from desktopmail.ui.sentences import said

FetchImage = Callable[[str], Awaitable[tuple[bytes, str]]]
"""Asks the engine for an image: (octets, media type)."""

_AT_ONCE = 6
_GATHERED_MS = 80
_HOSTS_NAMED = 2


class RemoteImages(QObject):
    """Fetches the images of one message after another.

    Args:
        fetch: Asks the engine for an image: (octets, media type).

    Signals:
        failed: Images did not come; several failures are told at once.
    """

    failed = Signal()

    def __init__(
        self,
        fetch: FetchImage,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._fetch = fetch
        self._failures: dict[str, str] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._telling = QTimer(self)
        self._telling.setSingleShot(True)
        self._telling.setInterval(_GATHERED_MS)
        self._telling.timeout.connect(self.failed)

    def begin(self) -> None:
        """Another message is shown: what failed before is no longer of interest."""
        self._failures = {}
        self._telling.stop()

    async def fetch(self, url: str) -> tuple[bytes, str]:
        """Fetch an image.

        Raises:
            DoorError: It did not come.
        """
        failures = self._failures  # those of the message that wants it, also when it is left
        async with self._places:
            try:
                return await self._fetch(url)
            except DoorError as error:
                failures[url] = said(error.sentence)
                if failures is self._failures:
                    self._telling.start()
                raise

    @property
    def sentence(self) -> str:
        """What to say of the images that did not come; empty when all did."""
        if not self._failures:
            return ""
        hosts = sorted({urlsplit(url).hostname or url for url in self._failures})
        named = ", ".join(hosts[:_HOSTS_NAMED]) + (", …" if len(hosts) > _HOSTS_NAMED else "")
        return trn("remote.failed", len(self._failures), hosts=named)

    @property
    def reasons(self) -> str:
        """What the engine says of each of them, a line for each."""
        return "\n".join(dict.fromkeys(self._failures.values()))
