import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.sasl.oauth import (
    BEARER,
    XOAUTH2,
    OAuthBearerClient,
    TokenServer,
    XOAuth2Client,
)
from desktopmail.wire.sasl.server import Challenge, Failure, NeedToken, Success
from desktopmail.wire.secret import Secret

TOKEN = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
# RFC 7628 section 4.1, decoded there
MESSAGE = (
    b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer "
    + TOKEN.encode()
    + b"\x01\x01"
)


def test_the_message_of_rfc_7628_section_4_1() -> None:
    client = OAuthBearerClient("user@example.com", Secret(TOKEN), "server.example.com", 143)
    assert client.initial_response() == MESSAGE
    client.finish()


def test_the_server_reads_the_message_of_rfc_7628_section_4_1() -> None:
    server = TokenServer(BEARER)
    assert server.start(MESSAGE) == NeedToken("user@example.com", Secret(TOKEN))
    assert server.token_verified("user") == Success("user", "user@example.com")


def test_a_refused_token_is_explained_and_then_refused() -> None:
    client = OAuthBearerClient("tim", Secret("abc"), "h", 1)
    server = TokenServer(BEARER, b'{"status":"invalid_token","scope":"mail"}')
    server.start(client.initial_response())
    step = server.token_verified(None)
    assert isinstance(step, Challenge)
    consent = client.respond(step.octets)
    assert consent == b"\x01"  # section 3.2.3
    assert client.explanation == '{"status":"invalid_token","scope":"mail"}'
    assert server.step(consent) == Failure("the token was refused", user="tim")
    with pytest.raises(RemoteProtocolError):
        client.respond(b"again")
    with pytest.raises(RemoteProtocolError):
        client.finish()


def test_xoauth2_both_ways() -> None:
    client, server = (
        XOAuth2Client("someuser@example.com", Secret("ya29.vF9dft4qmTc2Nvb3")),
        TokenServer(XOAUTH2),
    )
    message = client.initial_response()
    assert message == b"user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3\x01\x01"
    assert server.start(message) == NeedToken(
        "someuser@example.com", Secret("ya29.vF9dft4qmTc2Nvb3")
    )
    assert client.respond(b"{}") == b""


def test_names_with_commas_and_equal_signs_come_back() -> None:
    client = OAuthBearerClient("a,b=c", Secret("t"), "h", 1)
    assert b"a=a=2Cb=3Dc," in client.initial_response()
    assert TokenServer(BEARER).start(client.initial_response()) == NeedToken("a,b=c", Secret("t"))


@pytest.mark.parametrize("token", ["", "a b", "a\x01b", "ä"])
def test_a_token_that_would_break_the_message_is_refused(token: str) -> None:
    with pytest.raises(LocalProtocolError):
        XOAuth2Client("tim", Secret(token))


@pytest.mark.parametrize("user", ["a\x01b", "a\nb", "a\0"])
def test_a_name_that_would_break_the_message_is_refused(user: str) -> None:
    with pytest.raises(LocalProtocolError):
        OAuthBearerClient(user, Secret("t"), "h", 1)


@pytest.mark.parametrize("name", [BEARER, XOAUTH2])
@given(message=st.binary(max_size=80))
def test_no_message_makes_the_server_raise(name: str, message: bytes) -> None:
    assert isinstance(TokenServer(name).start(message), Failure | NeedToken)


@pytest.mark.parametrize(
    "message",
    [b"\x01", b"n,,\x01auth=Basic abc\x01\x01", b"n,,\x01auth=Bearer \x01\x01", b"n,,\x01\x01"],
)
def test_what_is_no_bearer_message_is_malformed(message: bytes) -> None:
    step = TokenServer(BEARER).start(message)
    assert isinstance(step, Failure)
    assert step.malformed
