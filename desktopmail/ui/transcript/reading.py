"""What a recogniser finds in a line: keywords and their places, not yet explained."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from enum import StrEnum

from desktopmail.ui.transcript import table


class Role(StrEnum):
    """What a line is, besides being a line.

    Attributes:
        LINE: A command, a response or a reply.
        GREETING: The first thing a server says.
        REST: What follows a literal within the same command or response.
        DATA: A literal or a message, as a whole.
        SASL: An answer of the client within a login.
        LISTING: One line of an answer that has many (POP3).
        REMARK: Said by neither side: TLS was started, the connection was closed.
    """

    LINE = "line"
    GREETING = "greeting"
    REST = "rest"
    DATA = "data"
    SASL = "sasl"
    LISTING = "listing"
    REMARK = "remark"


@dataclass(frozen=True, slots=True)
class Context:
    """What has to be known of the lines before to understand one.

    Attributes:
        role: What the line is.
        command: The command to which the line belongs (`UID FETCH`); empty for none or unknown.
        before: Text of the same command or response, up to the literal before this line.
        continued: An earlier line of the same reply came before.
    """

    role: Role = Role.LINE
    command: str = ""
    before: str = ""
    continued: bool = False


NO_CONTEXT = Context()


@dataclass(frozen=True, slots=True)
class Found:
    """A keyword at a place of the line.

    Attributes:
        begin: Where it begins; -1 when it was decoded from Base64.
        end: Behind its last character; -1 like `begin`.
        kind: As in the table.
        keyword: As in the table, in any case.
        protocol: Another table than that of the line (`sasl`); empty for the line's own.
        text: What stands there, where `begin` says nothing.
    """

    begin: int
    end: int
    kind: str
    keyword: str
    protocol: str = ""
    text: str = ""


@dataclass(slots=True)
class Reading:
    """The main keyword of a line, and its other ones in their order."""

    head: Found
    parts: list[Found] = field(default_factory=list)


# attr-val = ALPHA "=" value                                       ; RFC 5802 section 7
_SCRAM = re.compile(r"(?:[nyp](?:=[^,]*)?,[^,]*,)?[a-z]=[^,]+(?:,[a-z]=[^,]+)*")
_SCRAM_PIECE = re.compile(r"(?<![^,])[nrsicpve]=[^,]+")


def structure(begin: int, end: int, keyword: str) -> Found:
    """A part of the grammar that has no keyword of its own."""
    return Found(begin, end, "structure", keyword)


def scram_attributes(encoded: str) -> list[Found]:
    """The attributes of a SCRAM message in Base64; empty when it is none, or is not readable."""
    try:
        message = base64.b64decode(encoded, validate=True).decode("utf-8")
    except ValueError:  # no ASCII, no Base64 or no UTF-8: all are subclasses of it
        return []
    if not _SCRAM.fullmatch(message):
        return []
    return [
        Found(-1, -1, "attribute", piece[0][:2], "sasl", piece[0])
        for piece in _SCRAM_PIECE.finditer(message)
    ]


def mechanism(begin: int, end: int, name: str) -> list[Found]:
    """The SASL mechanism at a place, when the table knows it."""
    if not table.knows("sasl", "mechanism", name):
        return []
    return [Found(begin, end, "mechanism", name, "sasl")]


def sasl_answer(text: str) -> Reading:
    """What a client says within a login, the same in all three protocols."""
    keyword = "cancel" if text == "*" else "client response"
    return Reading(structure(0, len(text), keyword), scram_attributes(text))
