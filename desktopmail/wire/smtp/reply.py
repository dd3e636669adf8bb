"""A reply: three digits, perhaps an enhanced code, and text; what servers say and clients read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.smtp.limits import MAX_REPLY_LINE_OCTETS, MAX_REPLY_LINES

if TYPE_CHECKING:
    from typing import Final

# RFC 5321 section 4.2
# Reply-line     = *( Reply-code "-" [ textstring ] CRLF )
#                  Reply-code [ SP textstring ] CRLF
# Reply-code     = %x32-35 %x30-35 %x30-39
# textstring     = 1*(%d09 / %d32-126) ; HT, SP, Printable US-ASCII
#
# The second digit is taken up to 9 and the text in any octets: both are seen in the wild, and
# neither makes a reply ambiguous.
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])([^\r\n]*))?")
# RFC 2034 section 4: status-code = class "." subject "." detail, the class equal to the first digit
_ENHANCED = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?: +|$)")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_MAX_TEXT_OCTETS: Final = 480  # so that code, enhanced code and CRLF fit into 512


@dataclass(frozen=True, slots=True)
class EnhancedCode:
    """The three numbers of RFC 3463, `5.1.1`."""

    klass: int
    subject: int
    detail: int

    def __str__(self) -> str:
        return f"{self.klass}.{self.subject}.{self.detail}"

    @classmethod
    def parse(cls, text: str) -> EnhancedCode:
        """Read `5.1.1`.

        Raises:
            ValueError: It is none.
        """
        match = _ENHANCED.fullmatch(text)
        if match is None:
            raise ValueError(f"no enhanced status code: {text!r}")
        return cls(int(match[1]), int(match[2]), int(match[3]))


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of a server.

    Attributes:
        code: 200 to 599.
        lines: Text, without codes; at least one line, which may be empty.
        enhanced: The enhanced code, or None.
    """

    code: int
    lines: tuple[str, ...]
    enhanced: EnhancedCode | None = None
    # What `encode` made of it, with enhanced codes or without: most replies of a server are said
    # thousands of times.
    _encoded: dict[bool, bytes] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    @property
    def text(self) -> str:
        """All lines in one."""
        return " ".join(line for line in self.lines if line)

    @property
    def positive(self) -> bool:
        """2yz: done."""
        return 200 <= self.code < 300

    @property
    def intermediate(self) -> bool:
        """3yz: go on."""
        return 300 <= self.code < 400

    @property
    def temporary(self) -> bool:
        """4yz: not now."""
        return 400 <= self.code < 500

    @property
    def permanent(self) -> bool:
        """5yz: never like this."""
        return self.code >= 500

    @property
    def too_many_recipients(self) -> bool:
        """A RCPT that the next transaction may have room for.

        "Clients SHOULD treat a 552 code in this case as a temporary, rather than permanent,
        failure" (RFC 5321 section 4.5.3.1.10).
        """
        enhanced = self.enhanced
        return self.code in {452, 552} and (
            enhanced is None or (enhanced.subject, enhanced.detail) == (5, 3)
        )

    def __str__(self) -> str:
        enhanced = f" {self.enhanced}" if self.enhanced else ""
        return f"{self.code}{enhanced} {self.text}".rstrip()

    def encode(self, *, enhanced: bool = True) -> bytes:
        """Return the octets, CRLF included.

        Control characters become spaces, so that no text can end a line, and long texts are
        continued on further lines.

        Args:
            enhanced: Whether the enhanced code is written.
        """
        octets = self._encoded.get(enhanced)
        if octets is None:
            prefix = f"{self.enhanced} " if enhanced and self.enhanced else ""
            texts = [piece for line in self.lines for piece in _pieces(_CONTROLS.sub(" ", line))]
            out = [f"{self.code}-{prefix}{text}\r\n" for text in texts[:-1]]
            # A line of a bare code is legal, but old clients want the space.
            out.append(f"{self.code} {prefix}{texts[-1]}\r\n")
            octets = self._encoded[enhanced] = "".join(out).encode("utf-8", "replace")
        return octets


def reply(code: int, text: str, enhanced: str | None = None) -> Reply:
    """Make a reply of one line; `enhanced` is written as `"2.1.0"`."""
    return Reply(code, (text,), _enhanced(enhanced) if enhanced else None)


# A server knows few of them, and makes a reply of its own for each message.
_enhanced = lru_cache(maxsize=128)(EnhancedCode.parse)


def _pieces(text: str) -> list[str]:
    pieces = []
    while len(text.encode("utf-8", "replace")) > _MAX_TEXT_OCTETS:
        cut = _MAX_TEXT_OCTETS
        while len(text[:cut].encode("utf-8", "replace")) > _MAX_TEXT_OCTETS:
            cut -= 1
        space = text.rfind(" ", 0, cut)
        cut = space if space > 0 else cut
        pieces.append(text[:cut])
        text = text[cut:].lstrip()
    return [*pieces, text]


class ReplyReader:
    """Puts the lines of replies together; one for each connection of a client."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._code = b""
        self._texts: list[str] = []

    def receive(self, octets: bytes) -> None:
        """Take octets from the server."""
        self._buffer += octets

    @property
    def empty(self) -> bool:
        """Whether nothing is left over, not even the beginning of a reply."""
        return not self._buffer and not self._texts

    def next_reply(self) -> Reply | None:
        """Return the next whole reply, or None.

        Raises:
            RemoteProtocolError: It is no reply, or passes the limits.
        """
        while (end := self._buffer.find(b"\n")) >= 0:
            if end > MAX_REPLY_LINE_OCTETS:
                raise RemoteProtocolError("reply line too long", limit="MAX_REPLY_LINE_OCTETS")
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            if not self._texts and line[3:4] != b"-":
                return _one_line(line)
            if self._take_line(line):
                texts, self._texts = self._texts, []
                return _read(self._code, texts)
        if len(self._buffer) > MAX_REPLY_LINE_OCTETS:
            raise RemoteProtocolError("reply line too long", limit="MAX_REPLY_LINE_OCTETS")
        return None

    def _take_line(self, line: bytes) -> bool:
        code, more, text = _parse_line(line)
        if self._texts and code != self._code:
            raise RemoteProtocolError(f"a reply changes from {self._code!r} to {code!r}")
        if len(self._texts) == MAX_REPLY_LINES:
            raise RemoteProtocolError("reply of too many lines", limit="MAX_REPLY_LINES")
        self._code = code
        self._texts.append(text)
        return not more


@lru_cache(maxsize=64)
def _one_line(line: bytes) -> Reply:
    """Read a reply of one line; a server says the same few to every message."""
    code, _, text = _parse_line(line)
    return _read(code, [text])


def _parse_line(line: bytes) -> tuple[bytes, bool, str]:
    """Return the code, whether a line follows, and the text."""
    match = _LINE.fullmatch(line.removesuffix(b"\r"))
    if match is None:
        raise RemoteProtocolError(f"not a reply line: {line[:80]!r}")
    return match[1], match[2] == b"-", (match[3] or b"").decode("utf-8", "replace")


def _read(digits: bytes, texts: list[str]) -> Reply:
    code = int(digits)
    first = _ENHANCED.match(texts[0])
    if first is None or int(first[1]) != code // 100:
        return Reply(code, tuple(texts))
    lines = []
    for text in texts:
        # Each line repeats the code (RFC 2034 section 4); lines that do not are kept whole.
        match = _ENHANCED.match(text)
        lines.append(text[match.end() :] if match and match.groups() == first.groups() else text)
    return Reply(code, tuple(lines), EnhancedCode.parse(first[0].strip()))
