"""The counter of a submission server: Postfix behind a way that is cut, delayed or told otherwise.

What Postfix says is always its own: where it is to refuse something, the client's address is
replaced on its way by one of `access`, for which Postfix refuses just that step.
"""

from __future__ import annotations

import asyncio
import enum
import re
from collections import Counter as Counts
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from desktopmail.net.errors import NetError
from tests.differential.gate import Gate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from desktopmail.net.stream import Stream


class Fault(enum.StrEnum):
    """What happens to one message on its way; those with a hyphen are refusals of Postfix."""

    DEFER_MAIL = "defer-mail"
    REJECT_MAIL = "reject-mail"
    BYE_MAIL = "bye-mail"
    DEFER_RCPT = "defer-rcpt"
    DEFER_DATA = "defer-data"
    REJECT_DATA = "reject-data"
    DEFER_END = "defer-end"
    REJECT_END = "reject-end"
    BYE_END = "bye-end"
    LOSE_RCPT = "cut at RCPT"
    LOSE_CONTENT = "cut within the content"
    LOSE_END = "cut before the end"
    CUT_BEHIND_END = "cut right behind the end"
    LOSE_REPLY = "cut in place of the reply to the end"
    NO_REPLY = "no reply to the end"
    LATE_REPLY = "a late reply to the end"


#: After these the client cannot know what the server has.
DOUBTFUL = (
    Fault.LOSE_END, Fault.CUT_BEHIND_END, Fault.LOSE_REPLY, Fault.LOSE_REPLY, Fault.NO_REPLY,
)  # fmt: skip
_BY_SENDER = frozenset(
    fault for fault in Fault if "-" in fault.value and fault is not Fault.DEFER_RCPT
)
_LATE_S, _SOON_S = 0.4, 0.005
_CODES = {"defer": "451 4.3.0 not now", "reject": "554 5.7.1 never", "bye": "421 4.3.2 not today"}
_AT = {"mail": "senders", "rcpt": "recipients", "data": "data", "end": "end"}
_SENDER = re.compile(rb"(?i)^MAIL FROM:<[^>]*>")
_RECIPIENT = re.compile(rb"(?i)^RCPT TO:<[^>]*>")
_SUBJECT = re.compile(rb"(?m)^Subject: (\S+)")


def access(folder: Path) -> dict[str, str]:
    """Lines of main.cf by which Postfix refuses what a fault wants."""
    tables: dict[str, list[str]] = {name: [] for name in _AT.values()}
    for fault in Fault:
        how, _, step = fault.value.partition("-")
        if how in _CODES:
            tables[_AT[step]].append(f"/^{fault.value}@/ {_CODES[how]}")
    for name, lines in tables.items():
        (folder / f"access-{name}").write_text("\n".join(lines) + "\n")
    table = f"regexp:{folder}/access-"
    return {
        "smtpd_delay_reject": "no",
        "smtpd_sender_restrictions": f"check_sender_access {table}senders",
        "smtpd_recipient_restrictions": f"check_recipient_access {table}recipients,"
        " permit_sasl_authenticated, reject",
        "smtpd_data_restrictions": f"check_sender_access {table}data",
        "smtpd_end_of_data_restrictions": f"check_sender_access {table}end",
    }


class Counter(Gate):
    """Passes SMTP on in the clear, each message with the next of the faults.

    Attributes:
        faults: What happens to the next messages; None: nothing.
        taken: By subject, how often Postfix said that it took a message.
        doubtful: Subjects of messages whose reply did not come, or came late.
    """

    def __init__(self, to: int) -> None:
        super().__init__(to)
        self.faults: deque[Fault | None] = deque()
        self.taken: Counts[str] = Counts()
        self.doubtful: set[str] = set()

    async def _pass_both(self, near: Stream, far: Stream, cut: asyncio.Event) -> None:
        talk = _Talk(self, cut)
        async with asyncio.TaskGroup() as group:
            all_three = (
                group.create_task(_carry(near, far, talk.from_client)),
                group.create_task(_carry(far, near, talk.from_server)),
                group.create_task(cut.wait()),
            )
            await asyncio.wait(all_three, return_when=asyncio.FIRST_COMPLETED)
            for one in all_three:
                one.cancel()


