"""The status line a server answers with, and its extended response code."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.limits import POP3_MAX_REPLY_OCTETS

# single-line = status [SP text] CRLF          ; RFC 2449 section 3, 512 octets at most
# status      = "+OK" / "-ERR"
# text        = *schar / resp-code *CHAR
# resp-code   = "[" resp-level *("/" resp-level) "]"
# resp-level  = 1*rchar                         ; printable ASCII, excluding "/" and "]"
#
# Lower case is taken too, and a tab for the space: section 3 of RFC 1939 wants upper case, but
# nothing else a server says could be meant by it.
_REPLY = re.compile(rb"(?:(\+OK)|-ERR)(?:[ \t]+(.*))?", re.IGNORECASE | re.DOTALL)
_CODE = re.compile(rb"\[([!-.0-\\^-~]+(?:/[!-.0-\\^-~]+)*)\] ?")
_UNSENDABLE = re.compile(r"[\r\n\0]")

# RFC 2449 section 8.1, RFC 3206, RFC 6856 section 5.
IN_USE = "IN-USE"
LOGIN_DELAY = "LOGIN-DELAY"
SYS_TEMP = "SYS/TEMP"
SYS_PERM = "SYS/PERM"
AUTH = "AUTH"
UTF8 = "UTF8"


@dataclass(frozen=True, slots=True)
class Reply:
    """One status line.

    Attributes:
        ok: `+OK` or `-ERR`.
        text: What it says to people, without the code; UTF-8, with U+FFFD in place of broken octets
            and of what does not print, so that no server moves the cursor of a terminal.
        code: The extended response code in upper case (`"SYS/TEMP"`), or None.
        octets: What stood behind the status and the code, as it came; b"" in a reply of ours.
    """

    ok: bool
    text: str = ""
    code: str | None = None
    octets: bytes = field(default=b"", compare=False, repr=False)

    @classmethod
    def parse(cls, line: bytes) -> Reply:
        """Read a line without its CRLF.

        Raises:
            RemoteProtocolError: It is neither +OK nor -ERR.
        """
        found = _REPLY.fullmatch(line)
        if found is None:
            shown = line[:80].decode("ascii", "backslashreplace")
            raise RemoteProtocolError(f"a reply begins neither with +OK nor with -ERR: {shown!r}")
        text = found[2] or b""
        code = _CODE.match(text)
        if code is None:
            return cls(found[1] is not None, printable(text), None, text)
        rest = text[code.end() :]
        return cls(found[1] is not None, printable(rest), code[1].decode("ascii").upper(), rest)

    def encode(self) -> bytes:
        """Return the line with its CRLF.

        Raises:
            LocalProtocolError: It would not be one line of at most 512 octets, or would read
                differently from what it says.
        """
        if _UNSENDABLE.search(self.text):
            raise LocalProtocolError("CR, LF and NUL cannot stand in a reply")
        parts = ["+OK" if self.ok else "-ERR"]
        if self.code is not None:
            if not _CODE.fullmatch(f"[{self.code}]".encode("utf-8", "replace")):
                raise LocalProtocolError(f"{self.code!r} is not a response code")
            parts.append(f"[{self.code}]")
        elif self.text.startswith("["):
            # RFC 2449 section 6.4: with RESP-CODES, a text that begins with "[" is a code.
            raise LocalProtocolError("a text cannot begin with “[”: it would be a response code")
        if self.text:
            parts.append(self.text)
        line = " ".join(parts).encode("utf-8", "replace") + b"\r\n"
        if len(line) > POP3_MAX_REPLY_OCTETS:
            raise LocalProtocolError(f"a reply is at most {POP3_MAX_REPLY_OCTETS} octets")
        return line

    def has(self, code: str) -> bool:
        """Whether the code is this one or a finer one: `has("SYS")` holds for `SYS/TEMP`."""
        return self.code is not None and (self.code == code or self.code.startswith(code + "/"))

    def __str__(self) -> str:
        code = f"[{self.code}]" if self.code else ""
        return " ".join(part for part in (code, self.text) if part) or (
            "+OK" if self.ok else "-ERR"
        )


def printable(octets: bytes) -> str:
    """Decode what a server says to people; U+FFFD stands for what does not print."""
    text = octets.decode("utf-8", "replace")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\t" else "\ufffd" for char in text)


def ok(text: str = "") -> Reply:
    """Make a positive reply."""
    return Reply(ok=True, text=text)


def error(text: str, code: str | None = None) -> Reply:
    """Make a negative reply."""
    return Reply(ok=False, text=text, code=code)
