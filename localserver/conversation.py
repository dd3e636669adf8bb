"""The transcript with questions that a test asks: which commands came, in how many round trips."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localserver.transcript import SessionRecord, Transcript


class Conversation:
    """What was said to a server, so far.

    Args:
        transcript: The server's.
    """

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    def records(
        self, protocol: str | None = None, session: int | None = None
    ) -> list[SessionRecord]:
        """Return the records of a protocol or a session."""
        return [
            record
            for record in self._transcript.records()
            if (protocol is None or record.protocol == protocol)
            and (session is None or record.session == session)
        ]

    def text(self, protocol: str | None = None, session: int | None = None) -> str:
        """Return what was said as `C:` and `S:` lines, as RFCs print it; secrets are masked."""
        return "\n".join(
            line for each in self.records(protocol, session) for line in each.record.lines()
        )

    def commands(self, protocol: str | None = None, session: int | None = None) -> list[str]:
        """Return the lines of the client, IMAP's without their tags."""
        return [
            _without_tag(each.protocol, line.removeprefix("C: "))
            for each in self.records(protocol, session)
            if each.record.sender == "C"
            for line in each.record.lines()
        ]

    def round_trips(self, protocol: str | None = None, session: int | None = None) -> int:
        """Return how often clients waited for the server: runs of C that S followed."""
        senders: dict[int, list[str]] = {}
        for each in self.records(protocol, session):
            if each.record.sender in {"C", "S"}:
                senders.setdefault(each.session, []).append(each.record.sender)
        return sum(turn == ("C", "S") for own in senders.values() for turn in pairwise(own))

    def sessions(self, protocol: str | None = None) -> list[int]:
        """Return the numbers of the sessions, oldest first."""
        return list(dict.fromkeys(record.session for record in self.records(protocol)))

    def assert_said(self, pattern: str, *, protocol: str | None = None) -> None:
        """Fail unless a line of the client matches a regular expression.

        Raises:
            AssertionError: None does; the error shows the commands there were.
        """
        commands = self.commands(protocol)
        if not any(re.search(pattern, command) for command in commands):
            raise AssertionError(f"no command matches {pattern!r} among:\n" + "\n".join(commands))

    def assert_never_said(self, pattern: str, *, protocol: str | None = None) -> None:
        """Fail if a line of the client matches a regular expression.

        Raises:
            AssertionError: One does; the error shows it.
        """
        for command in self.commands(protocol):
            if re.search(pattern, command):
                raise AssertionError(f"this command matches {pattern!r}: {command}")

    def assert_round_trips(self, most: int, *, protocol: str | None = None) -> None:
        """Fail if the client waited more often than that.

        Raises:
            AssertionError: It did; the error shows what was said.
        """
        count = self.round_trips(protocol)
        if count > most:
            said = self.text(protocol)
            raise AssertionError(f"{count} round trips, {most} were allowed:\n{said}")


def _without_tag(protocol: str, line: str) -> str:
    return line.partition(" ")[2] if protocol == "imap" and " " in line else line
