"""What changes while the server runs, told to whoever listens: the event stream of the API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# Kind of a change → what it says. The API's description is made of this table.
KINDS: Final = {
    "user": "A user was added, got another password or was removed: name.",
    "session": "A client connected, logged in or went: number, listener, peer, user, state.",
    "mailbox": "A mailbox was made, renamed or deleted, or its messages changed: user, mailbox.",
    "captured": "Captured mail was added or forgotten: number, None when all of it went.",
    "queue": "The queue of mail for elsewhere changed: id of the message.",
    "faults": "The plan was changed: faults, their count.",
    "fault": "A fault of the plan hit: protocol, session, command, user.",
    "capabilities": "Capabilities were switched on or off: without.",
    "reset": "The server is as new.",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        kind: One of `KINDS`.
        what: Values that become JSON: names and numbers, never contents.
    """

    kind: str
    what: dict[str, object]


@dataclass(slots=True)
class Changes:
    """Tells changes; costs next to nothing while nobody listens."""

    _told: list[Callable[[Change], None]] = field(default_factory=list)

    def tell(self, kind: str, **what: object) -> None:
        """Tell everybody who listens."""
        if self._told:
            change = Change(kind, what)
            for told in tuple(self._told):
                told(change)

    def on_change(self, told: Callable[[Change], None]) -> Callable[[], None]:
        """Call `told` for each change; returns the function that stops it."""
        self._told.append(told)
        return lambda: self._told.remove(told)
