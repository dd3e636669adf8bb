"""Message numbers and sets of them: UIDs and sequence numbers are different types throughout."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, ClassVar, Final, Generic, NewType, Self, TypeVar, cast

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

Uid = NewType("Uid", int)
"""A unique identifier: an attribute of a message in one mailbox under one UIDVALIDITY."""

Seq = NewType("Seq", int)
"""A message sequence number: a position in a mailbox that every EXPUNGE shifts."""

MAX_NUMBER: Final = 0xFFFFFFFF
STAR: Final = MAX_NUMBER + 1
"""Stands for `*` inside the ranges of a set: larger than any number there is."""

Range = tuple[int, int]
N = TypeVar("N", Uid, Seq)

# seq-number   = nz-number / "*"                                     ; RFC 9051 section 9
# seq-range    = seq-number ":" seq-number
# sequence-set = (seq-number / seq-range) ["," sequence-set]
# sequence-set =/ "$"                                                ; RFC 5182, SEARCHRES
_SET = re.compile(
    rb"\$|(?:[1-9][0-9]{0,9}+|\*)(?>(?::(?:[1-9][0-9]{0,9}+|\*))?)"
    rb"(?>(?:,(?:[1-9][0-9]{0,9}+|\*)(?>(?::(?:[1-9][0-9]{0,9}+|\*))?))*)"
)


_ZERO = 0x30


def _compact(ranges: Iterable[Range]) -> tuple[Range, ...]:
    done: list[Range] = []
    last_low = last_high = -1
    for low, high in sorted(ranges):
        if low <= last_high + 1 and last_high >= 0:
            if high > last_high:
                last_high = high
            continue
        if last_high >= 0:
            done.append((last_low, last_high))
        last_low, last_high = low, high
    if last_high >= 0:
        done.append((last_low, last_high))
    return tuple(done)


def _spans(numbers: Iterable[int]) -> tuple[Range, ...]:
    ordered = sorted(set(numbers))
    if not ordered:
        return ()
    if ordered[0] < 1 or ordered[-1] > MAX_NUMBER:
        raise LocalProtocolError("a message number is between 1 and 4294967295")
    if ordered[-1] - ordered[0] + 1 == len(ordered):
        return ((ordered[0], ordered[-1]),)
    done: list[Range] = []
    low = high = ordered[0]
    for number in islice(ordered, 1, None):
        if number != high + 1:
            done.append((low, high))
            low = number
        high = number
    done.append((low, high))
    return tuple(done)


def runs(numbers: Iterable[int]) -> Iterator[Range]:
    """Iterate over the ascending runs of numbers whose order has a meaning, in that order."""
    low = high = 0
    for number in numbers:
        if number != high + 1 or not low:
            if low:
                yield low, high
            low = number
        high = number
    if low:
        yield low, high


def read_ranges(octets: bytes) -> tuple[Range, ...]:
    """Read a sequence-set without compacting it: `COPYUID` gives its order a meaning.

    Raises:
        RemoteProtocolError: It is not a sequence-set of numbers, or holds one above 2**32 - 1.
    """
    if len(octets) < 10 and octets.isdigit() and octets[0] != _ZERO:
        number = int(octets)  # what a client asks for mostly: one message
        return ((number, number),)
    if octets == b"$" or not _SET.fullmatch(octets):
        raise RemoteProtocolError("a set of message numbers was expected")
    ranges: list[Range] = []
    for part in octets.split(b","):
        low, colon, high = part.partition(b":")
        first = STAR if low == b"*" else int(low)
        last = first if not colon else STAR if high == b"*" else int(high)
        ranges.append((first, last) if first <= last else (last, first))
    # `int(b"4294967296")` is `STAR`, so the octets are asked and not the numbers.
    if any(high > STAR for _, high in ranges) or b"4294967296" in octets:
        raise RemoteProtocolError("a message number has more than 32 bits")
    return tuple(ranges)


def write_ranges(ranges: Iterable[Range]) -> bytes:
    """Write ranges as a sequence-set, in the order given."""
    return b",".join(
        [
            (b"*" if low == STAR else b"%d" % low)
            if low == high
            else (b"%d:*" % low if high == STAR else b"%d:%d" % (low, high))
            for low, high in ranges
        ]
    )


@dataclass(frozen=True, slots=True)
class NumberSet(Generic[N]):
    """A set of message numbers as compact ascending ranges; use `UidSet` or `SeqSet`.

    Attributes:
        ranges: Pairs (first, last), ascending and not touching; `STAR` stands for `*`.
        saved: This is `$`, the result that the last SEARCH saved (RFC 5182); it has no ranges.
    """

    ranges: tuple[Range, ...] = ()
    saved: bool = False

    SAVED_MARK: ClassVar[bytes] = b"$"

    @classmethod
    def of(cls, numbers: Iterable[N]) -> Self:
        """Make a set of numbers in any order.

        Raises:
            LocalProtocolError: A number is not between 1 and 2**32 - 1.
        """
        return cls(_spans(numbers))

    @classmethod
    def span(cls, first: N | int, last: N | int | None = None) -> Self:
        """Make the set `first:last`, or `first:*` without a last."""
        end = STAR if last is None else last
        if not (1 <= first <= STAR and 1 <= end <= STAR):
            raise LocalProtocolError("a message number is between 1 and 4294967295")
        return cls(((min(first, end), max(first, end)),))

    @classmethod
    def all(cls) -> Self:
        """Make the set `1:*`."""
        return cls(((1, STAR),))

    @classmethod
    def from_ranges(cls, ranges: Iterable[Range]) -> Self:
        """Make a set of ranges in any order, which may overlap."""
        return cls(_compact((min(pair), max(pair)) for pair in ranges))

    @classmethod
    def last_search(cls) -> Self:
        """Make `$`, which stands for what the last SEARCH with SAVE found."""
        return cls((), saved=True)

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        """Read a sequence-set.

        Raises:
            RemoteProtocolError: It is none, or a number has more than 32 bits.
        """
        if octets == cls.SAVED_MARK:
            return cls((), saved=True)
        ranges = read_ranges(octets)
        return cls(ranges if len(ranges) == 1 else _compact(ranges))

    @classmethod
    def decode(cls, cursor: Cursor) -> Self:
        """Read a sequence-set at the cursor."""
        return cls.parse(cursor.match(_SET, "a set of message numbers"))

    def encode(self, writer: Writer) -> None:
        """Write the set.

        Raises:
            LocalProtocolError: The set is empty: the grammar has no way to say so.
        """
        writer.raw(bytes(self))

    def resolve(self, largest: int) -> Self:
        """Put the largest number in use in the place of `*`; without messages nothing is left.

        `5:*` with a largest of 3 means `3:5` (RFC 9051 section 9, seq-range), of which 3 exists.
        """
        if not self.ranges or self.ranges[-1][1] != STAR:
            return self
        if largest < 1:
            return type(self)()
        low = self.ranges[-1][0]
        tail = (min(low, largest), largest)
        return type(self)(_compact([*self.ranges[:-1], tail]))

    def within(self, ordered: list[N]) -> list[N]:
        """Return the members of an ascending list that are in this set, in a few bisections.

        `*` is the last of the list.
        """
        if not ordered:
            return []
        found: list[N] = []
        for low, high in self.resolve(ordered[-1]).ranges:
            start = bisect_right(ordered, low - 1)
            found += ordered[start : bisect_right(ordered, high, start)]
        return found

    @property
    def is_open(self) -> bool:
        """Whether `*` or `$` is in it, so that its members depend on the mailbox."""
        return self.saved or bool(self.ranges and self.ranges[-1][1] == STAR)

    def numbers(self) -> Iterator[N]:
        """Iterate over the members, ascending.

        Raises:
            LocalProtocolError: `*` or `$` is in it; call `resolve` first.
        """
        if self.is_open:
            raise LocalProtocolError("the set has no fixed members")
        return cast("Iterator[N]", (n for low, high in self.ranges for n in range(low, high + 1)))

    def __iter__(self) -> Iterator[N]:
        return self.numbers()

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int):
            return False
        place = bisect_right(self.ranges, (number, STAR)) - 1
        return place >= 0 and self.ranges[place][0] <= number <= self.ranges[place][1]

    def __len__(self) -> int:
        if self.is_open:
            raise LocalProtocolError("the set has no fixed members")
        return sum(high - low + 1 for low, high in self.ranges)

    def __bool__(self) -> bool:
        return self.saved or bool(self.ranges)

    @classmethod
    def union(cls, sets: Iterable[Self]) -> Self:
        """All of these as one: they are put in order once, however many they are."""
        return cls(_compact(chain.from_iterable(one.ranges for one in sets)))

    def __or__(self, other: Self) -> Self:
        return type(self)(_compact([*self.ranges, *other.ranges]))

    def __and__(self, other: Self) -> Self:
        common: list[Range] = []
        mine, theirs = iter(self.ranges), iter(other.ranges)
        one, two = next(mine, None), next(theirs, None)
        while one and two:
            low, high = max(one[0], two[0]), min(one[1], two[1])
            if low <= high:
                common.append((low, high))
            if one[1] < two[1]:
                one = next(mine, None)
            else:
                two = next(theirs, None)
        return type(self)(tuple(common))

    def __sub__(self, other: Self) -> Self:
        left: list[Range] = []
        cuts = iter(other.ranges)
        cut = next(cuts, None)
        for first, high in self.ranges:
            low = first
            while cut and cut[1] < low:
                cut = next(cuts, None)
            while cut and cut[0] <= high:
                if low < cut[0]:
                    left.append((low, cut[0] - 1))
                low = cut[1] + 1
                if low > high:
                    break
                cut = next(cuts, None)
            if low <= high:
                left.append((low, high))
        return type(self)(tuple(left))

    def pieces(self, ranges: int) -> Iterator[Self]:
        """Cut into sets of at most `ranges` ranges each, ascending: one line of a command each.

        Raises:
            LocalProtocolError: `*` or `$` is in it.
        """
        if self.is_open:
            raise LocalProtocolError("the set has no fixed members")
        for start in range(0, len(self.ranges), ranges):
            yield type(self)(self.ranges[start : start + ranges])

    def chunks(self, size: int) -> Iterator[Self]:
        """Cut into sets of at most `size` numbers each, ascending.

        Raises:
            LocalProtocolError: `*` or `$` is in it.
        """
        if self.is_open:
            raise LocalProtocolError("the set has no fixed members")
        part: list[Range] = []
        room = size
        for first, high in self.ranges:
            low = first
            while low <= high:
                end = min(high, low + room - 1)
                part.append((low, end))
                room -= end - low + 1
                low = end + 1
                if room == 0:
                    yield type(self)(tuple(part))
                    part, room = [], size
        if part:
            yield type(self)(tuple(part))

    def __bytes__(self) -> bytes:
        if self.saved:
            return self.SAVED_MARK
        if not self.ranges:
            raise LocalProtocolError("an empty set of messages cannot be named")
        return write_ranges(self.ranges)

    def __str__(self) -> str:
        return bytes(self).decode() if self else ""


class UidSet(NumberSet[Uid]):
    """A set of UIDs."""

    __slots__ = ()


class SeqSet(NumberSet[Seq]):
    """A set of message sequence numbers."""

    __slots__ = ()
