"""Which noun reads which response, and how a response line begins."""

# response-data   = "*" SP (resp-cond-state / resp-cond-bye / mailbox-data / message-data /
#                   capability-data / enable-data) CRLF              ; RFC 9051 section 9
# response-tagged = tag SP resp-cond-state CRLF
# continue-req    = "+" SP (resp-text / base64) CRLF

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.capability import CapabilityResponse, decode_capability
from desktopmail.wire.imap.condition import (
    CONDITIONS,
    TAG,
    Answer,
    Condition,
    Tag,
    Tagged,
    decode_text,
)
from desktopmail.wire.imap.cursor import Cursor
from desktopmail.wire.imap.enable import EnabledResponse, decode_enabled
from desktopmail.wire.imap.expunge import ExpungeResponse, VanishedResponse, decode_vanished
from desktopmail.wire.imap.fetch_response import FetchResponse, decode_fetch
from desktopmail.wire.imap.id import IdResponse, decode_id
from desktopmail.wire.imap.list import ListResponse, decode_list
from desktopmail.wire.imap.namespace import NamespaceResponse, decode_namespace
from desktopmail.wire.imap.quota import (
    QuotaResponse,
    QuotaRootResponse,
    decode_quota,
    decode_quota_root,
)
from desktopmail.wire.imap.search_response import (
    ESearchResponse,
    SearchResponse,
    decode_esearch,
    decode_search,
)
from desktopmail.wire.imap.select import (
    ExistsResponse,
    FlagsResponse,
    RecentResponse,
    decode_flags_response,
)
from desktopmail.wire.imap.sequence import Seq
from desktopmail.wire.imap.sort import SortResponse, decode_sort
from desktopmail.wire.imap.status import StatusResponse, decode_status
from desktopmail.wire.imap.thread import ThreadResponse, decode_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.wire.imap.cutter import Unit
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class OtherResponse:
    """A response that we do not know.

    Attributes:
        name: Its first word, in upper case.
        rest: What follows.
    """

    name: bytes
    rest: bytes = b""

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.atom(self.name)
        writer.raw(self.rest)


UntaggedResponse: TypeAlias = (
    Answer | CapabilityResponse | EnabledResponse | ESearchResponse | ExistsResponse
    | ExpungeResponse | FetchResponse | FlagsResponse | IdResponse | ListResponse
    | NamespaceResponse | OtherResponse | QuotaResponse | QuotaRootResponse | RecentResponse
    | SearchResponse | SortResponse | StatusResponse | ThreadResponse | VanishedResponse
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContinuationRequest:
    """A `+` with whatever follows it: a text for people, or base64 of a SASL exchange."""

    octets: bytes


# A new extension adds its noun's file and one line here.
_READERS: Final[dict[bytes, Callable[[Cursor], UntaggedResponse]]] = {
    b"CAPABILITY": decode_capability,
    b"ENABLED": decode_enabled,
    b"ESEARCH": decode_esearch,
    b"FLAGS": decode_flags_response,
    b"ID": decode_id,
    b"LIST": decode_list,
    # RFC 6154's XLIST of old Gmail differs in nothing else.
    b"XLIST": decode_list,
    b"LSUB": partial(decode_list, lsub=True),
    b"NAMESPACE": decode_namespace,
    b"QUOTA": decode_quota,
    b"QUOTAROOT": decode_quota_root,
    b"SEARCH": decode_search,
    b"SORT": decode_sort,
    b"STATUS": decode_status,
    b"THREAD": decode_thread,
    b"VANISHED": decode_vanished,
}
_NUMBERED = re.compile(rb"\* ++([0-9]{1,10}) ++(FETCH|EXISTS|EXPUNGE|RECENT)(?=[ \r\n]|\Z)",
                       re.IGNORECASE)  # fmt: skip
_NAMED = re.compile(rb"\* ++([^\x00-\x20(){\"]++)")


def decode_response(
    unit: Unit, *, utf8: bool = False
) -> UntaggedResponse | Tagged | ContinuationRequest:
    """Read a whole response as servers really send it.

    Raises:
        RemoteProtocolError: It is none.
    """
    octets = unit.octets
    if octets.startswith(b"* "):
        return _decode_untagged(unit, utf8=utf8)
    if octets.startswith(b"+"):
        return ContinuationRequest(octets[1:].lstrip(b" "))
    return _decode_tagged(octets)


def _decode_untagged(unit: Unit, *, utf8: bool) -> UntaggedResponse:
    octets = unit.octets
    cursor = Cursor(octets, utf8=utf8, lenient=True, aside=unit.aside)
    numbered = _NUMBERED.match(octets)
    if numbered is not None:
        return _decode_numbered(cursor, numbered)
    named = _NAMED.match(octets)
    if named is None:
        raise RemoteProtocolError(f"a response was expected, not {octets[:40]!r}")
    cursor.pos = named.end()
    name = named[1].upper()
    condition = CONDITIONS.get(name)
    if condition is not None:
        return Answer(condition, *decode_text(cursor))
    reader = _READERS.get(name)
    if reader is None:
        return OtherResponse(name, octets[cursor.pos :])
    value = reader(cursor)
    cursor.end()
    return value


def _decode_numbered(cursor: Cursor, found: re.Match[bytes]) -> UntaggedResponse:
    number = int(found[1])
    if number > 0xFFFFFFFF:
        raise RemoteProtocolError("a message number has more than 32 bits")
    name = found[2].upper()
    cursor.pos = found.end()
    value: UntaggedResponse
    if name == b"EXISTS":
        value = ExistsResponse(number)
    elif name == b"RECENT":
        value = RecentResponse(number)
    elif number == 0:
        raise RemoteProtocolError("no message has the number 0")
    elif name == b"EXPUNGE":
        value = ExpungeResponse(Seq(number))
    else:
        cursor.pos = found.start(2)
        value = decode_fetch(cursor, number)
    cursor.end()
    return value


def _decode_tagged(octets: bytes) -> Tagged:
    tag = TAG.match(octets)
    if tag is None:
        raise RemoteProtocolError(f"a response was expected, not {octets[:40]!r}")
    cursor = Cursor(octets, tag.end(), lenient=True)
    cursor.sp()
    condition = CONDITIONS.get(cursor.word())
    if condition is None or condition in {Condition.PREAUTH, Condition.BYE}:
        raise RemoteProtocolError(f"OK, NO or BAD was expected behind a tag, not {octets[:40]!r}")
    code, text = decode_text(cursor)
    return Tagged(Tag(tag[0].decode("ascii")), condition, code, text)
