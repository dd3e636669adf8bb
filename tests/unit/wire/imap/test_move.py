"""MOVE."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.move import Move
from desktopmail.wire.imap.sequence import SeqSet, UidSet
from tests.helpers.imap import command_both_ways, encoded, refused_command


def test_the_command_of_rfc_9051_section_6_4_8() -> None:
    command_both_ways(b"MOVE 2:4 MEETING", Move(SeqSet.parse(b"2:4"), "MEETING"))
    command_both_ways(b"UID MOVE 42:69 foo", Move(UidSet.parse(b"42:69"), "foo"))
    command_both_ways(b'UID MOVE $ "a b"', Move(UidSet.last_search(), "a b"))


@pytest.mark.parametrize(
    "octets", [b"MOVE", b"MOVE 1", b"MOVE x y", b"MOVE 1 a b", b"UID MOVE 1", b"MOVE  1 a"]
)
def test_what_is_incomplete_is_refused(octets: bytes) -> None:
    refused_command(octets)


def test_a_name_with_crlf_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError):
        encoded(Move(UidSet.all(), "x\r\nA9 LOGOUT"))
