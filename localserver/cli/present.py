"""What a mailbox holds already, so that an import which is done again puts nothing in twice."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localserver.store.account import Account
    from localserver.store.mailbox import Mailbox


class Present:
    """The messages of a mailbox; each answers for one that is imported.

    Args:
        account: Whose.
        box: The mailbox, as it is before the import.
    """

    def __init__(self, account: Account, box: Mailbox) -> None:
        self._account = account
        self._numbers: dict[int, list[int]] = {}
        self._digests: dict[int, Counter[bytes]] = {}
        rows = account.query(
            "SELECT size, message.id FROM entry JOIN message ON message.id=entry.message"
            " WHERE mailbox=?",
            box.number,
        )
        for size, number in rows:
            self._numbers.setdefault(size, []).append(number)

    def take(self, octets: bytes) -> bool:
        """Return whether a message of exactly these octets is there that was not taken yet."""
        size = len(octets)
        if size not in self._numbers:
            return False
        digests = self._digests.get(size)
        if digests is None:  # only what is as large is read
            digests = self._digests[size] = Counter(
                sha256(self._account.octets(number) or b"").digest()
                for number in self._numbers[size]
            )
        digest = sha256(octets).digest()
        if not digests[digest]:
            return False
        digests[digest] -= 1
        return True
