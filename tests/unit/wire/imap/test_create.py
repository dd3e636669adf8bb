"""CREATE."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.create import Create
from desktopmail.wire.imap.list import ARCHIVE, DRAFTS, SENT, Attribute
from tests.helpers.imap import command_both_ways, encoded, read_command, refused_command


def test_commands_of_rfc_9051_section_6_3_4_and_rfc_6154_section_5_2() -> None:
    command_both_ways(b"CREATE owatagusiam/", Create("owatagusiam/"))
    command_both_ways(
        b"CREATE MySpecial (USE (\\Drafts \\Sent))", Create("MySpecial", frozenset({DRAFTS, SENT}))
    )


def test_words_are_read_in_any_case() -> None:
    assert read_command(b"create a (use (\\archive))") == Create("a", frozenset({ARCHIVE}))


@pytest.mark.parametrize(
    "octets",
    [b"CREATE", b"CREATE a b", b"CREATE a ()", b"CREATE a (USE)", b"CREATE a (FOR (\\Sent))"],
)
def test_what_is_no_create_is_refused(octets: bytes) -> None:
    refused_command(octets)


def test_a_use_that_would_break_the_line_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError):
        encoded(Create("a", frozenset({Attribute("\\Sent)) \r\nA2 LOGOUT")})))
