"""STAT, LIST and UIDL: how many messages there are, how large, and what they are called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.limits import POP3_MAX_MESSAGES, POP3_MAX_UIDL_OCTETS
from desktopmail.wire.pop3.command import Command, CommandSyntaxError, Follows, parse_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from desktopmail.wire.pop3.reply import Reply

# drop listing: "+OK" SP nn SP mm; scan listing: nn SP size; further words are allowed behind both
# (RFC 1939 section 5: "minimal implementations" end there).
# The beginning of a line: a bare LF ends none.
_BEGIN = rb"(?:\A|(?<=\r\n))"
# Message numbers begin with 1; sizes have 18 digits at most, so that every database can hold them.
_NUMBER = rb"[ \t]*0{0,20}([1-9][0-9]{0,9})"
_DROP = re.compile(rb"[ \t]*([0-9]{1,10})[ \t]+([0-9]{1,18})(?:[ \t].*)?", re.DOTALL)
_SCAN = re.compile(_BEGIN + _NUMBER + rb"[ \t]+([0-9]{1,18})(?:[ \t][^\r\n]*)?\r\n")
# unique-id listing: nn SP unique-id; one to 70 characters from 0x21 to 0x7E (section 7). More is
# taken from servers: up to 1,024 octets of any kind, with spaces inside, because they exist; or
# none, which names nothing: the other messages have their ids all the same.
# Possessive, because a line of nothing but spaces would be looked through again from each of them.
_UIDL = re.compile(_BEGIN + _NUMBER + rb"(?>(?:[ \t]++([^\r\n\0]{0,1024}+))?)\r\n")
_SENDABLE = re.compile(rb"[!-~]{1,%d}" % POP3_MAX_UIDL_OCTETS)


@dataclass(frozen=True, slots=True)
class DropListing:
    """What STAT answers.

    Attributes:
        count: Messages that are not marked as deleted.
        octets: Their sizes together.
    """

    count: int
    octets: int


@dataclass(frozen=True, slots=True)
class Stat(Command[DropListing]):
    """`STAT` (RFC 1939 section 5)."""

    keyword = b"STAT"

    def read(self, reply: Reply, lines: bytes) -> DropListing:
        """Read `nn mm`."""
        del lines
        found = _DROP.fullmatch(reply.octets or reply.text.encode())
        if found is None:
            raise RemoteProtocolError("the answer to STAT is not a count and a size")
        return DropListing(int(found[1]), int(found[2]))


class _Listing:
    """What LIST and UIDL share: one message by number, or all."""

    __slots__ = ()
    number: int | None

    @property
    def arguments(self) -> bytes:
        """The number."""
        return b"" if self.number is None else encode_number(self.number)

    @property
    def follows(self) -> Follows:
        """A listing when no number was given."""
        return Follows.LISTING if self.number is None else Follows.NOTHING


@dataclass(frozen=True, slots=True)
class List(_Listing, Command["dict[int, int]"]):
    """`LIST [msg]` (RFC 1939 section 5).

    Attributes:
        number: One message, or None for all.
    """

    number: int | None = None

    keyword = b"LIST"

    @classmethod
    def parse(cls, arguments: bytes) -> Self:
        """Read the number."""
        return cls(_optional_number(arguments, "LIST"))

    def read(self, reply: Reply, lines: bytes) -> dict[int, int]:
        """Read the sizes in octets by number."""
        if self.number is not None:
            lines = (reply.octets or reply.text.encode()) + b"\r\n"
        return {int(number): int(size) for number, size in _all(_SCAN, lines, "LIST")}


@dataclass(frozen=True, slots=True)
class Uidl(_Listing, Command["dict[int, str]"]):
    """`UIDL [msg]` (RFC 1939 section 7).

    Attributes:
        number: One message, or None for all.
    """

    number: int | None = None

    keyword = b"UIDL"

    @classmethod
    def parse(cls, arguments: bytes) -> Self:
        """Read the number."""
        return cls(_optional_number(arguments, "UIDL"))

    def read(self, reply: Reply, lines: bytes) -> dict[int, str]:
        """Read the unique-ids by number; empty where the server gives none.

        An octet outside of ASCII is kept as the character of the same number, so that two ids are
        equal exactly if their octets are.
        """
        if self.number is not None:
            lines = (reply.octets or reply.text.encode()) + b"\r\n"
        return {
            int(number): uid.rstrip(b" \t").decode("latin-1")
            for number, uid in _all(_UIDL, lines, "UIDL")
        }


def encode_number(number: int) -> bytes:
    """Write a message number.

    Raises:
        LocalProtocolError: It is not from 1 on.
    """
    if not 0 < number < 10**10:
        raise LocalProtocolError(f"{number} is not a message number")
    return b"%d" % number


def encode_scan(number: int, octets: int) -> bytes:
    """Write one scan listing, without CRLF."""
    return b"%d %d" % (number, octets)


def encode_scans(sizes: Mapping[int, int]) -> bytes:
    """Write the listing that answers LIST."""
    return b"".join([b"%d %d\r\n" % entry for entry in sizes.items()])


def encode_unique_id(number: int, uidl: str) -> bytes:
    """Write one unique-id listing, without CRLF.

    Raises:
        LocalProtocolError: The id is not of one to 70 characters from 0x21 to 0x7E.
    """
    octets = uidl.encode("utf-8", "replace")
    if not _SENDABLE.fullmatch(octets):
        raise LocalProtocolError(f"{uidl!r} cannot be a unique-id")
    return b"%d %b" % (number, octets)


def encode_unique_ids(uidls: Iterable[tuple[int, str]]) -> bytes:
    """Write the listing that answers UIDL."""
    return b"".join([encode_unique_id(number, uidl) + b"\r\n" for number, uidl in uidls])


def _all(pattern: re.Pattern[bytes], lines: bytes, keyword: str) -> list[tuple[bytes, bytes]]:
    count = lines.count(b"\r\n")
    if count > POP3_MAX_MESSAGES:
        raise RemoteProtocolError(
            f"the answer to {keyword} names more than {POP3_MAX_MESSAGES} messages",
            limit="POP3_MAX_MESSAGES",
        )
    found = pattern.findall(lines)
    # Every line has to be one: what the pattern skipped would be missing in the count.
    if len(found) != count:
        raise RemoteProtocolError(f"a line of {keyword} is not a number and what belongs to it")
    return found


def _optional_number(arguments: bytes, keyword: str) -> int | None:
    argument = arguments.strip(b" ")
    if not argument:
        return None
    try:
        return parse_number(argument)
    except CommandSyntaxError as wrong:
        raise CommandSyntaxError(f"{keyword} takes a message number or nothing") from wrong
