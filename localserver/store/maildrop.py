"""The INBOX as POP3 sees it: numbered, locked, and changed only at QUIT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localserver.store.errors import StoreError
from localserver.store.interface import MaildropMessage
from localserver.store.names import INBOX

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from localserver.store.account import Account


class AccountMaildrop:
    """A locked maildrop; made after `account.lock()` was True.

    Args:
        account: Whose INBOX.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._mailbox = account.mailbox(INBOX)
        self._held = True
        rows = account.query(
            "SELECT uid, message, pop_size FROM entry JOIN message ON id=message"
            " WHERE mailbox=? ORDER BY uid",
            self._mailbox.number,
        )
        self._rows = [(uid, message) for uid, message, _ in rows]
        self._validity = self._mailbox.uidvalidity
        self._messages = [
            # Unique for ever: no UID comes twice under one UIDVALIDITY.
            MaildropMessage(number, size, f"{uid:08x}{self._validity:08x}")
            for number, (uid, _, size) in enumerate(rows, 1)
        ]

    @property
    def messages(self) -> Sequence[MaildropMessage]:
        """All messages as they were when the maildrop was locked."""
        return self._messages

    def octets(self, number: int) -> bytes | None:
        """The exact octets of a message, None when it is gone."""
        return self._account.octets(self._rows[number - 1][1])

    async def octets_in_turns(self, number: int) -> bytes | None:
        """The same of a large message, piece by piece."""
        return await self._account.octets_in_turns(self._rows[number - 1][1])

    async def commit(self, deletions: Collection[int]) -> None:
        """Remove messages, durably, in one transaction.

        Raises:
            StoreError: The messages have other UIDs meanwhile; none was removed.
        """
        if deletions and self._mailbox.uidvalidity != self._validity:
            raise StoreError("The mailbox was numbered anew; nothing was deleted.")
        uids = sorted(self._rows[number - 1][0] for number in set(deletions))
        if uids:
            await self._account.expunge(self._mailbox, uids, only_deleted=False)

    def release(self) -> None:
        """Give the lock back."""
        if self._held:
            self._held = False
            self._account.unlock()
