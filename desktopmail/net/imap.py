"""An IMAP client: one connection, commands side by side, news at any time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final, Self

from desktopmail.net.endpoint import Security
from desktopmail.net.errors import NetError, RefusedError, TlsError
from desktopmail.net.imap_dialogue import Dialogue
from desktopmail.net.imap_idle import Idling
from desktopmail.net.imap_login import log_in, ways
from desktopmail.net.imap_mailboxes import MailboxCalls
from desktopmail.net.imap_messages import MessageCalls
from desktopmail.net.imap_running import ANSWER_TIMEOUT_S
from desktopmail.net.sasl import agree
from desktopmail.wire.imap.capability import Capability
from desktopmail.wire.imap.codes import Code
from desktopmail.wire.imap.compress import Compress
from desktopmail.wire.imap.condition import Answer, Condition, Tagged
from desktopmail.wire.imap.enable import Enable, EnabledResponse
from desktopmail.wire.imap.id import Id, IdFields, IdResponse
from desktopmail.wire.imap.logout import Logout
from desktopmail.wire.imap.noop import Noop
from desktopmail.wire.imap.starttls import StartTls
from desktopmail.wire.imap.state import State

if TYPE_CHECKING:
    import builtins
    from collections.abc import AsyncIterator, Callable

    from desktopmail.net.endpoint import Endpoint
    from desktopmail.net.ports import Ports
    from desktopmail.net.stream import Stream
    from desktopmail.net.transcript import Recorder
    from desktopmail.wire.imap.client_events import Malformed
    from desktopmail.wire.imap.response import UntaggedResponse
    from desktopmail.wire.sasl.policy import Choice
    from desktopmail.wire.secret import Secret

_GOODBYE_TIMEOUT_S: Final = 5.0


class ImapClient(MailboxCalls, MessageCalls):
    """One connection to one server.

    Any number of tasks may call it at once: commands are sent as soon as the protocol allows them
    beside those on their way. A call that fails with a `RefusedError` leaves the connection as it
    was; any other `NetError` has closed it.

    Attributes:
        greeting: What the server opened with.
        told: Called with everything the server tells unasked: EXISTS, EXPUNGE, VANISHED, flags of a
            FETCH that nobody waits for, ALERT; and with `Malformed` when something could not be
            read. It must not block.
        ended: Called once when the connection has ended, with the error or None.
    """

    def __init__(
        self,
        stream: Stream,
        endpoint: Endpoint,
        ports: Ports,
        *,
        recorder: Recorder | None = None,
        timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        super().__init__(
            Dialogue(
                stream,
                endpoint.authority,
                tls=stream.tls is not None,
                recorder=recorder,
                timeout_s=timeout_s,
            )
        )
        self._endpoint = endpoint
        self._ports = ports
        self.greeting: Answer | None = None

    # --- beginning and end ---------------------------------------------------------------------

    @classmethod
    async def connect(
        cls,
        endpoint: Endpoint,
        *,
        ports: Ports,
        recorder: Recorder | None = None,
        timeout_s: float = ANSWER_TIMEOUT_S,
        told: Callable[[UntaggedResponse | Malformed], None] | None = None,
    ) -> Self:
        """Dial, read the greeting and the capabilities, and start TLS as the endpoint says.

        Args:
            endpoint: Where, and how protected.
            ports: Dialer, entropy, threads.
            recorder: Takes the transcript.
            timeout_s: Seconds of silence that are borne while an answer is due.
            told: See `told`.

        Raises:
            NetError: It did not work; nothing is left open.
        """
        implicit = endpoint.security is Security.TLS
        stream = await ports.dialer.dial(
            endpoint.host,
            endpoint.port,
            tls=endpoint.client_tls if implicit else None,
            timeout_s=endpoint.timeout_s,
        )
        client = cls(stream, endpoint, ports, recorder=recorder, timeout_s=timeout_s)
        client.told = told
        if implicit and stream.tls is not None:
            client._dialogue.remark(f"TLS: {stream.tls.version}")
        try:
            await client._open()
        except BaseException:
            await client.aclose()
            raise
        return client

    async def _open(self) -> None:
        dialogue = self._dialogue
        self.greeting = await dialogue.greeting()
        if self.greeting.condition is Condition.BYE:
            raise RefusedError(
                f"{dialogue.where} does not want a connection now: {self.greeting.text}",
                reply=self.greeting,
                remedy="Try again later.",
                code="temporary",
            )
        await self._learn_capabilities()
        if self._endpoint.security is Security.STARTTLS:
            await self._start_tls()
            await self._learn_capabilities()
        dialogue.start()

    async def _learn_capabilities(self) -> None:
        if self._dialogue.machine.capabilities is None:
            await self._dialogue.ask_alone(Capability())

    async def _start_tls(self) -> None:
        dialogue = self._dialogue
        # A server, or somebody in between, that greets with PREAUTH makes STARTTLS impossible.
        possible = dialogue.machine.state is State.NOT_AUTHENTICATED
        if not possible or not dialogue.machine.offers("STARTTLS"):
            raise self._no_tls()
        tagged = await dialogue.ask_alone(StartTls())
        if not tagged.is_ok:
            raise self._no_tls()
        await dialogue.start_tls(self._endpoint.client_tls)

    def _no_tls(self) -> TlsError:
        return TlsError(
            f"{self._dialogue.where} does not offer STARTTLS, and nothing is sent without it.",
            remedy="Use TLS on its own port (993), or ask the provider.",
            code="tls-not-offered",
        )

    async def login(
        self,
        user: str,
        secret: Secret,
        auth: str = "auto",
        *,
        consent: Callable[[Choice], None] = agree,
    ) -> Choice | None:
        """Log in, and learn what the server offers then.

        Args:
            user: The name.
            secret: Password or token.
            auth: `auto`, `scram`, `cram-md5`, `plain`, `oauth`, or the name of a mechanism.
            consent: Told of each way before anything of it is sent; what it raises stops the login.

        Returns:
            What was used; None when the server had logged us in already (PREAUTH).

        Raises:
            AuthenticationError: Nothing fits, or the server said no.
        """
        choice = None
        if self._dialogue.machine.state is State.NOT_AUTHENTICATED:
            choice = await log_in(
                self._dialogue, self._endpoint, self._ports, user, secret, auth, consent
            )
        if self._dialogue.machine.capabilities is None:
            await self._run(Capability())
        return choice

    def ways(self, auth: str = "auto") -> builtins.list[Choice]:
        """Return how `login` could be done here, best first; none when it is done already."""
        if self._dialogue.machine.state is not State.NOT_AUTHENTICATED:
            return []
        return ways(self._dialogue, auth)

    async def logout(self) -> None:
        """Say goodbye and close; a server that does not answer is left all the same."""
        try:
            if self._dialogue.is_usable:
                async with asyncio.timeout(_GOODBYE_TIMEOUT_S):
                    await self._run(Logout())
        except (NetError, TimeoutError) as error:
            # The connection ends here in any case; the transcript keeps how.
            self._dialogue.remark(f"LOGOUT: {error}")
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Close at once, also when cancelled meanwhile; whoever waits gets a `ClosedError`."""
        await self._dialogue.aclose()

    # --- what it is ----------------------------------------------------------------------------

    @property
    def told(self) -> Callable[[UntaggedResponse | Malformed], None] | None:
        """See the class."""
        return self._dialogue.told

    @told.setter
    def told(self, told: Callable[[UntaggedResponse | Malformed], None] | None) -> None:
        self._dialogue.told = told

    @property
    def ended(self) -> Callable[[NetError | None], None] | None:
        """See the class."""
        return self._dialogue.ended

    @ended.setter
    def ended(self, ended: Callable[[NetError | None], None] | None) -> None:
        self._dialogue.ended = ended

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server offers now, in upper case."""
        return self._dialogue.machine.capabilities or frozenset()

    @property
    def enabled(self) -> frozenset[str]:
        """What was enabled, in upper case."""
        return self._dialogue.machine.enabled

    @property
    def is_usable(self) -> bool:
        """Whether commands can be sent."""
        return self._dialogue.is_usable

    @property
    def stream(self) -> Stream:
        """The connection beneath, for what TLS agreed on."""
        return self._dialogue.stream

    # --- any state -----------------------------------------------------------------------------

    async def capability(self) -> frozenset[str]:
        """Ask what the server offers."""
        await self._run(Capability())
        return self.capabilities

    async def noop(self) -> None:
        """Do nothing, so that the server can tell what is new."""
        await self._run(Noop())

    async def id(self, fields: IdFields = ()) -> dict[str, str | None]:
        """Say what we are and return what the server says it is."""
        found = await self._gather(Id(fields), IdResponse)
        return dict(found[-1].fields) if found else {}

    async def enable(self, *names: str) -> frozenset[str]:
        """Enable extensions; return those that were enabled now."""
        wanted = frozenset(name.upper() for name in names)
        found = await self._gather(Enable(wanted), EnabledResponse)
        return frozenset().union(*(response.names for response in found))

    async def compress(self) -> bool:
        """Deflate both directions from here on; return whether the server agreed."""
        try:
            await self._run(Compress())
        except RefusedError as refused:
            if isinstance(refused.reply, Tagged) and refused.reply.code is Code.COMPRESSIONACTIVE:
                return False
            raise
        return True

    # --- waiting for news ----------------------------------------------------------------------

    @asynccontextmanager
    async def idle(self) -> AsyncIterator[Idling]:
        """Let the server speak when something happens, inside the block; `told` hears it.

        The IDLE ends by itself when another command is asked meanwhile.
        """
        idling = Idling(self._dialogue)
        try:
            await idling.begin()
            yield idling
        except BaseException:
            # What ended the block is what counts; a refusal of the IDLE must not hide it.
            with suppress(RefusedError):
                if self._dialogue.is_usable:
                    await idling.done()
            raise
        if self._dialogue.is_usable:
            await idling.done()
