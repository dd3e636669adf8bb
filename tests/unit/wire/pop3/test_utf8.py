"""UTF8: RFC 6856 section 2."""

from __future__ import annotations

from desktopmail.wire.pop3.events import Malformed, Received
from desktopmail.wire.pop3.reply import error, ok
from desktopmail.wire.pop3.utf8 import Utf8
from tests.helpers.pop3 import client_in_transaction, out, server_in_transaction, server_ready


def test_the_mode_is_on_when_the_server_agreed() -> None:
    server = server_ready()
    assert not server.utf8
    server.receive(b"UTF8\r\n")
    assert server.next_event() == Received(Utf8())
    server.send(ok("UTF8 enabled"))
    assert server.utf8
    assert out(server) == b"+OK UTF8 enabled\r\n"


def test_the_mode_is_off_when_the_server_refused() -> None:
    server = server_ready()
    server.receive(b"UTF8\r\n")
    server.next_event()
    server.send(error("not now"))
    assert not server.utf8


def test_it_is_for_the_authorization_state_only() -> None:
    server = server_in_transaction()
    server.receive(b"UTF8\r\n")
    assert isinstance(server.next_event(), Malformed)
    assert client_in_transaction().state not in Utf8.states
