import base64
import re

import pytest
import scramp
from hypothesis import given, settings
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.sasl.client import DeriveKey
from desktopmail.wire.sasl.scram import (
    ChannelBinding,
    ScramClient,
    ScramServer,
    derive_key,
    make_verifier,
)
from desktopmail.wire.sasl.server import Challenge, Failure, NeedScram, ScramVerifier, Success
from desktopmail.wire.secret import Secret

# RFC 5802 section 5 and RFC 7677 section 3
EXAMPLES = {
    "SCRAM-SHA-1": (
        "fyko+d2lbbFgONRv9qkxdawL",
        "3rfcNHYJY1ZVvWVs7j",
        "QSXCR+Q6sek8bf92",
        b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ),
    "SCRAM-SHA-256": (
        "rOprNGfwEbeRWgbNEkqO",
        "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        "W22ZaJ0SNY7soEsUEjb6gQ==",
        b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
}
HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}
BINDING = ChannelBinding("tls-server-end-point", b"\x07" * 32)


def verifier(name: str, password: str = "pencil", salt: bytes = b"salt" * 4) -> ScramVerifier:
    return make_verifier(Secret(password), HASHES[name.removesuffix("-PLUS")], salt)


def answer(client: ScramClient, server_first: bytes) -> bytes:
    request = client.respond(server_first)
    assert isinstance(request, DeriveKey)
    return client.key_derived(derive_key(request))


def server_first_of(server: ScramServer, client_first: bytes, known: ScramVerifier | None) -> bytes:
    assert isinstance(server.start(client_first), NeedScram)
    step = server.scram_found(known)
    assert isinstance(step, Challenge)
    return step.octets


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_client_says_what_the_rfc_says(name: str) -> None:
    nonce, _, _, client_first, server_first, client_final, server_final = EXAMPLES[name]
    client = ScramClient(name, "user", Secret("pencil"), nonce)
    assert client.initial_response() == client_first
    assert answer(client, server_first) == client_final
    assert client.respond(server_final) == b""
    client.finish()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_server_says_what_the_rfc_says(name: str) -> None:
    _, nonce, salt, client_first, server_first, client_final, server_final = EXAMPLES[name]
    server = ScramServer(name, nonce)
    known = verifier(name, salt=base64.b64decode(salt))
    assert server.start(client_first) == NeedScram("user", HASHES[name])
    assert server.scram_found(known) == Challenge(server_first)
    assert server.step(client_final) == Challenge(server_final)
    assert server.step(b"") == Success("user")


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("plus", [False, True])
def test_our_client_and_scramps_server_agree(name: str, plus: bool) -> None:
    mechanism = scramp.ScramMechanism(name)
    salt, stored, server_key, count = mechanism.make_auth_info("pässword,=")
    binding = (BINDING.kind, BINDING.octets) if plus else None
    peer = scramp.ScramMechanism(name + "-PLUS" * plus).make_server(
        lambda _user: (salt, stored, server_key, count), channel_binding=binding
    )
    client = ScramClient(
        name + "-PLUS" * plus, "us,er=", Secret("pässword,="), "abcdefghij", binding=BINDING
    )
    peer.set_client_first(client.initial_response().decode())
    peer.set_client_final(answer(client, peer.get_server_first().encode()).decode())
    client.respond(peer.get_server_final().encode())
    client.finish()
    assert peer.stage == scramp.core.ServerStage.get_server_final


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("plus", [False, True])
def test_scramps_client_and_our_server_agree(name: str, plus: bool) -> None:
    full = name + "-PLUS" * plus
    peer = scramp.ScramClient(
        [full],
        "tim",
        "pässword,=",
        channel_binding=(BINDING.kind, BINDING.octets) if plus else None,
    )
    server = ScramServer(full, "serverNonce", bindings=(BINDING,) if plus else (), offers_plus=plus)
    peer.set_server_first(
        server_first_of(
            server, peer.get_client_first().encode(), verifier(name, "pässword,=")
        ).decode()
    )
    step = server.step(peer.get_client_final().encode())
    assert isinstance(step, Challenge)
    peer.set_server_final(step.octets.decode())
    assert server.step(b"") == Success("tim")


def test_a_wrong_server_signature_is_detected() -> None:
    nonce, _, _, _, server_first, _, _ = EXAMPLES["SCRAM-SHA-256"]
    client = ScramClient("SCRAM-SHA-256", "user", Secret("pencil"), nonce)
    answer(client, server_first)
    with pytest.raises(RemoteProtocolError, match="signature is wrong"):
        client.respond(b"v=" + base64.b64encode(bytes(32)))


