"""OAUTHBEARER (RFC 7628) and XOAUTH2, its older sibling: an access token instead of a password."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.sasl.client import ClientMechanism, encoded
from desktopmail.wire.sasl.server import (
    Challenge,
    Failure,
    NeedToken,
    ServerMechanism,
    Step,
    Success,
    text,
)
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from typing import Final

BEARER: Final = "OAUTHBEARER"
XOAUTH2: Final = "XOAUTH2"

# RFC 7628 section 3.1
# kvsep          = %x01
# key            = 1*(ALPHA)
# value          = *(VCHAR / SP / HTAB / CR / LF )
# kvpair         = key "=" value kvsep
# client-resp    = (gs2-header kvsep *kvpair kvsep) / kvsep
#
# CR and LF are refused in a value here: no key that is defined needs them.
_VALUE = re.compile(r"[!-~ \t]*")
# b64token of RFC 6750 section 2.1; some issuers put other visible characters into theirs.
_TOKEN = re.compile(r"[!-~]+")
_MESSAGE = re.compile(rb"(n|y|p=[^,]*),(?:a=([^,]*))?,\x01((?:[A-Za-z]+=[^\x01]*\x01)*)\x01")
_XOAUTH2 = re.compile(rb"user=([^\x01]*)\x01auth=([^\x01]*)\x01\x01")


class _TokenClient(ClientMechanism):
    """What both have in common: one message, and an error answered with the least there is."""

    def __init__(self, name: str, user: str, token: Secret, dummy: bytes) -> None:
        super().__init__(name)
        if not _TOKEN.fullmatch(token.reveal()):
            raise LocalProtocolError(f"{name} needs an access token of visible characters")
        if any(char in user for char in "\0\x01\r\n"):
            raise LocalProtocolError(f"{name} allows no control characters in a name")
        self._user, self._token = user, token
        self._dummy = dummy
        self.mask = f"<{name} token>"

    def respond(self, challenge: bytes) -> bytes:
        """Keep the server's JSON (section 3.2.2) as explanation, answer so that it can refuse."""
        if self.explanation is not None:
            raise RemoteProtocolError(f"{self.name} has one error message; a second came")
        self.explanation = challenge.decode("utf-8", "replace")
        return self._dummy

    def finish(self) -> None:
        """Blame a server that reports an error and then success."""
        if self.explanation is not None:
            raise RemoteProtocolError(f"the server reported an error and accepted {self.name}")


class OAuthBearerClient(_TokenClient):
    """Sends token, host and port.

    Args:
        user: May be empty: the token then says who it is.
        token: The access token.
        host: That we connected to.
        port: That we connected to.
    """

    def __init__(self, user: str, token: Secret, host: str, port: int) -> None:
        super().__init__(BEARER, user, token, dummy=b"\x01")
        if not _VALUE.fullmatch(host):
            raise LocalProtocolError("the host name holds control characters")
        self._host, self._port = host, port

    def initial_response(self) -> bytes:
        """Return the one message."""
        name = self._user.replace("=", "=3D").replace(",", "=2C")
        authzid = f"a={name}" if name else ""
        return encoded(
            f"n,{authzid},\x01host={self._host}\x01port={self._port}\x01"
            f"auth=Bearer {self._token.reveal()}\x01\x01"
        )


class XOAuth2Client(_TokenClient):
    """Sends name and token as Google's and Microsoft's pages describe it."""

    def __init__(self, user: str, token: Secret) -> None:
        super().__init__(XOAUTH2, user, token, dummy=b"")

    def initial_response(self) -> bytes:
        """Return the one message."""
        return encoded(f"user={self._user}\x01auth=Bearer {self._token.reveal()}\x01\x01")


class TokenServer(ServerMechanism):
    """Both mechanisms on the server.

    Args:
        name: `OAUTHBEARER` or `XOAUTH2`.
        error: The JSON that explains a refusal.
    """

    def __init__(self, name: str, error: bytes = b'{"status":"invalid_token"}') -> None:
        super().__init__(name)
        self._error = error
        self._user = ""
        self._refused = False

    def step(self, response: bytes) -> Step:
        """Take the one message, or the client's consent to being refused."""
        if self._refused:
            return Failure("the token was refused", user=self._user)
        parsed = _parse_bearer(response) if self.name == BEARER else _parse_xoauth2(response)
        if parsed is None:
            return Failure(f"no {self.name} message", malformed=True)
        self._user, token = parsed
        return NeedToken(self._user, token)

    def token_verified(self, user: str | None) -> Step:
        """Learn whose token it is."""
        if user is not None:
            return Success(user, self._user)
        self._refused = True
        return Challenge(self._error)


def _parse_bearer(message: bytes) -> tuple[str, Secret] | None:
    match = _MESSAGE.fullmatch(message)
    if match is None:
        return None
    pairs = dict(pair.split(b"=", 1) for pair in match[3].split(b"\x01") if pair)
    user = text((match[2] or b"").replace(b"=2C", b",").replace(b"=3D", b"="))
    token = _bearer(pairs.get(b"auth", b""))
    return None if user is None or token is None else (user, token)


def _parse_xoauth2(message: bytes) -> tuple[str, Secret] | None:
    match = _XOAUTH2.fullmatch(message)
    if match is None:
        return None
    user, token = text(match[1]), _bearer(match[2])
    return None if not user or token is None else (user, token)


def _bearer(value: bytes) -> Secret | None:
    scheme, _, token = value.partition(b" ")
    credentials = text(token.strip())
    if scheme.lower() != b"bearer" or not credentials or not _TOKEN.fullmatch(credentials):
        return None
    return Secret(credentials)