class _Talk:
    """One connection, and where it is. Contents and chunks are passed on when they are whole."""

    def __init__(self, counter: Counter, cut: asyncio.Event) -> None:
        self._counter = counter
        self._cut = cut
        self._asked = deque(["greeting"])  # what has no reply yet
        self._client = self._server = b""
        self._has_go = False  # what comes is content, up to a dot
        self._chunk = b""  # the BDAT whose octets are to come
        self._subject = ""
        self._fault: Fault | None = None
        self._end: tuple[str, Fault | None] = "", None

    async def from_client(self, octets: bytes) -> AsyncIterator[bytes]:
        """What is passed on of this to Postfix."""
        self._client += octets
        while not self._cut.is_set():
            if self._has_go:
                found = (b"\r\n" + self._client).find(b"\r\n.\r\n")
                if found < 0:
                    return
                content, self._client = self._client[:found], self._client[found + 3 :]
                self._has_go = False
                yield self._content(content, b".\r\n", is_last=True)
            elif self._chunk:
                size = int(self._chunk.split()[1])
                if len(self._client) < size:
                    return
                content, self._client = self._client[:size], self._client[size:]
                line, self._chunk = self._chunk + b"\r\n", b""
                is_last = len(line.split()) > 2
                yield line
                yield self._content(content, b"", is_last=is_last)
            else:
                line, end, rest = self._client.partition(b"\r\n")
                if not end:
                    return
                self._client = rest
                if line.upper().startswith(b"BDAT"):
                    self._chunk = line
                else:
                    yield self._command(line) + end

    def _command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        self._asked.append("data" if line.upper() == b"DATA" else "line")
        if verb == b"MAIL":
            faults = self._counter.faults
            self._fault = faults.popleft() if faults else None
            self._subject = ""
            if self._fault in _BY_SENDER:
                return _SENDER.sub(b"MAIL FROM:<%s@postfix.test>" % self._fault.encode(), line)
        elif verb == b"RCPT" and self._fault is Fault.DEFER_RCPT:
            self._fault = None  # one of them
            return _RECIPIENT.sub(b"RCPT TO:<defer-rcpt@postfix.test>", line)
        elif verb == b"RCPT" and self._fault is Fault.LOSE_RCPT:
            self._cut.set()
        return line

    def _content(self, content: bytes, end: bytes, *, is_last: bool) -> bytes:
        """A content or a chunk as it is passed on; the last one with its end."""
        if not self._subject:
            found = _SUBJECT.search(content)
            self._subject = found[1].decode("latin-1") if found else ""
        if self._fault is Fault.LOSE_CONTENT or (is_last and self._fault is Fault.LOSE_END):
            self._cut.set()
            self._counter.doubtful.add(self._subject)
            return (
                content[: len(content) // 2] if self._fault is Fault.LOSE_CONTENT else content[:-1]
            )
        self._asked.append("end" if is_last else "chunk")
        if is_last:
            self._end = self._subject, self._fault
            self._fault = None
            if self._end[1] is Fault.CUT_BEHIND_END:
                self._counter.doubtful.add(self._subject)
                asyncio.get_running_loop().call_later(_SOON_S, self._cut.set)
        return content + end

    async def from_server(self, octets: bytes) -> AsyncIterator[bytes]:
        """What is passed on of this to the client."""
        self._server += octets
        while b"\r\n" in self._server:
            line, _, self._server = self._server.partition(b"\r\n")
            said = line + b"\r\n"
            if line[3:4] == b"-" or not self._asked:  # 421 comes unasked
                yield said
                continue
            asked = self._asked.popleft()
            if asked == "data" and line.startswith(b"354"):
                self._has_go = True
            if asked != "end":
                yield said
                continue
            subject, fault = self._end
            self._counter.taken[subject] += line.startswith(b"2")
            if fault in {Fault.LOSE_REPLY, Fault.NO_REPLY}:
                self._counter.doubtful.add(subject)
            if fault is Fault.LOSE_REPLY:
                self._cut.set()
                return
            if fault is Fault.NO_REPLY:
                await asyncio.Event().wait()  # until the client has had enough
            if fault is Fault.LATE_REPLY:
                await asyncio.sleep(_LATE_S)
            yield said


async def _carry(
    source: Stream, sink: Stream, change: Callable[[bytes], AsyncIterator[bytes]]
) -> None:
    with suppress(NetError):  # either may leave as it likes
        while octets := await source.read():
            async for piece in change(octets):
                await sink.send(piece)
