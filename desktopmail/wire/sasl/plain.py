"""PLAIN: name and password in one message (RFC 4616); everything rests on TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.sasl.client import OneMessageMechanism, encoded
from desktopmail.wire.sasl.server import (
    Failure,
    NeedPassword,
    ServerMechanism,
    Step,
    Success,
    text,
)
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from typing import Final

NAME: Final = "PLAIN"

# message   = [authzid] UTF8NUL authcid UTF8NUL passwd   ; RFC 4616 section 2
# authcid   = 1*SAFE ; MUST accept up to 255 octets
# authzid   = 1*SAFE ; MUST accept up to 255 octets
# passwd    = 1*SAFE ; MUST accept up to 255 octets


class PlainClient(OneMessageMechanism):
    """Sends the password as it is.

    Raises:
        LocalProtocolError: Name or password hold a NUL, or are empty.
    """

    def __init__(self, user: str, password: Secret, authzid: str = "") -> None:
        super().__init__(NAME)
        if not user or not password:
            raise LocalProtocolError("PLAIN needs a user name and a password")
        if "\0" in user + authzid or "\0" in password.reveal():
            raise LocalProtocolError("PLAIN allows no NUL in a name or password")
        self._user, self._password, self._authzid = user, password, authzid

    def initial_response(self) -> bytes:
        """Return the one message."""
        return encoded(f"{self._authzid}\0{self._user}\0{self._password.reveal()}")


class PlainServer(ServerMechanism):
    """Splits the message and has the password checked."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self._user = self._authzid = ""

    def step(self, response: bytes) -> Step:
        """Take the one message."""
        parts = [text(part) for part in response.split(b"\0")]
        if len(parts) != 3:
            return Failure("not authzid NUL authcid NUL passwd", malformed=True)
        authzid, user, password = parts
        if authzid is None or not user or not password:
            return Failure("empty, or not UTF-8", malformed=True)
        self._user, self._authzid = user, authzid
        return NeedPassword(user, Secret(password))

    def password_verified(self, ok: bool) -> Step:
        """Learn whether the password was right."""
        if ok:
            return Success(self._user, self._authzid)
        return Failure("wrong name or password", user=self._user)
