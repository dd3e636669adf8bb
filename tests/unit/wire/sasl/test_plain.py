import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.sasl.plain import PlainClient, PlainServer
from desktopmail.wire.sasl.server import Challenge, Failure, NeedPassword, Success
from desktopmail.wire.secret import Secret


def test_the_client_message_of_rfc_4616_section_4() -> None:
    client = PlainClient("tim", Secret("tanstaaftanstaaf"))
    assert client.initial_response() == b"\0tim\0tanstaaftanstaaf"
    client.finish()


def test_the_message_with_an_authorization_identity_of_rfc_4616_section_4() -> None:
    message = PlainClient("Kurt", Secret("xipj3plmq"), authzid="Ursel").initial_response()
    assert message == b"Ursel\0Kurt\0xipj3plmq"
    server = PlainServer()
    assert server.start(message) == NeedPassword("Kurt", Secret("xipj3plmq"))
    assert server.password_verified(True) == Success("Kurt", "Ursel")


def test_a_server_without_initial_response_sends_an_empty_challenge() -> None:
    server = PlainServer()
    assert server.start(None) == Challenge(b"")
    assert server.step(b"\0tim\0secret") == NeedPassword("tim", Secret("secret"))
    step = server.password_verified(False)
    assert isinstance(step, Failure)
    assert not step.malformed
    assert step.user == "tim"


@pytest.mark.parametrize(
    "message", [b"", b"\0\0", b"tim", b"\0tim\0", b"\0\0secret", b"\0a\0b\0c", b"\0t\xff\0secret"]
)
def test_a_malformed_message_is_told_from_a_wrong_password(message: bytes) -> None:
    step = PlainServer().start(message)
    assert isinstance(step, Failure)
    assert step.malformed


@pytest.mark.parametrize(("user", "password"), [("a\0b", "x"), ("a", "x\0"), ("", "x"), ("a", "")])
def test_nul_and_nothing_are_refused_before_anything_is_sent(user: str, password: str) -> None:
    with pytest.raises(LocalProtocolError):
        PlainClient(user, Secret(password))


def test_a_challenge_after_the_message_is_the_servers_fault() -> None:
    with pytest.raises(RemoteProtocolError, match="PLAIN has none"):
        PlainClient("tim", Secret("x")).respond(b"more?")


@given(st.binary(max_size=100))
def test_no_message_makes_the_server_raise(message: bytes) -> None:
    step = PlainServer().start(message)
    assert isinstance(step, Failure | NeedPassword)
