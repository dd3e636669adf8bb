"""Follows a dialogue: which line is data, and to which command an answer belongs."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass

from desktopmail.ui.transcript.piece import MESSAGE, SECRET, Half, Piece
from desktopmail.ui.transcript.reading import Context, Role


@dataclass(slots=True)
class Pending:
    """A command in progress, or an answer to none.

    Attributes:
        command: Its keyword; empty for an answer to none.
        tag: IMAP's tag.
        argument: Whether the command had one (POP3).
        number: Of its action; None until that has begun.
        said: Its text, up to a literal that is being sent.
        replied: A first line of the reply has come.
        awaited: Replies still to come (LMTP: one for each recipient).
    """

    command: str
    tag: str = ""
    argument: bool = False
    number: int | None = None
    said: str = ""
    replied: bool = False
    awaited: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a piece turned out to be.

    Attributes:
        action: The action it belongs to; None begins a new one.
        context: For its explanation.
        status: What completed the action with this piece; empty while it goes on.
    """

    action: int | None
    context: Context
    status: str = ""


class Dialogue(ABC):
    """What the three protocols have in common."""

    def __init__(self) -> None:
        self.halves = {"C": Half(), "S": Half()}
        self._starting: Pending | None = None
        self._greeted = False

    def began(self, number: int) -> None:
        """Learn the number of the action that the last verdict began."""
        if self._starting is not None:
            self._starting.number = number

    def take(self, sender: str, octets: bytes, piece: Piece) -> Verdict:
        """Say what a piece is."""
        self._starting = None
        text = octets.decode("utf-8", "backslashreplace").rstrip("\r\n")
        if sender == "C":
            self._greeted = True
            return self._said(text, octets, piece)
        return self._answered(text, octets, piece)

    @abstractmethod
    def lost(self, sender: str) -> re.Pattern[bytes]:
        """Learn that the transcript has a gap; return how the first line behind it begins."""

    def remarked(self, number: int) -> None:  # noqa: B027 - only SMTP's remarks stand for anything
        """Learn that a remark began an action."""

    @abstractmethod
    def open_action(self) -> int | None:
        """The action that is in progress, the newest when there are several."""

    @abstractmethod
    def _said(self, text: str, octets: bytes, piece: Piece) -> Verdict:
        """Judge a piece of the client."""

    @abstractmethod
    def _answered(self, text: str, octets: bytes, piece: Piece) -> Verdict:
        """Judge a piece of the server."""

    def _start(self, pending: Pending, role: Role = Role.LINE, status: str = "") -> Verdict:
        self._starting = pending
        return Verdict(None, Context(role, pending.command), status)

    def _answer_to_none(self, status: str) -> Verdict:
        role = Role.LINE if self._greeted else Role.GREETING
        self._greeted = True
        return self._start(Pending(""), role, status)


# ---- IMAP

_LITERAL = re.compile(rb"~?\{([0-9]{1,19})\+?\}\r?\n\Z")
# A human sentence may end in `{5}`; behind these words no literal is looked for, unless their
# response code is still open.
_STATUS_LINE = re.compile(
    rb"(?:\+|[^ \x00-\x1f]+ (?:OK|NO|BAD|PREAUTH|BYE))(?: (?!\[)|\r?\n| \[[^\]\r\n]*+\])",
    re.IGNORECASE,
)
_TAGGED = re.compile(r"([^\s(){%*\"\\+]+) ((?:UID )?[A-Za-z]+)(?= |$)", re.IGNORECASE)
_UNTAGGED = re.compile(r"\* (?:[0-9]+ )?([A-Za-z]+)")
_SEARCH_TAG = re.compile(r"\* ESEARCH \(TAG \"([^\"]+)\"\)", re.IGNORECASE)
_NEXT_COMMAND = re.compile(rb"^[A-Za-z0-9.]+ (?:UID )?[A-Z]+[ \r]", re.MULTILINE)
_NEXT_RESPONSE = rb"^(?:\* (?:[0-9]+ (?:FETCH|EXISTS|EXPUNGE|RECENT)|[A-Z]+)(?=[ \r])|\+ )"
_SEARCHES = frozenset({"SEARCH", "SORT", "THREAD", "ESEARCH"})
_OPENERS = frozenset({"SELECT", "EXAMINE"})
# Which commands an answer without a tag is for; others are for whatever has waited longest.
_ANSWERS: dict[str, frozenset[str]] = {
    "FETCH": frozenset({"FETCH", "STORE"}),
    "ESEARCH": _SEARCHES,
    "STATUS": frozenset({"STATUS", "LIST"}),
    "FLAGS": _OPENERS,
    "EXISTS": _OPENERS,
    "RECENT": _OPENERS,
    "EXPUNGE": frozenset({"EXPUNGE", "MOVE"}),
    "VANISHED": frozenset({"EXPUNGE", "MOVE", "FETCH"}) | _OPENERS,
    "QUOTA": frozenset({"GETQUOTA", "GETQUOTAROOT", "SETQUOTA"}),
    "QUOTAROOT": frozenset({"GETQUOTAROOT"}),
    "ENABLED": frozenset({"ENABLE"}),
    "BYE": frozenset({"LOGOUT"}),
}


