import pytest

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.sasl.cram_md5 import CramMd5Client, CramMd5Server
from desktopmail.wire.sasl.server import Challenge, Failure, NeedSecret, Success
from desktopmail.wire.secret import Secret

CHALLENGE = b"<1896.697170952@postoffice.reston.mci.net>"
RESPONSE = b"tim b913a602c7eda7a495b4e6e7334d3890"


def test_the_digest_of_rfc_2195_section_2() -> None:
    client = CramMd5Client("tim", Secret("tanstaaftanstaaf"))
    assert client.initial_response() is None
    assert client.respond(CHALLENGE) == RESPONSE
    client.finish()


def test_the_server_accepts_the_example_of_rfc_2195_section_2() -> None:
    server = CramMd5Server(CHALLENGE)
    assert server.start(None) == Challenge(CHALLENGE)
    assert server.step(RESPONSE) == NeedSecret("tim")
    assert server.secret_found(b"tanstaaftanstaaf") == Success("tim")


@pytest.mark.parametrize("secret", [None, b"another"])
def test_a_wrong_secret_and_an_unknown_user_fail_alike(secret: bytes | None) -> None:
    server = CramMd5Server(CHALLENGE)
    server.start(None)
    server.step(RESPONSE)
    assert server.secret_found(secret) == Failure("wrong name or secret", user="tim")


def test_a_name_may_hold_spaces() -> None:
    server = CramMd5Server(CHALLENGE)
    server.start(None)
    client = CramMd5Client("tim t", Secret("x"))
    assert server.step(client.respond(CHALLENGE)) == NeedSecret("tim t")
    assert server.secret_found(b"x") == Success("tim t")


@pytest.mark.parametrize("challenge", [b"", b"<a@b>\n", b"\xd1\x31\xdd\x02", b"<" + b"a" * 600])
def test_a_challenge_that_could_carry_a_collision_is_refused(challenge: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        CramMd5Client("tim", Secret("x")).respond(challenge)


def test_a_second_challenge_and_success_without_one_are_the_servers_fault() -> None:
    client = CramMd5Client("tim", Secret("x"))
    with pytest.raises(RemoteProtocolError):
        client.finish()
    client.respond(CHALLENGE)
    with pytest.raises(RemoteProtocolError):
        client.respond(CHALLENGE)


@pytest.mark.parametrize(
    "response", [b"", b"tim", b"tim B913A602C7EDA7A495B4E6E7334D3890", b"\xff " + b"0" * 32]
)
def test_malformed_responses_are_told_from_wrong_ones(response: bytes) -> None:
    step = CramMd5Server(CHALLENGE).step(response)
    assert isinstance(step, Failure)
    assert step.malformed


def test_the_client_may_not_speak_first_and_names_hold_no_line_ends() -> None:
    step = CramMd5Server(CHALLENGE).start(b"")
    assert isinstance(step, Failure)
    with pytest.raises(LocalProtocolError):
        CramMd5Client("tim\r\nx", Secret("x"))
