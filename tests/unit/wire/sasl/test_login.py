import pytest

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.sasl.login import LoginClient, LoginServer
from desktopmail.wire.sasl.server import Challenge, Failure, NeedPassword, Success
from desktopmail.wire.secret import Secret


def test_both_ends_agree() -> None:
    client, server = LoginClient("tim", Secret("täuschend")), LoginServer()
    assert client.initial_response() is None
    step = server.start(None)
    assert step == Challenge(b"Username:")
    step = server.step(client.respond(b"Username:"))
    assert step == Challenge(b"Password:")
    assert server.step(client.respond(b"Password:")) == NeedPassword("tim", Secret("täuschend"))
    assert server.password_verified(True) == Success("tim")
    client.finish()


def test_what_the_challenges_say_does_not_matter() -> None:
    client = LoginClient("tim", Secret("x"))
    assert client.respond(b"User Name\0") == b"tim"
    assert client.respond(b"") == b"x"


def test_a_name_that_comes_with_the_command_is_taken() -> None:
    assert LoginServer().start(b"tim") == Challenge(b"Password:")


def test_a_third_challenge_is_the_servers_fault() -> None:
    client = LoginClient("tim", Secret("x"))
    client.respond(b"")
    client.respond(b"")
    with pytest.raises(RemoteProtocolError, match="third"):
        client.respond(b"")


def test_success_before_the_password_is_the_servers_fault() -> None:
    client = LoginClient("tim", Secret("x"))
    client.respond(b"")
    with pytest.raises(RemoteProtocolError):
        client.finish()


def test_empty_answers_and_nul_are_refused_on_both_sides() -> None:
    with pytest.raises(LocalProtocolError):
        LoginClient("tim", Secret("a\0b"))
    step = LoginServer().start(b"")
    assert isinstance(step, Failure)
    assert step.malformed
