"""LOGIN."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.login import Login
from desktopmail.wire.imap.state import State
from desktopmail.wire.secret import Secret
from tests.helpers.imap import client_events, command_both_ways, encoded, new_client, read_command


def test_the_command_of_rfc_9051_section_6_2_3() -> None:
    command_both_ways(b'LOGIN SMITH "SESAME"', Login("SMITH", Secret("SESAME")))


def test_any_password_reaches_the_server() -> None:
    for password in ('a"\\b', "", "NIL", "pä ss", "{5}", "x" * 2000):
        login = Login("user name", Secret(password))
        assert read_command(encoded(login)) == login


@pytest.mark.parametrize("text", ["a\r\nA2 NOOP", "a\nb", "a\0b"])
def test_cr_lf_and_nul_are_refused_in_user_and_password(text: str) -> None:
    for login in (Login(text, Secret("x")), Login("x", Secret(text))):
        with pytest.raises(LocalProtocolError):
            encoded(login)


def test_the_password_is_shown_nowhere() -> None:
    client = new_client(State.NOT_AUTHENTICATED)
    client.send(Login("smith", Secret("sesame")))
    shown = b"".join(segment.redacted for segment in client.take_output())
    assert shown == b"A1 LOGIN smith <password>\r\n"
    assert "sesame" not in repr(Login("smith", Secret("sesame")))


def test_logindisabled_is_obeyed() -> None:
    client = new_client(State.NOT_AUTHENTICATED)
    client_events(client, [b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n"])
    with pytest.raises(LocalProtocolError, match="LOGINDISABLED"):
        client.send(Login("smith", Secret("sesame")))
    assert client.take_output() == []
