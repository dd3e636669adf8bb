import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.sasl.policy import ALL, server_mechanism
from desktopmail.wire.sasl.server import Challenge, Failure, ServerMechanism, text


def machine(name: str) -> ServerMechanism:
    return server_mechanism(name, nonce="abcd", challenge=b"<1.2@h>")


@pytest.mark.parametrize("name", ALL)
def test_without_an_initial_response_every_machine_sends_a_challenge(name: str) -> None:
    assert isinstance(machine(name.lower()).start(None), Challenge)


@pytest.mark.parametrize("name", ALL)
def test_answers_to_needs_that_were_not_told_are_our_fault(name: str) -> None:
    mechanism = machine(name)
    answers = {
        "password_verified": (True, {"PLAIN", "LOGIN"}),
        "secret_found": (None, {"CRAM-MD5"}),
        "scram_found": (None, {n for n in ALL if n.startswith("SCRAM")}),
        "token_verified": (None, {"OAUTHBEARER", "XOAUTH2"}),
        "external_found": (None, {"EXTERNAL"}),
    }
    for method, (value, theirs) in answers.items():
        if name not in theirs:
            with pytest.raises(LocalProtocolError):
                getattr(mechanism, method)(value)


def test_a_failure_says_nothing_about_the_secret() -> None:
    step = machine("PLAIN").start(b"swordfish")
    assert isinstance(step, Failure)
    assert "swordfish" not in repr(step)


def test_text_is_utf_8_without_nul() -> None:
    assert text("jö".encode()) == "jö"
    assert text(b"\xff") is None
    assert text(b"a\0") is None


def test_an_unknown_mechanism_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError, match="GSSAPI"):
        machine("GSSAPI")
