"""IDLE."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.client_events import ContinuationRequested, Untagged
from desktopmail.wire.imap.condition import Condition, Continue, Tag, Tagged
from desktopmail.wire.imap.expunge import ExpungeResponse
from desktopmail.wire.imap.idle import Idle
from desktopmail.wire.imap.noop import Noop
from desktopmail.wire.imap.select import ExistsResponse
from desktopmail.wire.imap.sequence import Seq
from desktopmail.wire.imap.server import BadCommand, CommandReceived, IdleDone
from tests.helpers.imap import client_events, new_client, new_server, octets_of


def test_the_exchange_of_rfc_9051_section_6_3_13_both_roles() -> None:
    client, server = new_client(), new_server()
    tag = client.send(Idle())
    server.receive(octets_of(client.take_output()))
    assert server.next_event() == CommandReceived(tag, Idle())
    server.send(Continue(text="idling"))
    server.send(ExpungeResponse(Seq(3)))
    server.send(ExistsResponse(4))
    assert client_events(client, [octets_of(server.take_output())]) == [
        ContinuationRequested(tag, None),
        Untagged(ExpungeResponse(Seq(3))),
        Untagged(ExistsResponse(4)),
    ]
    client.send_done()
    said = octets_of(client.take_output())
    assert said == b"DONE\r\n"
    server.receive(said)
    assert server.next_event() == IdleDone(tag)
    server.send(Tagged(tag, Condition.OK, None, "IDLE terminated"))
    assert client_events(client, [octets_of(server.take_output())]) == [
        Tagged(tag, Condition.OK, None, "IDLE terminated")
    ]


def test_nothing_can_be_sent_during_an_idle() -> None:
    client = new_client()
    client.send(Idle())
    assert not client.may_send(Noop())
    with pytest.raises(LocalProtocolError):
        client.send(Noop())


def test_done_without_idle_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError):
        new_client().send_done()


@pytest.mark.parametrize("line", [b"a2 NOOP", b"", b"DONE ", b"*", b"DONE {3}", b"x {3+}\r\nabc"])
def test_another_line_than_done_is_refused_and_ends_the_idle(line: bytes) -> None:
    server = new_server()
    server.receive(b"a1 IDLE\r\n")
    assert isinstance(server.next_event(), CommandReceived)
    server.send(Continue())
    server.receive(line + b"\r\na3 NOOP\r\n")
    bad = server.next_event()
    assert isinstance(bad, BadCommand)
    assert bad.tag == Tag("a1")
    server.send(bad.refusal)
    assert server.next_event() == CommandReceived(Tag("a3"), Noop())


def test_done_is_taken_in_any_case() -> None:
    server = new_server()
    server.receive(b"a1 IDLE\r\n")
    server.next_event()
    server.send(Continue())
    server.receive(b"done\r\n")
    assert server.next_event() == IdleDone(Tag("a1"))
