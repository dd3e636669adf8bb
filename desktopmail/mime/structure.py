"""The tree of parts of a message, cut in one pass, with offsets into the octets.

Every line that starts with "--" is looked up among the boundaries that are open; nothing is read
twice and nothing recurses, so depth and size cannot hurt. What a part holds is decoded when it is
asked for, by other modules. RFC 2046 section 5.1, RFC 2045 sections 5 and 6.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from desktopmail.mime import encoded_word, parameter, transfer
from desktopmail.mime.defect import Defect
from desktopmail.mime.header import Header, unfold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_DEPTH = 100
MAX_PARTS = 10_000
_MESSAGE_TYPES = frozenset({"message/rfc822", "message/global", "message/news"})
_TOKEN_EXTRA = frozenset("!#$%&'*+-.^_`{|}~")


class Part:
    """One part of a message, or a whole message: a leaf, a multipart or an enclosed message.

    Attributes:
        octets: The whole message the offsets count in.
        number: The IMAP part number, as `1.2`; empty for the message itself when it is a multipart.
        header: Its header block.
        media_type: `type/subtype` in lower case; what is malformed or missing is `text/plain`.
        parameters: The content type's, decoded, names in lower case.
        begin: Offset of its first octet (a mailbox file's envelope line stands before `header`).
        body: Offset of its body's first octet.
        end: Offset behind its body's last octet (a delimiter's line break is not part of it).
        children: The parts of a multipart; the one enclosed message of a `message/rfc822`.
        defects: What is wrong with it.
    """

    __slots__ = (
        "_disposition", "_encoding", "begin", "body", "children", "defects", "end", "header",
        "media_type", "number", "octets", "parameters",
    )  # fmt: skip

    def __init__(self, octets: bytes, begin: int, header: Header, default_type: str) -> None:
        self.octets = octets
        self.header = header
        self.number = ""
        self.begin = begin
        self.body = header.body
        self.end = header.body
        self.children: list[Part] = []
        self.defects: list[Defect] = list(header.defects)
        self._encoding: str | None = None
        self._disposition: parameter.Parametrised | None = None
        raw = header.raw("content-type")
        if raw is None:
            self.media_type = default_type
            self.parameters: Mapping[str, str] = {}
        else:
            parsed = parameter.parse(unfold(raw))
            self.parameters = parsed.parameters
            self.media_type = parsed.value
            if not _is_media_type(parsed.value):
                # RFC 2045 section 5.2: what cannot be read is text/plain.
                self.media_type = "text/plain"
                self.defects.append(Defect.BAD_CONTENT_TYPE)

    @property
    def type(self) -> str:
        """The part before the slash: `text`."""
        return self.media_type.partition("/")[0]

    @property
    def subtype(self) -> str:
        """The part behind the slash: `plain`."""
        return self.media_type.partition("/")[2]

    @property
    def is_multipart(self) -> bool:
        """Whether it is a multipart that has parts."""
        return bool(self.children) and self.media_type.startswith("multipart/")

    @property
    def is_message(self) -> bool:
        """Whether it encloses a message that was parsed."""
        return bool(self.children) and not self.media_type.startswith("multipart/")

    @property
    def encoding(self) -> str:
        """The transfer encoding, in lower case, spelt properly."""
        if self._encoding is None:
            self._encoding = transfer.encoding_name(self.header.value("content-transfer-encoding"))
        return self._encoding

    @property
    def disposition(self) -> str:
        """`inline`, `attachment`, another token, or empty where there is none."""
        return self._parsed_disposition().value

    @property
    def disposition_parameters(self) -> Mapping[str, str]:
        """The disposition's parameters, decoded."""
        return self._parsed_disposition().parameters

    def _parsed_disposition(self) -> parameter.Parametrised:
        if self._disposition is None:
            self._disposition = parameter.parse(self.header.value("content-disposition") or "")
        return self._disposition

    @property
    def file_name(self) -> str:
        """The name the sender gave it, decoded and not yet made safe; empty where there is none."""
        name = self.disposition_parameters.get("filename") or self.parameters.get("name")
        return encoded_word.clean(name) if name else ""

    @property
    def content_id(self) -> str:
        """The Content-ID without its brackets; empty where there is none."""
        value = self.header.value("content-id")
        return value.strip().removeprefix("<").removesuffix(">").strip() if value else ""

    @property
    def location(self) -> str:
        """The Content-Location; empty where there is none."""
        return "".join((self.header.text("content-location") or "").split())

    @property
    def description(self) -> str:
        """The decoded Content-Description; empty where there is none."""
        return self.header.text("content-description") or ""

    @property
    def languages(self) -> tuple[str, ...]:
        """The tags of Content-Language (RFC 3282)."""
        value = self.header.value("content-language") or ""
        return tuple(tag for tag in (piece.strip() for piece in value.split(",")) if tag)

    @property
    def charset(self) -> str | None:
        """The charset parameter, or None."""
        return self.parameters.get("charset")

    @property
    def raw_body(self) -> bytes:
        """The body as it stands, still encoded."""
        return self.octets[self.body : self.end]

    @property
    def size(self) -> int:
        """Octets of the body as it stands, as BODYSTRUCTURE counts them."""
        return self.end - self.body

    @property
    def lines(self) -> int:
        """Lines of the body as it stands; a last one without an end counts (RFC 9051 §7.5.2)."""
        count = self.octets.count(b"\n", self.body, self.end)
        unended = self.end > self.body and self.octets[self.end - 1] != 0x0A
        return count + 1 if unended else count

    @property
    def content(self) -> bytes:
        """The body with its transfer encoding undone."""
        return transfer.undo(self.octets[self.body : self.end], self.encoding).octets

    def walk(self) -> Iterator[Part]:
        """Yield this part and everything below it, enclosed messages included, in order."""
        stack = [self]
        while stack:
            part = stack.pop()
            yield part
            stack.extend(reversed(part.children))

    def __repr__(self) -> str:
        return f"<Part {self.number or 'message'} {self.media_type} {self.body}:{self.end}>"


