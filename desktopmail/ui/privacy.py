"""What was allowed about remote images, by the sender of the mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktopmail.ui.settings import Settings


class Privacy:
    """What was allowed about remote images, kept in the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def remote_allowed(self, address: str) -> bool:
        """Whether images of this sender are always loaded."""
        return bool(address) and address.lower() in self._settings.texts("remote_senders")

    def allow_remote(self, address: str) -> None:
        """Load images of this sender from now on."""
        senders = self._settings.texts("remote_senders")
        if address.lower() not in senders:
            self._settings.set("remote_senders", [*senders, address.lower()])

    def forbid_remote(self, address: str) -> None:
        """Load images of this sender no longer."""
        senders = self._settings.texts("remote_senders")
        self._settings.set("remote_senders", [it for it in senders if it != address.lower()])
