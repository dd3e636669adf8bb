"""Which mechanism to use: the order of what a server offers, and what each one exposes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.sasl import anonymous, cram_md5, external, login, oauth, plain, scram
from desktopmail.wire.sasl.anonymous import AnonymousClient, AnonymousServer
from desktopmail.wire.sasl.cram_md5 import CramMd5Client, CramMd5Server
from desktopmail.wire.sasl.external import ExternalClient, ExternalServer
from desktopmail.wire.sasl.login import LoginClient, LoginServer
from desktopmail.wire.sasl.oauth import OAuthBearerClient, TokenServer, XOAuth2Client
from desktopmail.wire.sasl.plain import PlainClient, PlainServer
from desktopmail.wire.sasl.scram import ScramClient, ScramServer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

    from desktopmail.wire.sasl.client import ClientMechanism
    from desktopmail.wire.sasl.scram import ChannelBinding
    from desktopmail.wire.sasl.server import ServerMechanism
    from desktopmail.wire.secret import Secret


class Exposure(Enum):
    """What somebody learns who listens, or who only pretends to be the server."""

    CLEAR = "the password itself, readable by everybody on the way"
    CLEAR_IN_TLS = "the password itself, inside TLS: only the server reads it"
    MD5_CHALLENGE = "an MD5 digest, from which a weak password can be guessed offline"
    SCRAM = "a proof; the password never leaves this machine"
    BOUND = "a proof bound to this TLS connection, worthless on any other"
    TOKEN = "a token, which expires and opens only what it was made for"  # noqa: S105 - a sentence
    TOKEN_IN_CLEAR = "a token, usable by everybody on the way"  # noqa: S105 - a sentence
    NOTHING = "nothing secret"


_BADNESS: Final = {
    Exposure.NOTHING: 0,
    Exposure.BOUND: 1,
    Exposure.SCRAM: 1,  # a stripped -PLUS is found out by SCRAM itself
    Exposure.TOKEN: 2,
    Exposure.CLEAR_IN_TLS: 3,
    Exposure.MD5_CHALLENGE: 3,
    Exposure.TOKEN_IN_CLEAR: 4,
    Exposure.CLEAR: 5,
}


READABLE: Final = frozenset({Exposure.CLEAR, Exposure.TOKEN_IN_CLEAR})
"""What everybody on the way can use."""


def is_worse(one: Exposure, other: Exposure) -> bool:
    """Whether one gives more away than the other."""
    return _BADNESS[one] > _BADNESS[other]


_SCRAM: Final = tuple(scram.HASHES)
_SCRAM_PLUS: Final = tuple(name + scram.PLUS for name in scram.HASHES)
_TOKEN: Final = (oauth.BEARER, oauth.XOAUTH2)
_EXTERNAL: Final = external.NAME
_ANONYMOUS: Final = anonymous.NAME
# Inside TLS a server that holds a good hash is worth more than hiding the password from that
# server: CRAM-MD5 forces it to keep the password itself. In the clear it is the other way round.
_IN_TLS: Final = (*_SCRAM_PLUS, *_SCRAM, plain.NAME, login.NAME, cram_md5.NAME)
_IN_CLEAR: Final = (*_SCRAM, cram_md5.NAME, plain.NAME, login.NAME)

# What `--auth` and the account settings call them; any mechanism name may stand there too.
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "scram": (*_SCRAM_PLUS, *_SCRAM),
    "cram-md5": (cram_md5.NAME,),
    "plain": (plain.NAME, login.NAME),
    "oauth": _TOKEN,
}

ALL: Final = (*_IN_TLS, *_TOKEN, external.NAME, anonymous.NAME)


@dataclass(frozen=True, slots=True)
class Choice:
    """One mechanism that may be tried.

    Attributes:
        mechanism: Its name.
        exposure: What it gives away on this connection.
        could_bind: For SCRAM without -PLUS, inside TLS: say that we would have bound, had the
            server offered it (RFC 5802 section 6, flag "y").
    """

    mechanism: str
    exposure: Exposure
    could_bind: bool = False


def exposure_of(mechanism: str, *, tls: bool) -> Exposure:
    """Say what a mechanism gives away; `USER` and `APOP` of POP3 and IMAP's own LOGIN count too."""
    name = mechanism.upper()
    if name in _SCRAM_PLUS:
        return Exposure.BOUND
    if name in _SCRAM:
        return Exposure.SCRAM
    if name in {cram_md5.NAME, "APOP"}:
        return Exposure.MD5_CHALLENGE
    if name in _TOKEN:
        return Exposure.TOKEN if tls else Exposure.TOKEN_IN_CLEAR
    if name in {external.NAME, anonymous.NAME}:
        return Exposure.NOTHING
    return Exposure.CLEAR_IN_TLS if tls else Exposure.CLEAR


