"""The server's machine, alone and back to back with the client's."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap import limits, state
from desktopmail.wire.imap.append import Append, AppendMessage
from desktopmail.wire.imap.client import ClientConnection
from desktopmail.wire.imap.client_events import Greeting, Malformed, Untagged
from desktopmail.wire.imap.codes import CapabilityCode, Code
from desktopmail.wire.imap.condition import Answer, Condition, Continue, Tag, Tagged
from desktopmail.wire.imap.delete import Delete
from desktopmail.wire.imap.enable import EnabledResponse
from desktopmail.wire.imap.envelope import Address, Envelope
from desktopmail.wire.imap.expunge import ExpungeResponse
from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.fetch_item import Item
from desktopmail.wire.imap.fetch_response import FetchResponse, SectionData
from desktopmail.wire.imap.list import List, ListResponse
from desktopmail.wire.imap.login import Login
from desktopmail.wire.imap.noop import Noop
from desktopmail.wire.imap.section import WHOLE
from desktopmail.wire.imap.select import Close, ExistsResponse, Select, Unselect
from desktopmail.wire.imap.sequence import Seq, SeqSet, UidSet
from desktopmail.wire.imap.server import (
    BadCommand,
    Closed,
    CommandReceived,
    ServerConnection,
)
from desktopmail.wire.imap.starttls import StartTls
from desktopmail.wire.imap.state import State
from desktopmail.wire.imap.status import StatusResponse
from desktopmail.wire.secret import Secret
from tests.helpers.imap import client_events, new_client, new_server, octets_of, server_events

if TYPE_CHECKING:
    from desktopmail.wire.imap.command import Command

EARLY = State.NOT_AUTHENTICATED


# ---- greetings, order, ends


def test_a_connection_begins_with_a_greeting() -> None:
    for response in (Answer(Condition.NO), ExistsResponse(1), Tagged(Tag("a"), Condition.OK)):
        with pytest.raises(LocalProtocolError):
            ServerConnection().send(response)
    server = ServerConnection()
    server.receive(b"a1 NOOP\r\n")
    assert server.next_event() is None
    server.send(Answer(Condition.OK, CapabilityCode(frozenset({"IMAP4REV2"})), "hi"))
    assert octets_of(server.take_output()) == b"* OK [CAPABILITY IMAP4rev2] hi\r\n"
    assert isinstance(server.next_event(), CommandReceived)


def test_one_command_at_a_time_in_order() -> None:
    server = new_server()
    server.receive(b"a1 NOOP\r\na2 UNSELECT\r\na3 FETCH 1 UID\r\n")
    assert server.next_event() == CommandReceived(Tag("a1"), Noop())
    assert server.is_busy
    assert server.next_event() is None
    server.send(Tagged(Tag("a1"), Condition.OK))
    assert server.next_event() == CommandReceived(Tag("a2"), Unselect())
    server.send(Tagged(Tag("a2"), Condition.OK))
    bad = server.next_event()
    assert isinstance(bad, BadCommand)
    assert bad.reason == "FETCH is not allowed while authenticated"


def test_an_answer_to_another_command_is_our_fault() -> None:
    server = new_server()
    with pytest.raises(LocalProtocolError):
        server.send(Tagged(Tag("a1"), Condition.OK))
    server.receive(b"a1 NOOP\r\n")
    server.next_event()
    with pytest.raises(LocalProtocolError):
        server.send(Tagged(Tag("a2"), Condition.OK))
    with pytest.raises(LocalProtocolError):
        server.send(Continue())


def test_a_command_answered_past_the_machine_lets_the_next_one_in() -> None:
    server = new_server()
    server.receive(b"a1 NOOP\r\na2 NOOP\r\n")
    server.next_event()
    with pytest.raises(LocalProtocolError):
        server.answered(Tag("a2"))
    server.answered(Tag("a1"))
    assert server.next_event() == CommandReceived(Tag("a2"), Noop())


def test_nothing_is_said_or_heard_after_bye() -> None:
    server = new_server()
    server.receive(b"a1 NOOP\r\n")
    server.send(Answer(Condition.BYE, Code.UNAVAILABLE, "shutting down"))
    assert server.state is State.LOGOUT
    assert server.next_event() is None
    with pytest.raises(LocalProtocolError):
        server.send(ExistsResponse(1))
    server.receive_eof()
    assert server.next_event() == Closed(expected=True)
    assert server.next_event() is None


def test_a_client_that_goes_away_is_told() -> None:
    server = new_server()
    server.receive(b"a1 NO")
    server.receive_eof()
    assert server.next_event() == Closed(expected=False)


# ---- what is not allowed


def test_expunge_is_not_sent_when_numbers_are_in_use() -> None:
    server = new_server()
    with pytest.raises(LocalProtocolError):
        server.send(ExpungeResponse(Seq(1)))
    for command, allowed in (
        (b"FETCH 1 UID", False),
        (b"STORE 1 FLAGS ()", False),
        (b"SEARCH ALL", False),
        (b"UID FETCH 1 UID", True),
        (b"UID SEARCH ALL", True),
        (b"NOOP", True),
        (b"COPY 1 a", True),
    ):
        server = new_server()
        server.receive(b"a1 " + command + b"\r\n")
        server.next_event()
        if allowed:
            server.send(ExpungeResponse(Seq(1)))
        else:
            with pytest.raises(LocalProtocolError):
                server.send(ExpungeResponse(Seq(1)))


def test_lines_that_were_encoded_before_go_out_as_they_are() -> None:
    server = new_server()
    server.send_encoded(b"* 1 EXISTS\r\n* 1 RECENT\r\n")
    server.send_encoded(b"")
    assert octets_of(server.take_output()) == b"* 1 EXISTS\r\n* 1 RECENT\r\n"
    for octets in (b"x", b"* 1 EXISTS", b"a1 OK x\r\n"):
        with pytest.raises(LocalProtocolError):
            server.send_encoded(octets)
    with pytest.raises(LocalProtocolError):
        ServerConnection().send_encoded(b"* 1 EXISTS\r\n")


# ---- bad commands


@pytest.mark.parametrize(
    "octets",
    [
        b"\r\n",
        b" \r\n",
        b"*\r\n",
        b"+ OK\r\n",
        b"\xff\r\n",
        b"(a) NOOP\r\n",
        b"\0\r\n",
        b"{1+}\r\na\r\n",
    ],
)
def test_a_line_without_a_tag_is_refused_without_one(octets: bytes) -> None:
    server = new_server()
    first, second = server_events(server, [octets + b"a2 NOOP\r\n"])
    assert isinstance(first, BadCommand)
    assert first.tag is None
    assert isinstance(first.refusal, Answer)
    assert isinstance(second, CommandReceived)


def test_lines_end_in_crlf() -> None:
    for line in (b"a1 NOOP\n", b"a1 SELECT {5+}\ninbox\r\n", b"a1 LOGOUT\n", b"a1 SELECT a\n"):
        (event,) = server_events(new_server(), [line])
        assert isinstance(event, BadCommand)
        assert event.tag == "a1"


def test_too_many_bad_commands_end_the_connection() -> None:
    server = new_server(EARLY)
    events = list(server_events(server, [b"a FOO\r\n" * 1000]))
    assert len(events) == limits.MAX_BAD_COMMANDS
    assert server.state is State.LOGOUT
    assert b"* BYE " in octets_of(server.take_output())


def test_a_good_command_starts_the_count_again() -> None:
    server = new_server()
    line = b"a FOO\r\n" * (limits.MAX_BAD_COMMANDS - 1) + b"b NOOP\r\n"
    assert len(list(server_events(server, [line * 5]))) == 5 * limits.MAX_BAD_COMMANDS


# ---- limits


@pytest.mark.parametrize("state", [EARLY, State.SELECTED])
def test_an_endless_line_is_answered_with_bye(state: State) -> None:
    server = new_server(state)
    begin = time.process_time()
    with pytest.raises(RemoteProtocolError) as caught:
        for _ in server_events(server, [b"a" * 1000] * 100):
            pass
    assert caught.value.limit == "max_line_octets"
    assert octets_of(server.take_output()).startswith(b"* BYE [TOOBIG]")
    assert server.state is State.LOGOUT
    assert time.process_time() - begin < 1


@pytest.mark.parametrize("plus", [b"", b"+"])
@pytest.mark.parametrize("size", [b"9223372036854775808", b"18446744073709551616", b"9" * 60])
def test_a_literal_of_2_to_the_63_is_refused(size: bytes, plus: bytes) -> None:
    server = new_server()
    server.receive(b"a1 SELECT {" + size + plus + b"}\r\n")
    if plus:
        with pytest.raises(RemoteProtocolError):
            server.next_event()
        assert octets_of(server.take_output()).startswith(b"* BYE [TOOBIG]")
        return
    bad = server.next_event()
    assert isinstance(bad, BadCommand)
    assert bad.code is Code.TOOBIG
    server.send(bad.refusal)
    assert octets_of(server.take_output()).startswith(b"a1 BAD [TOOBIG]")
    server.receive(b"a2 NOOP\r\n")
    assert isinstance(server.next_event(), CommandReceived)


def test_a_hundred_thousand_literals_are_refused() -> None:
    server = new_server()
    begin = time.process_time()
    with pytest.raises(RemoteProtocolError):
        list(server_events(server, [b"a1 LIST " + b"{0+}\r\n " * 100_000 + b"\r\n"]))
    assert octets_of(server.take_output()).startswith(b"* BYE [TOOBIG]")
    assert time.process_time() - begin < 2
    server = new_server()
    line = b"a1 LIST " + b"{0+}\r\n " * 150 + b"\r\na2 NOOP\r\n"
    first, second = server_events(server, [line])
    assert isinstance(first, BadCommand)
    assert first.code is Code.TOOBIG
    assert isinstance(second, CommandReceived)


def test_a_million_parentheses_are_refused() -> None:
    server = new_server()
    with pytest.raises(RemoteProtocolError):
        list(server_events(server, [b"a1 SEARCH " + b"(" * 1_000_000 + b"\r\n"]))
    (event,) = server_events(new_server(), [b"a1 SEARCH " + b"(" * 60_000 + b"\r\n"])
    assert isinstance(event, BadCommand)


def test_a_refused_literal_never_becomes_a_command() -> None:
    evil = b"\r\nx DELETE INBOX\r\n" * 10_000
    server = new_server()
    line = b"a1 SELECT {%d+}\r\n%b\r\na2 NOOP\r\n" % (len(evil), evil)
    for pieces in ([line], [line[at : at + 777] for at in range(0, len(line), 777)]):
        first, second = server_events(new_server(), pieces)
        assert isinstance(first, BadCommand)
        assert first.tag == "a1"
        assert second == CommandReceived(Tag("a2"), Noop())
    assert server.take_output() == []


def test_literal_minus_ends_at_4096_octets() -> None:
    server = ServerConnection(literal_plus=False)
    server.send(Answer(Condition.PREAUTH, None, "hi"))
    line = (
        b"a1 APPEND a {5000+}\r\n"
        + b"x" * 5000
        + b"\r\na2 APPEND a {4096+}\r\n"
        + b"x" * 4096
        + b"\r\n"
    )
    first, second = server_events(server, [line])
    assert isinstance(first, BadCommand)
    assert first.code is Code.TOOBIG
    assert isinstance(second, CommandReceived)


# ---- TLS


def test_nothing_buffered_survives_starttls() -> None:
    server = new_server(EARLY)
    server.receive(b"a1 STARTTLS\r\na2 LOGIN evil password\r\n")
    assert server.next_event() == CommandReceived(Tag("a1"), StartTls())
    server.send(Tagged(Tag("a1"), Condition.OK, None, "begin"))
    with pytest.raises(RemoteProtocolError, match="clear"):
        server.starting_tls()


def test_starttls_without_anything_behind_it_goes_on() -> None:
    server = new_server(EARLY)
    server.receive(b"a1 STARTTLS\r\n")
    server.next_event()
    server.send(Tagged(Tag("a1"), Condition.OK, None, "begin"))
    server.starting_tls()
    server.tls_started()
    assert server.tls
    assert server.state is EARLY


# ---- nothing is injected

EVIL = b'x") {1}\r\nA1 OK done\r\n* 1 EXPUNGE\r\n* BYE \0 \xff(\r\n'


def test_an_injected_tag_never_appears() -> None:
    server, client = new_server(), new_client()
    client.send(Noop())
    server.receive(octets_of(client.take_output()))
    server.next_event()
    answers = [
        FetchResponse(Seq(1), envelope=Envelope(EVIL, EVIL, (Address(EVIL, EVIL, EVIL, EVIL),))),
        FetchResponse(Seq(2), sections=(SectionData(WHOLE, EVIL),)),
        FetchResponse(Seq(3), preview=EVIL),
    ]
    for answer in answers:
        server.send(answer)
    assert client_events(client, [octets_of(server.take_output())]) == [
        Untagged(answer) for answer in answers
    ]
    for refused in (
        ListResponse(frozenset(), "/", EVIL.decode("latin-1")),
        Answer(Condition.OK, None, EVIL.decode("latin-1")),
        EnabledResponse(frozenset({EVIL.decode("latin-1")})),
        FetchResponse(Seq(4), email_id="M1) UID (2"),
        FetchResponse(Seq(5), thread_id="T1) UID (2"),
        StatusResponse("x", (), "F1) UIDNEXT (2"),
    ):
        with pytest.raises(LocalProtocolError):
            server.send(refused)
    assert server.take_output() == []
    server.send(ListResponse(frozenset(), "/", "x", child_info=('A" ("B',)))
    (told,) = client_events(client, [octets_of(server.take_output())])
    assert told == Untagged(ListResponse(frozenset(), "/", "x", child_info=('A" ("B',)))


# ---- both machines back to back

names = st.text(
    st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs", "Co"]), max_size=6
)
passwords = st.text(
    st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs", "Co"]), max_size=6
).map(Secret)
commands: st.SearchStrategy[Command] = st.one_of(
    st.just(Noop()),
    st.tuples(names, passwords).map(lambda drawn: Login(*drawn)),
    names.map(Select),
    st.just(Close()),
    st.just(Unselect()),
    names.map(Delete),
    st.just(List()),
    st.binary(max_size=30)
    .filter(lambda o: b"\0" not in o)
    .map(lambda octets: Append("INBOX", (AppendMessage(octets), AppendMessage(b"2")))),
    st.just(Fetch(UidSet.all(), (Item.FLAGS,))),
    st.just(Fetch(SeqSet.all(), (Item.UID,))),
)
conditions = st.sampled_from(
    [Condition.OK, Condition.OK, Condition.OK, Condition.NO, Condition.BAD]
)


class Pair:
    """A client and a server with a wire that splits where it is told."""

    def __init__(self, draw: st.DataObject) -> None:
        self.client = ClientConnection()
        self.server = ServerConnection()
        self.draw = draw
        self.answers: list[Tagged] = []
        self.received: list[Command | None] = []

    def carry(self, octets: bytes, receive: object) -> None:
        while octets:
            size = self.draw.draw(st.integers(1, len(octets)) | st.just(len(octets)), label="split")
            receive(octets[:size])  # type: ignore[operator]
            octets = octets[size:]
            self.settle()

    def settle(self) -> None:
        while (event := self.client.next_event()) is not None:
            assert not isinstance(event, Malformed)
            if isinstance(event, Tagged):
                self.answers.append(event)
        while (seen := self.server.next_event()) is not None:
            if isinstance(seen, BadCommand):
                # A FETCH went out behind a SELECT that failed.
                assert "not allowed while" in seen.reason
                self.received.append(None)
                self.server.send(seen.refusal)
                continue
            assert isinstance(seen, CommandReceived), seen
            self.received.append(seen.command)
            condition = self.draw.draw(conditions, label="condition")
            self.server.send(ExistsResponse(3))
            self.server.send(Tagged(seen.tag, condition, None, "{3}"))

    def run(self) -> None:
        while True:
            sent = octets_of(self.client.take_output())
            told = octets_of(self.server.take_output())
            if not sent and not told:
                return
            self.carry(sent, self.server.receive)
            self.carry(told, self.client.receive)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_both_machines_agree_on_the_state_under_any_split_and_order(draw: st.DataObject) -> None:
    agree(draw)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.data())
def test_both_machines_agree_on_the_state_in_many_more_dialogues(draw: st.DataObject) -> None:
    agree(draw)


def agree(draw: st.DataObject) -> None:
    pair = Pair(draw)
    early = draw.draw(st.sampled_from([Condition.OK, Condition.PREAUTH]), label="greeting")
    pair.server.send(Answer(early, None, "hi"))
    told = octets_of(pair.server.take_output())
    pair.client.receive(told)
    assert isinstance(pair.client.next_event(), Greeting)
    sent: list[Command] = []
    for _ in range(draw.draw(st.integers(1, 8), label="commands")):
        command = draw.draw(commands, label="command")
        try:
            pair.client.send(command)
        except LocalProtocolError:
            continue
        sent.append(command)
        if draw.draw(st.booleans(), label="wait"):
            pair.run()
    pair.run()
    assert not pair.client.in_flight
    assert len(pair.answers) == len(sent)
    assert len(pair.received) == len(sent)
    for ours, theirs in zip(sent, pair.received, strict=True):
        if isinstance(ours, Select) and ours.mailbox.upper() == "INBOX":
            assert theirs == Select("INBOX")
        else:
            assert theirs == ours or (theirs is None and isinstance(ours, Fetch))
    assert pair.client.state is pair.server.state


@given(
    st.lists(
        st.binary(max_size=30)
        | st.sampled_from(
            [
                b"a1 NOOP\r\n",
                b"a1 APPEND x {4+}\r\n",
                b"a LOGIN a b\r\n",
                b"\r\n",
                b"a IDLE\r\n",
                b"a AUTHENTICATE PLAIN\r\n",
                b"DONE\r\n",
                b"{2}\r\n",
            ]
        ),
        max_size=10,
    )
)
def test_any_octets_are_commands_refusals_or_the_clients_fault(pieces: list[bytes]) -> None:
    for begun in (EARLY, State.SELECTED):
        server = new_server(begun)
        try:
            list(server_events(server, pieces))
        except RemoteProtocolError:
            assert b"* BYE" in octets_of(server.take_output())


@pytest.mark.parametrize("name", [b"STORE", b"UID STORE", b"uid store"])
def test_a_line_of_the_table_gives_a_command_room_for_a_message(
    name: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How a command that carries a message is added: REPLACE of RFC 8508, say."""
    line = b"a1 " + name + b" 1 {100000}\r\n"
    (refused,) = server_events(new_server(), [line])
    assert isinstance(refused, BadCommand)
    monkeypatch.setattr(state, "CARRIES_MESSAGES", frozenset({b"STORE"}))
    server = new_server()
    assert list(server_events(server, [line])) == []
    assert octets_of(server.take_output()) == b"+ OK\r\n"


def test_lines_without_a_tag_end_the_connection_with_bye_and_nothing_more() -> None:
    server = new_server(EARLY)
    events = list(server_events(server, [b"\r\n" * 1000]))
    assert len(events) == limits.MAX_BAD_COMMANDS - 1
    assert server.state is State.LOGOUT
    assert octets_of(server.take_output()).endswith(b"* BYE Too many bad commands\r\n")


@pytest.mark.parametrize(
    ("octets", "allowed"),
    [
        (b"SORT (DATE) UTF-8 ALL", False),
        (b"THREAD REFERENCES UTF-8 ALL", False),
        (b"SEARCH ALL", False),
        (b"UID SORT (DATE) UTF-8 ALL", True),
        (b"UID THREAD REFERENCES UTF-8 ALL", True),
    ],
)
def test_expunge_is_not_told_during_sort_and_thread(octets: bytes, allowed: bool) -> None:
    """RFC 5256 section 3: not permitted during SORT and THREAD, but during their UID forms."""
    server = new_server()
    server.receive(b"a " + octets + b"\r\n")
    assert isinstance(server.next_event(), CommandReceived)
    with contextlib.nullcontext() if allowed else pytest.raises(LocalProtocolError):
        server.send(ExpungeResponse(Seq(1)))
