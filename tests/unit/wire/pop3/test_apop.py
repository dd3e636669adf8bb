"""APOP: the digest of RFC 1939, and timestamps that mean "no APOP"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.output import Output
from desktopmail.wire.pop3.apop import Apop, apop_digest, find_timestamp, make_timestamp
from desktopmail.wire.pop3.command import CommandSyntaxError

RFC_TIMESTAMP = b"<1896.697170952@dbc.mtview.ca.us>"


def test_apop_digest_matches_the_example_of_rfc_1939_section_7() -> None:
    assert apop_digest(RFC_TIMESTAMP, b"tanstaaf") == "c4c9334bac560ecc979e58001b3e22fb"


def test_the_command_is_the_one_of_the_example() -> None:
    output = Output()
    Apop("mrose", apop_digest(RFC_TIMESTAMP, b"tanstaaf")).write(output)
    segments = output.take()
    assert b"".join(each.octets for each in segments) == (
        b"APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n"
    )
    assert b"".join(each.redacted for each in segments) == b"APOP mrose <digest>\r\n"


@pytest.mark.parametrize(
    ("line", "timestamp"),
    [
        (b"+OK POP3 server ready " + RFC_TIMESTAMP, RFC_TIMESTAMP),
        (b"+OK " + RFC_TIMESTAMP + b" ready", RFC_TIMESTAMP),
        (b"+OK<1.2@h>", b"<1.2@h>"),
        (b"+OK ready", None),
    ],
)
def test_a_timestamp_is_found(line: bytes, timestamp: bytes | None) -> None:
    assert find_timestamp(line) == timestamp


@pytest.mark.parametrize(
    "timestamp",
    [
        b"<>",
        b"<@>",
        b"<a@>",
        b"<@b>",
        b"<no-at-sign>",
        b"<a@b@c>",
        b"<a b@c>",
        b"<a@b c>",
        b"<<a@b>",
        b"<a@b>>",
        b"<a<b@c>",
        b"<a@b",
        b"a@b>",
        b"<a\x80@b>",
        b"<a@b\xff>",
        b"<a\0@b>",
        b"<a@b\x7f>",
        b"<a\t@b>",
        b"<a@b> \x80\x81",
        b"<1@a> <2@b>",
    ],
)
def test_cve_2007_1558_a_timestamp_that_is_not_one_plain_msg_id_means_no_apop(
    timestamp: bytes,
) -> None:
    assert find_timestamp(b"+OK ready " + timestamp) is None


def test_no_digest_is_made_of_what_is_no_timestamp() -> None:
    for timestamp in (b"", b"<a\x80@b>", RFC_TIMESTAMP + b"\0", b"x" + RFC_TIMESTAMP):
        with pytest.raises(LocalProtocolError):
            apop_digest(timestamp, b"tanstaaf")


def test_a_timestamp_is_made_in_the_form_of_the_rfc() -> None:
    made = make_timestamp(1896, 697170952, "dbc.mtview.ca.us")
    assert made == RFC_TIMESTAMP


@pytest.mark.parametrize("host", ["bücher.example", "a b", "a<b", "", "a@b", "\r\n"])
def test_a_host_that_cannot_stand_in_a_msg_id_becomes_localhost_or_is_plain(host: str) -> None:
    made = make_timestamp(1, 2, host)
    assert find_timestamp(b"+OK " + made) == made


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (b"mrose c4c9334bac560ecc979e58001b3e22fb", "mrose"),
        (b"mrose C4C9334BAC560ECC979E58001B3E22FB", "mrose"),
        (b"  two words c4c9334bac560ecc979e58001b3e22fb ", "two words"),
        ("m\u00fcller c4c9334bac560ecc979e58001b3e22fb".encode(), "m\u00fcller"),
    ],
)
def test_name_and_digest_are_read(arguments: bytes, name: str) -> None:
    command = Apop.parse(arguments)
    assert command == Apop(name, "c4c9334bac560ecc979e58001b3e22fb")


@pytest.mark.parametrize(
    "arguments",
    [
        b"",
        b"mrose",
        b"c4c9334bac560ecc979e58001b3e22fb",
        b"mrose c4c9334bac560ecc979e58001b3e22f",
        b"mrose c4c9334bac560ecc979e58001b3e22fbb",
        b"mrose g4c9334bac560ecc979e58001b3e22fb",
        b"\xff c4c9334bac560ecc979e58001b3e22fb",
    ],
)
def test_anything_else_is_a_syntax_error(arguments: bytes) -> None:
    with pytest.raises(CommandSyntaxError):
        Apop.parse(arguments)


def test_only_the_right_secret_is_proved() -> None:
    command = Apop("mrose", "c4c9334bac560ecc979e58001b3e22fb")
    assert command.proves(RFC_TIMESTAMP, b"tanstaaf")
    assert not command.proves(RFC_TIMESTAMP, b"tanstaa")
    assert not command.proves(b"<1.2@h>", b"tanstaaf")
    assert not command.proves(RFC_TIMESTAMP, None)


def test_nobodys_digest_proves_nobody() -> None:
    command = Apop("mrose", apop_digest(RFC_TIMESTAMP, b"\0 nobody"))
    assert not command.proves(RFC_TIMESTAMP, None)


@pytest.mark.parametrize("name", ["", "two words", "a\r\nDELE 1", "a\0"])
def test_a_name_that_cannot_be_sent_is_our_fault(name: str) -> None:
    with pytest.raises(LocalProtocolError):
        Apop(name, "0" * 32).write(Output())
    with pytest.raises(LocalProtocolError):
        Apop("mrose", name).write(Output())


@given(st.binary(max_size=60))
def test_a_timestamp_found_is_always_one_that_can_be_digested(line: bytes) -> None:
    found = find_timestamp(line)
    if found is not None:
        assert len(apop_digest(found, b"x")) == 32
        assert found in line