def choose(
    offered: Iterable[str],
    *,
    tls: bool,
    auth: str = "auto",
    binding: bool = False,
    allow_clear: bool = True,
) -> list[Choice]:
    """Order what may be tried, best first.

    Args:
        offered: Mechanism names as the server wrote them, in any case.
        tls: The connection is inside TLS.
        auth: `auto` (any mechanism with a password), `scram`, `cram-md5`, `plain`, `oauth`, or the
            name of one mechanism.
        binding: The TLS layer has channel binding data for a -PLUS that is offered.
        allow_clear: False leaves out what would send the password or a token readably.

    Returns:
        The choices; empty when none of the offered fits.
    """
    names = {name.upper() for name in offered}
    default = _IN_TLS if tls else _IN_CLEAR
    wanted = default if auth.lower() == "auto" else _CHOICES.get(auth.lower(), (auth.upper(),))
    plus_offered = any(name in names for name in _SCRAM_PLUS)
    choices = []
    for name in wanted:
        if name not in names or (name in _SCRAM_PLUS and not (tls and binding)):
            continue
        exposure = exposure_of(name, tls=tls)
        if not allow_clear and exposure in READABLE:
            continue
        could_bind = name in _SCRAM and tls and not plus_offered
        choices.append(Choice(name, exposure, could_bind))
    return choices


def client_mechanism(
    choice: Choice,
    user: str,
    secret: Secret,
    *,
    nonce: str,
    binding: ChannelBinding | None = None,
    host: str = "",
    port: int = 0,
) -> ClientMechanism:
    """Make the machine for one attempt.

    Args:
        choice: From `choose`.
        user: Name to log in with (for EXTERNAL the identity to act as, for ANONYMOUS the trace).
        secret: Password or access token; not looked at by EXTERNAL and ANONYMOUS.
        nonce: Fresh, printable, without comma; used by SCRAM.
        binding: Of this TLS connection; used by -PLUS.
        host: That we connected to; used by OAUTHBEARER.
        port: That we connected to; used by OAUTHBEARER.

    Raises:
        LocalProtocolError: The mechanism is unknown, or cannot carry this name or secret.
    """
    name = choice.mechanism
    if name in _SCRAM or name in _SCRAM_PLUS:
        return ScramClient(name, user, secret, nonce, binding=binding, could_bind=choice.could_bind)
    match name:
        case plain.NAME:
            return PlainClient(user, secret)
        case login.NAME:
            return LoginClient(user, secret)
        case cram_md5.NAME:
            return CramMd5Client(user, secret)
        case oauth.BEARER:
            return OAuthBearerClient(user, secret, host, port)
        case oauth.XOAUTH2:
            return XOAuth2Client(user, secret)
        case external.NAME:
            return ExternalClient(user)
        case anonymous.NAME:
            return AnonymousClient(user)
        case _:
            raise LocalProtocolError(f"unknown mechanism {name!r}")


def offer(
    *,
    tls: bool,
    allow_clear: bool,
    secrets: bool = False,
    tokens: bool = False,
    binding: bool = False,
    external: bool = False,
    anonymous: bool = False,
) -> tuple[str, ...]:
    """Return what a server offers, best first.

    Args:
        tls: The connection is inside TLS.
        allow_clear: Passwords may come readably (loopback, or allowed by name).
        secrets: The server has recoverable secrets, which CRAM-MD5 needs.
        tokens: The server can check access tokens.
        binding: The TLS layer has channel binding data.
        external: The client has proved who it is by other means (its certificate).
        anonymous: Anybody is let in.
    """
    names: list[str] = []
    if external:
        names.append(_EXTERNAL)
    if tls and binding:
        names += _SCRAM_PLUS
    names += _SCRAM
    if secrets:
        names.append(cram_md5.NAME)
    if tls or allow_clear:
        names += (plain.NAME, login.NAME)
        if tokens:
            names += _TOKEN
    if anonymous:
        names.append(_ANONYMOUS)
    return tuple(names)


def server_mechanism(
    name: str,
    *,
    nonce: str,
    challenge: bytes,
    bindings: tuple[ChannelBinding, ...] = (),
    decoy_key: bytes = b"",
    decoy_iterations: int = scram.MIN_ITERATIONS,
) -> ServerMechanism:
    """Make the machine for one attempt; the caller has checked that the mechanism was offered.

    Args:
        name: As the client wrote it, in any case.
        nonce: Fresh, printable, without comma; used by SCRAM.
        challenge: Fresh `<digits.digits@host>`; used by CRAM-MD5.
        bindings: Of this TLS connection; empty without TLS, or when -PLUS was not offered.
        decoy_key: Secret of this server; makes unknown users look like known ones.
        decoy_iterations: Of known users.

    Raises:
        LocalProtocolError: The mechanism is unknown.
    """
    name = name.upper()
    if name in _SCRAM or name in _SCRAM_PLUS:
        return ScramServer(
            name,
            nonce,
            bindings=bindings,
            offers_plus=bool(bindings),
            decoy_key=decoy_key,
            decoy_iterations=decoy_iterations,
        )
    match name:
        case plain.NAME:
            return PlainServer()
        case login.NAME:
            return LoginServer()
        case cram_md5.NAME:
            return CramMd5Server(challenge)
        case oauth.BEARER | oauth.XOAUTH2:
            return TokenServer(name)
        case external.NAME:
            return ExternalServer()
        case anonymous.NAME:
            return AnonymousServer()
        case _:
            raise LocalProtocolError(f"unknown mechanism {name!r}")
