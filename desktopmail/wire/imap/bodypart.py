"""The MIME parts of a message as a server describes them, and how they are numbered."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.wire.imap.envelope import Envelope

Parameters: TypeAlias = tuple[tuple[bytes, bytes], ...]


class Disposition(NamedTuple):
    """How a part wants to be shown (RFC 2183): `attachment` with a file name, say."""

    kind: bytes
    parameters: Parameters = ()


class SinglePart(NamedTuple):
    """A part without parts of its own, save for a message inside.

    Attributes:
        media_type: As the server sent it: `TEXT`, `text`.
        subtype: As the server sent it.
        parameters: Of Content-Type; RFC 2231 continuations are left as they are.
        content_id: With its angle brackets.
        description: Encoded words are left as they are.
        encoding: The Content-Transfer-Encoding.
        size: Octets in that encoding.
        lines: Of a text part or a message.
        envelope: Of the message inside, for message/rfc822 and message/global.
        body: Of the message inside.
        md5: Content-MD5.
        disposition: Content-Disposition.
        language: Content-Language.
        location: Content-Location.
        extensions: What a later revision may add, unread.
    """

    media_type: bytes
    subtype: bytes
    parameters: Parameters = ()
    content_id: bytes | None = None
    description: bytes | None = None
    encoding: bytes = b"7BIT"
    size: int = 0
    lines: int | None = None
    envelope: Envelope | None = None
    body: BodyStructure | None = None
    md5: bytes | None = None
    disposition: Disposition | None = None
    language: tuple[bytes, ...] = ()
    location: bytes | None = None
    extensions: tuple[bytes, ...] = ()

    @property
    def content_type(self) -> str:
        """The media type as text in lower case: `text/plain`."""
        return (b"%b/%b" % (self.media_type, self.subtype)).decode("ascii", "replace").lower()


class MultiPart(NamedTuple):
    """A part that consists of parts."""

    parts: tuple[BodyStructure, ...]
    subtype: bytes = b"MIXED"
    parameters: Parameters = ()
    disposition: Disposition | None = None
    language: tuple[bytes, ...] = ()
    location: bytes | None = None
    extensions: tuple[bytes, ...] = ()

    @property
    def content_type(self) -> str:
        """The media type as text in lower case: `multipart/alternative`."""
        return f"multipart/{self.subtype.decode('ascii', 'replace').lower()}"


BodyStructure: TypeAlias = SinglePart | MultiPart


def walk(body: BodyStructure) -> Iterator[tuple[tuple[int, ...], BodyStructure]]:
    """Iterate over all parts with their section numbers (RFC 9051 section 6.4.5.1).

    A message that is not a multipart has the one part 1; the parts of a message inside a part are
    numbered below it.
    """
    pending: list[tuple[tuple[int, ...], BodyStructure, bool]] = [((), body, True)]
    while pending:
        number, part, is_message = pending.pop()
        if isinstance(part, MultiPart):
            yield number, part
            pending += [
                ((*number, place), child, False)
                for place, child in reversed(list(enumerate(part.parts, 1)))
            ]
            continue
        place = (*number, 1) if is_message else number
        yield place, part
        if part.body is not None:
            pending.append((place, part.body, True))
