"""The client's machine."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap import limits
from desktopmail.wire.imap.append import Append, AppendMessage
from desktopmail.wire.imap.capability import Capability
from desktopmail.wire.imap.client import ClientConnection
from desktopmail.wire.imap.client_events import Closed, Malformed
from desktopmail.wire.imap.codes import Modified
from desktopmail.wire.imap.condition import Condition, Tagged
from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.fetch_item import Item
from desktopmail.wire.imap.login import Login
from desktopmail.wire.imap.logout import Logout
from desktopmail.wire.imap.noop import Noop
from desktopmail.wire.imap.select import Select
from desktopmail.wire.imap.sequence import UidSet
from desktopmail.wire.imap.starttls import StartTls
from desktopmail.wire.imap.state import State
from desktopmail.wire.imap.store import Store, StoreMode
from desktopmail.wire.secret import Secret
from tests.helpers.imap import client_events, new_client, octets_of

UIDS = Fetch(UidSet.all(), (Item.FLAGS,))

EARLY = State.NOT_AUTHENTICATED


@pytest.mark.parametrize(
    "octets",
    [
        b"* NO x\r\n",
        b"* BAD x\r\n",
        b"a1 OK x\r\n",
        b"+ x\r\n",
        b"* 1 EXISTS\r\n",
        b"220 mail.example ESMTP\r\n",
        b"+OK POP3\r\n",
        b"\x16\x03\x01\x00\r\n",
    ],
)
def test_what_is_no_greeting_is_the_servers_fault(octets: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        client_events(ClientConnection(), [octets])


def test_nothing_can_be_sent_before_the_greeting() -> None:
    with pytest.raises(LocalProtocolError):
        ClientConnection().send(Noop())


def test_capabilities_of_the_greeting_are_taken() -> None:
    client = ClientConnection()
    client_events(client, [b"* OK [CAPABILITY IMAP4rev1 LITERAL+ AUTH=PLAIN] hi\r\n"])
    assert client.capabilities == {"IMAP4REV1", "LITERAL+", "AUTH=PLAIN"}
    assert client.offers("literal+")


def test_imap4rev2_offers_what_it_holds_without_naming_it() -> None:
    client = ClientConnection()
    client_events(client, [b"* PREAUTH [CAPABILITY IMAP4rev2] hi\r\n"])
    assert client.offers("MOVE")
    assert client.offers("UIDPLUS")
    assert not client.offers("QRESYNC")


def test_logout_is_answered_by_bye_and_ok() -> None:
    client = new_client()
    tag = client.send(Logout())
    events = client_events(client, [b"* BYE bye\r\nA1 OK out\r\n"])
    assert events[-1] == Tagged(tag, Condition.OK, None, "out")
    assert client.state is State.LOGOUT


def test_an_end_without_bye_is_told_and_one_inside_a_response_is_a_fault() -> None:
    client = new_client()
    client.receive_eof()
    assert client.next_event() == Closed(expected=False)
    torn = new_client()
    torn.receive(b"* 1 FETCH (BODY[] {10}\r\nabc")
    assert torn.next_event() is None
    torn.receive_eof()
    with pytest.raises(RemoteProtocolError):
        torn.next_event()


def test_answers_to_commands_never_sent_are_the_servers_fault() -> None:
    for octets in (b"A1 OK x\r\n", b"zz NO x\r\n"):
        with pytest.raises(RemoteProtocolError, match="not the tag"):
            client_events(new_client(), [octets])
    client = new_client()
    client.send(Noop())
    client_events(client, [b"A1 OK x\r\n"])
    with pytest.raises(RemoteProtocolError):
        client_events(client, [b"A1 OK again\r\n"])


def test_a_command_answered_with_ok_before_its_literal_was_sent_is_the_servers_fault() -> None:
    client = new_client()
    client.send(Append("INBOX", (AppendMessage(b"hello"),)))
    with pytest.raises(RemoteProtocolError):
        client_events(client, [b"A1 OK done\r\n"])


def test_a_continuation_nobody_waits_for_is_malformed() -> None:
    (event,) = client_events(new_client(), [b"+ go on\r\n"])
    assert isinstance(event, Malformed)


def test_preauth_that_is_no_greeting_is_malformed_and_changes_nothing() -> None:
    client = new_client(EARLY)
    (event,) = client_events(client, [b"* PREAUTH you are in\r\n"])
    assert isinstance(event, Malformed)
    assert client.state is EARLY


def test_malformed_responses_are_borne_up_to_a_limit() -> None:
    client = new_client()
    line = b"* 1 FETCH (UID x)\r\n"
    events = client_events(client, [line * limits.MAX_MALFORMED_RESPONSES])
    assert all(isinstance(event, Malformed) for event in events)
    with pytest.raises(RemoteProtocolError) as caught:
        client_events(client, [line])
    assert caught.value.limit == "MAX_MALFORMED_RESPONSES"


def test_modified_of_a_uid_store_names_uids() -> None:
    client = new_client()
    client.send(Store(UidSet.all(), StoreMode.ADD, frozenset()))
    (event,) = client_events(client, [b"A1 OK [MODIFIED 7,9] x\r\n"])
    assert isinstance(event, Tagged)
    assert event.code == Modified(UidSet.parse(b"7,9"))


@pytest.mark.parametrize(
    ("command", "state"),
    [
        (UIDS, State.AUTHENTICATED),
        (UIDS, EARLY),
        (Select("INBOX"), EARLY),
        (Login("a", Secret("b")), State.AUTHENTICATED),
        (StartTls(), State.SELECTED),
        (Noop(), State.LOGOUT),
    ],
)
def test_a_command_in_the_wrong_state_is_our_fault_and_sends_nothing(
    command: Noop, state: State
) -> None:
    client = new_client(state)
    with pytest.raises(LocalProtocolError):
        client.send(command)
    assert client.take_output() == []
    assert not client.in_flight


def test_a_command_that_cannot_be_written_leaves_no_trace() -> None:
    client = new_client()
    with pytest.raises(LocalProtocolError):
        client.send(Select("a\r\nb"))
    assert client.take_output() == []
    assert not client.in_flight
    client.send(Noop())
    assert octets_of(client.take_output()).endswith(b" NOOP\r\n")


def test_nothing_buffered_survives_starttls() -> None:
    client = new_client(EARLY)
    client.send(StartTls())
    client.receive(b"A1 OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=EVIL\r\n")
    assert isinstance(client.next_event(), Tagged)
    with pytest.raises(RemoteProtocolError, match="clear"):
        client.starting_tls()


def test_half_a_line_behind_starttls_is_too_much() -> None:
    client = new_client(EARLY)
    client.send(StartTls())
    client.receive(b"A1 OK begin\r\n*")
    client.next_event()
    with pytest.raises(RemoteProtocolError):
        client.starting_tls()


def test_capabilities_from_before_tls_are_forgotten() -> None:
    client = new_client(EARLY)
    client_events(client, [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"])
    client.send(StartTls())
    client_events(client, [b"A1 OK begin\r\n"])
    client.starting_tls()
    client.tls_started()
    assert client.capabilities is None
    client_events(client, [b"* CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256\r\n"])
    assert client.capabilities == {"IMAP4REV1", "AUTH=SCRAM-SHA-256"}
    with pytest.raises(LocalProtocolError, match="inside TLS"):
        client.send(StartTls())


def test_nothing_is_sent_behind_starttls() -> None:
    client = new_client(EARLY)
    client.send(StartTls())
    with pytest.raises(LocalProtocolError):
        client.send(Capability())


def test_capabilities_from_before_login_are_forgotten_unless_told_anew() -> None:
    for told, expected in (
        (b"A1 OK in\r\n", None),
        (b"A1 OK [CAPABILITY IMAP4rev1 MOVE] in\r\n", {"IMAP4REV1", "MOVE"}),
        (b"* CAPABILITY IMAP4rev1 IDLE\r\nA1 OK in\r\n", {"IMAP4REV1", "IDLE"}),
    ):
        client = new_client(EARLY)
        client_events(client, [b"* CAPABILITY IMAP4rev1\r\n"])
        client.send(Login("a", Secret("b")))
        client_events(client, [told])
        assert client.capabilities == expected


@pytest.mark.parametrize(
    ("octets", "limit"),
    [
        (b"* OK " + b"a" * limits.MAX_RESPONSE_LINE_OCTETS_BEFORE_LOGIN, "max_line_octets"),
        (b"* LIST () NIL {70000}\r\n", "max_literal_octets"),
        (b"* LIST () NIL {9223372036854775808}\r\n", "max_literal_octets"),
        (b"* LIST (" + b"{0}\r\n" * 20, "max_literals"),
    ],
)
def test_before_login_little_is_borne(octets: bytes, limit: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        client_events(new_client(EARLY), [octets])
    assert caught.value.limit == limit


def test_a_literal_of_2_to_the_63_is_refused_in_no_memory() -> None:
    for threshold in (None, 1000):
        with pytest.raises(RemoteProtocolError) as caught:
            client_events(
                new_client(stream_over_octets=threshold),
                [b"* 1 FETCH (BODY[] {9223372036854775808}\r\n"],
            )
        assert caught.value.limit in {"max_literal_octets", "max_streamed_octets"}


def test_a_hundred_thousand_literals_are_refused() -> None:
    begin = time.process_time()
    with pytest.raises(RemoteProtocolError) as caught:
        client_events(new_client(), [b"* 1 FETCH (X (" + b"{1}\r\na " * 100_000 + b"))\r\n"])
    assert caught.value.limit == "max_literals"
    assert time.process_time() - begin < 3


def test_a_million_parentheses_are_malformed_at_once() -> None:
    begin = time.process_time()
    (event,) = client_events(new_client(), [b"* 1 FETCH (X " + b"(" * 1_000_000 + b"\r\n"])
    assert isinstance(event, Malformed)
    assert time.process_time() - begin < 1


def test_a_stream_of_answers_is_read_in_linear_time() -> None:
    line = b"* 1 FETCH (UID 7 FLAGS (\\Seen) MODSEQ (5))\r\n"

    def seconds(count: int) -> float:
        octets = line * count
        pieces = [octets[at : at + 65536] for at in range(0, len(octets), 65536)]
        client = new_client()
        begin = time.process_time()
        assert len(client_events(client, pieces)) == count
        return time.process_time() - begin

    seconds(1000)
    assert min(seconds(20_000) for _ in range(3)) < 25 * min(seconds(2_000) for _ in range(3))


@given(
    st.lists(
        st.binary(max_size=40)
        | st.sampled_from(
            [
                b"* ",
                b"A1 OK x\r\n",
                b"\r\n",
                b"* 1 FETCH (UID 1)\r\n",
                b"{3}\r\n",
                b"* BYE x\r\n",
                b"+ \r\n",
            ]
        ),
        max_size=10,
    )
)
def test_any_octets_are_events_or_the_servers_fault(pieces: list[bytes]) -> None:
    client = new_client(stream_over_octets=2)
    client.send(Noop())
    try:
        client_events(client, pieces)
        client.receive_eof()
        client.next_event()
    except RemoteProtocolError:
        return


@pytest.mark.parametrize("line", [b"* OK still here\r\n", b"* 1 FETCH (UID 7)\r\n"])
def test_a_flood_before_login_ends_the_connection(line: bytes) -> None:
    client = new_client(EARLY)
    client.send(Login("a", Secret("b")))
    client_events(client, [line * limits.MAX_RESPONSES_BEFORE_LOGIN])
    with pytest.raises(RemoteProtocolError) as caught:
        client_events(client, [line])
    assert caught.value.limit == "MAX_RESPONSES_BEFORE_LOGIN"
    within = new_client()
    assert len(client_events(within, [line * 5000])) == 5000
