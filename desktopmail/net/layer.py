"""The TLS layer of a stream: octets in, octets out, no sockets.

One `ssl.SSLObject` over two memory buffers costs 40 KB a connection, where asyncio's own TLS costs
290 KB, and unlike it keeps nothing that came in the clear.
"""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING

from desktopmail.net.errors import TlsError
from desktopmail.net.tls import explain

if TYPE_CHECKING:
    from desktopmail.net.tls import ClientTls, ServerTls, TlsInfo

# SSL_read gives one record at a time, and a record holds at most 16 KiB.
_RECORD = 16_384


class TlsLayer:
    """One side of one TLS connection.

    Args:
        tls: Whom to trust, or what to show.
        name: Who is at the other end, for sentences.
    """

    def __init__(self, tls: ClientTls | ServerTls, name: str) -> None:
        self._tls = tls
        self._name = name
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = tls.open(self._incoming, self._outgoing)
        self.at_eof = False

    def receive(self, octets: bytes) -> None:
        """Take octets from the socket."""
        self._incoming.write(octets)

    def receive_eof(self) -> None:
        """The socket has ended."""
        self._incoming.write_eof()

    def handshake(self) -> TlsInfo | None:
        """Go on with the handshake; None means that more octets are needed.

        Raises:
            TlsError: It failed; an alert may stand in the output.
        """
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLError as error:
            raise explain(error, self._name) from error
        except ssl.CertificateError as error:  # truststore raises plain ones on some systems
            raise TlsError(
                f"The certificate of {self._name} is not to be trusted: {error}.",
                code="tls-certificate",
            ) from error
        return self._tls.verify(self._object)

    def read(self) -> list[bytes]:
        """Return everything that can be decrypted now; sets `at_eof` at the end.

        The end is close_notify or a cut: the protocols above frame their messages themselves, so
        that a truncated one is seen there (RFC 8314 asks for no more).

        Raises:
            TlsError: What came is not TLS.
        """
        chunks = []
        try:
            while chunk := self._object.read(_RECORD):
                chunks.append(chunk)
            self.at_eof = True
        except ssl.SSLWantReadError:
            pass  # everything that came has been read
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self.at_eof = True
        except ssl.SSLError as error:
            reason = (error.reason or "broken record").replace("_", " ").lower()
            raise TlsError(
                f"What {self._name} sent inside TLS cannot be read: {reason}.", code="tls-broken"
            ) from error
        return chunks

    def write(self, octets: bytes) -> None:
        """Encrypt octets.

        Raises:
            TlsError: The layer is closed or broken.
        """
        view = memoryview(octets)
        try:
            while view:
                view = view[self._object.write(view) :]
        except ssl.SSLError as error:
            raise TlsError(
                f"Nothing more can be sent to {self._name}: TLS is closed.", code="tls-broken"
            ) from error

    def close(self) -> None:
        """Put close_notify into the output."""
        # An error says that the peer's own close_notify has not come, or the handshake never ended.
        with contextlib.suppress(ssl.SSLError):
            self._object.unwrap()

    def take_output(self) -> bytes:
        """Return what is to be sent."""
        return self._outgoing.read()
