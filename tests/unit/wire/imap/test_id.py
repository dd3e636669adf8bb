"""ID."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.id import Id, IdResponse
from desktopmail.wire.imap.state import State
from tests.helpers.imap import (
    command_both_ways,
    encoded,
    malformed,
    refused_command,
    response_both_ways,
)


def test_the_exchanges_of_rfc_2971_section_3() -> None:
    command_both_ways(b"ID NIL", Id())
    response_both_ways(b"ID NIL", IdResponse())
    fields = (("name", "Cyrus"), ("version", "1.5"), ("os", None))
    command_both_ways(b'ID ("name" "Cyrus" "version" "1.5" "os" NIL)', Id(fields))
    response_both_ways(b'ID ("name" "Cyrus" "version" "1.5" "os" NIL)', IdResponse(fields))


def test_more_than_30_fields_and_long_ones_are_refused() -> None:
    many = b" ".join(b'"a%d" NIL' % n for n in range(31))
    refused_command(b"ID (" + many + b")", State.NOT_AUTHENTICATED)
    for fields in (
        tuple((f"a{n}", None) for n in range(31)),
        (("x" * 31, None),),
        (("x", "y" * 1025),),
    ):
        with pytest.raises(LocalProtocolError):
            encoded(Id(fields))


@pytest.mark.parametrize("octets", [b"ID", b"ID (a NIL)", b'ID ("a")', b'ID ("a" NIL'])
def test_what_is_no_id_is_refused(octets: bytes) -> None:
    refused_command(octets)
    if octets != b"ID (a NIL)":
        assert malformed(octets)
