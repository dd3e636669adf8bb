"""The SMTP client: connects, logs in, and sends messages of any size in few round trips.

It pipelines and chunks where the server offers that, keeps the answer for each recipient, and knows
at every moment whether the end of the message was written and whether it was acknowledged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.net.endpoint import Security
from desktopmail.net.errors import ClosedError, NetError, RefusedError, TlsError
from desktopmail.net.sasl import agree, authenticate, can_bind
from desktopmail.net.smtp_delivery import Delivery, SendOptions, SendStep, no_progress, no_state
from desktopmail.net.smtp_dialogue import COMMAND_S, Dialogue
from desktopmail.net.smtp_login import Carrier
from desktopmail.net.smtp_queue import send_all, send_one
from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.sasl.policy import choose
from desktopmail.wire.smtp.control import Noop, Quit, Rset, StartTls
from desktopmail.wire.smtp.events import Closed, Greeting
from desktopmail.wire.smtp.hello import Hello
from desktopmail.wire.smtp.reply import Reply, reply
from desktopmail.wire.smtp.vrfy import Vrfy

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterable,
        AsyncIterator,
        Awaitable,
        Callable,
        Sequence,
    )
    from typing import Final, Literal

    from desktopmail.net.endpoint import Endpoint
    from desktopmail.net.ports import Ports
    from desktopmail.net.smtp_report import SendReport
    from desktopmail.net.stream import Stream
    from desktopmail.net.transcript import Recorder
    from desktopmail.wire.sasl.policy import Choice
    from desktopmail.wire.secret import Secret
    from desktopmail.wire.smtp.extensions import Extensions

_QUIT_S: Final = 5.0


class SmtpClient:
    """One connection to a submission server, a relay, or an LMTP server; made by `connect`."""

    def __init__(
        self,
        stream: Stream,
        endpoint: Endpoint,
        *,
        ports: Ports,
        local_name: str,
        recorder: Recorder | None = None,
        lmtp: bool = False,
    ) -> None:
        self._stream = stream
        self._endpoint = endpoint
        self._ports = ports
        self._local_name = local_name
        self._dialogue = Dialogue(stream, endpoint.authority, recorder, lmtp=lmtp)
        self.greeting = reply(220, "")

    @classmethod
    async def connect(
        cls,
        endpoint: Endpoint,
        *,
        ports: Ports,
        local_name: str,
        recorder: Recorder | None = None,
        lmtp: bool = False,
    ) -> SmtpClient:
        """Connect, say hello, and turn TLS on when the endpoint wants STARTTLS.

        Args:
            endpoint: The server.
            ports: Dialer, entropy, executor.
            local_name: What we call ourselves: a domain or an address literal.
            recorder: Told what was said, redacted.
            lmtp: Speak LMTP.

        Raises:
            NetError: No connection, no TLS, or the server does not want us.
        """
        tls = endpoint.client_tls if endpoint.security is Security.TLS else None
        stream = await ports.dialer.dial(
            endpoint.host, endpoint.port, tls=tls, timeout_s=endpoint.timeout_s
        )
        client = cls(
            stream, endpoint, ports=ports, local_name=local_name, recorder=recorder, lmtp=lmtp
        )
        try:
            client._dialogue.wire.tls = tls is not None
            await client._open()
        except BaseException:
            await client.aclose()
            raise
        return client

    @property
    def extensions(self) -> Extensions:
        """What the server offers now."""
        return self._dialogue.wire.extensions

    @property
    def stream(self) -> Stream:
        """The connection, for what it knows of TLS and addresses."""
        return self._stream

    @property
    def exhausted(self) -> bool:
        """Whether the server takes no further message on this connection (LIMITS, 421)."""
        return self._dialogue.wire.exhausted

    async def login(
        self,
        user: str,
        secret: Secret,
        auth: str = "auto",
        *,
        allow_clear: bool = True,
        consent: Callable[[Choice], None] = agree,
    ) -> Choice:
        """Log in with the best mechanism that both sides have.

        Args:
            user: Name.
            secret: Password, or access token with `auth="oauth"`.
            auth: `auto`, `scram`, `cram-md5`, `plain`, `oauth`, or the name of a mechanism.
            allow_clear: False refuses to send the password readably.
            consent: Told of each way before anything of it is sent; what it raises stops the login.

        Returns:
            The mechanism used, and what it exposed.

        Raises:
            AuthenticationError: The server said no, or nothing fits.
            NetError: The connection failed.
        """
        try:
            return await authenticate(
                Carrier(self._dialogue),
                offered=self.extensions.auth,
                user=user,
                secret=secret,
                auth=auth,
                tls=self._stream.tls,
                host=self._endpoint.host,
                port=self._endpoint.port,
                ports=self._ports,
                allow_clear=allow_clear,
                consent=consent,
            )
        except RemoteProtocolError as error:
            raise self._dialogue.violated(error) from error

    def ways(self, auth: str = "auto", *, allow_clear: bool = True) -> list[Choice]:
        """Return how `login` could be done here, best first, with what each way exposes."""
        tls = self._stream.tls
        return choose(
            self.extensions.auth,
            tls=tls is not None,
            auth=auth,
            binding=can_bind(tls, self.extensions.auth),
            allow_clear=allow_clear,
        )

    async def send(
        self,
        sender: str,
        recipients: Sequence[str],
        message: bytes | AsyncIterable[bytes],
        *,
        options: SendOptions | None = None,
        on_state: Callable[[SendStep], Awaitable[None]] = no_state,
        on_progress: Callable[[int, int | None], None] = no_progress,
    ) -> SendReport:
        """Send one message.

        Recipients beyond the server's RCPTMAX and RCPTDOMAINMAX (RFC 9422) are reported with 452
        4.5.3, as if the server had said it: send the message again for those.

        Args:
            sender: Envelope sender; empty for the null reverse-path.
            recipients: Envelope recipients.
            message: Its octets, or a stream of pieces; line ends become CRLF.
            options: What is to be said about it.
            on_state: Awaited before each step; before `FINAL_DOT` nothing can have been delivered.
            on_progress: Told octets written so far, and the total where it is known.

        Returns:
            What became of it. A message that the server refused is a report, not an error.

        Raises:
            AmbiguousSendError: The connection ended behind the final dot.
            RefusedError: It was not even tried (too large, needs what is not offered).
            NetError: The connection ended before that; nothing was delivered.
        """
        delivery = Delivery(
            sender, recipients, message, options or SendOptions(), on_state, on_progress=on_progress
        )
        return await send_one(self._dialogue, delivery)

    def send_all(
        self, deliveries: AsyncIterator[Delivery]
    ) -> AsyncGenerator[tuple[Delivery, SendReport | NetError], None]:
        """Send messages one behind the other, each with the next one's envelope behind its end.

        Where the server offers PIPELINING, a message costs one round trip, and not two. Never are
        two messages without the reply to their end: what `send` says of one holds for each.

        Args:
            deliveries: The messages. The next one is asked for before the end of the one before is
                written, so this must not wait for one to come. None is asked for any more when the
                connection has ended or is `exhausted`.

        Yields:
            Each that was taken from `deliveries`, in order, with its report, or the error that
            `send` would raise. Whatever else is raised, by `on_state` or `deliveries`, ends
            everything: a message whose `on_state` was not told `FINAL_DOT` was not delivered.
        """
        return send_all(self._dialogue, deliveries)

    async def vrfy(self, argument: str) -> Reply:
        """Ask whether an address is known."""
        return (await self._dialogue.ask(Vrfy(argument))).reply

    async def noop(self) -> Reply:
        """Ask for a sign of life."""
        return (await self._dialogue.ask(Noop())).reply

    async def rset(self) -> Reply:
        """Make the server forget what it was told of a message."""
        return (await self._dialogue.ask(Rset())).reply

    async def quit(self) -> None:
        """Say goodbye and close; a server that does not answer is not waited for."""
        try:
            if not self._stream.is_closed:
                await self._dialogue.ask(Quit(), timeout_s=_QUIT_S)
        except NetError:
            # The work is done; how the connection ends is nobody's concern.
            self._stream.abort()
        finally:
            await self._stream.aclose()

    async def aclose(self) -> None:
        """Close without a word."""
        await self._stream.aclose()

    # -- opening

    async def _open(self) -> None:
        event = await self._dialogue.next_event(COMMAND_S, "the greeting")
        if isinstance(event, Closed):
            raise ClosedError(
                f"{self._endpoint.authority} closed the connection without a greeting.",
                remedy="Check port and security: STARTTLS and TLS use different ports.",
                code="closed",
            )
        if not isinstance(event, Greeting):
            raise self._dialogue.violated(f"{event} came before the greeting")
        self.greeting = event.reply
        if not event.reply.positive:
            raise RefusedError(
                f"{self._endpoint.authority} takes no mail now: {event.reply}", reply=event.reply
            )
        await self._hello()
        if self._endpoint.security is Security.STARTTLS:
            await self._start_tls()

    async def _hello(self) -> None:
        verb: Literal["LHLO", "EHLO"] = "LHLO" if self._dialogue.wire.lmtp else "EHLO"
        answer = (await self._dialogue.ask(Hello(verb, self._local_name))).reply
        if answer.permanent and verb == "EHLO" and not self._dialogue.wire.closing:
            answer = (await self._dialogue.ask(Hello("HELO", self._local_name))).reply
        if not answer.positive:
            raise RefusedError(
                f"{self._endpoint.authority} refused our hello: {answer}", reply=answer
            )

    async def _start_tls(self) -> None:
        if "STARTTLS" not in self.extensions:
            raise TlsError(
                f"{self._endpoint.authority} does not offer STARTTLS.",
                remedy="Nothing was sent. Choose TLS for this server, or ask its administrator.",
                code="tls-not-offered",
            )
        answer = (await self._dialogue.ask(StartTls())).reply
        if answer.code != 220:
            raise TlsError(
                f"{self._endpoint.authority} refused STARTTLS: {answer}", code="tls-not-offered"
            )
        try:
            self._dialogue.wire.starting_tls()
        except RemoteProtocolError as error:
            self._stream.abort()
            raise TlsError(
                f"{self._endpoint.authority} sent octets in the clear behind STARTTLS.",
                remedy="Somebody may be interfering with the connection; nothing was sent.",
                code="tls-injection",
            ) from error
        await self._stream.start_tls(self._endpoint.client_tls)
        self._dialogue.wire.tls_started()
        if self._dialogue.recorder is not None:
            self._dialogue.recorder.record("*", b"TLS begins\r\n")
        await self._hello()
