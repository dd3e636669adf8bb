from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from desktopmail.net.errors import AuthenticationError
from desktopmail.net.ports import InlineExecutor
from desktopmail.net.sasl import (
    MechanismRefusedError,
    authenticate,
    can_bind,
    end_point,
    nonce,
    settle,
)
from desktopmail.net.tls import TlsInfo
from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.sasl.policy import Exposure, server_mechanism
from desktopmail.wire.sasl.scram import ChannelBinding, make_verifier
from desktopmail.wire.sasl.server import Challenge, Failure, ScramVerifier, Success
from desktopmail.wire.secret import Secret
from tests.helpers.certificates import self_signed

if TYPE_CHECKING:
    from desktopmail.wire.sasl.policy import Choice
    from desktopmail.wire.sasl.server import ServerMechanism

SERVER = self_signed(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
TLS = TlsInfo("TLSv1.3", "x", b"der", SERVER)


class CountingEntropy:
    def __init__(self) -> None:
        self.count = 0

    def token(self, n_octets: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(n_octets, "big")


class People:
    """One user, tim, with the password tanstaaf."""

    async def verify(self, name: str, password: str) -> object | None:
        return name if (name, password) == ("tim", "tanstaaf") else None

    def secret(self, name: str) -> bytes | None:
        return b"tanstaaf" if name == "tim" else None

    def scram(self, name: str, hash_name: str) -> ScramVerifier | None:
        return make_verifier(Secret("tanstaaf"), hash_name, b"salt") if name == "tim" else None

    def token(self, name: str, token: str) -> str | None:
        return "tim" if name in {"", "tim"} and token == "ya29.x" else None

    def external(self) -> str | None:
        return "tim"

    def anonymous(self) -> str | None:
        return "guest"


@dataclass
class Wire:
    """A carrier with one of our server machines at its other end."""

    sends_initial: bool = True
    bindings: tuple[ChannelBinding, ...] = ()
    refuse: dict[str, MechanismRefusedError] = field(default_factory=dict)
    server_nonce: str = "serverNonce"
    tried: list[str] = field(default_factory=list)
    firsts: list[bytes | None] = field(default_factory=list)
    cancelled: int = 0
    machine: ServerMechanism | None = None

    async def begin(self, mechanism: str, initial: bytes | None, mask: str) -> bytes | None:
        assert mask.startswith("<")
        self.tried.append(mechanism)
        self.firsts.append(initial)
        if mechanism in self.refuse:
            raise self.refuse[mechanism]
        self.machine = server_mechanism(
            mechanism, nonce=self.server_nonce, challenge=b"<1.2@h>", bindings=self.bindings
        )
        return await self._step(await settle(self.machine, self.machine.start(initial), People()))

    async def answer(self, response: bytes, mask: str) -> bytes | None:
        assert mask
        assert self.machine is not None
        return await self._step(await settle(self.machine, self.machine.step(response), People()))

    async def cancel(self) -> None:
        self.cancelled += 1

    async def _step(self, step: Challenge | Success | Failure) -> bytes | None:
        if isinstance(step, Challenge):
            return step.octets
        if isinstance(step, Failure):
            raise MechanismRefusedError(step.reason)
        return None


async def log_in(
    wire: Wire,
    offered: list[str],
    *,
    auth: str = "auto",
    tls: TlsInfo | None = None,
    password: str = "tanstaaf",
    allow_clear: bool = True,
) -> Choice:
    ports = SimpleNamespace(entropy=CountingEntropy(), executor=InlineExecutor())
    return await authenticate(
        wire,
        offered=offered,
        user="tim",
        secret=Secret(password),
        auth=auth,
        tls=tls,
        host="mail.example.org",
        port=143,
        ports=ports,  # type: ignore[arg-type] # what authenticate uses of them
        allow_clear=allow_clear,
    )


@pytest.mark.parametrize("sends_initial", [True, False])
@pytest.mark.parametrize("name", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"])
async def test_every_mechanism_with_and_without_initial_response(
    name: str, sends_initial: bool
) -> None:
    wire = Wire(sends_initial=sends_initial)
    choice = await log_in(wire, [name])
    assert choice.mechanism == name
    if not sends_initial:
        assert wire.firsts == [None]


@pytest.mark.parametrize("name", ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"])
async def test_plus_binds_to_the_certificate(name: str) -> None:
    binding = end_point(TLS)
    assert binding == ChannelBinding("tls-server-end-point", hashlib.sha256(SERVER).digest())
    choice = await log_in(Wire(bindings=(binding,)), [name, "PLAIN"], tls=TLS)
    assert choice.exposure is Exposure.BOUND


async def test_a_refused_plus_is_tried_without_and_never_says_that_it_could_have_bound() -> None:
    wire = Wire(refuse={"SCRAM-SHA-256-PLUS": MechanismRefusedError("the proxy ended TLS")})
    choice = await log_in(wire, ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"], tls=TLS)
    assert choice.mechanism == "SCRAM-SHA-256"
    assert (wire.firsts[1] or b"").startswith(b"n,,")


async def test_flag_y_is_said_when_plus_was_not_offered() -> None:
    wire = Wire()
    await log_in(wire, ["SCRAM-SHA-256"], tls=TLS)
    assert (wire.firsts[0] or b"").startswith(b"y,,")


async def test_a_wrong_password_is_tried_once_and_nothing_weaker_follows() -> None:
    wire = Wire()
    with pytest.raises(AuthenticationError) as caught:
        await log_in(wire, ["SCRAM-SHA-256", "CRAM-MD5", "PLAIN"], tls=TLS, password="wrong")
    assert caught.value.code == "credentials"
    assert wire.tried == ["SCRAM-SHA-256"]


async def test_an_unavailable_mechanism_leads_to_the_next() -> None:
    refuse = {"SCRAM-SHA-256": MechanismRefusedError("504 no", unavailable=True)}
    choice = await log_in(Wire(refuse=refuse), ["SCRAM-SHA-256", "PLAIN"], tls=TLS)
    assert choice.mechanism == "PLAIN"


async def test_a_temporary_refusal_says_so() -> None:
    refuse = {"PLAIN": MechanismRefusedError("454 later", temporary=True)}
    with pytest.raises(AuthenticationError, match="some minutes") as caught:
        await log_in(Wire(refuse=refuse), ["PLAIN"], tls=TLS)
    assert caught.value.code == "temporary"


async def test_a_wrong_server_is_found_out_and_the_exchange_cancelled() -> None:
    class Liar(Wire):
        async def answer(self, response: bytes, mask: str) -> bytes | None:
            del response, mask
            return b"v=" + b"A" * 43 + b"="

    wire = Liar()
    with pytest.raises(RemoteProtocolError, match="signature is wrong"):
        await log_in(wire, ["SCRAM-SHA-256"])
    assert wire.cancelled == 1


async def test_a_server_that_skips_its_proof_is_found_out() -> None:
    class Hasty(Wire):
        async def answer(self, response: bytes, mask: str) -> bytes | None:
            del response, mask

    with pytest.raises(RemoteProtocolError, match="without proving"):
        await log_in(Hasty(), ["SCRAM-SHA-256"])


@pytest.mark.parametrize(
    ("offered", "auth", "word"),
    [
        (["GSSAPI"], "auto", "offers: GSSAPI"),
        # Capabilities are a set: they are named in one order all the same.
        (["NTLM", "GSSAPI", "OTP"], "auto", "offers: GSSAPI, NTLM, OTP"),
        (["OTP", "GSSAPI", "NTLM"], "auto", "offers: GSSAPI, NTLM, OTP"),
        ([], "auto", "offers no way to log in."),
        (["PLAIN"], "scram", "'auto'"),
        (["PLAIN"], "auto", "clear text"),
    ],
)
async def test_when_nothing_fits_the_sentence_says_why(
    offered: list[str], auth: str, word: str
) -> None:
    with pytest.raises(AuthenticationError, match=word) as caught:
        await log_in(Wire(), offered, auth=auth, allow_clear=False)
    assert caught.value.code == "no-mechanism"


async def test_a_password_that_cannot_be_carried_is_named_without_showing_it() -> None:
    with pytest.raises(AuthenticationError) as caught:
        await log_in(Wire(), ["SCRAM-SHA-256"], password="bell\x07hidden")
    assert "U+0007" in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_nonces_are_fresh_and_printable() -> None:
    entropy = CountingEntropy()
    first, second = nonce(entropy), nonce(entropy)
    assert first != second
    assert len(first) == 24
    assert "," not in first


def test_without_tls_there_is_nothing_to_bind_to() -> None:
    assert end_point(None) is None
    signed_without_hash = self_signed(ed25519.Ed25519PrivateKey.generate(), None)
    assert end_point(TlsInfo("TLSv1.3", "x", b"der", signed_without_hash)) is None


def test_only_a_mechanism_that_binds_has_the_certificate_read() -> None:
    unreadable = TlsInfo("TLSv1.3", "x", b"der", b"no certificate")
    assert not can_bind(unreadable, ["PLAIN", "CRAM-MD5", "SCRAM-SHA-256"])
    assert not can_bind(None, ["SCRAM-SHA-256-PLUS"])
    assert can_bind(TLS, ["PLAIN", "scram-sha-256-plus"])


@pytest.mark.parametrize(
    ("mechanism", "response", "outcome"),
    [
        ("OAUTHBEARER", b"n,a=tim,\x01auth=Bearer ya29.x\x01\x01", Success("tim", "tim")),
        ("OAUTHBEARER", b"n,,\x01auth=Bearer ya29.x\x01\x01", Success("tim")),
        ("OAUTHBEARER", b"n,a=ann,\x01auth=Bearer ya29.x\x01\x01", None),
        ("XOAUTH2", b"user=tim\x01auth=Bearer ya29.x\x01\x01", Success("tim", "tim")),
        ("XOAUTH2", b"user=tim\x01auth=Bearer other\x01\x01", None),
        ("EXTERNAL", b"", Success("tim")),
        ("ANONYMOUS", b"a guest", Success("guest", trace="a guest")),
    ],
)
async def test_a_server_asks_for_tokens_certificates_and_guests(
    mechanism: str, response: bytes, outcome: Success | None
) -> None:
    machine = server_mechanism(mechanism, nonce="n", challenge=b"<1.2@h>")
    step = await settle(machine, machine.start(response), People())
    if outcome is None:
        assert isinstance(step, Challenge)  # the error, which the client has to acknowledge
        step = machine.step(b"\x01")
        assert isinstance(step, Failure)
    else:
        assert step == outcome
