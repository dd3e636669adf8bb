"""Flags and their spellings."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap import flags
from desktopmail.wire.imap.client_events import Malformed, Untagged
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.flags import Flag, flag, flag_octets, parse_flags
from desktopmail.wire.imap.sequence import Seq, UidSet
from desktopmail.wire.imap.store import Store, StoreMode
from tests.helpers.imap import client_events, new_client, read_command, refused_command
from tests.helpers.splits import in_pieces


def test_known_flags_have_one_spelling() -> None:
    assert parse_flags(b"\\SEEN \\seen $forwarded") == {flags.SEEN, flags.FORWARDED}
    assert flag("\\deleted") == flags.DELETED


def test_a_keyword_is_spelt_as_its_server_does() -> None:
    assert parse_flags(b"ToDo") == {Flag("ToDo")}


@pytest.mark.parametrize(
    "name", ["", "a b", "a(b", "a)b", "a\r\nb", "a\0b", 'a"b', "a\\b", "ä", "a]b", "a{1}"]
)
def test_what_is_not_an_atom_cannot_be_a_flag(name: str) -> None:
    with pytest.raises(LocalProtocolError):
        flag(name)
    with pytest.raises(LocalProtocolError):
        flag_octets(frozenset({Flag(name)}))


def test_flags_with_brackets_and_8_bit_octets_are_read_from_servers() -> None:
    assert parse_flags(b"[Gmail]/x a\xff") == {Flag("[Gmail]/x"), Flag("a\uefff")}


def test_equal_sets_are_equal_octets() -> None:
    assert flag_octets(frozenset({flags.SEEN, flags.ANSWERED})) == b"\\Answered \\Seen"


def test_a_server_reads_flags_with_and_without_parentheses() -> None:
    expected = Store(UidSet.parse(b"1"), StoreMode.ADD, frozenset({flags.SEEN, flags.DRAFT}))
    assert read_command(b"UID STORE 1 +FLAGS (\\Seen \\Draft)") == expected
    assert read_command(b"UID STORE 1 +FLAGS \\seen \\DRAFT") == expected


def test_a_server_refuses_what_is_no_flag() -> None:
    assert refused_command(b'UID STORE 1 +FLAGS ("Seen")').tag == "a1"


def test_a_list_of_flags_that_is_too_long_is_malformed_however_it_arrives() -> None:
    few, many = b" ".join([b"flag"] * 2000), b" ".join([b"flag"] * 300_000)
    line = b"* 1 FETCH (FLAGS (%b))\r\n"
    for size in (1 << 30, 100_000):
        (event,) = client_events(new_client(), in_pieces(line % few, size))
        assert isinstance(event, Untagged)
        assert event.value == FetchResponse(Seq(1), flags=frozenset({flag("flag")}))
        (event,) = client_events(new_client(), in_pieces(line % many, size))
        assert isinstance(event, Malformed)
        assert "too many flags" in event.reason
