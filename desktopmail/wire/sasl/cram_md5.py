"""CRAM-MD5: a keyed digest of the server's challenge (RFC 2195); who listens can guess offline."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.sasl.client import ClientMechanism, encoded
from desktopmail.wire.sasl.server import (
    Challenge,
    Failure,
    NeedSecret,
    ServerMechanism,
    Step,
    Success,
    text,
)

if TYPE_CHECKING:
    from typing import Final

    from desktopmail.wire.secret import Secret

NAME: Final = "CRAM-MD5"

# The challenge "MUST correspond to an RFC 822 msg-id" (RFC 2195 section 2). Servers that send
# something else exist (Exchange sends no angle brackets); printable ASCII is demanded, so that what
# we digest can be shown, and so that a chosen binary challenge cannot mount collisions on MD5.
_CHALLENGE = re.compile(rb"[!-~ ]{1,512}")
_RESPONSE = re.compile(rb"(.+) ([0-9a-f]{32})", re.DOTALL)
# The digest of an unknown user costs as much as that of a known one.
_NOBODY: Final = b"nobody has this secret"


def digest(secret: bytes, challenge: bytes) -> bytes:
    """Return HMAC-MD5 in 32 lower-case hex digits."""
    return hmac.new(secret, challenge, hashlib.md5).hexdigest().encode()


class CramMd5Client(ClientMechanism):
    """Sends its name and the digest.

    Raises:
        LocalProtocolError: The name is empty or holds a NUL, CR or LF.
    """

    def __init__(self, user: str, password: Secret) -> None:
        super().__init__(NAME)
        if not user or any(char in user for char in "\0\r\n"):
            raise LocalProtocolError("CRAM-MD5 needs a user name without NUL, CR and LF")
        self._user, self._password = user, password
        self._answered = False

    def initial_response(self) -> None:
        """Return None: the server speaks first."""

    def respond(self, challenge: bytes) -> bytes:
        """Digest the one challenge."""
        if self._answered:
            raise RemoteProtocolError("CRAM-MD5 has one challenge; a second came")
        if not _CHALLENGE.fullmatch(challenge):
            raise RemoteProtocolError("the CRAM-MD5 challenge is no printable message identifier")
        self._answered = True
        proof = digest(encoded(self._password.reveal()), challenge)
        return encoded(self._user) + b" " + proof

    def finish(self) -> None:
        """Blame a server that is satisfied without a proof."""
        if not self._answered:
            raise RemoteProtocolError("the server accepted CRAM-MD5 without a challenge")


class CramMd5Server(ServerMechanism):
    """Compares the client's digest with its own.

    Args:
        challenge: Fresh for each attempt, `<digits.digits@host>`.
    """

    def __init__(self, challenge: bytes) -> None:
        super().__init__(NAME)
        self._challenge = challenge
        self._user = ""
        self._proof = b""

    def start(self, initial: bytes | None) -> Step:
        """Send the challenge; a client that speaks first breaks the mechanism."""
        if initial is not None:
            return Failure("CRAM-MD5 has no initial response", malformed=True)
        return Challenge(self._challenge)

    def step(self, response: bytes) -> Step:
        """Take name and digest. A name may hold spaces; the digest is what follows the last one."""
        match = _RESPONSE.fullmatch(response)
        user = text(match[1]) if match else None
        if match is None or user is None:
            return Failure("not a name, a space and 32 hex digits", malformed=True)
        self._user, self._proof = user, match[2]
        return NeedSecret(user)

    def secret_found(self, secret: bytes | None) -> Step:
        """Compare, at the same cost for users that do not exist."""
        expected = digest(_NOBODY if secret is None else secret, self._challenge)
        if hmac.compare_digest(expected, self._proof) and secret is not None:
            return Success(self._user)
        return Failure("wrong name or secret", user=self._user)