class ImapDialogue(Dialogue):
    """Tags tell to which command an answer belongs, and literals are counted."""

    def __init__(self) -> None:
        super().__init__()
        self._open: dict[str, Pending] = {}
        self._speaking: Pending | None = None  # the client is within a command
        self._answering: Pending | None = None  # the server is within an answer
        self._answer_said = ""
        self._answered_last = Pending("")
        self._has_gap = False
        self._tags: set[bytes] = set()  # what the client's tags look like: `a12` is `a[0-9]+`

    def lost(self, sender: str) -> re.Pattern[bytes]:
        """A gap in the answers: they go on with one that cannot be a line of a message."""
        if sender == "C":
            self._speaking = None
            return _NEXT_COMMAND
        self._has_gap = True
        tags = b"|".join(sorted(self._tags))
        tagged = rb"|^(?:%b) (?:OK|NO|BAD)\b" % tags if tags else b""
        return re.compile(_NEXT_RESPONSE + tagged, re.MULTILINE)

    def open_action(self) -> int | None:
        """The newest command in progress."""
        return next(reversed(self._open.values())).number if self._open else None

    def _said(self, text: str, octets: bytes, piece: Piece) -> Verdict:
        speaking = self._speaking
        if speaking is not None:
            role = Role.DATA if piece is Piece.DATA else Role.REST
            context = Context(role, speaking.command, speaking.said)
            if role is Role.REST:
                self._end_of_command(speaking, text, octets)
            return Verdict(speaking.number, context)
        waiting = self._waiting("AUTHENTICATE")
        if waiting is not None:
            return Verdict(waiting.number, Context(Role.SASL, waiting.command))
        idle = self._waiting("IDLE")
        if idle is not None and text.upper() == "DONE":
            return Verdict(idle.number, Context(command=idle.command))
        match = _TAGGED.match(text)
        if match is None:
            return self._start(Pending(""))
        pending = Pending(match[2].upper(), tag=match[1])
        self._open[pending.tag] = pending
        self._tags.add(re.sub(rb"[0-9]+", rb"[0-9]+", re.escape(match[1].encode())))
        self._end_of_command(pending, text, octets)
        return self._start(pending)

    def _end_of_command(self, pending: Pending, text: str, octets: bytes) -> None:
        literal = _LITERAL.search(octets)
        pending.said += text
        self._speaking = None
        if literal is not None:
            self.halves["C"].counted = int(literal[1])
            self.halves["C"].mask = SECRET if pending.command == "LOGIN" else None
            self._speaking = pending

    def _answered(self, text: str, octets: bytes, piece: Piece) -> Verdict:
        if self._has_gap and piece is Piece.LINE:
            self._has_gap, self._answering = False, None
        answering = self._answering
        if answering is None and piece is Piece.DATA:
            answering = self._answered_last
        if answering is not None:
            role = Role.DATA if piece is Piece.DATA else Role.REST
            context = Context(role, answering.command, self._answer_said)
            if role is Role.REST:
                self._end_of_answer(answering, text, octets)
            return Verdict(answering.number, context)
        self._answer_said = ""
        if text == "+" or text.startswith("+ "):
            return self._continued()
        tag, _, rest = text.partition(" ")
        pending = self._open.pop(tag, None)
        if pending is not None:
            self._abandon(pending)
            status = rest.partition(" ")[0].upper()
            return Verdict(pending.number, Context(command=pending.command), status)
        target = self._target(text)
        if target is None:
            verdict = self._answer_to_none(rest.partition(" ")[0])
            target = self._starting or Pending("")
        else:
            verdict = Verdict(target.number, Context(command=target.command))
        if not _STATUS_LINE.match(octets):
            self._end_of_answer(target, text, octets)
        return verdict

    def _end_of_answer(self, pending: Pending, text: str, octets: bytes) -> None:
        literal = _LITERAL.search(octets)
        self._answered_last = pending
        self._answer_said += text
        self._answering = None
        if literal is not None:
            self.halves["S"].counted = int(literal[1])
            self._answering = pending

    def _continued(self) -> Verdict:
        waiting = self._speaking or self._waiting("AUTHENTICATE") or self._waiting("IDLE")
        if waiting is None and self._open:
            waiting = next(reversed(self._open.values()))
        if waiting is None:
            return self._answer_to_none("+")
        return Verdict(waiting.number, Context(command=waiting.command))

    def _abandon(self, pending: Pending) -> None:
        """The command is over: a literal that still waited for leave will never come."""
        if self._speaking is pending:
            self._speaking = None
            self.halves["C"].counted = None

    def _waiting(self, command: str) -> Pending | None:
        return next((one for one in self._open.values() if one.command == command), None)

    def _target(self, text: str) -> Pending | None:
        tagged = _SEARCH_TAG.match(text)
        if tagged is not None and tagged[1] in self._open:
            return self._open[tagged[1]]
        match = _UNTAGGED.match(text)
        keyword = match[1].upper() if match else ""
        commands = _ANSWERS.get(keyword, {keyword})
        waiting = list(self._open.values())
        meant = [one for one in waiting if one.command.removeprefix("UID ") in commands]
        return next(iter(meant or waiting), None)


