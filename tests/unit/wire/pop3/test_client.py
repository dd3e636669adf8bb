"""The client's machine: dialogues of the RFCs, pipelining, limits, and servers that misbehave."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.limits import (
    MAX_REPLY_LINE_OCTETS,
    POP3_MAX_EARLY_LISTING_OCTETS,
    POP3_MAX_LISTING_OCTETS,
    SASL_MAX_LINE_OCTETS,
)
from desktopmail.wire.output import Output
from desktopmail.wire.pop3.apop import Apop
from desktopmail.wire.pop3.auth import Auth, AuthList
from desktopmail.wire.pop3.capability import Capa
from desktopmail.wire.pop3.client import ClientConnection
from desktopmail.wire.pop3.command import Noop, Quit, Rset
from desktopmail.wire.pop3.events import Answered, Challenged, Closed, Data, Greeted
from desktopmail.wire.pop3.greeting import Greeting
from desktopmail.wire.pop3.listing import DropListing, List, Stat, Uidl
from desktopmail.wire.pop3.login import Pass, User
from desktopmail.wire.pop3.message import Dele, Retr, Top
from desktopmail.wire.pop3.reply import Reply, error, ok
from desktopmail.wire.pop3.state import State
from desktopmail.wire.secret import Secret
from tests.helpers.pop3 import (
    RFC_GREETING,
    client_events,
    client_in_transaction,
    out,
    shown,
    splits,
)


def client_ready() -> ClientConnection:
    client = ClientConnection()
    client_events(client, [RFC_GREETING + b"\r\n"])
    return client


@pytest.mark.parametrize("split", [0, 1])
def test_the_session_of_rfc_1939_section_10(split: int) -> None:
    client = ClientConnection()
    said: list[object] = client_events(client, splits(RFC_GREETING + b"\r\n")[split])
    assert said == [Greeted(Greeting.parse(RFC_GREETING))]
    dialogue = [
        (
            Apop("mrose", "c4c9334bac560ecc979e58001b3e22fb"),
            b"+OK mrose's maildrop has 2 messages (320 octets)\r\n",
            None,
        ),
        (Stat(), b"+OK 2 320\r\n", DropListing(2, 320)),
        (List(), b"+OK 2 messages (320 octets)\r\n1 120\r\n2 200\r\n.\r\n", {1: 120, 2: 200}),
        (Dele(1), b"+OK message 1 deleted\r\n", None),
        (Dele(2), b"+OK message 2 deleted\r\n", None),
        (Quit(), b"+OK dewey POP3 server signing off (maildrop empty)\r\n", None),
    ]
    for command, answer, result in dialogue:
        client.send(command)
        assert out(client).startswith(command.keyword)
        (event,) = client_events(client, splits(answer)[split])
        assert isinstance(event, Answered)
        assert (event.command, event.reply.ok, event.result) == (command, True, result)
    assert client.state is State.CLOSED
    client.receive_eof()
    assert client.next_event() == Closed(is_clean=True)


def test_a_login_opens_the_transaction_state() -> None:
    client = client_ready()
    client.send(User("mrose"))
    client.send(Pass(Secret("tanstaaf")))
    assert shown(client) == b"USER mrose\r\nPASS <password>\r\n"
    client_events(client, [b"+OK\r\n-ERR [AUTH] no\r\n"])
    assert client.state is State.AUTHORIZATION
    client.send(User("mrose"))
    client.send(Pass(Secret("tanstaaf")))
    client_events(client, [b"+OK\r\n+OK\r\n"])
    assert client.state.name == "TRANSACTION"


def test_nothing_goes_ahead_of_a_login_that_is_not_decided() -> None:
    client = client_ready()
    client.send(User("mrose"))
    client.send(Pass(Secret("x")))
    with pytest.raises(LocalProtocolError):
        client.send(Capa())
    client_events(client, [b"-ERR\r\n-ERR\r\n"])
    with pytest.raises(LocalProtocolError):
        client.send(Pass(Secret("x")))


def test_nothing_is_sent_behind_quit() -> None:
    client = client_in_transaction()
    client.send(Quit())
    with pytest.raises(LocalProtocolError):
        client.send(Noop())


# --- pipelining (RFC 2449 section 6.6) -----------------------------------------------------------


def test_answers_belong_to_the_commands_in_their_order() -> None:
    client = client_in_transaction()
    commands = [Stat(), List(), Retr(1), Retr(2), Dele(1), Top(2, 0), Uidl(2), Rset()]
    for command in commands:
        client.send(command)
    assert out(client) == (
        b"STAT\r\nLIST\r\nRETR 1\r\nRETR 2\r\nDELE 1\r\nTOP 2 0\r\nUIDL 2\r\nRSET\r\n"
    )
    answers = (
        b"+OK 2 320\r\n"
        b"+OK\r\n1 120\r\n2 200\r\n.\r\n"
        b"+OK\r\none\r\n.\r\n"
        b"-ERR gone\r\n"
        b"+OK\r\n"
        b"+OK\r\n\r\n.\r\n"
        b"+OK 2 abc\r\n"
        b"+OK\r\n"
    )
    expected = [
        Answered(Stat(), ok("2 320"), DropListing(2, 320)),
        Answered(List(), ok(), {1: 120, 2: 200}),
        Answered(Retr(1), ok()),
        Data(Retr(1), b"one\r\n", is_last=True),
        Answered(Retr(2), error("gone")),
        Answered(Dele(1), ok()),
        Answered(Top(2, 0), ok()),
        Data(Top(2, 0), b"\r\n", is_last=True),
        Answered(Uidl(2), ok("2 abc"), {2: "abc"}),
        Answered(Rset(), ok()),
    ]
    assert client.waiting == len(commands)
    assert client_events(client, [answers]) == expected
    assert client.waiting == 0
    for command in commands:
        client.send(command)
    assert client_events(client, splits(answers)[1]) == expected


@given(st.lists(st.integers(1, 7)))
def test_events_are_the_same_however_the_answers_are_split(sizes: list[int]) -> None:
    answers = b"+OK 1 2\r\n+OK\r\n1 2\r\n.\r\n+OK\r\n..a\r\nb\r\n.\r\n-ERR [IN-USE] x\r\n"
    pieces, begin = [], 0
    for size in sizes:
        pieces.append(answers[begin : begin + size])
        begin += size
    pieces.append(answers[begin:])
    results = []
    for split in ([answers], pieces):
        client = client_in_transaction()
        for command in (Stat(), List(), Retr(1), Noop()):
            client.send(command)
        results.append(client_events(client, split))
    assert results[0] == results[1]


# --- AUTH (RFC 5034) -----------------------------------------------------------------------------


def test_the_example_of_rfc_5034_with_a_challenge() -> None:
    client = client_ready()
    client.send(Auth("PLAIN"))
    assert out(client) == b"AUTH PLAIN\r\n"
    assert client_events(client, [b"+ \r\n"]) == [Challenged(b"")]
    client.respond(b"test\0test\0test")
    segments = client.take_output()
    assert b"".join(each.octets for each in segments) == b"dGVzdAB0ZXN0AHRlc3Q=\r\n"
    assert b"".join(each.redacted for each in segments) == b"<response>\r\n"
    client_events(client, [b"+OK Maildrop locked and ready\r\n"])
    assert client.state.name == "TRANSACTION"


def test_the_long_exchange_of_rfc_5034() -> None:
    client = client_ready()
    client.send(Auth("DIGEST-MD5"))
    first = b"+ cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCI=\r\n"
    for pieces in splits(first):
        if pieces is not splits(first)[0]:
            events = client_events(client, pieces)
            break
    assert events == [Challenged(b'realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh"')]
    client.respond(b'charset=utf-8,username="chris"')
    out(client)
    (event,) = client_events(client, [b"+ cnNwYXV0aD0wYjk3\r\n"])
    assert event == Challenged(b"rspauth=0b97")
    client.respond(b"")
    assert out(client) == b"\r\n", "an empty response is an empty line"
    client_events(client, [b"+OK Maildrop locked and ready\r\n"])
    assert client.state.name == "TRANSACTION"


def test_a_challenge_that_is_not_base64_is_cancelled() -> None:
    # RFC 5034 section 4: the client MUST cancel.
    client = client_ready()
    client.send(Auth("PLAIN"))
    out(client)
    assert client_events(client, [b"+ *not base64*\r\n"]) == []
    assert out(client) == b"*\r\n"
    (event,) = client_events(client, [b"-ERR cancelled\r\n"])
    assert isinstance(event, Answered)
    assert not event.reply.ok
    client.send(User("mrose"))


def test_an_exchange_can_be_cancelled() -> None:
    client = client_ready()
    client.send(Auth("PLAIN"))
    client_events(client, [b"+\r\n"])
    out(client)
    client.cancel()
    assert out(client) == b"*\r\n"
    with pytest.raises(LocalProtocolError):
        client.respond(b"x")


def test_a_response_without_a_challenge_is_our_fault() -> None:
    client = client_ready()
    for wrong in (lambda: client.respond(b"x"), client.cancel):
        with pytest.raises(LocalProtocolError):
            wrong()
    client.send(Auth("PLAIN"))
    with pytest.raises(LocalProtocolError):
        client.respond(b"x")


def test_a_response_that_is_too_long_is_our_fault() -> None:
    client = client_ready()
    client.send(Auth("PLAIN"))
    client_events(client, [b"+ \r\n"])
    out(client)
    with pytest.raises(LocalProtocolError):
        client.respond(b"x" * SASL_MAX_LINE_OCTETS)
    assert out(client) == b""
    client.respond(b"x")


def test_a_second_challenge_before_the_first_is_answered_is_the_peers_fault() -> None:
    client = client_ready()
    client.send(Auth("PLAIN"))
    with pytest.raises(RemoteProtocolError):
        client_events(client, [b"+ \r\n+ \r\n"])


def test_a_challenge_to_anything_but_auth_is_the_peers_fault() -> None:
    client = client_ready()
    client.send(User("mrose"))
    with pytest.raises(RemoteProtocolError):
        client_events(client, [b"+ \r\n"])


def test_auth_alone_lists_the_mechanisms() -> None:
    client = client_ready()
    client.send(AuthList())
    assert client_events(client, [b"+OK\r\nplain\r\nCRAM-MD5\r\n.\r\n"]) == [
        Answered(AuthList(), ok(), ("PLAIN", "CRAM-MD5"))
    ]
    client.send(AuthList())
    assert client_events(client, [b"-ERR\r\n"]) == [Answered(AuthList(), error(""))]


# --- capabilities --------------------------------------------------------------------------------


def test_capabilities_are_kept_and_a_refusal_means_none() -> None:
    client = client_ready()
    assert client.capabilities is None
    client.send(Capa())
    client_events(client, [b"+OK\r\nTOP\r\n.\r\n"])
    assert client.capabilities is not None
    assert "TOP" in client.capabilities
    client.send(Capa())
    client_events(client, [b"-ERR what?\r\n"])
    assert not client.capabilities


# --- servers that misbehave ----------------------------------------------------------------------


def test_an_answer_to_a_command_that_was_never_sent_is_the_peers_fault() -> None:
    for client in (client_ready(), client_in_transaction()):
        with pytest.raises(RemoteProtocolError, match="no command"):
            client_events(client, [b"-ERR Disconnected for inactivity\r\n"])


def test_a_greeting_of_another_protocol_is_the_peers_fault() -> None:
    with pytest.raises(RemoteProtocolError):
        client_events(ClientConnection(), [b"220 mail.example.org ESMTP\r\n"])


def test_a_refusal_in_the_greeting_is_an_event_and_the_end() -> None:
    client = ClientConnection()
    (event,) = client_events(client, [b"-ERR [SYS/TEMP] too busy\r\n"])
    assert isinstance(event, Greeted)
    assert event.greeting.reply == Reply(ok=False, text="too busy", code="SYS/TEMP")
    with pytest.raises(LocalProtocolError):
        client.send(Quit())


def test_a_server_that_never_ends_its_line_is_cut_off() -> None:
    client = client_in_transaction()
    client.send(Noop())
    with pytest.raises(RemoteProtocolError) as caught:
        client_events(client, [b"+OK " + b"x" * 1000] * 100)
    assert caught.value.limit == "max_line_octets"
    assert len(client._lines) < MAX_REPLY_LINE_OCTETS + SASL_MAX_LINE_OCTETS + 2000


def test_a_listing_without_end_is_cut_off_sooner_before_the_login() -> None:
    client = client_ready()
    client.send(Capa())
    with pytest.raises(RemoteProtocolError) as caught:
        client_events(client, [b"+OK\r\n", *[b"X-CAPABILITY\r\n" * 100] * 1000])
    assert caught.value.limit == "max_listing_octets"
    assert client._listed <= POP3_MAX_EARLY_LISTING_OCTETS + 1400


def test_a_listing_without_end_is_cut_off_after_the_login() -> None:
    client = client_in_transaction()
    client.send(List())
    line = b"1 1\r\n" * 200_000
    with pytest.raises(RemoteProtocolError) as caught:
        client_events(client, [b"+OK\r\n", *[line] * (POP3_MAX_LISTING_OCTETS // len(line) + 1)])
    assert caught.value.limit == "max_listing_octets"


def test_a_line_without_end_in_a_listing_is_cut_off() -> None:
    client = client_in_transaction()
    client.send(List())
    with pytest.raises(RemoteProtocolError) as caught:
        client_events(client, [b"+OK\r\n", *[b"1" * 1000] * 100])
    assert caught.value.limit == "max_line_octets"


def test_a_message_of_any_size_passes_in_bounded_memory() -> None:
    client = client_in_transaction()
    client.send(Retr(1))
    client.receive(b"+OK\r\n")
    client.next_event()
    piece = b"x" * 65536
    total = 0
    for _ in range(500):
        client.receive(piece)
        while isinstance(event := client.next_event(), Data):
            total += len(event.octets)
        assert len(client._lines) <= 4
    assert total == 500 * len(piece)


@pytest.mark.parametrize(
    ("commands", "octets", "is_clean"),
    [
        ([], b"", True),
        ([], b"+O", False),
        ([Noop()], b"", False),
        ([Retr(1)], b"+OK\r\nhalf", False),
        ([List()], b"+OK\r\n1 1\r\n", False),
        ([Noop()], b"+OK\r\n", True),
    ],
)
def test_the_end_says_whether_something_was_left_open(
    commands: list[Noop | Retr | List], octets: bytes, is_clean: bool
) -> None:
    client = client_in_transaction()
    for command in commands:
        client.send(command)
    client.receive(octets)
    client.receive_eof()
    event = client.next_event()
    while not isinstance(event, Closed):
        assert event is not None
        event = client.next_event()
    assert event == Closed(is_clean)


def test_the_end_before_the_greeting_is_not_clean() -> None:
    client = ClientConnection()
    client.receive_eof()
    assert client.next_event() == Closed(is_clean=False)


_NOISE = st.lists(
    st.binary(max_size=20)
    | st.sampled_from(
        [
            b"+OK\r\n",
            b"-ERR\r\n",
            b"+ \r\n",
            b".\r\n",
            b"\r\n.\r\n",
            b"1 1\r\n",
            b"+OK 1 1\r\n",
            b"\n",
        ]
    )
)


@given(
    _NOISE, st.lists(st.sampled_from([Stat(), List(), Uidl(), Retr(1), Capa(), Noop(), List(1)]))
)
def test_reading_raises_nothing_but_the_peers_fault(
    pieces: list[bytes], commands: list[Stat | List | Uidl | Retr | Capa | Noop]
) -> None:
    client = client_in_transaction()
    for command in commands:
        client.send(command)
    with contextlib.suppress(RemoteProtocolError):
        client_events(client, pieces)
    assert len(client._lines) <= sum(map(len, pieces))


def test_the_cost_of_many_small_answers_is_linear() -> None:
    def seconds(count: int) -> float:
        client = client_in_transaction()
        for _ in range(count):
            client.send(Noop())
        answers = b"+OK\r\n" * count
        begin = time.process_time()
        client.receive(answers)
        while client.next_event() is not None:
            pass
        return time.process_time() - begin

    seconds(100)
    assert min(seconds(50_000) for _ in range(2)) < 25 * min(seconds(5_000) for _ in range(3))


def test_what_stands_behind_a_challenge_that_is_none_is_read_at_once() -> None:
    octets = b"+ !!!\r\n-ERR cancelled\r\n"
    for pieces in splits(octets):
        client = ClientConnection()
        client_events(client, [RFC_GREETING + b"\r\n"])
        client.send(Auth("PLAIN"))
        (event,) = client_events(client, pieces)
        assert isinstance(event, Answered)
        assert not event.reply.ok
        assert out(client).endswith(b"*\r\n")


def test_a_line_of_a_listing_is_no_longer_when_it_comes_at_once() -> None:
    octets = b"+OK\r\n1 " + b"x" * 30_000 + b"\r\n2 x\r\n.\r\n"
    for pieces in splits(octets):
        client = client_in_transaction()
        client.send(Uidl())
        with pytest.raises(RemoteProtocolError) as caught:
            client_events(client, pieces)
        assert caught.value.limit == "max_line_octets"


@pytest.mark.parametrize(
    "command", [User("a\ud800"), Pass(Secret("a\ud800")), Apop("a\ud800", "0" * 32)]
)
def test_half_a_character_is_our_fault_and_is_not_repeated(command: User | Pass | Apop) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        command.write(Output())
    assert "d800" not in repr(caught.value)
    assert caught.value.__suppress_context__


def test_an_answer_that_came_before_its_command_is_the_peers_fault() -> None:
    """Taken for that of RETR it would put the real one in front of the message."""
    client = client_in_transaction()
    client.send(Noop())
    client.receive(b"+OK\r\n+OK again\r\n")
    assert isinstance(client.next_event(), Answered)
    client.send(Retr(1))
    client.receive(b"+OK 5 octets\r\nabc\r\n.\r\n")
    with pytest.raises(RemoteProtocolError, match="no command"):
        client.next_event()