def test_success_without_the_servers_proof_is_refused() -> None:
    nonce, _, _, _, server_first, _, _ = EXAMPLES["SCRAM-SHA-256"]
    client = ScramClient("SCRAM-SHA-256", "user", Secret("pencil"), nonce)
    with pytest.raises(RemoteProtocolError, match="without proving"):
        client.finish()
    answer(client, server_first)
    with pytest.raises(RemoteProtocolError, match="without proving"):
        client.finish()


def test_an_error_of_the_server_is_kept_as_explanation_and_is_no_proof() -> None:
    nonce, _, _, _, server_first, _, _ = EXAMPLES["SCRAM-SHA-256"]
    client = ScramClient("SCRAM-SHA-256", "user", Secret("pencil"), nonce)
    answer(client, server_first)
    assert client.respond(b"e=invalid-proof") == b""
    assert client.explanation == "invalid-proof"
    with pytest.raises(RemoteProtocolError):
        client.finish()


@pytest.mark.parametrize(
    ("server_first", "limit"),
    [
        (b"r=abcd,s=c2FsdA==,i=4096", None),  # nonce not lengthened
        (b"r=xabcd1,s=c2FsdA==,i=4096", None),
        (b"r=abcd1,s=c2FsdA==,i=4095", "MIN_ITERATIONS"),
        (b"r=abcd1,s=c2FsdA==,i=2000001", "MAX_ITERATIONS"),
        (b"r=abcd1,s=c2FsdA==,i=99999999999", None),
        (b"r=abcd1,s=,i=4096", None),
        (b"r=abcd1,s=!,i=4096", None),
        (b"m=x,r=abcd1,s=c2FsdA==,i=4096", None),  # a mandatory extension
        (b"", None),
        (b"r=abcd1,s=c2FsdA==,i=4096,x=" + b"a" * 9000, "MAX_MESSAGE_OCTETS"),
    ],
)
def test_a_server_first_message_out_of_bounds_is_the_servers_fault(
    server_first: bytes, limit: str | None
) -> None:
    client = ScramClient("SCRAM-SHA-256", "user", Secret("pencil"), "abcd")
    with pytest.raises(RemoteProtocolError) as caught:
        client.respond(server_first)
    assert caught.value.limit == limit


def test_a_third_challenge_is_the_servers_fault() -> None:
    nonce, _, _, _, server_first, _, server_final = EXAMPLES["SCRAM-SHA-256"]
    client = ScramClient("SCRAM-SHA-256", "user", Secret("pencil"), nonce)
    answer(client, server_first)
    client.respond(server_final)
    with pytest.raises(RemoteProtocolError, match="two challenges"):
        client.respond(server_final)


def test_the_gs2_flags_say_what_the_client_knows() -> None:
    def header(name: str, *, binding: bool, could_bind: bool = False) -> bytes:
        client = ScramClient(
            name,
            "user",
            Secret("x"),
            "abcd",
            binding=BINDING if binding else None,
            could_bind=could_bind,
        )
        return client.initial_response().partition(b"n=")[0]

    assert header("SCRAM-SHA-256", binding=False) == b"n,,"
    assert header("SCRAM-SHA-256", binding=True) == b"n,,"
    assert header("SCRAM-SHA-256", binding=True, could_bind=True) == b"y,,"
    assert header("SCRAM-SHA-256-PLUS", binding=True) == b"p=tls-server-end-point,,"
    with pytest.raises(LocalProtocolError, match="channel binding"):
        header("SCRAM-SHA-256-PLUS", binding=False)


def run(client: ScramClient, server: ScramServer, known: ScramVerifier | None) -> object:
    step = server.start(client.initial_response())
    if isinstance(step, NeedScram):
        step = server.scram_found(known)
    while isinstance(step, Challenge):
        response = client.respond(step.octets)
        if isinstance(response, DeriveKey):
            response = client.key_derived(derive_key(response))
        step = server.step(response)
    return step


def test_a_removed_offer_of_plus_is_found_out_by_the_server() -> None:
    client = ScramClient("SCRAM-SHA-256", "user", Secret("pencil"), "abcd", could_bind=True)
    server = ScramServer("SCRAM-SHA-256", "efgh", bindings=(BINDING,), offers_plus=True)
    step = run(client, server, verifier("SCRAM-SHA-256"))
    assert isinstance(step, Failure)
    assert "removed -PLUS" in step.reason


def test_a_machine_in_the_middle_with_its_own_certificate_is_found_out() -> None:
    other = ChannelBinding("tls-server-end-point", b"\x08" * 32)
    client = ScramClient("SCRAM-SHA-256-PLUS", "user", Secret("pencil"), "abcd", binding=other)
    server = ScramServer("SCRAM-SHA-256-PLUS", "efgh", bindings=(BINDING,), offers_plus=True)
    step = run(client, server, verifier("SCRAM-SHA-256"))
    assert isinstance(step, Failure)
    assert "somebody is between" in step.reason


