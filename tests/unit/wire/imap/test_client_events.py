"""The client's machine."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.client import ClientConnection
from desktopmail.wire.imap.client_events import Closed, Greeting, Untagged
from desktopmail.wire.imap.codes import Code
from desktopmail.wire.imap.condition import Answer, Condition, Tag, Tagged
from desktopmail.wire.imap.noop import Noop
from desktopmail.wire.imap.select import ExistsResponse
from desktopmail.wire.imap.state import State
from tests.helpers.imap import client_events, new_client

EARLY = State.NOT_AUTHENTICATED


@pytest.mark.parametrize(
    ("octets", "state"),
    [
        (b"* OK hi\r\n", State.NOT_AUTHENTICATED),
        (b"* PREAUTH hi\r\n", State.AUTHENTICATED),
        (b"* BYE go away\r\n", State.LOGOUT),
    ],
)
def test_each_greeting_leads_to_its_state(octets: bytes, state: State) -> None:
    for pieces in ([octets], [octets[n : n + 1] for n in range(len(octets))]):
        client = ClientConnection()
        (event,) = client_events(client, pieces)
        assert isinstance(event, Greeting)
        assert client.state is state


@pytest.mark.parametrize("state", [EARLY, State.AUTHENTICATED, State.SELECTED])
def test_bye_anywhere_ends_the_connection_as_expected(state: State) -> None:
    client = new_client(state)
    client.send(Noop())
    events = client_events(client, [b"* BYE shutdown\r\n"])
    assert events == [Untagged(Answer(Condition.BYE, None, "shutdown"))]
    with pytest.raises(LocalProtocolError):
        client.send(Noop())
    client.receive_eof()
    assert client.next_event() == Closed(expected=True)
    assert client.next_event() is None


def test_news_between_answers_is_told() -> None:
    client = new_client()
    client.send(Noop())
    events = client_events(client, [b"* 23 EXISTS\r\n* OK [ALERT] disk\r\nA1 OK x\r\n"])
    assert events == [
        Untagged(ExistsResponse(23)),
        Untagged(Answer(Condition.OK, Code.ALERT, "disk")),
        Tagged(Tag("A1"), Condition.OK, None, "x"),
    ]
