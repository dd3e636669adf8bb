"""Between the engine and what it may die of: notes what is in hand, keeps off what is set aside."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from desktopmail.engine.in_hand import MESSAGE, InHand, Item, message_key

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from desktopmail.door.profile import Profile

#: In the header that stands in for a message: which one it is.
ASIDE_FIELD = "X-Desktopmail-Aside"
_STAND_IN = (
    "Subject: This message cannot be read\r\n"
    "From: desktopmail <mailer-daemon@localhost>\r\n"
    f"{ASIDE_FIELD}: {{}}\r\n\r\n"
)


class Guard:
    """The guard of one profile.

    Args:
        profile: Whose engine it is, with the lock held.

    Attributes:
        left: What the engine before had in hand when it ended suddenly.
        aside: What nobody is to work on; replaced as a whole.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._in_hand = InHand(profile.in_hand)
        self.left = self._in_hand.left
        self.aside: frozenset[Item] = frozenset()

    def hold(self, kind: str, key: object) -> AbstractContextManager[None]:
        """Say that something is worked on, as long as the block lasts."""
        return self._in_hand.hold(kind, str(key))

    def is_aside(self, kind: str, key: object) -> bool:
        """Whether something is not to be touched."""
        return bool(self.aside) and Item(kind, str(key)) in self.aside

    def stand_in(self, octets: bytes) -> bytes | None:
        """Return a header in place of a message that is set aside, which is kept as it came.

        None for any other message. May run in any thread.
        """
        if not self.aside:
            return None
        key = message_key(octets)
        if not self.is_aside(MESSAGE, key):
            return None
        self._profile.aside.mkdir(mode=0o700, exist_ok=True)
        path = self._profile.aside / f"{key}.eml"
        if not path.exists():
            with path.open("xb") as file:
                file.write(octets)
                file.flush()
                os.fsync(file.fileno())
        return _STAND_IN.format(key).encode("ascii")

    def close(self) -> None:
        """Leave in order."""
        self._in_hand.close()