def parse(octets: bytes, *, max_depth: int = MAX_DEPTH, max_parts: int = MAX_PARTS) -> Part:
    """Return the tree of parts of a message; never fails.

    Args:
        octets: The message.
        max_depth: How deep parts may be nested; below that a part stays one leaf.
        max_parts: How many parts there may be; the one where it is reached keeps the rest.
    """
    return _Cutter(with_line_feeds(octets), max_depth, max_parts).cut()


def with_line_feeds(octets: bytes) -> bytes:
    """Return a message with old Macintosh line ends with LF in their place; others as they are.

    Of the same length, so that every offset holds in the original too.
    """
    return octets.replace(b"\r", b"\n") if b"\n" not in octets and b"\r" in octets else octets


class _Cutter:
    """The state of the one pass: the parts that are open, and their boundaries."""

    def __init__(self, octets: bytes, max_depth: int, max_parts: int) -> None:
        self.octets = octets
        self.max_depth = max_depth
        self.max_parts = max_parts
        self.count = 0
        self.open: list[Part] = []  # the path from the message to the part at hand
        self.boundaries: list[bytes | None] = []  # of each open part
        self.active: dict[bytes, int] = {}  # boundary → its index in `open`

    def cut(self) -> Part:
        octets = self.octets
        root = self._enter(0, None)
        at = self.open[-1].body
        while self.active:
            # The line break before a delimiter belongs to it; `at` is the begin of a line.
            # Base64 has no hyphen: looking for one first is ten times as fast as for three octets.
            hyphen = octets.find(b"-", at)
            line = octets.find(b"\n--", max(hyphen - 1, 0)) if hyphen >= 0 else -1
            if line < 0:
                break
            line_end = octets.find(b"\n", line + 3)
            if line_end < 0:
                line_end = len(octets)
            at = line_end + 1
            text = octets[line + 3 : line_end].rstrip(b" \t\r")
            index = self.active.get(text)
            if index is None:
                if text[-2:] == b"--":
                    index = self.active.get(text[:-2])
                if index is not None:
                    self._leave_below(index, line)
                    self._forget(index)
                continue
            self._leave_below(index, line)
            if self.count >= self.max_parts:
                self.open[index].defects.append(Defect.TOO_MANY_PARTS)
                self.active.clear()
                break
            self._enter(min(at, len(octets)), self.open[index])
            at = self.open[-1].body
        self._leave_below(-1, len(octets) + 1)
        return root

    def _enter(self, begin: int, parent: Part | None) -> Part:
        """Open the part whose header begins at `begin`, and what it encloses."""
        first: Part | None = None
        while True:
            self.count += 1
            part = self._part(begin, parent)
            if first is None:
                first = part
            if parent is not None:
                parent.children.append(part)
            self.open.append(part)
            self.boundaries.append(None)
            if part.media_type.startswith("multipart/"):
                self._open_multipart(part)
                return first
            if not self._encloses(part):
                return first
            parent, begin = part, part.body

    def _part(self, begin: int, parent: Part | None) -> Part:
        header = Header.parse(self.octets, begin)
        if self.active and self.octets.find(b"\n--", max(begin - 1, 0), header.body) >= 0:
            cut = self._delimiter_within(begin, header.body)
            if cut is not None:
                header = header.cut_at(cut)
        is_digest = parent is not None and parent.media_type == "multipart/digest"
        part = Part(self.octets, begin, header, "message/rfc822" if is_digest else "text/plain")
        part.number = self._number(parent, part)
        return part

    def _number(self, parent: Part | None, part: Part) -> str:
        """RFC 9051 section 6.4.5: a message's only part is 1, an enclosed multipart has its own."""
        if parent is not None and parent.media_type.startswith("multipart/"):
            index = len(parent.children) + 1
            return f"{parent.number}.{index}" if parent.number else str(index)
        if part.media_type.startswith("multipart/"):
            return parent.number if parent is not None else ""
        return f"{parent.number}.1" if parent is not None else "1"

    def _delimiter_within(self, begin: int, stop: int) -> int | None:
        """Return the begin of a delimiter line between two offsets, or None."""
        at = max(begin - 1, 0)
        while True:
            line = self.octets.find(b"\n--", at, stop)
            if line < 0:
                return None
            at = self.octets.find(b"\n", line + 3)
            at = len(self.octets) if at < 0 else at
            text = self.octets[line + 3 : at].rstrip(b" \t\r")
            if text in self.active or (text[-2:] == b"--" and text[:-2] in self.active):
                return line + 1

    def _open_multipart(self, part: Part) -> None:
        boundary = part.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
        if not boundary:
            part.defects.append(Defect.NO_BOUNDARY)
        elif not transfer.is_identity(part.encoding) and not self._has_boundary(part, boundary):
            part.defects.append(Defect.ENCODED_COMPOSITE)
        elif len(self.open) > self.max_depth:
            part.defects.append(Defect.TOO_DEEP)
        else:
            self.active[boundary] = len(self.open) - 1
            self.boundaries[-1] = boundary

    def _has_boundary(self, part: Part, boundary: bytes) -> bool:
        # Many claim Base64 for a multipart and mean its parts; the delimiter in clear tells.
        return self.octets.find(b"--" + boundary, part.body, part.body + 65536) >= 0

    def _encloses(self, part: Part) -> bool:
        if part.media_type not in _MESSAGE_TYPES:
            return False
        if not transfer.is_identity(part.encoding):
            part.defects.append(Defect.ENCODED_COMPOSITE)
            return False
        if len(self.open) > self.max_depth or self.count >= self.max_parts:
            part.defects.append(Defect.TOO_DEEP)
            return False
        return part.body < len(self.octets) and not part.header.defects.count(Defect.NO_BLANK_LINE)

    def _leave_below(self, index: int, line: int) -> None:
        """Close every part that is open below `index`; their bodies end before `line`'s break."""
        octets = self.octets
        end = min(line, len(octets))
        if line < len(octets) and end > 0 and octets[end - 1] == 0x0D:
            end -= 1
        while len(self.open) > index + 1:
            part = self.open[-1]
            # A header's empty line may be the delimiter's line break too; parents hold children.
            part.end = end = max(part.body, end)
            if self.boundaries[-1] is not None:
                missing = Defect.NOT_CLOSED if part.children else Defect.BOUNDARY_NOT_FOUND
                part.defects.append(missing)
                self._forget(len(self.open) - 1)
            self.open.pop()
            self.boundaries.pop()

    def _forget(self, index: int) -> None:
        """Take a multipart's boundary away: its closing delimiter was seen, or its part ended."""
        boundary = self.boundaries[index]
        self.boundaries[index] = None
        if boundary is not None and self.active.get(boundary) == index:
            del self.active[boundary]
            for outer in range(index - 1, -1, -1):  # an outer part may have the same boundary
                if self.boundaries[outer] == boundary:
                    self.active[boundary] = outer
                    break


@functools.lru_cache(maxsize=512)
def _is_media_type(value: str) -> bool:
    kind, slash, subtype = value.partition("/")
    return bool(slash) and _is_token(kind) and _is_token(subtype)


def _is_token(text: str) -> bool:
    return text.isascii() and (
        text.isalnum() or (bool(text) and all(c.isalnum() or c in _TOKEN_EXTRA for c in text))
    )
