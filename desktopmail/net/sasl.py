"""Drives the pure SASL machines: nonces by entropy, PBKDF2 in a thread, checks by the user base.

`authenticate` is the client's side, over any protocol that can carry SASL (`Carrier`); `settle` is
the server's side, over anything that knows users (`Credentials`).
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Protocol

from desktopmail.net.errors import AuthenticationError
from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.sasl.client import DeriveKey
from desktopmail.wire.sasl.policy import Choice, choose, client_mechanism
from desktopmail.wire.sasl.scram import HASHES, PLUS, ChannelBinding, derive_key
from desktopmail.wire.sasl.server import (
    Challenge,
    Failure,
    NeedExternal,
    NeedPassword,
    NeedScram,
    NeedSecret,
    NeedToken,
    Success,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from typing import Final

    from desktopmail.net.ports import Entropy, Executor, Ports
    from desktopmail.net.tls import TlsInfo
    from desktopmail.wire.sasl.client import ClientMechanism
    from desktopmail.wire.sasl.server import ScramVerifier, ServerMechanism, Step
    from desktopmail.wire.secret import Secret

END_POINT: Final = "tls-server-end-point"
_NONCE_OCTETS: Final = 18


class MechanismRefusedError(Exception):
    """A carrier's word for "the server said no to this attempt"; mapped here, never seen outside.

    Attributes:
        reply: What the server said, for people.
        unavailable: The server knows the mechanism but will not do it now or for this user, or does
            not know it at all (504, 534, 538): another one may be tried.
        temporary: Worth another try later (4yz, [UNAVAILABLE], [SYS/TEMP]).
    """

    def __init__(self, reply: str, *, unavailable: bool = False, temporary: bool = False) -> None:
        super().__init__(reply)
        self.reply = reply
        self.unavailable = unavailable
        self.temporary = temporary


class Carrier(Protocol):
    """How one protocol carries a SASL exchange; base64, "=" and line lengths are its business."""

    @property
    def sends_initial(self) -> bool:
        """Whether the initial response may go with the command (IMAP needs SASL-IR)."""

    async def begin(self, mechanism: str, initial: bytes | None, mask: str) -> bytes | None:
        """Send the command; return the server's challenge, or None when it accepted.

        Raises:
            MechanismRefusedError: The server said no.
        """

    async def answer(self, response: bytes, mask: str) -> bytes | None:
        """Send a response; return the next challenge, or None when the server accepted."""

    async def cancel(self) -> None:
        """Send "*" and read the refusal that must follow."""


class Credentials(Protocol):
    """What a server's user base answers."""

    def verify(self, name: str, password: str) -> Awaitable[object | None]:
        """Return something when the password is right, at the same cost when there is no user."""

    def secret(self, name: str) -> bytes | None:
        """Return the recoverable secret of CRAM-MD5 and APOP, or None."""

    def scram(self, name: str, hash_name: str) -> ScramVerifier | None:
        """Return the verifier for `sha1` or `sha256`, or None."""

    def token(self, name: str, token: str) -> str | None:
        """Return the user of an access token, or None; the name that came with it may be empty."""

    def external(self) -> str | None:
        """Return the user whom the connection itself proves (its certificate), or None."""

    def anonymous(self) -> str | None:
        """Return the user that anonymous clients act as, or None when nobody is let in so."""


def nonce(entropy: Entropy) -> str:
    """Return a fresh SCRAM nonce of 24 printable characters."""
    return base64.b64encode(entropy.token(_NONCE_OCTETS)).decode()


def end_point(tls: TlsInfo | None) -> ChannelBinding | None:
    """Return what -PLUS binds to on this connection, or None."""
    if tls is None or tls.end_point is None:
        return None
    return ChannelBinding(END_POINT, tls.end_point)


def can_bind(tls: TlsInfo | None, offered: Iterable[str]) -> bool:
    """Whether a login by one of these mechanisms can bind to this connection: only -PLUS does."""
    return any(name.upper().endswith("-PLUS") for name in offered) and end_point(tls) is not None


def agree(choice: Choice) -> None:
    """Consent to any way of logging in; see `authenticate`."""
    del choice


async def authenticate(
    carrier: Carrier,
    *,
    offered: Iterable[str],
    user: str,
    secret: Secret,
    auth: str,
    tls: TlsInfo | None,
    host: str,
    port: int,
    ports: Ports,
    allow_clear: bool = True,
    consent: Callable[[Choice], None] = agree,
) -> Choice:
    """Log in with the best mechanism that both sides have.

    A wrong password is tried once. Another attempt is made only when the server refuses the
    mechanism itself, or refuses -PLUS, which servers behind a proxy that ends TLS for them have to
    do.

    Args:
        carrier: The protocol.
        offered: Mechanisms that the server offers.
        user: Name to log in with.
        secret: Password, or access token for `oauth`.
        auth: As `wire.sasl.policy.choose` takes it.
        tls: Of the connection, or None in the clear.
        host: That we connected to.
        port: That we connected to.
        ports: For nonces and for the thread.
        allow_clear: False refuses to send a password readably.
        consent: Told of each attempt before anything of it is sent; what it raises stops the login.

    Returns:
        The mechanism that succeeded and what it exposed.

    Raises:
        AuthenticationError: Nothing fits, or the server said no.
        RemoteProtocolError: The server broke a mechanism, or is not the one that knows the
            password.
    """
    names = list(offered)
    binding = end_point(tls) if can_bind(tls, names) else None
    choices = choose(
        names, tls=tls is not None, auth=auth, binding=binding is not None, allow_clear=allow_clear
    )
    if not choices:
        raise _nothing_fits(names, auth, host, tls=tls is not None)
    refused: MechanismRefusedError | None = None
    while choices:
        choice = choices.pop(0)
        consent(choice)
        try:
            mechanism = client_mechanism(
                choice,
                user,
                secret,
                nonce=nonce(ports.entropy),
                binding=binding,
                host=host,
                port=port,
            )
        except LocalProtocolError as error:
            raise AuthenticationError(
                f"{choice.mechanism} cannot carry this name or password: {error}.",
                remedy="Check the name and the password for characters that cannot be typed.",
            ) from error
        try:
            await drive(mechanism, carrier, ports.executor)
        except MechanismRefusedError as error:
            refused = error
            if not error.unavailable:
                choices = [] if error.temporary else _after_refusal(choice, choices)
        else:
            return choice
    raise _refusal(refused, user, host) from refused


