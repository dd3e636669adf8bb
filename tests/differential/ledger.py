"""What a trial knows of messages: which there are, which may be gone, and how often each may be."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Ledger:
    """Messages are known by their subject, which is that of one message alone.

    Attributes:
        mortal: Somebody has deleted these for good, or may have.
        copies: How often each was copied at most.
        elsewhere: Those that a person put into a mailbox that somebody may delete.
        moved_here, moved_there: Those that a person, or another device, has moved.
        doomed: Mailboxes that a person deleted.
        made_here: Those that were no server's at first.
    """

    def __init__(self) -> None:
        self._born: set[str] = set()
        self._numbers: dict[str, int] = defaultdict(int)
        self.mortal: set[str] = set()
        self.copies: Counter[str] = Counter()
        self.moved_here: set[str] = set()
        self.moved_there: set[str] = set()
        self.elsewhere: set[str] = set()
        self.made_here: set[str] = set()
        self.doomed: set[str] = set()

    def new(self, kind: str) -> tuple[str, bytes]:
        """A message that there never was."""
        self._numbers[kind] += 1
        subject = f"{kind}{self._numbers[kind]}"
        return subject, mail(subject, 200 + 700 * (len(self._born) % 7))

    def born(self, *subjects: str) -> None:
        """These are at a server, or acknowledged by an engine."""
        self._born.update(subjects)

    def faults(self, held: Iterable[str], standing: Iterable[str]) -> Iterator[str]:
        """What is lost of these, or doubled.

        Args:
            held: What there is at all.
            standing: The same without what is marked as deleted.
        """
        for subject in sorted(self._born - self.mortal - {*held}):
            yield f"{subject} is lost"
        for subject, count in sorted(Counter(standing).items()):
            most = 1 + self.copies[subject]
            # Two programs that move a message at once may each have brought it somewhere.
            most += subject in self.moved_here and subject in self.moved_there
            if count > most:
                yield f"{subject} is there {count} times, {most} at most were wanted"


def mail(subject: str, octets: int) -> bytes:
    """A message of about that size."""
    line = f"The text of {subject}, and some more of it.\r\n"
    return (
        f"From: Carol <carol@example.org>\r\nTo: alice@example.org\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject}@example.org>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\n"
        + line
        * (octets // len(line) + 1)
    ).encode()
