"""UTF8: RFC 6856 section 2."""

from __future__ import annotations

import pytest

from desktopmail.wire.pop3.events import Malformed, Received
from desktopmail.wire.pop3.reply import error, ok
from desktopmail.wire.pop3.utf8 import Utf8, needs_utf8
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


@pytest.mark.parametrize(
    ("message", "needs"),
    [
        (b"Subject: plain\r\n\r\nbody", False),
        ("Subject: gr\u00fcn\r\n\r\nbody".encode(), True),
        ("Subject: gr\u00fcn".encode(), True),
        ("Subject: gr\u00fcn\n\nbody".encode(), True),
        ("Subject: plain\r\n\r\ngr\u00fcn".encode(), False),  # 8BITMIME needs no leave
        (b"Subject: gr\xfcn\r\n\r\nbody", False),  # ISO-8859-1 is no UTF-8 string
    ],
)
def test_only_a_header_in_utf8_needs_leave(message: bytes, needs: bool) -> None:
    assert needs_utf8(message) is needs