def test_a_binding_of_a_kind_that_the_server_has_not_is_refused() -> None:
    client = ScramClient(
        "SCRAM-SHA-256-PLUS", "user", Secret("pencil"), "abcd",
        binding=ChannelBinding("tls-unique", b"x"),
    )  # fmt: skip
    server = ScramServer("SCRAM-SHA-256-PLUS", "efgh", bindings=(BINDING,), offers_plus=True)
    assert isinstance(run(client, server, verifier("SCRAM-SHA-256")), Failure)


@pytest.mark.parametrize(
    ("name", "flag"), [("SCRAM-SHA-256", b"p=tls-server-end-point"), ("SCRAM-SHA-256-PLUS", b"n")]
)
def test_flag_and_mechanism_have_to_fit(name: str, flag: bytes) -> None:
    server = ScramServer(name, "efgh", bindings=(BINDING,), offers_plus=True)
    assert isinstance(server.start(flag + b",,n=user,r=abcd"), Failure)


def test_an_unknown_user_looks_like_any_other_until_the_proof() -> None:
    def first(user: str) -> bytes:
        server = ScramServer("SCRAM-SHA-256", "efgh", decoy_key=b"key")
        return server_first_of(server, f"n,,n={user},r=abcd".encode(), None)

    assert re.fullmatch(rb"r=abcdefgh,s=[A-Za-z0-9+/=]{24},i=4096", first("nobody"))
    assert first("nobody") == first("nobody")  # the salt stays
    assert first("nobody") != first("no")
    client = ScramClient("SCRAM-SHA-256", "nobody", Secret("pencil"), "abcd")
    step = run(client, ScramServer("SCRAM-SHA-256", "efgh", decoy_key=b"key"), None)
    assert step == Failure("wrong name or password", user="nobody")


def test_a_wrong_password_fails() -> None:
    client = ScramClient("SCRAM-SHA-1", "user", Secret("pen"), "abcd")
    step = run(client, ScramServer("SCRAM-SHA-1", "efgh"), verifier("SCRAM-SHA-1"))
    assert step == Failure("wrong name or password", user="user")


def test_octets_after_the_end_are_malformed() -> None:
    _, nonce, salt, client_first, _, client_final, _ = EXAMPLES["SCRAM-SHA-1"]
    server = ScramServer("SCRAM-SHA-1", nonce)
    server_first_of(server, client_first, verifier("SCRAM-SHA-1", salt=base64.b64decode(salt)))
    server.step(client_final)
    step = server.step(b"more")
    assert isinstance(step, Failure)
    assert step.malformed


def test_the_authorization_identity_arrives() -> None:
    client = ScramClient("SCRAM-SHA-1", "user", Secret("pencil"), "abcd", authzid="x,y")
    assert client.initial_response().startswith(b"n,a=x=2Cy,n=user")
    step = run(client, ScramServer("SCRAM-SHA-1", "efgh"), verifier("SCRAM-SHA-1"))
    assert step == Success("user", "x,y")


def test_the_servers_signature_is_kept_out_of_transcripts() -> None:
    client = ScramClient("SCRAM-SHA-1", "user", Secret("pencil"), "abcd")
    assert client.is_secret(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")
    assert not client.is_secret(b"r=abcd,s=c2FsdA==,i=4096")
    assert "pencil" not in repr(client.respond(b"r=abcd1,s=c2FsdA==,i=4096"))
    assert repr(verifier("SCRAM-SHA-1")) == "ScramVerifier('sha1', iterations=4096, ***)"


def test_a_password_that_saslprep_prohibits_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError, match=r"U\+0007"):
        ScramClient("SCRAM-SHA-1", "user", Secret("bell\x07"), "abcd")


@settings(max_examples=300)
@given(
    st.lists(
        st.binary(max_size=60) | st.sampled_from([e[i] for e in EXAMPLES.values() for i in (3, 5)]),
        max_size=4,
    )
)
def test_no_message_makes_the_server_raise(messages: list[bytes]) -> None:
    server = ScramServer("SCRAM-SHA-1", "3rfcNHYJY1ZVvWVs7j")
    known = ScramVerifier("sha1", b"s", 4096, b"k" * 20, b"k" * 20)
    for message in messages:
        step = server.step(message)
        if isinstance(step, NeedScram):
            step = server.scram_found(known)
        if isinstance(step, Failure):
            break
        assert isinstance(step, Challenge)


@given(st.binary(max_size=80))
def test_the_client_raises_nothing_but_remote_protocol_errors(message: bytes) -> None:
    client = ScramClient("SCRAM-SHA-1", "user", Secret("pencil"), "abcd")
    with pytest.raises(RemoteProtocolError):
        client.respond(message)
