"""The server's machine: one event, one answer; limits; and both machines back to back."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.limits import POP3_MAX_COMMAND_OCTETS, SASL_MAX_LINE_OCTETS
from desktopmail.wire.pop3.apop import Apop
from desktopmail.wire.pop3.auth import Auth, AuthList
from desktopmail.wire.pop3.capability import Capa, Capabilities
from desktopmail.wire.pop3.client import ClientConnection
from desktopmail.wire.pop3.command import Follows, Noop, Quit, Rset
from desktopmail.wire.pop3.data import normalise
from desktopmail.wire.pop3.events import (
    Answered,
    Challenged,
    Closed,
    Data,
    Malformed,
    Received,
    Responded,
)
from desktopmail.wire.pop3.greeting import Greeting
from desktopmail.wire.pop3.lang import Lang
from desktopmail.wire.pop3.listing import List, Stat, Uidl
from desktopmail.wire.pop3.login import Pass, User
from desktopmail.wire.pop3.message import Dele, Retr, Top
from desktopmail.wire.pop3.reply import error, ok
from desktopmail.wire.pop3.server import ServerConnection
from desktopmail.wire.pop3.state import State
from desktopmail.wire.secret import Secret
from tests.helpers.pop3 import (
    RFC_GREETING,
    out,
    server_event,
    server_in_transaction,
    server_ready,
    splits,
)

if TYPE_CHECKING:
    from desktopmail.wire.pop3.table import AnyCommand

LINES = [
    (b"STAT\r\n", Stat()),
    (b"LIST\r\n", List()),
    (b"LIST 2\r\n", List(2)),
    (b"UIDL\r\n", Uidl()),
    (b"RETR 1\r\n", Retr(1)),
    (b"TOP 1 10\r\n", Top(1, 10)),
    (b"DELE 1\r\n", Dele(1)),
    (b"RSET\r\n", Rset()),
    (b"NOOP\r\n", Noop()),
    (b"CAPA\r\n", Capa()),
    (b"LANG\r\n", Lang()),
    (b"QUIT\r\n", Quit()),
]


@pytest.mark.parametrize(("line", "command"), LINES)
def test_a_command_is_read_whole_octet_by_octet_and_with_trailing_octets(
    line: bytes, command: AnyCommand
) -> None:
    for pieces in [*splits(line), [line + b"NOOP\r\n"], [line + b"half"]]:
        assert server_event(server_in_transaction(), pieces) == Received(command)


def test_one_command_is_given_out_at_a_time() -> None:
    server = server_in_transaction()
    server.receive(b"STAT\r\nNOOP\r\n")
    assert server.next_event() == Received(Stat())
    with pytest.raises(LocalProtocolError):
        server.next_event()
    server.send(ok("2 320"))
    assert server.next_event() == Received(Noop())
    server.send(ok())
    assert server.next_event() is None
    assert out(server) == b"+OK 2 320\r\n+OK\r\n"


def test_an_answer_without_a_command_is_our_fault() -> None:
    server = server_in_transaction()
    for wrong in (
        lambda: server.send(ok()),
        lambda: server.send_listing(ok(), b""),
        lambda: server.send_message(ok(), b""),
        lambda: server.send_instead(b"+OK\r\n"),
        lambda: server.challenge(b""),
    ):
        with pytest.raises(LocalProtocolError):
            wrong()
    assert out(server) == b""


def test_a_listing_is_stuffed_and_ended() -> None:
    server = server_in_transaction()
    server_event(server, [b"UIDL\r\n"])
    server.send_listing(ok(), b"1 a\r\n.x\r\n")
    assert out(server) == b"+OK\r\n1 a\r\n..x\r\n.\r\n"


def test_a_message_is_stuffed_and_ended() -> None:
    server = server_in_transaction()
    server_event(server, [b"RETR 1\r\n"])
    server.send_message(ok("follows"), b".a\r\n\r\n.\r\n")
    assert out(server) == b"+OK follows\r\n..a\r\n\r\n..\r\n.\r\n"


def test_what_would_break_the_framing_is_our_fault_and_nothing_is_sent() -> None:
    server = server_in_transaction()
    server_event(server, [b"RETR 1\r\n"])
    for wrong in (
        lambda: server.send_message(ok(), b"no line end"),
        lambda: server.send_message(error("no"), b"a\r\n"),
        lambda: server.send_listing(ok(), b"a\nb\r\n"),
        lambda: server.send_listing(ok(), b"half"),
        lambda: server.send_listing(error("no"), b""),
        lambda: server.send(ok("a\r\nb")),
    ):
        with pytest.raises(LocalProtocolError):
            wrong()
    assert out(server) == b""
    server.send(ok())


# --- lines that cannot be carried out ------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"XTND hunter2", b"<unknown>\r\n"),
        (b"", b"<unknown>\r\n"),
        (b"PAS hunter2", b"<unknown>\r\n"),
        (b"APOP mrose hunter2", b"APOP <malformed>\r\n"),
        (b"AUTH PLAIN hunter2*", b"AUTH <malformed>\r\n"),
        (b"USER hunter2\xff", b"USER <malformed>\r\n"),
        (b"PASS hunter2", b"PASS <password>\r\n"),
        (b"RETR 1", b"RETR 1\r\n"),
    ],
)
def test_a_line_that_cannot_be_carried_out_shows_no_secret(line: bytes, shown: bytes) -> None:
    server = server_ready()
    event = server_event(server, [line + b"\r\n"])
    assert isinstance(event, Malformed)
    assert event.shown == shown
    assert "hunter2" not in event.text
    server.send(error(event.text))
    assert server.next_event() is None


def test_a_command_without_end_is_refused_in_bounded_memory() -> None:
    server = server_ready()
    with pytest.raises(RemoteProtocolError) as caught:
        server_event(server, [b"x" * 100] * 1000)
    assert caught.value.limit == "max_command_octets"
    assert len(server._lines) <= POP3_MAX_COMMAND_OCTETS + 100


def test_a_command_of_255_octets_is_taken() -> None:
    name = b"x" * (POP3_MAX_COMMAND_OCTETS - len(b"USER \r\n"))
    assert server_event(server_ready(), [b"USER " + name + b"\r\n"]) == Received(
        User(name.decode())
    )


def test_a_greeting_comes_once_and_a_refusal_is_the_end() -> None:
    server = ServerConnection()
    server.receive(b"QUIT\r\n")
    assert server.next_event() is None, "nothing is read before the greeting"
    server.greet(Greeting(error("busy", "SYS/TEMP")))
    assert out(server) == b"-ERR [SYS/TEMP] busy\r\n"
    assert server.next_event() == Closed(is_clean=True)
    with pytest.raises(LocalProtocolError):
        server.greet(Greeting(ok()))


def test_nothing_behind_quit_is_read() -> None:
    server = server_in_transaction()
    server.receive(b"QUIT\r\nDELE 1\r\n")
    assert server.next_event() == Received(Quit())
    server.send(ok())
    assert server.next_event() == Closed(is_clean=True)


@pytest.mark.parametrize(("octets", "is_clean"), [(b"", True), (b"QUI", False)])
def test_the_end_says_whether_a_half_line_was_left(octets: bytes, is_clean: bool) -> None:
    server = server_in_transaction()
    server.receive(octets)
    server.receive_eof()
    assert server.next_event() == Closed(is_clean)


def test_commands_that_came_whole_are_carried_out_before_the_end() -> None:
    server = server_in_transaction()
    server.receive(b"NOOP\r\nQUIT\r\n")
    server.receive_eof()
    assert server.next_event() == Received(Noop())
    server.send(ok())
    assert server.next_event() == Received(Quit())


def test_a_refused_login_changes_nothing() -> None:
    server = server_ready()
    for line in (b"USER mrose\r\n", b"PASS x\r\n"):
        server_event(server, [line])
        server.send(ok() if line.startswith(b"USER") else error("no", "AUTH"))
    assert server.state is State.AUTHORIZATION
    assert server.user is None, "PASS may not be tried again without USER"


def test_a_fault_instead_of_an_answer_changes_nothing() -> None:
    server = server_ready()
    server_event(server, [b"APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n"])
    server.send_instead(b"+OK a lie\r\n")
    assert server.state is State.AUTHORIZATION
    assert out(server) == b"+OK a lie\r\n"
    server_event(server, [b"QUIT\r\n"])


# --- AUTH ----------------------------------------------------------------------------------------


def test_an_exchange_in_two_steps() -> None:
    server = server_ready()
    assert server_event(server, [b"AUTH PLAIN\r\n"]) == Received(Auth("PLAIN"))
    server.challenge(b"")
    assert out(server) == b"+ \r\n"
    assert server.next_event() is None
    assert server_event(server, [b"dGVzdAB0ZXN0AHRlc3Q=\r\n"]) == Responded(b"test\0test\0test")
    server.send(ok("Maildrop locked and ready"))
    assert server.state is State.TRANSACTION


def test_a_response_may_be_longer_than_a_command_and_has_its_own_limit() -> None:
    server = server_ready()
    server_event(server, [b"AUTH PLAIN\r\n"])
    server.challenge(b"x")
    line = b"A" * (SASL_MAX_LINE_OCTETS - 4)
    assert isinstance(server_event(server, [line + b"\r\n"]), Responded)
    server.challenge(b"x")
    server.receive(b"A" * SASL_MAX_LINE_OCTETS)
    with pytest.raises(RemoteProtocolError):
        server.next_event()


def test_after_an_exchange_commands_have_their_limit_again() -> None:
    server = server_ready()
    server_event(server, [b"AUTH PLAIN\r\n"])
    server.challenge(b"x")
    server_event(server, [b"*\r\n"])
    server.send(error("cancelled"))
    server.receive(b"A" * 300)
    with pytest.raises(RemoteProtocolError):
        server.next_event()


def test_a_star_cancels() -> None:
    server = server_ready()
    server_event(server, [b"AUTH PLAIN\r\n"])
    server.challenge(b"x")
    assert server_event(server, [b"*\r\n"]) == Responded(None)
    server.send(error("cancelled"))
    assert server.state is State.AUTHORIZATION


@pytest.mark.parametrize("line", [b"=AAA", b"AAA=BBB", b"not base64!", b"A"])
def test_a_response_that_is_not_base64_is_malformed(line: bytes) -> None:
    server = server_ready()
    server_event(server, [b"AUTH PLAIN\r\n"])
    server.challenge(b"x")
    event = server_event(server, [line + b"\r\n"])
    assert event == Malformed("the response is not base64", b"<response>\r\n")
    server.send(error("no"))
    assert server_event(server, [b"QUIT\r\n"]) == Received(Quit())


def test_two_challenges_at_once_are_our_fault() -> None:
    server = server_ready()
    server_event(server, [b"AUTH PLAIN\r\n"])
    server.challenge(b"x")
    with pytest.raises(LocalProtocolError):
        server.challenge(b"y")
    with pytest.raises(LocalProtocolError):
        server.send(ok())


# --- both machines, back to back -----------------------------------------------------------------

MESSAGES = [normalise(octets) for octets in (b"", b"A: b\n\n.\n..\n", b"\r", b"x\r\n.\r\nQUIT")]


def answer(server: ServerConnection, command: AnyCommand, *, accept: bool) -> None:
    if not accept:
        server.send(error("no", "SYS/TEMP"))
        return
    match command:
        case Stat():
            server.send(ok("4 1000"))
        case List(None):
            server.send_listing(ok(), b"1 0\r\n2 20\r\n")
        case Uidl(None):
            server.send_listing(ok(), b"1 a\r\n2 .\r\n")
        case List(number) | Uidl(number):
            server.send(ok(f"{number} 7"))
        case Capa():
            server.send_listing(ok(), Capabilities({"TOP": (), "SASL": ("PLAIN",)}).encode())
        case Lang(None):
            server.send_listing(ok(), b"en English\r\n")
        case AuthList():
            server.send_listing(ok(), b"PLAIN\r\n")
        case Retr(number) | Top(number):
            server.send_message(ok(), MESSAGES[number % len(MESSAGES)])
        case Auth(_, None):
            server.challenge(b"challenge")
        case _:
            server.send(ok())


_COMMANDS = st.sampled_from(
    [
        Stat(), List(), List(1), Uidl(), Uidl(2), Capa(), Lang(), Lang("en"), Noop(), Rset(),
        Retr(1), Retr(2), Retr(3), Top(1, 3), Dele(1), Quit(), AuthList(), Auth("PLAIN"),
        Auth("PLAIN", b"x"), User("mrose"), Pass(Secret("x")), Apop("mrose", "0" * 32),
    ]
)  # fmt: skip


@example(script=[(User("mrose"), False), (Pass(Secret("x")), True)], size=9, pipelined=True)
@settings(deadline=None)
@given(st.lists(st.tuples(_COMMANDS, st.booleans()), max_size=20), st.integers(1, 9), st.booleans())
def test_both_machines_agree_under_random_commands_and_splits(
    script: list[tuple[AnyCommand, bool]], size: int, pipelined: bool
) -> None:
    client, server = ClientConnection(), ServerConnection()
    server.greet(Greeting.parse(RFC_GREETING))
    accepted: list[bool] = []
    answered: list[AnyCommand] = []
    sent: list[AnyCommand] = []

    def exchange() -> None:
        for _ in range(10_000):
            octets, moved = out(server), False
            for at in range(0, len(octets), size):
                client.receive(octets[at : at + size])
                moved = True
                while (event := client.next_event()) is not None:
                    if isinstance(event, Answered):
                        answered.append(event.command)
                    elif isinstance(event, Data) and event.is_last:
                        assert event.command.follows is Follows.DATA
                    elif isinstance(event, Challenged):
                        client.respond(b"response")
            octets = out(client)
            for at in range(0, len(octets), size):
                server.receive(octets[at : at + size])
                moved = True
            while server.state is not State.CLOSED:
                request = server.next_event()
                if request is None:
                    break
                moved = True
                if isinstance(request, Received):
                    answer(server, request.command, accept=accepted.pop(0))
                elif isinstance(request, Responded):
                    assert request.octets == b"response"
                    server.send(ok())
                elif isinstance(request, Malformed) and request.text == "PASS comes after USER":
                    assert pipelined  # it was sent before it was known that USER was refused
                    accepted.pop(0)
                    server.send(error(request.text))
                else:
                    pytest.fail(f"the server took {request} for wrong")
            if not moved:
                return
        pytest.fail("the machines never came to rest")

    exchange()
    for command, accept in script:
        try:
            client.send(command)
        except LocalProtocolError:
            if pipelined:
                exchange()
            continue
        accepted.append(accept)
        sent.append(command)
        if not pipelined:
            exchange()
            assert client.state is server.state
    exchange()
    assert client.state is server.state
    assert client.waiting == 0
    assert answered == sent


_NOISE = st.lists(
    st.binary(max_size=20)
    | st.sampled_from([line for line, _ in LINES] + [b"\r\n", b"\n", b"AUTH PLAIN\r\n", b"*\r\n"])
)


@given(_NOISE)
def test_reading_raises_nothing_but_the_peers_fault(pieces: list[bytes]) -> None:
    server = server_ready()
    with contextlib.suppress(RemoteProtocolError):
        for piece in pieces:
            server.receive(piece)
            while (event := server.next_event()) is not None:
                if isinstance(event, Closed):
                    return
                if isinstance(event, Received) and isinstance(event.command, Auth):
                    server.challenge(b"x")
                else:
                    server.send(error("no"))
    assert len(server._lines) <= sum(map(len, pieces))
