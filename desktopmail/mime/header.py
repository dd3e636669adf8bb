"""The header block of a message or part: fields as they stand, unfolded, and decoded.

A `Header` is cut from octets by one regular expression; values are unfolded and decoded when they
are asked for. RFC 5322 section 2.2; leniencies are listed in the package's docstring.
"""

from __future__ import annotations

import functools
import hashlib
import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.mime import encoded_word
from desktopmail.mime.defect import Defect

if TYPE_CHECKING:
    from collections.abc import Iterator

# field = field-name *WSP ":" *(text / (CRLF WSP))        ; the white space is obsolete syntax
_FIELD = re.compile(rb"^([^\s:]+)[ \t]*:[ \t]*+([^\n]*+(?>(?:\n[ \t][^\n]*+)*))", re.MULTILINE)
# The same, and in its third group what is no field: one scan gives both.
_FIELD_OR_JUNK = re.compile(
    rb"^(?:([^\s:]+)[ \t]*:[ \t]*+([^\n]*+(?>(?:\n[ \t][^\n]*+)*))|([^\n]+))", re.MULTILINE
)
# Fields and nothing else: what the expression above would find no junk in.
_FIELDS_ALONE = re.compile(rb"(?>(?:[^\s:]+[ \t]*:[^\n]*+\n(?>(?:[ \t][^\n]*+\n)*))+)")
_JUNK = operator.itemgetter(2)
_ENVELOPE_FIRST = frozenset({b"F", b">"})
_FIRST = re.compile(rb"[^\s:]+[ \t]*:")
_NOT_A_FIELD = re.compile(rb"^(?![^\s:]+[ \t]*:)[^ \t\r\n]", re.MULTILINE)
# Mailbox files and some pipes leave their envelope line in front.
_ENVELOPE_LINE = re.compile(rb">?From (?![ \t]*:)[^\n]*\n")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_LINE_END = re.compile(rb"\r?\n")


@dataclass(frozen=True, slots=True)
class Field:
    """One header field.

    Attributes:
        name: The name, as spelt.
        raw: The octets of the body, folding included, the line end and leading space not.
        begin: Offset of the field's first octet in the message.
        end: Offset behind the field's line end.
    """

    name: str
    raw: bytes
    begin: int
    end: int

    @property
    def value(self) -> str:
        """The body unfolded; encoded words are not decoded."""
        return unfold(self.raw)

    @property
    def text(self) -> str:
        """The body unfolded and decoded, as people read it."""
        return encoded_word.decode(unfold(self.raw))


