"""What a window to write in begins with: a draft, and what that belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.ids import AccountId, PlacementId
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Draft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.rows import AccountRow


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """What a draft belongs to; kept on the disk with it.

    Attributes:
        account_id: The account it is sent from; None: that of the mailbox in view.
        answers: The placement it answers or forwards.
        forwards: Whether it forwards that.
        replaces: The placement of the version in Drafts that it goes on with.
    """

    account_id: AccountId | None = None
    answers: PlacementId | None = None
    forwards: bool = False
    replaces: PlacementId | None = None

    @property
    def is_reply(self) -> bool:
        """Whether it answers a message, and does not pass it on."""
        return self.answers is not None and not self.forwards

    def account_of(self, accounts: Sequence[AccountRow]) -> AccountRow | None:
        """The account it is sent from, as far as it says one that is there."""
        return next((it for it in accounts if it.id == self.account_id), None)


def _nothing() -> Draft:
    return Draft(sender=Mailbox("", ""))


@dataclass(frozen=True, slots=True)
class Writing:
    """One message to write.

    Attributes:
        draft: What the window begins with.
        placed: What it belongs to.
        recovered: The key it was kept under when the program ended without saying so, or empty.
    """

    draft: Draft = field(default_factory=_nothing)
    placed: Placed = field(default_factory=Placed)
    recovered: str = ""