# ---- SMTP

_REPLY = re.compile(r"([2-5][0-9]{2})([- ]|$)")
_NEXT_REPLY = re.compile(rb"^[2-5][0-9]{2}[- \r]", re.MULTILINE)
_NEXT_VERB = re.compile(rb"^[A-Z]{4}[ \r]", re.MULTILINE)
_VERB = re.compile(r"([A-Za-z][A-Za-z0-9]*)(?: +(.*))?$")


class SmtpDialogue(Dialogue):
    """Replies come in the order of the commands; the message comes after 354, or in chunks."""

    def __init__(self) -> None:
        super().__init__()
        self._queue: deque[Pending] = deque()
        self._sending: Pending | None = None
        self._sasl: Pending | None = None
        self._is_lmtp = False
        self._accepted = 0
        self._remark: int | None = None

    def lost(self, sender: str) -> re.Pattern[bytes]:
        """A gap in the message: a command follows it, or a reply."""
        return _NEXT_REPLY if sender == "S" else _NEXT_VERB

    def remarked(self, number: int) -> None:
        """A remark stands for a message that is not shown; the replies to it belong to it."""
        self._remark = number

    def open_action(self) -> int | None:
        """The command whose reply comes next, or whose message is being sent."""
        pending = self._queue[0] if self._queue else self._sending
        return pending.number if pending is not None else None

    def _said(self, text: str, octets: bytes, piece: Piece) -> Verdict:  # noqa: ARG002 - IMAP's
        sending = self._sending
        if sending is not None and piece is not Piece.LINE:
            if piece is Piece.END or sending.command == "BDAT":
                self._sending = None
            if piece is Piece.END:
                self._queue.append(sending)
            role = Role.DATA if piece is Piece.DATA else Role.LINE
            return Verdict(sending.number, Context(role, sending.command))
        if self._sasl is not None:
            return Verdict(self._sasl.number, Context(Role.SASL, self._sasl.command))
        match = _VERB.match(text)
        if match is None:
            return self._start(Pending(""))
        pending = Pending(match[1].upper())
        self._remark = None
        self._queue.append(pending)
        self._note(pending, (match[2] or "").split())
        return self._start(pending)

    def _note(self, pending: Pending, words: list[str]) -> None:
        if pending.command == "LHLO":
            self._is_lmtp = True
        elif pending.command == "BDAT" and words and words[0].isdigit():
            is_last = words[-1].upper() == "LAST"
            pending.awaited = self._replies() if is_last else 1
            if int(words[0]):
                self._sending = pending
                self.halves["C"].counted = int(words[0])
                self.halves["C"].mask = MESSAGE

    def _replies(self) -> int:
        return max(1, self._accepted) if self._is_lmtp else 1

    def _answered(self, text: str, octets: bytes, piece: Piece) -> Verdict:  # noqa: ARG002 - IMAP's
        match = _REPLY.match(text)
        code = match[1] if match else ""
        self._message_was_sent()
        if not self._queue and self._remark is not None and code:
            return Verdict(self._remark, Context(), "" if text[3:4] == "-" else code)
        if not self._queue or match is None:
            return self._answer_to_none(code)
        pending = self._queue[0]
        context = Context(command=pending.command, continued=pending.replied)
        pending.replied = True
        if match[2] == "-":
            return Verdict(pending.number, context)
        pending.replied = False
        status = code if self._ends(pending, code) else ""
        return Verdict(pending.number, context, status)

    def _message_was_sent(self) -> None:
        """A reply shows that the message is over, whatever the transcript showed of it."""
        sending = self._sending
        is_next = bool(self._queue) and self._queue[0] is sending
        if sending is None or (sending.command == "BDAT" and not is_next):
            return
        self._sending = None
        half = self.halves["C"]
        half.counted, half.dotted = None, False
        if sending.command == "DATA":
            self._queue.appendleft(sending)

    def _ends(self, pending: Pending, code: str) -> bool:
        """Whether the reply completes the command."""
        if code == "334":
            self._sasl = pending
            return False
        self._queue.popleft()
        self._sasl = None
        if code == "354":
            self._sending = pending
            self.halves["C"].dotted = True
            pending.awaited = self._replies()
            return False
        if code.startswith("2") and pending.command in {"MAIL", "RCPT"}:
            self._accepted = self._accepted + 1 if pending.command == "RCPT" else 0
        pending.awaited -= 1
        if pending.awaited > 0 and pending.command in {"DATA", "BDAT"} and self._is_lmtp:
            self._queue.appendleft(pending)
            return False
        return True


