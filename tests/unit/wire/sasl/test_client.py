import pytest

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.sasl.client import ClientMechanism, DeriveKey
from desktopmail.wire.sasl.policy import ALL, Choice, Exposure, client_mechanism, exposure_of
from desktopmail.wire.sasl.scram import ChannelBinding
from desktopmail.wire.secret import Secret


def machine(name: str, password: str = "swordfish") -> ClientMechanism:
    return client_mechanism(
        Choice(name, exposure_of(name, tls=True)),
        "tim",
        Secret(password),
        nonce="abcd",
        binding=ChannelBinding("tls-server-end-point", b"x"),
        host="h",
        port=1,
    )


@pytest.mark.parametrize("name", ALL)
def test_no_machine_shows_its_secret(name: str) -> None:
    mechanism = machine(name)
    mechanism.initial_response()
    shown = [repr(mechanism), str(mechanism), mechanism.mask, repr(vars(mechanism))]
    assert not any("swordfish" in text for text in shown)
    assert mechanism.name == name
    assert mechanism.mask.startswith(f"<{name}")


@pytest.mark.parametrize("name", [name for name in ALL if not name.startswith("SCRAM")])
def test_only_scram_derives_keys(name: str) -> None:
    with pytest.raises(RemoteProtocolError):
        machine(name).key_derived(b"key")


def test_a_wish_for_a_key_hides_the_password() -> None:
    assert "swordfish" not in repr(DeriveKey("sha1", Secret("swordfish"), b"salt", 4096))


def test_an_unknown_mechanism_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError, match="GSSAPI"):
        machine("GSSAPI")


def first_words(name: str, user: str, secret: Secret) -> None:
    attempt = client_mechanism(Choice(name, Exposure.CLEAR), user, secret, nonce="n" * 20)
    if attempt.initial_response() is None:
        attempt.respond(b"<1@h.example>")


@pytest.mark.parametrize("name", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "EXTERNAL"])
def test_half_a_character_is_our_fault_and_is_not_repeated(name: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        first_words(name, "a\ud800", Secret("b\ud800"))
    assert "b\\ud800" not in repr(caught.value)
