"""The client's half of a SASL mechanism: what every one of them can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from desktopmail.wire.secret import Secret


@dataclass(frozen=True, slots=True)
class DeriveKey:
    """A wish of a SCRAM machine: the slow part, which the pump computes in a thread.

    `desktopmail.wire.sasl.scram.derive_key` computes it; the result goes to `key_derived`.

    Attributes:
        hash_name: `sha1` or `sha256`, as hashlib names them.
        password: Already prepared by SASLprep.
        salt: From the server.
        iterations: From the server, inside our limits.
    """

    hash_name: str
    password: Secret
    salt: bytes
    iterations: int


def encoded(text: str) -> bytes:
    """Encode what a user typed in UTF-8.

    Raises:
        LocalProtocolError: It holds half a character (a lone surrogate), which no UTF-8 has.
    """
    try:
        return text.encode()
    except UnicodeEncodeError:
        # From None: the error would carry the password.
        raise LocalProtocolError("half a character cannot stand in a name or password") from None


class ClientMechanism(ABC):
    """One authentication attempt of a client; made anew for each attempt.

    The pump asks `initial_response` once, gives every challenge to `respond`, and calls `finish`
    when the server reports success. A machine that is asked out of order blames the server.

    Attributes:
        name: As registered with IANA (`SCRAM-SHA-256-PLUS`).
        mask: What a transcript shows in place of our responses.
        explanation: What the server said about a refusal inside the mechanism, when it did.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.mask = f"<{name} response>"
        self.explanation: str | None = None

    @abstractmethod
    def initial_response(self) -> bytes | None:
        """Return what the client says first, or None when the server has to speak first."""

    @abstractmethod
    def respond(self, challenge: bytes) -> bytes | DeriveKey:
        """Answer one challenge of the server.

        Raises:
            RemoteProtocolError: The challenge is wrong, or should not have come at all.
        """

    def key_derived(self, key: bytes) -> bytes:
        """Take the key that `respond` asked for; return the response."""
        raise RemoteProtocolError(f"{self.name} derives no key of {len(key)} octets")

    @abstractmethod
    def finish(self) -> None:
        """Learn that the server accepted us.

        Raises:
            RemoteProtocolError: The mechanism was not at its end, or the server proved nothing.
        """

    def is_secret(self, challenge: bytes) -> bool:  # noqa: ARG002 - the subclasses look at it
        """Tell whether a challenge helps to guess the password: transcripts must not show it."""
        return False


class OneMessageMechanism(ClientMechanism):
    """A mechanism in which the client says one thing and the server nothing."""

    def respond(self, challenge: bytes) -> bytes:
        """Refuse: there is nothing to answer."""
        raise RemoteProtocolError(
            f"the server sent a challenge of {len(challenge)} octets, but {self.name} has none"
        )

    def finish(self) -> None:
        """Learn that the server accepted us; there is nothing to check."""