class Header:
    """The header block of a message or part.

    Attributes:
        octets: The message it was cut from.
        begin: Offset of its first octet.
        end: Offset behind the last field, before the empty line.
        body: Offset of the first octet behind the empty line.
        defects: What is wrong with it.
    """

    __slots__ = ("_by_name", "_fields", "_pairs", "begin", "body", "defects", "end", "octets")

    def __init__(
        self, octets: bytes, begin: int, end: int, body: int, defects: tuple[Defect, ...]
    ) -> None:
        self.octets = octets
        self.begin = begin
        self.end = end
        self.body = body
        self.defects = defects
        self._by_name: dict[bytes, list[bytes]] | None = None
        self._pairs: list[tuple[bytes, bytes, bytes]] | None = None
        self._fields: tuple[Field, ...] | None = None

    @classmethod
    def parse(cls, octets: bytes, begin: int = 0, limit: int | None = None) -> Header:
        """Cut the header block that begins at `begin`; never fails.

        Args:
            octets: The message.
            begin: Where the block begins.
            limit: Where the part ends at the latest; None for the end of the octets.
        """
        stop = len(octets) if limit is None else limit
        if octets[begin : begin + 1] in _ENVELOPE_FIRST:
            envelope = _ENVELOPE_LINE.match(octets, begin, stop)
            begin = envelope.end() if envelope else begin
        head = octets[begin : begin + 2]
        if begin >= stop or head == b"\r\n" or head[:1] == b"\n":
            body = begin if begin >= stop else begin + (2 if head[:1] == b"\r" else 1)
            return cls(octets, begin, begin, min(body, stop), ())
        defects: tuple[Defect, ...] = ()
        # The usual case without a regular expression; a window, lest each of many parts with LF
        # alone looks for a CRLF to the end.
        crlf = octets.find(b"\n\r\n", begin, min(begin + 8192, stop))
        if crlf >= 0 and octets.find(b"\n\n", begin, crlf) < 0:
            end, body = crlf + 1, crlf + 3
        elif blank := _BLANK_LINE.search(octets, begin, stop):
            end, body = blank.start() + 1, blank.end()
        else:
            end = body = stop
            defects = (Defect.NO_BLANK_LINE,)
        header = cls(octets, begin, end, body, defects)
        if any(map(_JUNK, header._cut())):
            header._cope_with_junk()
        return header

    @classmethod
    def size(cls, octets: bytes) -> int:
        """Return `body` of the header block at the beginning, in most cases without cutting it."""
        end = octets.find(b"\n\r\n", 0, 8192) + 1
        if end > 0 and _FIELDS_ALONE.fullmatch(octets, 0, end):
            return end + 2
        return cls.parse(octets).body

    def _cut(self) -> list[tuple[bytes, bytes, bytes]]:
        pairs = self._pairs
        if pairs is None:
            pairs = self._pairs = _FIELD_OR_JUNK.findall(self.octets[self.begin : self.end])
        return pairs

    def _cope_with_junk(self) -> None:
        """Some line is no field: skip it, or take it for the begin of the body."""
        octets, begin, end = self.octets, self.begin, self.end
        self._pairs = None
        if not _FIRST.match(octets, begin, end):
            # A body without a header, unless fields follow a first line that is folded or broken.
            field = _FIELD.search(octets, begin, end)
            if field is None or field.start() - begin > 998:  # the longest line of RFC 5322
                self.end = self.body = begin
                self.defects = (*self.defects, Defect.NO_HEADER)
                return
        elif (broken := _NOT_A_FIELD.search(octets, begin, end)) and not _FIELD.search(
            octets, broken.end(), end
        ):
            self.end = self.body = broken.start()
            self.defects = (Defect.NO_BLANK_LINE,)
            return
        self.defects = (*self.defects, Defect.LINE_WITHOUT_COLON)

    def cut_at(self, limit: int) -> Header:
        """Return the same block ended at a delimiter line that stands inside it."""
        end = min(self.end, limit)
        defects = (*self.defects, Defect.NO_BLANK_LINE)
        return Header(self.octets, self.begin, end, limit, defects)

    @property
    def block(self) -> bytes:
        """The octets of all fields, without the empty line."""
        return self.octets[self.begin : self.end]

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields in their order."""
        if self._fields is None:
            self._fields = tuple(self._cut_fields())
        return self._fields

    def raw(self, name: str) -> bytes | None:
        """Return the folded octets of the first field of that name (any case), or None."""
        index = self._by_name
        found = (self._index() if index is None else index).get(_key(name))
        return found[0] if found else None

    def raws(self, name: str) -> list[bytes]:
        """Return the folded octets of every field of that name, in order."""
        return self._index().get(_key(name), [])

    def value(self, name: str) -> str | None:
        """Return the unfolded body of the first field of that name, or None."""
        found = self.raw(name)
        return None if found is None else unfold(found)

    def values(self, name: str) -> list[str]:
        """Return the unfolded bodies of every field of that name."""
        return [unfold(raw) for raw in self.raws(name)]

    def text(self, name: str) -> str | None:
        """Return the first field of that name as people read it, or None."""
        found = self.raw(name)
        return None if found is None else encoded_word.decode(unfold(found))

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._index()

    @property
    def digest(self) -> str:
        """The SHA-256 of the block as hex digits, line ends as CRLF: see `digest_of`."""
        return digest_of(self.octets, self.begin)

    def _index(self) -> dict[bytes, list[bytes]]:
        index = self._by_name
        if index is None:
            index = self._by_name = {}
            for name, raw, _ in self._cut():
                lower = name.lower()
                if lower in index:
                    index[lower].append(raw)
                elif name:
                    index[lower] = [raw]
            self._pairs = None
        return index

    def _cut_fields(self) -> Iterator[Field]:
        for found in _FIELD.finditer(self.octets, self.begin, self.end):
            end = found.end()
            yield Field(
                name=found[1].decode("utf-8", "replace"),
                raw=found[2].removesuffix(b"\r"),
                begin=found.start(),
                end=end + 1 if self.octets[end : end + 1] == b"\n" else end,
            )


@functools.lru_cache(maxsize=256)
def _key(name: str) -> bytes:
    return name.lower().encode("utf-8", "replace")


def digest_of(octets: bytes, begin: int = 0) -> str:
    """Return the SHA-256 of a header block as hex digits, the same however it was fetched.

    The block ends at the first empty line or at the end of the octets; that line does not count,
    and each line ends with CRLF for the digest. So a header by IMAP, by POP3's TOP and the head of
    a whole message have one digest.

    Args:
        octets: A header block, or a whole message.
        begin: Where the block begins.
    """
    head = octets[begin : begin + 2]
    if head == b"\r\n" or head[:1] == b"\n":
        return hashlib.sha256(b"").hexdigest()
    crlf = octets.find(b"\n\r\n", begin, begin + 8192)
    if crlf >= 0 and octets.find(b"\n\n", begin, crlf) < 0:
        block = octets[begin:crlf]
    else:
        blank = _BLANK_LINE.search(octets, begin)
        block = octets[begin : blank.start() if blank else None]
    block = block.rstrip(b"\r\n")
    if block:
        if block.count(b"\n") != block.count(b"\r\n"):
            block = _LINE_END.sub(b"\r\n", block)
        block += b"\r\n"
    return hashlib.sha256(block).hexdigest()


def header_end(octets: bytes) -> int:
    """Where the header block ends, its empty line included, whatever ends the lines."""
    if octets.startswith((b"\r\n", b"\n")):
        return 2 if octets.startswith(b"\r\n") else 1
    crlf = octets.find(b"\r\n\r\n")
    lf = octets.find(b"\n\n", 0, crlf if crlf >= 0 else len(octets))
    if lf >= 0:
        return lf + 2
    return crlf + 4 if crlf >= 0 else len(octets)


def unfold(raw: bytes) -> str:
    """Return a field's body on one line, as text; octets that are not UTF-8 are Windows-1252.

    Args:
        raw: The octets of the body with its folding.
    """
    if b"\n" in raw:
        raw = _FOLD.sub(b"", raw)
    raw = raw.strip(b" \t\r\n")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return _eight_bit(raw)


@functools.lru_cache(maxsize=256)
def _eight_bit(raw: bytes) -> str:
    # Raw 8-bit headers of old clients name no charset anywhere.
    from desktopmail.mime import charset

    return charset.decode(raw).text


MAX_LINE = 78  # RFC 5322 section 2.1.1: should; must is 998


def fold(name: str, words: list[str]) -> bytes:
    """Return a field's line: the words with a space between, folded before column 79.

    Nothing that ends a line or a string can get in: a control character in a word is a space.

    Args:
        name: The field's name.
        words: What must not be broken; an empty one stands for one more space.

    Raises:
        ValueError: The name is none (RFC 5322 section 3.6.8).
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a header field")
    lines: list[str] = []
    line = f"{name}:"
    for word in words:
        clean = _NOT_IN_LINE.sub(" ", word)
        # The name alone on a line is legal, but some readers stumble over it.
        is_full = len(line) + 1 + len(clean) > MAX_LINE and line.strip(" ") != f"{name}:"
        if is_full and clean and line.strip(" "):
            lines.append(line)
            line = ""
        line = f"{line} {clean}"
    lines.append(line)
    return "\r\n".join(lines).rstrip().encode("utf-8", "replace") + b"\r\n"


def unstructured(name: str, text: str, *, utf8: bool = False) -> bytes:
    """Return the line of a field that holds a text for people, such as Subject.

    Args:
        name: The field's name.
        text: The text; control characters become spaces.
        utf8: Write UTF-8 as it is (RFC 6532) instead of encoded words.
    """
    words: list[str] = []
    run: list[str] = []  # words in a row that have to be encoded, and are so together
    for word in _NOT_IN_LINE.sub(" ", text).strip().split(" "):
        is_raw = utf8 and "=?" not in word
        if (
            len(word) > 900
            or (not is_raw and encoded_word.needs_encoding(word))
            or (not word and run)
        ):
            run.append(word)
        else:
            words.extend(_encoded(run))
            run = []
            words.append(word)
    return fold(name, words + _encoded(run))


def _encoded(run: list[str]) -> list[str]:
    trailing = 0
    while run and not run[-1]:
        run = run[:-1]
        trailing += 1
    return (encoded_word.encode(" ".join(run)) if run else []) + [""] * trailing


_NAME = re.compile(r"[!-9;-~]{1,76}")
_NOT_IN_LINE = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")
