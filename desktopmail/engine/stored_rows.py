"""What is worked out of messages that are stored, as plain values: what the worker calls.

Large messages go to it by their places in the segments: to hand over their octets takes longer than
to read them there.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from desktopmail.door.octets import OctetReader, OctetsLostError
from desktopmail.engine import summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.profile import Profile

# A segment, and a position in it.
Place = tuple[int, int]
# The columns of a `Rest`, its `Words` as a plain tuple; None: the octets are missing.
Row = tuple[tuple[Any, ...], tuple[Any, ...]] | None


def of(places: Sequence[Place], profile: Profile) -> list[Row]:
    """Work out what only the octets tell."""
    with closing(OctetReader(profile)) as reader:
        return [of_place(reader, place) for place in places]


def of_place(reader: OctetReader, place: Place) -> Row:
    """Work it out of one message; whatever the octets are, that does not fail."""
    octets = octets_of(reader, place)
    return None if octets is None else of_octets(octets)


def octets_of(reader: OctetReader, place: Place) -> bytes | None:
    """The octets at a place; None where they are missing, which the doctor says."""
    try:
        return reader.read(*place)
    except OctetsLostError:
        return None


def of_octets(octets: bytes) -> Row:
    """Work it out of the octets of a message; never raises, whatever they are."""
    has_attachment, preview, report, words = summary.rest_of(octets)
    return (has_attachment, preview, report), tuple(words)
