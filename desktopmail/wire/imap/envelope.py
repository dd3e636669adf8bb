"""The ENVELOPE of a message: its header as the server parsed it, encoded words left as they are."""

# envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP
#            env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"   ; RFC 9051 section 9
# env-from = "(" 1*address ")" / nil
# address  = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"   ; each an nstring

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from desktopmail.wire.imap.cursor import unquote

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

NSTRING: Final = rb'(?>NIL|"[^"\\\r\n\x00]*+"|"(?:[^"\\\r\n\x00]++|\\["\\])*")'
_ADDRESS = rb"\(%b %b %b %b\)" % (NSTRING, NSTRING, NSTRING, NSTRING)
ADDRESSES: Final = rb"(?>NIL|\((?:%b ?)+\))" % _ADDRESS
# A whole envelope without literals in one match. Anything else goes the slow way, by the cursor.
_ENVELOPE = re.compile(
    rb"\((%b) (%b) (%b) (%b) (%b) (%b) (%b) (%b) (%b) (%b)\)"
    % (*[NSTRING] * 2, *[ADDRESSES] * 6, *[NSTRING] * 2)
)
_ONE_ADDRESS = re.compile(rb"\((%b) (%b) (%b) (%b)\)" % (NSTRING, NSTRING, NSTRING, NSTRING))
_MAX_REMEMBERED_OCTETS = 512


# Named tuples, not dataclasses: a first sync makes some ten of these a message, and a tuple of the
# groups of a match is made four times as fast as a frozen dataclass.
class Address(NamedTuple):
    """One address of an envelope; a group begins with a `mailbox` and no host, and ends with none.

    Attributes:
        name: The phrase before the address, encoded words and all.
        route: The source route of RFC 822, which nobody uses.
        mailbox: The part before the `@`.
        host: The part behind it.
    """

    name: bytes | None = None
    route: bytes | None = None
    mailbox: bytes | None = None
    host: bytes | None = None


Addresses = tuple[Address, ...]


class Envelope(NamedTuple):
    """The parsed header of a message, or of a message inside one. Absent fields are None or ()."""

    date: bytes | None = None
    subject: bytes | None = None
    from_: Addresses = ()
    sender: Addresses = ()
    reply_to: Addresses = ()
    to: Addresses = ()
    cc: Addresses = ()
    bcc: Addresses = ()
    in_reply_to: bytes | None = None
    message_id: bytes | None = None


def nstring_of(octets: bytes) -> bytes | None:
    """Return the string that was matched as `NIL` or in its quotes."""
    if octets == b"NIL":
        return None
    return unquote(octets[1:-1])


def _read_addresses(octets: bytes) -> Addresses:
    if b"\\" in octets:
        return tuple(
            [Address._make(map(nstring_of, four)) for four in _ONE_ADDRESS.findall(octets)]
        )
    return tuple(
        [
            Address(
                None if name == b"NIL" else name[1:-1],
                None if route == b"NIL" else route[1:-1],
                None if mailbox == b"NIL" else mailbox[1:-1],
                None if host == b"NIL" else host[1:-1],
            )
            for name, route, mailbox, host in _ONE_ADDRESS.findall(octets)
        ]
    )


# From, Sender and Reply-To are mostly the same octets, and so is To from one message to the next.
_remembered = lru_cache(maxsize=512)(_read_addresses)


def addresses_of(octets: bytes) -> Addresses:
    """Return the addresses that were matched as `NIL` or as their list."""
    if octets == b"NIL":
        return ()
    if len(octets) <= _MAX_REMEMBERED_OCTETS:
        return _remembered(octets)
    return _read_addresses(octets)


def _decode_address(cursor: Cursor) -> Address:
    cursor.expect(b"(")
    name = cursor.nstring()
    cursor.sp()
    route = cursor.nstring()
    cursor.sp()
    mailbox = cursor.nstring()
    cursor.sp()
    host = cursor.nstring()
    cursor.expect(b")")
    return Address(name, route, mailbox, host)


def _decode_addresses(cursor: Cursor) -> Addresses:
    if cursor.nil():
        return ()
    # An empty list instead of NIL: Lotus Domino and others.
    cursor.expect(b"(")
    found: list[Address] = []
    while not cursor.skip(b")"):
        cursor.count()
        found.append(_decode_address(cursor))
        cursor.skip_sp()
    return tuple(found)


def decode_envelope(cursor: Cursor) -> Envelope:
    """Read an envelope at the cursor."""
    found = _ENVELOPE.match(cursor.octets, cursor.pos)
    if found is None:
        return _decode_slowly(cursor)
    cursor.pos = found.end()
    date, subject, from_, sender, reply_to, to, cc, bcc, in_reply_to, message_id = found.groups()
    senders = addresses_of(from_)
    return Envelope(
        nstring_of(date),
        nstring_of(subject),
        senders,
        senders if sender == from_ else addresses_of(sender),
        senders if reply_to == from_ else addresses_of(reply_to),
        addresses_of(to),
        addresses_of(cc),
        addresses_of(bcc),
        nstring_of(in_reply_to),
        nstring_of(message_id),
    )


def _decode_slowly(cursor: Cursor) -> Envelope:
    cursor.expect(b"(")
    strings: list[bytes | None] = []
    lists: list[Addresses] = []
    for place in range(10):
        if place:
            cursor.sp()
        if 2 <= place <= 7:
            lists.append(_decode_addresses(cursor))
        else:
            strings.append(cursor.nstring())
    cursor.spaces()
    cursor.expect(b")")
    from_, sender, reply_to, to, cc, bcc = lists
    date, subject, in_reply_to, message_id = strings
    return Envelope(
        date, subject, from_, sender, reply_to, to, cc, bcc, in_reply_to, message_id
    )  # fmt: skip


def _encode_addresses(writer: Writer, addresses: Addresses) -> None:
    if not addresses:
        writer.raw(b"NIL")
        return
    writer.raw(b"(")
    for address in addresses:
        for place, part in enumerate(address):
            writer.raw(b" " if place else b"(")
            writer.nstring(part)
        writer.raw(b")")
    writer.raw(b")")


def encode_envelope(writer: Writer, envelope: Envelope) -> None:
    """Write an envelope."""
    for place, part in enumerate(envelope):
        writer.raw(b" " if place else b"(")
        if isinstance(part, tuple):
            _encode_addresses(writer, part)
        else:
            writer.nstring(part)
    writer.raw(b")")
