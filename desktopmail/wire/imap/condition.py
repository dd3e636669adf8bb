"""Status responses: OK, NO, BAD, PREAUTH and BYE, tagged or not, and the `+` that asks for more."""

# response-tagged  = tag SP resp-cond-state CRLF                     ; RFC 9051 section 9
# resp-cond-state  = ("OK" / "NO" / "BAD") SP resp-text
# resp-cond-auth   = ("OK" / "PREAUTH") SP resp-text
# resp-cond-bye    = "BYE" SP resp-text
# continue-req     = "+" SP (resp-text / base64) CRLF

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NewType

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap.codes import ResponseCode, decode_code, encode_code
from desktopmail.wire.imap.writer import octets_of

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

Tag = NewType("Tag", str)
"""Names one command, so that its answer can be told from others."""

# tag = 1*<any ASTRING-CHAR except "+">
TAG: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\+]++")


class Condition(Enum):
    """How something ended, or begins."""

    OK = b"OK"
    NO = b"NO"
    BAD = b"BAD"
    PREAUTH = b"PREAUTH"
    BYE = b"BYE"


CONDITIONS: Final = {condition.value: condition for condition in Condition}


@dataclass(frozen=True, slots=True)
class Answer:
    """An untagged status response; the first one of a connection is its greeting.

    Attributes:
        condition: OK, NO or BAD are for information; PREAUTH greets; BYE says that this is the end.
        code: What it says to programs.
        text: What it says to people.
    """

    condition: Condition
    code: ResponseCode | None = None
    text: str = ""

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        encode_condition(writer, self.condition, self.code, self.text)


@dataclass(frozen=True, slots=True)
class Tagged:
    """The end of one command: OK, NO or BAD.

    Attributes:
        tag: The command's.
        condition: How it ended.
        code: What it says to programs.
        text: What it says to people.
    """

    tag: Tag
    condition: Condition
    code: ResponseCode | None = None
    text: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether the command was carried out."""
        return self.condition is Condition.OK

    def encode(self, writer: Writer) -> None:
        """Write the whole response.

        Raises:
            LocalProtocolError: PREAUTH and BYE are never tagged.
        """
        _refuse_untagged(self.condition)
        tag = self.tag.encode()
        if not TAG.fullmatch(tag):
            raise LocalProtocolError(f"{self.tag!r} is not a tag")
        writer.raw(tag + b" ")
        encode_condition(writer, self.condition, self.code, self.text)


def plain_tagged_octets(answer: Tagged, *, utf8: bool) -> bytes | None:
    """Write a whole tagged answer in one step, CRLF included; None when it has a response code.

    Raises:
        LocalProtocolError: As `Tagged.encode`.
    """
    if answer.code is not None:
        return None
    tag = answer.tag.encode()
    if not TAG.fullmatch(tag):
        raise LocalProtocolError(f"{answer.tag!r} is not a tag")
    return b"%b %b\r\n" % (tag, _plain_octets(answer.condition, answer.text, utf8))


@lru_cache(maxsize=256)  # a server says the same few sentences to every command
def _plain_octets(condition: Condition, text: str, utf8: bool) -> bytes:
    _refuse_untagged(condition)
    return octets_of(lambda writer: encode_condition(writer, condition, None, text), utf8=utf8)


def _refuse_untagged(condition: Condition) -> None:
    if condition in {Condition.PREAUTH, Condition.BYE}:
        raise LocalProtocolError(f"{condition.name} is never tagged")


@dataclass(frozen=True, slots=True)
class Continue:
    """`+`: the client may go on.

    Attributes:
        challenge: What a SASL mechanism says, sent in base64; None for all other uses.
        text: What is said to people when there is no challenge.
    """

    challenge: bytes | None = None
    text: str = "Go ahead"

    def encode(self, writer: Writer) -> None:
        """Write the whole request."""
        writer.raw(b"+ ")
        if self.challenge is not None:
            writer.raw(b64encode(self.challenge))
        else:
            writer.raw(_text_octets(writer, self.text))


def decode_text(cursor: Cursor) -> tuple[ResponseCode | None, str]:
    """Read code and text behind a condition; both may be missing."""
    cursor.skip_sp()
    code = decode_code(cursor)
    cursor.spaces()
    return code, cursor.rest().decode("utf-8", "replace")


def _text_octets(writer: Writer, text: str) -> bytes:
    # Other than ASCII only after ENABLE IMAP4rev2 or UTF8=ACCEPT (RFC 9051 section 9, text).
    octets = text.encode("utf-8", "replace") if writer.utf8 else text.encode("ascii", "replace")
    if b"\r" in octets or b"\n" in octets or b"\0" in octets:
        raise LocalProtocolError("CR, LF and NUL cannot stand in a text")
    return octets


def encode_condition(
    writer: Writer, condition: Condition, code: ResponseCode | None, text: str
) -> None:
    """Write a condition with its code and text.

    Raises:
        LocalProtocolError: The text holds CR, LF or NUL.
    """
    writer.raw(condition.value + b" ")
    if code is not None:
        encode_code(writer, code)
        writer.sp()
    # A text that begins with a bracket would be read as a code; one that is empty breaks clients
    # that follow RFC 3501, where it was not optional.
    octets = _text_octets(writer, text) or b"done"
    if code is None and octets.startswith(b"["):
        octets = b"- " + octets
    writer.raw(octets)


def decode_base64(octets: bytes) -> bytes:
    """Read what a SASL exchange sends in base64; `=` is an empty initial response.

    Raises:
        RemoteProtocolError: It is not base64.
    """
    if octets == b"=":
        return b""
    try:
        return b64decode(octets, validate=True)
    except (Base64Error, ValueError) as error:
        raise RemoteProtocolError("base64 was expected") from error
