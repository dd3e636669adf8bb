"""What can go wrong between us and a server, named by what the caller can do about it."""

from __future__ import annotations


class NetError(Exception):
    """A connection or a server failed us; the text is a sentence for people.

    Attributes:
        sentence: One sentence that names the host or the thing.
        remedy: What to do about it, as one sentence, or "".
        code: A stable short name for programs (`"refused"`, `"no-such-host"`, …).
    """

    def __init__(self, sentence: str, *, remedy: str = "", code: str = "net") -> None:
        super().__init__(f"{sentence} {remedy}".rstrip())
        self.sentence = sentence
        self.remedy = remedy
        self.code = code


class UnreachableError(NetError):
    """No connection could be made; trying later, or another address, may help.

    Codes: `no-such-host`, `refused`, `unreachable`, `timed-out`, `no-network`, `proxy`.
    """


class ListenError(NetError):
    """A listener could not be opened. Codes: `port-in-use`, `not-permitted`, `no-such-address`."""


class TlsError(NetError):
    """TLS could not be started, or is not to be trusted.

    Codes: `tls-certificate` (not trusted), `tls-name` (for another host), `tls-pin` (not the pinned
    one), `tls-expired`, `tls-inspected`, `tls-injection` (octets in the clear behind STARTTLS),
    `tls-handshake`, `tls-not-offered`, `tls-files` (our own certificate or CA file).

    Attributes:
        certificate: The peer's certificate in DER, when it is known.
    """

    def __init__(
        self,
        sentence: str,
        *,
        remedy: str = "",
        code: str = "tls-handshake",
        certificate: bytes | None = None,
    ) -> None:
        super().__init__(sentence, remedy=remedy, code=code)
        self.certificate = certificate


class TimedOutError(NetError):
    """The other side did not answer in time; the connection is closed. Code: `timed-out`."""


class ClosedError(NetError):
    """The connection ended before the answer came. Codes: `closed`, `reset`."""


class AuthenticationError(NetError):
    """The server did not accept the login.

    Codes: `credentials` (wrong user or password), `temporary` (the server cannot check now),
    `in-use` (POP3: the maildrop is open elsewhere), `login-delay`, `no-mechanism` (nothing that
    both sides know, or that may be used without TLS), `policy`.

    Attributes:
        reply: What the server said, as text, without secrets.
    """

    def __init__(
        self, sentence: str, *, remedy: str = "", code: str = "credentials", reply: str = ""
    ) -> None:
        super().__init__(sentence, remedy=remedy, code=code)
        self.reply = reply


class RefusedError(NetError):
    """The server answered no; nothing was changed by the command.

    Attributes:
        reply: The reply of the server, a value of the protocol's wire room.
    """

    def __init__(
        self, sentence: str, *, reply: object, remedy: str = "", code: str = "refused-by-server"
    ) -> None:
        super().__init__(sentence, remedy=remedy, code=code)
        self.reply = reply


class ProtocolViolationError(NetError):
    """The other side broke the protocol; made from a `RemoteProtocolError`. Code: `protocol`."""
