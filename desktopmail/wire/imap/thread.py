"""THREAD: a search whose answer is a forest of conversations (RFC 5256)."""

# thread      = ["UID" SP] "THREAD" SP thread-alg SP search-criteria
# thread-alg  = "ORDEREDSUBJECT" / "REFERENCES" / thread-alg-ext
# thread-data = "THREAD" [SP 1*thread-list]
# thread-list = "(" (thread-members / thread-nested) ")"
# thread-members = nz-number *(SP nz-number) [SP thread-nested]
# thread-nested  = 2*thread-list

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.limits import MAX_FOUND
from desktopmail.wire.imap.search_key import SearchKey, decode_keys, encode_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class Thread:
    """Look for messages and have them told as conversations.

    Attributes:
        algorithm: REFERENCES or ORDEREDSUBJECT.
        key: What the messages match.
        uid: Tell UIDs.
        charset: Of the strings in the key.
    """

    algorithm: str
    key: SearchKey
    uid: bool = True
    charset: str = "UTF-8"

    name: ClassVar[bytes] = b"THREAD"

    @classmethod
    def decode(cls, cursor: Cursor, *, uid: bool = False) -> Thread:
        """Read what follows the name of the command."""
        cursor.sp()
        algorithm = cursor.word().decode("ascii")
        cursor.sp()
        charset = cursor.astring().decode("ascii", "replace").upper()
        cursor.sp()
        return cls(algorithm, decode_keys(cursor), uid, charset)

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"UID THREAD " if self.uid else b"THREAD ")
        writer.atom(self.algorithm.encode("ascii", "replace"))
        writer.sp()
        writer.astring(self.charset.encode("ascii", "replace"))
        writer.sp()
        encode_keys(writer, self.key)


NO_PARENT: Final = -1
_ENCODED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class ThreadResponse:
    """Conversations, flat: how deep they nest is up to the mail, not to a stack.

    Attributes:
        numbers: The messages in the order they were told, each behind the one above it; 0 is one
            that is missing.
        parents: For each, the place of its parent in `numbers`, or `NO_PARENT`.
    """

    numbers: tuple[int, ...] = ()
    parents: tuple[int, ...] = ()

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        for piece in self.pieces():
            writer.raw(piece)

    def pieces(self) -> Iterator[bytes]:
        """Encode the response, some hundred messages at a time."""
        yield b"THREAD " if self.numbers else b"THREAD"
        below = [0] * len(self.numbers)
        for parent in self.parents:
            if parent != NO_PARENT:
                below[parent] += 1
        open_: list[int] = []  # messages that a parenthesis stands before
        octets: list[bytes] = []
        for place, (number, parent) in enumerate(zip(self.numbers, self.parents, strict=True)):
            while open_ and open_[-1] > parent:
                open_.pop()
                octets.append(b")")
            if parent == NO_PARENT or below[parent] > 1:
                open_.append(place)
                octets.append(b"(")
            if number:
                octets.append(b"%d " % number if below[place] else b"%d" % number)
            if not place % _ENCODED_AT_ONCE:
                yield b"".join(octets)
                octets.clear()
        yield b"".join(octets) + b")" * len(open_)


_TOKEN = re.compile(rb"([()]|[0-9]{1,10}) *+")


def decode_thread(cursor: Cursor) -> ThreadResponse:
    """Read a response behind its name; nothing is recursive, so nothing is too deep."""
    numbers: list[int] = []
    parents: list[int] = []
    last = NO_PARENT
    open_: list[int] = []
    opened = False
    cursor.spaces()
    while not cursor.at_end:
        found = _TOKEN.match(cursor.octets, cursor.pos)
        if found is None:
            raise cursor.error("a thread")
        cursor.pos = found.end()
        token = found[1]
        if token == b"(":
            if opened:
                # `((2)(3))`: siblings whose parent is missing.
                numbers.append(0)
                parents.append(last)
                last = len(numbers) - 1
            open_.append(last)
            opened = True
            continue
        if token == b")":
            if not open_:
                raise cursor.error("a thread")
            last = open_.pop()
        elif not open_:
            raise cursor.error("a parenthesis")
        else:
            if len(numbers) >= MAX_FOUND:
                raise RemoteProtocolError("more messages than a mailbox holds", limit="MAX_FOUND")
            numbers.append(int(token))
            parents.append(last)
            last = len(numbers) - 1
        opened = False
    if open_:
        raise cursor.error("the end of a thread")
    return ThreadResponse(tuple(numbers), tuple(parents))
