"""ANONYMOUS: no proof at all, only a word about who it was (RFC 4505)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.sasl.client import OneMessageMechanism, encoded
from desktopmail.wire.sasl.server import Failure, ServerMechanism, Step, Success, text

if TYPE_CHECKING:
    from typing import Final

NAME: Final = "ANONYMOUS"
MAX_TOKEN_CHARS: Final = 255  # RFC 4505 section 3: token = 1*255TCHAR


class AnonymousClient(OneMessageMechanism):
    """Says a word about who it is, or nothing."""

    def __init__(self, trace: str = "") -> None:
        super().__init__(NAME)
        if len(trace) > MAX_TOKEN_CHARS or "\0" in trace:
            raise LocalProtocolError("an ANONYMOUS trace has at most 255 characters and no NUL")
        self.mask = "<ANONYMOUS trace>"
        self._trace = trace

    def initial_response(self) -> bytes:
        """Return the trace."""
        return encoded(self._trace)


class AnonymousServer(ServerMechanism):
    """Lets anybody in; the protocol decides what a user without a name may do."""

    def __init__(self) -> None:
        super().__init__(NAME)

    def step(self, response: bytes) -> Step:
        """Take the trace."""
        trace = text(response)
        if trace is None or len(trace) > MAX_TOKEN_CHARS:
            return Failure("no trace of at most 255 characters", malformed=True)
        return Success("", trace=trace)
