"""Parts of a message."""

from __future__ import annotations

from desktopmail.wire.imap.bodypart import MultiPart, SinglePart, walk
from desktopmail.wire.imap.envelope import Envelope


def test_parts_are_numbered_as_in_rfc_9051_section_6_4_5_1() -> None:
    text = SinglePart(b"TEXT", b"PLAIN")
    inner = MultiPart((text, SinglePart(b"APPLICATION", b"OCTET-STREAM")))
    message = SinglePart(b"MESSAGE", b"RFC822", body=inner, envelope=Envelope())
    nested = MultiPart((SinglePart(b"IMAGE", b"GIF"), message))
    whole = MultiPart((text, SinglePart(b"APPLICATION", b"OCTET-STREAM"), message, nested))
    numbers = [number for number, part in walk(whole) if isinstance(part, SinglePart)]
    assert numbers == [(1,), (2,), (3,), (3, 1), (3, 2), (4, 1), (4, 2), (4, 2, 1), (4, 2, 2)]
    assert [number for number, _ in walk(text)] == [(1,)]
