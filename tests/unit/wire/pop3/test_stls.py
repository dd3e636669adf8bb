"""STLS: RFC 2595 section 4."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.pop3.apop import Apop
from desktopmail.wire.pop3.capability import Capa
from desktopmail.wire.pop3.client import ClientConnection
from desktopmail.wire.pop3.events import Received
from desktopmail.wire.pop3.login import Pass, User
from desktopmail.wire.pop3.reply import ok
from desktopmail.wire.pop3.state import State
from desktopmail.wire.pop3.stls import Stls
from desktopmail.wire.pop3.utf8 import Utf8
from desktopmail.wire.secret import Secret
from tests.helpers.pop3 import RFC_GREETING, client_events, out, server_ready


def client_ready() -> ClientConnection:
    client = ClientConnection()
    client_events(client, [RFC_GREETING + b"\r\n"])
    return client


def test_the_command_is_written_and_read() -> None:
    client = client_ready()
    client.send(Stls())
    assert out(client) == b"STLS\r\n"
    server = server_ready()
    server.receive(b"stls\r\n")
    assert server.next_event() == Received(Stls())


def test_after_ok_both_machines_wait_for_the_handshake() -> None:
    client, server = client_ready(), server_ready()
    client.send(Stls())
    server.receive(out(client))
    server.next_event()
    server.send(ok("Begin TLS negotiation"))
    server.starting_tls()
    client_events(client, [out(server)])
    client.starting_tls()
    assert client.state is server.state is State.TLS
    with pytest.raises(LocalProtocolError):
        client.send(User("mrose"))
    server.tls_started()
    client.tls_started()
    assert client.state is server.state is State.AUTHORIZATION
    client.send(User("mrose"))
    server.receive(out(client))
    assert server.next_event() == Received(User("mrose"))


def test_a_refusal_leaves_everything_as_it_was() -> None:
    client = client_ready()
    client.send(Stls())
    client_events(client, [b"-ERR no TLS\r\n"])
    assert client.state is State.AUTHORIZATION
    with pytest.raises(LocalProtocolError):
        client.starting_tls()
    client.send(User("mrose"))


@pytest.mark.parametrize("behind", [b"USER mallory\r\n", b"U", b"\r\n", b"\x16\x03\x01"])
def test_nothing_buffered_behind_stls_survives_in_the_server(behind: bytes) -> None:
    server = server_ready()
    server.receive(b"STLS\r\n" + behind)
    server.next_event()
    server.send(ok())
    with pytest.raises(RemoteProtocolError):
        server.starting_tls()
    with pytest.raises(RemoteProtocolError):
        server.tls_started()
    assert server.next_event() is None, "a command from before TLS came through"


@pytest.mark.parametrize("behind", [b"+OK injected\r\n", b"+", b"\r\n"])
def test_nothing_buffered_behind_the_answer_to_stls_survives_in_the_client(behind: bytes) -> None:
    client = client_ready()
    client.send(Stls())
    client.receive(b"+OK begin\r\n" + behind)
    client.next_event()
    with pytest.raises(RemoteProtocolError):
        client.starting_tls()
    with pytest.raises(RemoteProtocolError):
        client.tls_started()
    assert client.next_event() is None, "an answer from before TLS came through"


def test_the_client_forgets_what_it_knew() -> None:
    client = client_ready()
    client.send(Capa())
    client_events(client, [b"+OK\r\nSTLS\r\nSASL PLAIN\r\n.\r\n"])
    client.send(User("mrose"))
    client_events(client, [b"+OK\r\n"])
    client.send(Stls())
    client_events(client, [b"+OK\r\n"])
    client.tls_started()
    assert client.capabilities is None
    with pytest.raises(LocalProtocolError):
        client.send(Pass(Secret("x")))


def test_the_server_forgets_what_it_was_told() -> None:
    server = server_ready()
    for line in (b"USER mrose\r\n", b"STLS\r\n"):
        server.receive(line)
        server.next_event()
        server.send(ok())
    server.tls_started()
    assert server.user is None
    server.receive(b"PASS tanstaaf\r\n")
    assert not isinstance(server.next_event(), Received), "PASS was taken without its USER"


def test_stls_is_not_pipelined_and_nothing_behind_it() -> None:
    client = client_ready()
    client.send(Capa())
    with pytest.raises(LocalProtocolError):
        client.send(Stls())
    client_events(client, [b"-ERR\r\n"])
    client.send(Stls())
    for command in (User("mrose"), Apop("mrose", "0" * 32), Capa()):
        with pytest.raises(LocalProtocolError):
            client.send(command)


def test_stls_does_not_come_behind_utf8() -> None:
    # RFC 6856 section 2.1.
    client = client_ready()
    client.send(Utf8())
    client_events(client, [b"+OK\r\n"])
    with pytest.raises(LocalProtocolError):
        client.send(Stls())
    server = server_ready()
    server.receive(b"UTF8\r\n")
    server.next_event()
    server.send(ok())
    server.receive(b"STLS\r\n")
    assert not isinstance(server.next_event(), Received)