# ---- POP3

# Answers with these come in many lines, whatever the argument; those below without one only.
_NEXT_ANSWER = re.compile(rb"^(?:\.\r\n|\+OK|-ERR)", re.MULTILINE)
_MESSAGES = {"RETR", "TOP"}
_LISTINGS = {"LIST", "UIDL", "LANG", "AUTH"}


class Pop3Dialogue(Dialogue):
    """Answers come in the order of the commands; some have many lines, up to a single dot."""

    def __init__(self) -> None:
        super().__init__()
        self._queue: deque[Pending] = deque()
        self._listing: Pending | None = None
        self._sasl: Pending | None = None

    def lost(self, sender: str) -> re.Pattern[bytes]:  # noqa: ARG002 - IMAP's
        """A gap in a message: its end follows it, or the next answer."""
        return _NEXT_ANSWER

    def open_action(self) -> int | None:
        """The command whose answer comes or goes on."""
        pending = self._listing or (self._queue[0] if self._queue else None)
        return pending.number if pending is not None else None

    def _said(self, text: str, octets: bytes, piece: Piece) -> Verdict:  # noqa: ARG002 - IMAP's
        if self._sasl is not None:
            return Verdict(self._sasl.number, Context(Role.SASL, self._sasl.command))
        match = _VERB.match(text)
        if match is None:
            return self._start(Pending(""))
        pending = Pending(match[1].upper(), argument=bool(match[2]))
        self._queue.append(pending)
        return self._start(pending)

    def _answered(self, text: str, octets: bytes, piece: Piece) -> Verdict:  # noqa: ARG002 - IMAP's
        listing = self._listing
        if listing is not None and self._has_ended(listing, text, piece):
            self._listing = listing = None
        if listing is not None:
            return self._listed(listing, text, piece)
        status = text.partition(" ")[0]
        if not self._queue:
            return self._answer_to_none(status)
        pending = self._queue[0]
        context = Context(command=pending.command)
        if status == "+" and pending.command == "AUTH":
            self._sasl = pending
            return Verdict(pending.number, context)
        self._queue.popleft()
        self._sasl = None
        if status == "+OK" and self._has_many_lines(pending):
            self._listing = pending
            self.halves["S"].dotted = pending.command in _MESSAGES
            return Verdict(pending.number, context)
        return Verdict(pending.number, context, status)

    def _listed(self, pending: Pending, text: str, piece: Piece) -> Verdict:
        if text == "." and piece is not Piece.DATA:
            self._listing = None
            return Verdict(pending.number, Context(command=pending.command), "+OK")
        role = Role.DATA if piece is Piece.DATA else Role.LISTING
        return Verdict(pending.number, Context(role, pending.command))

    @staticmethod
    def _has_ended(listing: Pending, text: str, piece: Piece) -> bool:
        """An answer shows that a message is over whose end the transcript left out."""
        is_answer = piece is Piece.LINE and text.startswith(("+OK", "-ERR"))
        return is_answer and listing.command in _MESSAGES

    @staticmethod
    def _has_many_lines(pending: Pending) -> bool:
        if pending.command in _MESSAGES or pending.command == "CAPA":
            return True
        return pending.command in _LISTINGS and not pending.argument


DIALOGUES: dict[str, type[Dialogue]] = {
    "imap": ImapDialogue,
    "smtp": SmtpDialogue,
    "pop3": Pop3Dialogue,
}
