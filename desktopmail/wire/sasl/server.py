"""The server's half of a SASL mechanism, and the values it asks its pump with.

A machine looks nothing up itself: it returns a *need* (`NeedPassword`, `NeedSecret`, …), the pump
asks the user database, and gives the answer back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from desktopmail.wire.errors import LocalProtocolError

if TYPE_CHECKING:
    from desktopmail.wire.secret import Secret


@dataclass(frozen=True, slots=True)
class Challenge:
    """To be sent to the client, which answers it; may be empty."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Success:
    """The client proved who it is.

    Attributes:
        user: Authentication identity; empty for ANONYMOUS.
        authzid: Identity it wants to act as, or empty for its own. The pump decides on it.
        trace: What an ANONYMOUS client says about itself.
    """

    user: str
    authzid: str = ""
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """The client did not prove it; `reason` is for the log, never for the client.

    Attributes:
        malformed: The client broke the mechanism (501, BAD), rather than gave a wrong secret.
        user: The name it gave, when it came so far.
    """

    reason: str
    malformed: bool = False
    user: str = ""


@dataclass(frozen=True, slots=True)
class NeedPassword:
    """Answer with `password_verified(True or False)`."""

    user: str
    password: Secret


@dataclass(frozen=True, slots=True)
class NeedSecret:
    """Answer with `secret_found(octets or None)`: the recoverable secret of CRAM-MD5."""

    user: str


@dataclass(frozen=True, slots=True)
class NeedScram:
    """Answer with `scram_found(verifier or None)`; `hash_name` is `sha1` or `sha256`."""

    user: str
    hash_name: str


@dataclass(frozen=True, slots=True)
class NeedToken:
    """Answer with `token_verified(name of its user, or None)`; `user` may be empty."""

    user: str
    token: Secret


@dataclass(frozen=True, slots=True)
class NeedExternal:
    """Answer with `external_found(name proved by the TLS certificate, or None)`."""


@dataclass(frozen=True, slots=True)
class ScramVerifier:
    """What a server keeps instead of a password (RFC 5802 section 3).

    Attributes:
        hash_name: `sha1` or `sha256`.
        salt: Random octets, new for each password.
        iterations: Of PBKDF2; at least 4096.
        stored_key: H(HMAC(SaltedPassword, "Client Key")).
        server_key: HMAC(SaltedPassword, "Server Key").
    """

    hash_name: str
    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes

    def __repr__(self) -> str:
        return f"ScramVerifier({self.hash_name!r}, iterations={self.iterations}, ***)"


Need: TypeAlias = NeedPassword | NeedSecret | NeedScram | NeedToken | NeedExternal
Step: TypeAlias = Challenge | Success | Failure | Need


class ServerMechanism(ABC):
    """One authentication attempt, seen by a server; made anew for each attempt.

    `start` once, then `step` for each response of the client; after a need the method that the need
    names. `Success` and `Failure` are the end.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def start(self, initial: bytes | None) -> Step:
        """Begin with the initial response, or None when there is none (which is not empty)."""
        if initial is None:
            return Challenge(b"")
        return self.step(initial)

    @abstractmethod
    def step(self, response: bytes) -> Step:
        """Take one response of the client."""

    def password_verified(self, ok: bool) -> Step:
        """Answer a `NeedPassword`."""
        raise LocalProtocolError(f"{self.name} asked for no password check ({ok})")

    def secret_found(self, secret: bytes | None) -> Step:
        """Answer a `NeedSecret`."""
        raise LocalProtocolError(f"{self.name} asked for no secret ({secret is not None})")

    def scram_found(self, verifier: ScramVerifier | None) -> Step:
        """Answer a `NeedScram`."""
        raise LocalProtocolError(f"{self.name} asked for no verifier ({verifier})")

    def token_verified(self, user: str | None) -> Step:
        """Answer a `NeedToken`."""
        raise LocalProtocolError(f"{self.name} asked for no token check ({user})")

    def external_found(self, user: str | None) -> Step:
        """Answer a `NeedExternal`."""
        raise LocalProtocolError(f"{self.name} asked for no certificate ({user})")


def text(octets: bytes) -> str | None:
    """Decode UTF-8 without NUL, or return None."""
    try:
        decoded = octets.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in decoded else decoded
