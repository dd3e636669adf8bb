"""Cuts what was said into lines, never inside a literal or a message, and lines into actions.

An action is one command of the client with everything up to its completion. A `Conversation`
takes the records of one connection in their order, as they come, and needs no other context.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from desktopmail.ui.transcript.dialogue import DIALOGUES
from desktopmail.ui.transcript.reading import Context, Role

if TYPE_CHECKING:
    from desktopmail.ui.transcript.dialogue import Verdict
    from desktopmail.ui.transcript.piece import Cut

Protocol = Literal["imap", "pop3", "smtp"]
# How transcripts say that they leave octets out: at the end of a record, or in a remark behind it.
_CUT_OFF = re.compile(rb"\r\n\[([0-9]{1,19}) more octets\]\r\n\Z")
_NOT_SHOWN = re.compile(rb"([0-9]{1,19}) more octets are not shown\s*\Z")
_MESSAGE = re.compile(rb"the message, ([0-9]{1,19}) octets\s*\Z")


class Kind(StrEnum):
    """What began an action.

    Attributes:
        COMMAND: A command of the client.
        GREETING: The server's first words.
        UNSOLICITED: The server spoke without a command in progress.
        REMARK: Neither side: TLS was started, the connection was closed.
        STRAY: The client said what cannot be understood as a command.
    """

    COMMAND = "command"
    GREETING = "greeting"
    UNSOLICITED = "unsolicited"
    REMARK = "remark"
    STRAY = "stray"


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or one whole literal or message.

    Attributes:
        sender: `"C"`, `"S"`, or `"*"` for a remark.
        octets: As recorded, CRLF included; secrets are masks.
        action: Number of the action it belongs to.
        context: What `explain` has to know of the lines before.
        at_s: When its last octet was recorded.
        complete: False when the connection ended within it, or the transcript has a gap.
        missing: So many octets of it the transcript left out.
    """

    sender: str
    octets: bytes
    action: int
    context: Context
    at_s: float
    complete: bool = True
    missing: int = 0

    @property
    def text(self) -> str:
        r"""The line without its CRLF, what is not printable as `\xNN`."""
        return printable(self.octets)


@dataclass(slots=True)
class Action:
    """Lines that belong together.

    Attributes:
        number: Place among the actions of the conversation, from 0.
        kind: What began it.
        command: Its keyword (`UID FETCH`); empty when no command began it.
        lines: In their order; those of other actions may have come between.
        complete: The server has completed the command.
        status: The word or code that completed it (`OK`, `250`, `+OK`).
        octets_sent: By the client; a secret counts as its mask.
        octets_received: From the server.
        depths: For each time the client spoke: how many answers it had to await before.
    """

    number: int
    kind: Kind
    command: str = ""
    lines: list[Line] = field(default_factory=list)
    complete: bool = False
    status: str = ""
    octets_sent: int = 0
    octets_received: int = 0
    depths: set[int] = field(default_factory=set)

    @property
    def round_trips(self) -> int:
        """How many times the client spoke and waited; pipelined commands share theirs."""
        return len(self.depths)

    @property
    def began_s(self) -> float:
        """When the first line was recorded."""
        return self.lines[0].at_s

    @property
    def ended_s(self) -> float:
        """When the last line so far was recorded."""
        return self.lines[-1].at_s


class Conversation:
    """One connection, taken record by record.

    Args:
        protocol: `imap`, `pop3` or `smtp` (which is submission and LMTP too).
    """

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.actions: list[Action] = []
        self._dialogue = DIALOGUES[protocol]()
        self._reached = 0

    @property
    def round_trips(self) -> int:
        """How many answers, one after the other, the whole connection had to await."""
        return self._reached

    def add(self, sender: str, octets: bytes, at_s: float = 0.0) -> list[Line]:
        """Take a record; return the lines that are complete with it."""
        if sender == "*":
            return self._remark(octets, at_s)
        gap = _CUT_OFF.search(octets)
        lines = self._feed(sender, octets[: gap.start()] if gap else octets, at_s)
        return lines + self._skip(sender, int(gap[1]), at_s) if gap else lines

    def finish(self, at_s: float = 0.0) -> list[Line]:
        """The connection is over: return what it left unfinished, as incomplete lines."""
        rests = [(sender, self._dialogue.halves[sender].rest()) for sender in ("C", "S")]
        return [self._take(sender, cut, at_s) for sender, cut in rests if cut is not None]

    def _feed(self, sender: str, octets: bytes, at_s: float) -> list[Line]:
        half = self._dialogue.halves[sender]
        half.buffer += octets
        lines = []
        while (cut := half.cut()) is not None:
            lines.append(self._take(sender, cut, at_s))
        return lines

    def _skip(self, sender: str, octets: int, at_s: float) -> list[Line]:
        """The transcript leaves octets out: within a literal that is only a matter of counting."""
        half = self._dialogue.halves[sender]
        if half.skip(octets):
            return []
        return [self._take(sender, half.lose(self._dialogue.lost(sender)), at_s)]

    def _take(self, sender: str, cut: Cut, at_s: float) -> Line:
        verdict = self._dialogue.take(sender, cut.octets, cut.piece)
        action = self._action(sender, verdict)
        line = Line(
            sender, cut.octets, action.number, verdict.context, at_s, cut.complete, cut.missing
        )
        action.lines.append(line)
        if sender == "C":
            action.octets_sent += cut.size
            action.depths.add(self._reached + 1)
        else:
            action.octets_received += cut.size
            self._reached = max(self._reached, max(action.depths, default=0))
        if verdict.status and (cut.complete or cut.missing):
            action.complete, action.status = True, verdict.status
        return line

    def _action(self, sender: str, verdict: Verdict) -> Action:
        if verdict.action is not None:
            return self.actions[verdict.action]
        if sender == "C":
            kind = Kind.COMMAND if verdict.context.command else Kind.STRAY
        elif verdict.context.role is Role.GREETING:
            kind = Kind.GREETING
        else:
            kind = Kind.UNSOLICITED
            if self.actions and self.actions[-1].kind is kind:
                self._dialogue.began(self.actions[-1].number)
                return self.actions[-1]
        action = self._begin(kind, verdict.context.command)
        self._dialogue.began(action.number)
        return action

    def _begin(self, kind: Kind, command: str = "") -> Action:
        action = Action(len(self.actions), kind, command)
        self.actions.append(action)
        return action

    def _remark(self, octets: bytes, at_s: float) -> list[Line]:
        """A remark belongs to the action it came in, or stands for itself."""
        gap = _NOT_SHOWN.match(octets)
        lines = self._skip("S", int(gap[1]), at_s) if gap else []
        number = self._dialogue.open_action()
        action = self.actions[number] if number is not None else self._begin(Kind.REMARK)
        message = _MESSAGE.match(octets)
        if message is not None:
            action.octets_sent += int(message[1])
            action.depths.add(self._reached + 1)
            if number is None:
                self._dialogue.remarked(action.number)
        line = Line("*", octets, action.number, Context(role=Role.REMARK), at_s)
        action.lines.append(line)
        return [*lines, line]


def printable(octets: bytes) -> str:
    r"""Octets as text that can be shown, without the last CRLF; the rest as `\xNN`."""
    text = octets.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in "\t\n\r" else char.encode("unicode_escape").decode()
        for char in text
    )