async def drive(mechanism: ClientMechanism, carrier: Carrier, executor: Executor) -> None:
    """Run one attempt to its end.

    Raises:
        MechanismRefusedError: The server said no.
        RemoteProtocolError: The server broke the mechanism; the attempt was cancelled first where
            that was still possible.
    """
    initial = mechanism.initial_response()
    if initial is not None and carrier.sends_initial:
        challenge = await carrier.begin(mechanism.name, initial, mechanism.mask)
    else:
        challenge = await carrier.begin(mechanism.name, None, mechanism.mask)
        if initial is not None and challenge is not None:
            challenge = await carrier.answer(initial, mechanism.mask)
    try:
        while challenge is not None:
            try:
                response = mechanism.respond(challenge)
                if isinstance(response, DeriveKey):
                    response = mechanism.key_derived(await executor.run(derive_key, response))
            except Exception:
                await carrier.cancel()
                raise
            challenge = await carrier.answer(response, mechanism.mask)
    except MechanismRefusedError as error:
        if mechanism.explanation is None:
            raise
        raise MechanismRefusedError(
            f"{error.reply} ({mechanism.explanation})",
            unavailable=error.unavailable,
            temporary=error.temporary,
        ) from error
    mechanism.finish()


async def settle(
    mechanism: ServerMechanism, step: Step, credentials: Credentials
) -> Challenge | Success | Failure:
    """Answer a server machine's needs until it wants to talk to the client, or is at its end.

    Args:
        mechanism: The machine.
        step: What its `start` or `step` returned.
        credentials: The user base. Its `verify` hashes off the loop.
    """
    while True:
        match step:
            case Success("", "", trace):  # ANONYMOUS, the only one without a name
                return Success(credentials.anonymous() or "", "", trace)
            case Challenge() | Success() | Failure():
                return step
            case NeedPassword(user, password):
                verified = await credentials.verify(user, password.reveal())
                step = mechanism.password_verified(verified is not None)
            case NeedSecret(user):
                step = mechanism.secret_found(credentials.secret(user))
            case NeedScram(user, hash_name):
                step = mechanism.scram_found(credentials.scram(user, hash_name))
            case NeedToken(user, token):
                step = mechanism.token_verified(credentials.token(user, token.reveal()))
            case NeedExternal():
                step = mechanism.external_found(credentials.external())


def _after_refusal(refused: Choice, choices: list[Choice]) -> list[Choice]:
    # Only -PLUS gets a second attempt, and that without "I could have bound": the server did offer
    # it, so `y` would look like an attack to it.
    plain = refused.mechanism.removesuffix(PLUS)
    if plain == refused.mechanism:
        return []
    return [Choice(c.mechanism, c.exposure) for c in choices if c.mechanism == plain]


def _refusal(refused: MechanismRefusedError | None, user: str, host: str) -> AuthenticationError:
    reply = refused.reply if refused is not None else ""
    said = f": {reply.removesuffix('.')}" if reply else ""
    sentence = f"{host} refused the login of {user}{said}."
    if refused is not None and refused.temporary:
        remedy = "The server cannot check passwords now; try again in some minutes."
        return AuthenticationError(sentence, remedy=remedy, code="temporary", reply=reply)
    return AuthenticationError(
        sentence, remedy="Check the user name and the password.", reply=reply
    )


def _nothing_fits(offered: list[str], auth: str, host: str, *, tls: bool) -> AuthenticationError:
    listed = ", ".join(sorted(offered))
    code = "no-mechanism"
    if not offered:
        return AuthenticationError(
            f"{host} offers no way to log in.",
            remedy="Check port and security: STARTTLS and TLS use different ports.",
            code=code,
        )
    if choose(offered, tls=tls, auth=auth):
        return AuthenticationError(
            f"{host} takes the password only in clear text here, so it was not sent.",
            remedy="Choose TLS or STARTTLS for this account.",
            code=code,
        )
    remedy = "Choose another way to log in."
    if auth == "scram" and not any(name.upper().removesuffix(PLUS) in HASHES for name in offered):
        remedy = "Choose 'auto' to let a weaker mechanism be used inside TLS."
    return AuthenticationError(
        f"{host} offers no way to log in that fits '{auth}' (it offers: {listed}).",
        remedy=remedy,
        code=code,
    )
