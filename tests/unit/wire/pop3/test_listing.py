"""STAT, LIST and UIDL: RFC 1939 sections 5 and 7."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.limits import POP3_MAX_MESSAGES
from desktopmail.wire.output import Output
from desktopmail.wire.pop3.command import CommandSyntaxError
from desktopmail.wire.pop3.listing import (
    DropListing,
    List,
    Stat,
    Uidl,
    encode_number,
    encode_scan,
    encode_scans,
    encode_unique_id,
    encode_unique_ids,
)
from desktopmail.wire.pop3.reply import ok
from tests.helpers.pop3 import answer_of


def test_the_example_of_stat() -> None:
    assert answer_of(Stat(), b"+OK 2 320\r\n") == DropListing(2, 320)


def test_the_examples_of_list() -> None:
    # RFC 1939 section 5, LIST.
    assert answer_of(List(), b"+OK 2 messages (320 octets)\r\n1 120\r\n2 200\r\n.\r\n") == {
        1: 120,
        2: 200,
    }
    assert answer_of(List(2), b"+OK 2 200\r\n") == {2: 200}
    assert answer_of(List(3), b"-ERR no such message, only 2 messages in maildrop\r\n") is None


def test_the_examples_of_uidl() -> None:
    # RFC 1939 section 7, UIDL.
    answer = b"+OK\r\n1 whqtswO00WBw418f9t5JxYwZ\r\n2 QhdPYR:00WBw1Ph7x7\r\n.\r\n"
    assert answer_of(Uidl(), answer) == {
        1: "whqtswO00WBw418f9t5JxYwZ",
        2: "QhdPYR:00WBw1Ph7x7",
    }
    assert answer_of(Uidl(2), b"+OK 2 QhdPYR:00WBw1Ph7x7\r\n") == {2: "QhdPYR:00WBw1Ph7x7"}
    assert answer_of(Uidl(3), b"-ERR no such message, only 2 messages in maildrop\r\n") is None


def test_an_empty_maildrop_is_listed_as_empty() -> None:
    assert answer_of(List(), b"+OK\r\n.\r\n") == {}
    assert answer_of(Uidl(), b"+OK\r\n.\r\n") == {}


def test_further_words_behind_a_size_are_taken() -> None:
    assert answer_of(List(), b"+OK\r\n1 120 read\r\n 2  200\r\n.\r\n") == {1: 120, 2: 200}
    assert answer_of(Stat(), b"+OK 2 320 octets\r\n") == DropListing(2, 320)


def test_unique_ids_of_real_servers_are_kept_octet_for_octet() -> None:
    # More than 70 characters, spaces and octets outside of ASCII: seen, and never to be mixed up.
    long = "x" * 200
    answer = b"+OK\r\n1 " + long.encode() + b"\r\n2 a b\r\n3 \xff\xfe\r\n4 " + b"\xc3\xbf\r\n.\r\n"
    found = answer_of(Uidl(), answer)
    assert found == {1: long, 2: "a b", 3: "\xff\xfe", 4: "\xc3\xbf"}
    assert answer_of(Uidl(3), b"+OK 3 \xff\xfe\r\n") == {3: "\xff\xfe"}
    assert answer_of(Uidl(4), b"+OK 4 \xc3\xbf\r\n") == {4: "\xc3\xbf"}


def test_a_message_without_a_unique_id_takes_none_from_the_others() -> None:
    assert answer_of(Uidl(), b"+OK\r\n1 a\r\n2\r\n3  \r\n4 d\r\n.\r\n") == {
        1: "a",
        2: "",
        3: "",
        4: "d",
    }


def test_a_unique_id_that_begins_with_a_dot_survives_the_dots() -> None:
    assert answer_of(Uidl(), b"+OK\r\n1 .x\r\n..2 y\r\n.\r\n".replace(b"..2", b"2")) == {
        1: ".x",
        2: "y",
    }


@pytest.mark.parametrize("text", ["", "2", "two 320", "2 -1", "99999999999 1"])
def test_a_drop_listing_that_is_none_is_the_peers_fault(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        Stat().read(ok(text), b"")


@pytest.mark.parametrize(
    "lines",
    [
        b"1\r\n",
        b"0 1\r\n",
        b"1 9999999999999999999\r\n",
        b"one 1\r\n",
        b"1 120\r\n\r\n",
        b"-1 1\r\n",
        b"1 x\r\n",
        b"1 120\r\n2\n3\r\n",
    ],
)
def test_a_line_that_is_no_scan_listing_is_the_peers_fault(lines: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        List().read(ok(), lines)


@pytest.mark.parametrize(
    "lines",
    [
        b"x y\r\n",
        b"1a\r\n",
        b"1 " + b"x" * 1025 + b"\r\n",
        b"1 a\nb\r\n",
        b"0 a\r\n",
        b"1 a\0\r\n",
    ],
)
def test_a_line_that_is_no_unique_id_listing_is_the_peers_fault(lines: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        Uidl().read(ok(), lines)


@pytest.mark.parametrize("kind", [List, Uidl])
def test_the_number_is_optional(kind: type[List | Uidl]) -> None:
    assert kind.parse(b"") == kind(None)
    assert kind.parse(b" 7 ") == kind(7)
    assert kind(7).arguments == b"7"
    with pytest.raises(CommandSyntaxError):
        kind.parse(b"1 2")
    with pytest.raises(LocalProtocolError):
        kind(0).write(Output())


@pytest.mark.parametrize("number", [0, -1, 10**10])
def test_what_is_no_number_is_our_fault(number: int) -> None:
    with pytest.raises(LocalProtocolError):
        encode_number(number)


@pytest.mark.parametrize("uidl", ["", " ", "a b", "x" * 71, "a\r\nb", "\u00fc", "\x7f"])
def test_what_is_no_unique_id_is_our_fault(uidl: str) -> None:
    # RFC 1939 section 7: one to 70 characters in the range 0x21 to 0x7E.
    with pytest.raises(LocalProtocolError):
        encode_unique_id(1, uidl)


@given(st.dictionaries(st.integers(1, 10**6), st.integers(0, 10**12)))
def test_sizes_read_back_the_same(sizes: dict[int, int]) -> None:
    assert List().read(ok(), encode_scans(sizes)) == sizes
    for number, size in sizes.items():
        assert List(number).read(ok(encode_scan(number, size).decode()), b"") == {number: size}


_UIDL = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=70)


@given(st.dictionaries(st.integers(1, 10**6), _UIDL))
def test_unique_ids_read_back_the_same(uidls: dict[int, str]) -> None:
    assert Uidl().read(ok(), encode_unique_ids(uidls.items())) == uidls


@given(st.binary(max_size=100))
def test_reading_raises_nothing_but_the_peers_fault(lines: bytes) -> None:
    for command in (List(), Uidl()):
        try:
            found = command.read(ok(), lines)
        except RemoteProtocolError:
            continue
        assert all(number > 0 for number in found)


@pytest.mark.parametrize("command", [Uidl(), List()])
@pytest.mark.parametrize("line", [b"1%b\0", b"1 %bx", b"%b1", b"1%b", b"1\t%b\0"])
@pytest.mark.parametrize("filler", [b" ", b"\t", b" \t", b"0", b" a", b"\r"])
def test_no_line_of_a_listing_keeps_a_client_busy(
    command: Uidl | List, line: bytes, filler: bytes
) -> None:
    # Before, 8,000 spaces took a minute.
    begin = time.process_time()
    with contextlib.suppress(RemoteProtocolError):
        command.read(ok(), line % (filler * (8000 // len(filler))) + b"\r\n")
    assert time.process_time() - begin < 0.5


def test_spaces_behind_a_unique_id_are_no_part_of_it() -> None:
    assert answer_of(Uidl(), b"+OK\r\n1 a b \t \r\n2\t \tc\r\n.\r\n") == {1: "a b", 2: "c"}


@pytest.mark.parametrize("command", [Uidl(), List()])
def test_more_messages_than_any_maildrop_has_are_refused_before_they_are_read(
    command: Uidl | List,
) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        command.read(ok(), b"1 1\r\n" * (POP3_MAX_MESSAGES + 1))
    assert caught.value.limit == "POP3_MAX_MESSAGES"
