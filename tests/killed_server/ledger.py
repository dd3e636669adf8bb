"""What clients were told about their messages, and what therefore has to be found after a kill.

Every message has outcomes that are allowed: one while nothing is asked for, two while a command
about it is under way. What the server acknowledges leaves the new one; a kill leaves both, and what
is found then is the only one from there on.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message lies, and how.

    Attributes:
        mailbox: Its mailbox.
        uid: Its UID, None where the client was not told.
        flags: Its flags, without `\\Recent`.
    """

    mailbox: str
    uid: int | None = None
    flags: frozenset[str] = frozenset()

    def fits(self, found: Place) -> bool:
        """Whether a place that was found is this one."""
        known = self.uid is None or self.uid == found.uid
        return known and self.mailbox == found.mailbox and self.flags == found.flags


Outcome: TypeAlias = "Place | None"  # None: it is not there


@dataclass(slots=True)
class Ledger:
    """The messages of one user.

    Attributes:
        faults: What was found that may not be, a sentence each.
        uidvalidity: Of each mailbox, as it was first seen.
        highest: UID of each mailbox below which nothing new may appear.
    """

    user: str
    faults: list[str] = field(default_factory=list)
    uidvalidity: dict[str, int] = field(default_factory=dict)
    highest: dict[str, int] = field(default_factory=dict)
    _allowed: dict[str, list[Outcome]] = field(default_factory=dict)
    _together: list[dict[str, Outcome]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, asked: Mapping[str, Outcome]) -> None:
        """Note what a command asks for, before it is sent: all of it happens, or nothing."""
        with self._lock:
            for name, outcome in asked.items():
                self._allowed.setdefault(name, [None]).append(outcome)
            self._together.append(dict(asked))

    def done(self, asked: Mapping[str, Outcome]) -> None:
        """Note what was acknowledged, with the UIDs that were told."""
        with self._lock:
            for name, outcome in asked.items():
                if outcome is not None and outcome.uid is not None:
                    self._check_uid(name, outcome.mailbox, outcome.uid)
                self._allowed[name] = [outcome]
            self._together = [each for each in self._together if each.keys() != asked.keys()]

    def _check_uid(self, name: str, mailbox: str, uid: int) -> None:
        """A UID that is not the message's already has to be new."""
        before = {(each.mailbox, each.uid) for each in self._allowed[name] if each is not None}
        if (mailbox, uid) not in before and uid <= self.highest.get(mailbox, 0):
            self._fault(f"{name} got UID {uid}, which is not above {self.highest[mailbox]}")

    def there(self, mailbox: str) -> dict[str, Place]:
        """Return what lies in a mailbox for sure, by name."""
        with self._lock:
            return {
                name: outcomes[0]
                for name, outcomes in self._allowed.items()
                if len(outcomes) == 1 and outcomes[0] is not None and outcomes[0].mailbox == mailbox
            }

    def look(self, mailbox: str, uidvalidity: int, uidnext: int) -> None:
        """Compare the numbers of a mailbox with those before."""
        if self.uidvalidity.setdefault(mailbox, uidvalidity) != uidvalidity:
            self._fault(f"{mailbox} has another UIDVALIDITY: {uidvalidity}")
        if uidnext <= self.highest.get(mailbox, 0):
            self._fault(f"the UIDNEXT of {mailbox} went back to {uidnext}")
        self.highest[mailbox] = uidnext - 1

    def settle(self, found: Mapping[str, list[Place]]) -> None:
        """Compare everything that is there with what is allowed, and take it as the truth."""
        with self._lock:
            for name in found.keys() - self._allowed.keys():
                self._fault(f"nobody ever sent {name}")
            for name, outcomes in self._allowed.items():
                places = found.get(name, [])
                if len(places) > 1:
                    self._fault(f"{name} is there {len(places)} times: {places}")
                    continue
                place = places[0] if places else None
                if not any(_fits(each, place) for each in outcomes):
                    self._fault(f"{name} is {place}, allowed was {outcomes}")
            for asked in self._together:
                taken = {self._taken(name, wanted, found) for name, wanted in asked.items()}
                if {True, False} <= taken:
                    self._fault(f"half of a command was done: {asked}")
            self._together.clear()
            self._allowed = {name: [_only(found, name)] for name in self._allowed}

    def _taken(self, name: str, wanted: Outcome, found: Mapping[str, list[Place]]) -> bool | None:
        """Whether a message is as a command wanted it; None when it was so before."""
        place = _only(found, name)
        if _fits(self._allowed[name][0], wanted):
            return None
        return _fits(wanted, place)

    def _fault(self, sentence: str) -> None:
        self.faults.append(f"{self.user}: {sentence}")


def _only(found: Mapping[str, list[Place]], name: str) -> Outcome:
    places = found.get(name)
    return places[0] if places else None


def _fits(wanted: Outcome, found: Outcome) -> bool:
    if wanted is None or found is None:
        return wanted is found
    return wanted.fits(found)
