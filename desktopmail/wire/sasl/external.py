"""EXTERNAL: somebody else, mostly TLS, already proved who the client is (RFC 4422 appendix A)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.sasl.client import OneMessageMechanism, encoded
from desktopmail.wire.sasl.server import Failure, NeedExternal, ServerMechanism, Step, Success, text

if TYPE_CHECKING:
    from typing import Final

NAME: Final = "EXTERNAL"


class ExternalClient(OneMessageMechanism):
    """Names the identity to act as, or none for the one that the certificate has."""

    def __init__(self, authzid: str = "") -> None:
        super().__init__(NAME)
        if "\0" in authzid:
            raise LocalProtocolError("EXTERNAL allows no NUL in a name")
        self.mask = "<EXTERNAL identity>"
        self._authzid = authzid

    def initial_response(self) -> bytes:
        """Return the identity, or nothing (which is sent as "=")."""
        return encoded(self._authzid)


class ExternalServer(ServerMechanism):
    """Asks its pump whom the certificate proves."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self._authzid = ""

    def step(self, response: bytes) -> Step:
        """Take the identity."""
        authzid = text(response)
        if authzid is None:
            return Failure("not UTF-8, or NUL", malformed=True)
        self._authzid = authzid
        return NeedExternal()

    def external_found(self, user: str | None) -> Step:
        """Learn whom the certificate proves."""
        if user is None:
            return Failure("no certificate proves an identity", user=self._authzid)
        return Success(user, self._authzid)
