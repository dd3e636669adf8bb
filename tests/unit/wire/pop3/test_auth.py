"""AUTH: RFC 5034."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.output import Output
from desktopmail.wire.pop3.auth import Auth, AuthList, decode_base64, encode_base64
from desktopmail.wire.pop3.command import CommandSyntaxError


def test_the_example_of_rfc_5034_section_6_with_an_initial_response() -> None:
    command = Auth.parse(b"PLAIN dGVzdAB0ZXN0AHRlc3Q=")
    assert command == Auth("PLAIN", b"test\0test\0test")
    output = Output()
    command.write(output)
    segments = output.take()
    assert b"".join(each.octets for each in segments) == b"AUTH PLAIN dGVzdAB0ZXN0AHRlc3Q=\r\n"
    assert b"".join(each.redacted for each in segments) == b"AUTH PLAIN <response>\r\n"


def test_without_an_initial_response() -> None:
    assert Auth.parse(b"plain") == Auth("PLAIN", None)
    assert Auth("PLAIN").arguments == b"PLAIN"
    assert Auth("PLAIN").mask is None


def test_an_empty_initial_response_is_an_equals_sign() -> None:
    assert Auth.parse(b"EXTERNAL =") == Auth("EXTERNAL", b"")
    assert Auth("EXTERNAL", b"").arguments == b"EXTERNAL ="


@pytest.mark.parametrize(
    "octets",
    [b"=AAA", b"AAA=BBB", b"AAA", b"A", b"AA=", b"AA== ", b"AA\n==", b"****", b"====", b"=="],
)
def test_what_is_not_base64_is_refused_and_not_ignored(octets: bytes) -> None:
    # RFC 5034 section 4 names =AAA and AAA=BBB.
    with pytest.raises(ValueError, match="base64"):
        decode_base64(octets)
    with pytest.raises(CommandSyntaxError):
        Auth.parse(b"PLAIN " + octets + b"*")


@pytest.mark.parametrize("mechanism", [b"", b"PL AIN*", b"X" * 21, b"PLAIN\xff", b"PL.AIN"])
def test_what_is_no_mechanism_is_a_syntax_error(mechanism: bytes) -> None:
    with pytest.raises(CommandSyntaxError):
        Auth.parse(mechanism)


@pytest.mark.parametrize("mechanism", ["", "plain", "PLAIN\r\nDELE 1", "X" * 21])
def test_what_is_no_mechanism_is_our_fault(mechanism: str) -> None:
    with pytest.raises(LocalProtocolError):
        Auth(mechanism).write(Output())


def test_an_initial_response_that_makes_the_line_too_long_does_not_fit() -> None:
    assert Auth("PLAIN", b"x" * 180).fits
    assert not Auth("PLAIN", b"x" * 190).fits


def test_auth_alone_asks_for_the_mechanisms() -> None:
    output = Output()
    AuthList().write(output)
    assert output.take()[0].octets == b"AUTH\r\n"


@given(st.binary(max_size=200))
def test_responses_go_round(octets: bytes) -> None:
    assert decode_base64(encode_base64(octets)) == octets


@given(st.binary(max_size=40))
def test_decoding_raises_nothing_but_value_error(octets: bytes) -> None:
    decoded = None
    with contextlib.suppress(ValueError):
        decoded = decode_base64(octets)
    # The last character may carry bits that mean nothing, so it is left out.
    if decoded is not None:
        assert encode_base64(decoded).rstrip(b"=")[:-1] == octets.rstrip(b"=")[:-1]
