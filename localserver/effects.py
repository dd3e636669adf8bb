"""What a fault does to the server beside the connection it hits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.net.tls import ServerTls
from localserver import tls
from localserver.store.names import INBOX

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.net.ports import Clock
    from localserver.store.sqlite import SqliteStore


class StoreEffects:
    """Changes the mail of a store as other clients or a disaster would.

    Args:
        store: The mail.
        folder: Where the wrong certificate is made when it is first needed.
        clock: Its dates.
    """

    def __init__(self, store: SqliteStore, folder: Path, clock: Clock) -> None:
        self._store = store
        self._folder = folder
        self._clock = clock
        self._wrong: ServerTls | None = None

    async def expunge(self, user: str, uids: tuple[int, ...]) -> None:
        """Expunge messages of a user's INBOX; `(0,)` is all."""
        account = await self._store.account(user)
        chosen = None if uids == (0,) else sorted(set(uids))
        await account.expunge(account.mailbox(INBOX), chosen, only_deleted=False)

    async def new_uidvalidity(self, user: str) -> None:
        """Give a user's INBOX another UIDVALIDITY."""
        account = await self._store.account(user)
        await account.new_uidvalidity(account.mailbox(INBOX))

    def set_full(self, user: str, full: bool) -> None:
        """Make a user's mailboxes full, or not; an empty name is everybody."""
        self._store.set_full(user, full)

    def wrong_certificate(self) -> ServerTls:
        """Return a certificate of an unknown authority for another name."""
        if self._wrong is None:
            tls.make_wrong(self._folder, self._clock.now())
            self._wrong = ServerTls(
                self._folder / tls.CERTIFICATE_FILE, self._folder / tls.KEY_FILE
            )
        return self._wrong
