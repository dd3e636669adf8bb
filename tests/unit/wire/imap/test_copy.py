"""COPY."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.copy import Copy
from desktopmail.wire.imap.sequence import SeqSet, UidSet
from tests.helpers.imap import command_both_ways, encoded, refused_command


def test_the_command_of_rfc_9051_section_6_4_7() -> None:
    command_both_ways(b"COPY 2:4 MEETING", Copy(SeqSet.parse(b"2:4"), "MEETING"))
    command_both_ways(b"UID COPY 42:69 foo", Copy(UidSet.parse(b"42:69"), "foo"))
    command_both_ways(b'UID COPY $ "a b"', Copy(UidSet.last_search(), "a b"))


@pytest.mark.parametrize(
    "octets", [b"COPY", b"COPY 1", b"COPY x y", b"COPY 1 a b", b"UID COPY 1", b"COPY  1 a"]
)
def test_what_is_incomplete_is_refused(octets: bytes) -> None:
    refused_command(octets)


def test_a_name_with_crlf_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError):
        encoded(Copy(UidSet.all(), "x\r\nA9 LOGOUT"))
