"""Parameters behind MAIL and RCPT, and xtext, the way they carry text (RFC 5321, RFC 3461)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from desktopmail.wire.smtp.reply import Reply, reply

if TYPE_CHECKING:
    from typing import Final


class CommandError(ValueError):
    """A command that is refused before anybody looks at what it wants.

    Attributes:
        reply: What the server answers.
    """

    def __init__(self, refusal: Reply) -> None:
        super().__init__(str(refusal))
        self.reply = refusal


# Mail-parameters  = esmtp-param *(SP esmtp-param)
# esmtp-param      = esmtp-keyword ["=" esmtp-value]
# esmtp-keyword    = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
# esmtp-value      = 1*(%d33-60 / %d62-126)     ; RFC 6531 adds UTF8-non-ascii
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\x00-\x20=\x7f]+))?")

# xtext   = *( xchar / hexchar )                ; RFC 3461 section 4
# xchar   = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "=".
# hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_HEXCHAR = re.compile(r"\+([0-9A-F]{2})")
_NOT_XCHAR = re.compile(r"[^!-*,-<>-~]")


def parse_parameters(text: str) -> dict[str, str | None]:
    """Read parameters into a dictionary; keywords in upper case.

    Raises:
        CommandError: Malformed (501), or one keyword twice.
    """
    found: dict[str, str | None] = {}
    for word in text.split(" "):
        if not word:
            continue
        match = _PARAMETER.fullmatch(word)
        if match is None:
            raise CommandError(reply(501, "Malformed parameter", "5.5.4"))
        keyword = match[1].upper()
        if keyword in found:
            raise CommandError(reply(501, f"{keyword} is given twice", "5.5.4"))
        found[keyword] = match[2]
    return found


def encode_parameters(parameters: dict[str, str | None]) -> str:
    """Return the parameters as text, each behind a space."""
    return "".join(
        f" {keyword}" if value is None else f" {keyword}={value}"
        for keyword, value in parameters.items()
    )


def encode_xtext(text: str) -> str:
    """Return any ASCII text as xtext.

    Raises:
        ValueError: It is not ASCII, which xtext cannot carry.
    """
    if not text.isascii():
        raise ValueError("xtext carries ASCII only")
    return _NOT_XCHAR.sub(lambda match: f"+{ord(match[0]):02X}", text)


def decode_xtext(xtext: str) -> str:
    """Return what an xtext stands for.

    Raises:
        ValueError: It is none, or stands for CR, LF or NUL, which nothing may smuggle further.
    """
    if not _XTEXT.fullmatch(xtext):
        raise ValueError("not xtext")
    text = _HEXCHAR.sub(lambda match: chr(int(match[1], 16)), xtext)
    if not text.isascii() or any(char in text for char in "\0\r\n"):
        raise ValueError("not xtext of visible ASCII")
    return text


NO_VALUE: Final = "{} takes no value"


def flag(keyword: str, value: str | None) -> bool:
    """Read a parameter that has no value.

    Raises:
        CommandError: It has one.
    """
    if value is not None:
        raise CommandError(reply(501, NO_VALUE.format(keyword), "5.5.4"))
    return True
