"""Mailbox names on the wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.mailbox import (
    decode_mailbox,
    decode_utf7,
    encode_mailbox,
    encode_utf7,
)
from desktopmail.wire.imap.subscribe import Subscribe
from tests.helpers.imap import command_both_ways, read_command

# RFC 3501 section 5.1.3, and RFC 9051 appendix A.
EXAMPLES = [
    ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
    ("Entwürfe", b"Entw&APw-rfe"),
    ("a & b", b"a &- b"),
    ("&", b"&-"),
    ("☺!", b"&Jjo-!"),
    ("", b""),
]


@pytest.mark.parametrize(("name", "octets"), EXAMPLES)
def test_names_of_the_rfc_in_modified_utf_7(name: str, octets: bytes) -> None:
    assert encode_utf7(name) == octets
    assert decode_utf7(octets) == name


@pytest.mark.parametrize(
    "octets",
    [
        b"&",
        b"a&b",
        b"&AGE-",
        b"&U,BTFw-&ZeVnLIqe-",
        b"&Jjo",
        b"&@-",
        b"Entw\xfcrfe",
        b"&AA0ACg-",
        b"&7wA-",
        b"&2AA-",
        b"a&-&",
    ],
)
def test_a_name_that_is_spelt_wrongly_goes_back_as_it_came(octets: bytes) -> None:
    name = decode_mailbox(octets, utf8=False)
    assert encode_mailbox(name, utf8=False) == octets
    name.encode("utf-8")


@given(st.binary(max_size=30))
def test_any_octets_survive_as_a_name(octets: bytes) -> None:
    for utf8 in (False, True):
        name = decode_mailbox(octets, utf8=utf8)
        if octets.upper() == b"INBOX":
            assert name == "INBOX"
        elif not {0, 10, 13} & set(octets):
            assert encode_mailbox(name, utf8=utf8) == octets


@given(st.text(max_size=20))
def test_any_name_without_control_characters_can_be_sent(name: str) -> None:
    for utf8 in (False, True):
        if any(
            c in "\r\n\0" or 0xEF00 <= ord(c) <= 0xEFFF or 0xD800 <= ord(c) <= 0xDFFF for c in name
        ):
            continue
        expected = "INBOX" if name.upper() == "INBOX" and name.isascii() else name
        assert decode_mailbox(encode_mailbox(name, utf8=utf8), utf8=utf8) == expected


@pytest.mark.parametrize("name", ["a\rb", "a\nb", "a\0b", "a\uef0db"])
@pytest.mark.parametrize("utf8", [False, True])
def test_cr_lf_and_nul_are_refused_in_a_name(name: str, utf8: bool) -> None:
    with pytest.raises(LocalProtocolError):
        encode_mailbox(name, utf8=utf8)


def test_inbox_is_inbox_in_any_case() -> None:
    assert read_command(b"SUBSCRIBE iNbOx") == Subscribe("INBOX")


def test_names_are_utf_8_once_that_is_enabled() -> None:
    command_both_ways('SUBSCRIBE "Entwürfe & co"'.encode(), Subscribe("Entwürfe & co"), utf8=True)
    command_both_ways(b'SUBSCRIBE "Entw&APw-rfe &- co"', Subscribe("Entwürfe & co"))
