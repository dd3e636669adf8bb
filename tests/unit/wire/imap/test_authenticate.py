"""AUTHENTICATE."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap.authenticate import Authenticate
from desktopmail.wire.imap.client_events import ContinuationRequested
from desktopmail.wire.imap.condition import Condition, Continue, Tag, Tagged
from desktopmail.wire.imap.server import BadCommand, CommandReceived, ContinuationReceived
from desktopmail.wire.imap.state import State
from tests.helpers.imap import (
    client_events,
    command_both_ways,
    new_client,
    new_server,
    octets_of,
    read_command,
    refused_command,
)

EARLY = State.NOT_AUTHENTICATED


def test_the_initial_response_of_rfc_4959_section_5() -> None:
    command_both_ways(
        b"AUTHENTICATE PLAIN dGVzdAB0ZXN0AHRlc3Q=", Authenticate("PLAIN", b"test\0test\0test")
    )
    command_both_ways(b"AUTHENTICATE EXTERNAL =", Authenticate("EXTERNAL", b""))
    command_both_ways(b"AUTHENTICATE PLAIN", Authenticate("PLAIN"))
    assert read_command(b"authenticate plain =") == Authenticate("PLAIN", b"")


@pytest.mark.parametrize(
    "octets",
    [
        b"AUTHENTICATE",
        b"AUTHENTICATE PLAIN x",
        b"AUTHENTICATE PLAIN *",
        b"AUTHENTICATE PLAIN ",
        b"AUTHENTICATE P L A",
        b'AUTHENTICATE "PLAIN"',
    ],
)
def test_what_is_no_authenticate_is_refused(octets: bytes) -> None:
    refused_command(octets, EARLY)


def test_an_exchange_both_roles() -> None:
    client, server = new_client(EARLY), new_server(EARLY)
    tag = client.send(Authenticate("CRAM-MD5"))
    server.receive(octets_of(client.take_output()))
    assert server.next_event() == CommandReceived(tag, Authenticate("CRAM-MD5"))
    server.send(Continue(b"<1@x>"))
    assert client_events(client, [octets_of(server.take_output())]) == [
        ContinuationRequested(tag, b"<1@x>")
    ]
    client.send_response(b"me 0123", mask="<digest>")
    segments = client.take_output()
    assert b"".join(segment.redacted for segment in segments) == b"<digest>\r\n"
    server.receive(octets_of(segments))
    assert server.next_event() == ContinuationReceived(tag, b"me 0123")
    server.send(Tagged(tag, Condition.OK, None, "in"))
    client_events(client, [octets_of(server.take_output())])
    assert client.state is server.state is State.AUTHENTICATED


def test_an_exchange_can_be_given_up() -> None:
    client, server = new_client(EARLY), new_server(EARLY)
    tag = client.send(Authenticate("PLAIN"))
    server.receive(octets_of(client.take_output()))
    server.next_event()
    server.send(Continue(b""))
    assert client_events(client, [octets_of(server.take_output())]) == [
        ContinuationRequested(tag, b"")
    ]
    client.cancel_authentication()
    server.receive(octets_of(client.take_output()))
    assert server.next_event() == ContinuationReceived(tag, None)


@pytest.mark.parametrize("line", [b"###", b"A", b"QQ", b"x {5}", b"x {2+}\r\nab"])
def test_what_is_not_base64_ends_the_exchange(line: bytes) -> None:
    server = new_server(EARLY)
    server.receive(b"a1 AUTHENTICATE PLAIN\r\n")
    server.next_event()
    server.send(Continue(b""))
    server.receive(line + b"\r\n")
    bad = server.next_event()
    assert isinstance(bad, BadCommand)
    assert bad.tag == Tag("a1")


def test_a_challenge_that_is_not_base64_is_the_servers_fault() -> None:
    client = new_client(EARLY)
    client.send(Authenticate("PLAIN"))
    with pytest.raises(RemoteProtocolError):
        client_events(client, [b"+ ###\r\n"])


def test_credentials_are_shown_nowhere() -> None:
    client = new_client(EARLY)
    client_events(client, [b"* CAPABILITY IMAP4rev1 SASL-IR\r\n"])
    client.send(Authenticate("PLAIN", b"\0me\0secret"))
    shown = b"".join(segment.redacted for segment in client.take_output())
    assert shown == b"A1 AUTHENTICATE PLAIN <credentials>\r\n"
    assert "secret" not in repr(Authenticate("PLAIN", b"\0me\0secret"))


def test_an_initial_response_needs_sasl_ir() -> None:
    with pytest.raises(LocalProtocolError, match="SASL-IR"):
        new_client(EARLY).send(Authenticate("PLAIN", b"x"))


def test_a_response_without_an_exchange_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError):
        new_client(EARLY).send_response(b"x")
    with pytest.raises(LocalProtocolError):
        new_client(EARLY).cancel_authentication()
