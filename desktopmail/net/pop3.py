"""A POP3 client: one session, as an engine uses it."""

from __future__ import annotations

from collections import deque
from io import BytesIO
from typing import TYPE_CHECKING, Self, TypeVar, cast

from desktopmail.net import pop3_login
from desktopmail.net.endpoint import Security
from desktopmail.net.errors import RefusedError, TlsError
from desktopmail.net.pop3_dialogue import ANSWER_TIMEOUT_S, Dialogue
from desktopmail.net.pop3_login import Login
from desktopmail.net.sasl import agree
from desktopmail.wire.pop3.capability import Capa, Capabilities
from desktopmail.wire.pop3.command import Noop, Quit, Rset
from desktopmail.wire.pop3.events import Answered, Data, Greeted
from desktopmail.wire.pop3.listing import List, Stat, Uidl
from desktopmail.wire.pop3.message import Dele, Retr, Top
from desktopmail.wire.pop3.stls import Stls
from desktopmail.wire.pop3.utf8 import Utf8

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from desktopmail.net.endpoint import Endpoint
    from desktopmail.net.ports import Ports
    from desktopmail.net.stream import Stream
    from desktopmail.net.transcript import Recorder
    from desktopmail.wire.pop3.command import Command
    from desktopmail.wire.pop3.greeting import Greeting
    from desktopmail.wire.pop3.listing import DropListing
    from desktopmail.wire.pop3.reply import Reply
    from desktopmail.wire.sasl.policy import Choice
    from desktopmail.wire.secret import Secret

T = TypeVar("T")

# Commands under way at once, when the server offers PIPELINING: enough to fill a slow line, few
# enough that all of them fit into any socket buffer (RFC 2449 section 6.6).
WINDOW = 32

_Fetching = Retr | Top


class Pop3Client:
    """One session with one server.

    One call at a time. A call that fails with a `RefusedError` or an `AuthenticationError` leaves
    the session usable; any other `NetError` has closed it.

    Attributes:
        greeting: What the server opened with.
        capabilities: What the server announced; empty when it does not know CAPA.
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
        self._dialogue = Dialogue(
            stream, endpoint.authority, recorder=recorder, timeout_s=timeout_s
        )
        self._endpoint = endpoint
        self._ports = ports
        self.capabilities = Capabilities()

    # --- beginning and end ---------------------------------------------------------------------

    @classmethod
    async def connect(
        cls,
        endpoint: Endpoint,
        *,
        ports: Ports,
        recorder: Recorder | None = None,
        timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> Self:
        """Dial, read the greeting and the capabilities, and start TLS as the endpoint says.

        Args:
            endpoint: Where, and how protected.
            ports: Dialer, entropy, threads.
            recorder: Takes the transcript.
            timeout_s: Seconds for each answer.

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
        if implicit:
            client._dialogue.remark_tls()
        try:
            await client._open()
        except BaseException:
            await client.aclose()
            raise
        return client

    async def _open(self) -> None:
        event = await self._dialogue.next_event("with a greeting")
        reply = cast("Greeted", event).greeting.reply
        if not reply.ok:
            raise RefusedError(
                f"{self._dialogue.where} does not want a connection now: {reply}.",
                reply=reply,
                remedy="Try again later.",
                code="temporary",
            )
        await self._ask_capabilities()
        if self._endpoint.security is Security.STARTTLS:
            await self._start_tls()
            await self._ask_capabilities()

    async def _start_tls(self) -> None:
        # A server without CAPA may know STLS all the same.
        if self.capabilities and "STLS" not in self.capabilities:
            raise self._no_tls()
        try:
            await self._dialogue.ask(Stls())
        except RefusedError as refused:
            raise self._no_tls() from refused
        await self._dialogue.start_tls(self._endpoint.client_tls)

    def _no_tls(self) -> TlsError:
        return TlsError(
            f"{self._dialogue.where} does not offer STARTTLS, and nothing is sent without it.",
            remedy="Use TLS on its own port (995), or ask the provider.",
            code="tls-not-offered",
        )

    async def _ask_capabilities(self) -> None:
        try:
            self.capabilities = await self._dialogue.ask(Capa())
        except RefusedError:
            # RFC 2449 section 5: such a server has to be probed.
            self.capabilities = Capabilities()

    async def quit(self) -> None:
        """End the session; what was marked as deleted is removed by the server now.

        Raises:
            RefusedError: The server could not remove everything; the session is closed all the
                same.
            NetError: The connection broke before the answer: it is not known what was removed.
        """
        try:
            await self._dialogue.ask(Quit())
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the connection without QUIT: nothing is deleted. Harmless when closed already."""
        await self._dialogue.stream.aclose()

    @property
    def greeting(self) -> Greeting | None:
        """What the server opened with."""
        return self._dialogue.machine.greeting

    @property
    def stream(self) -> Stream:
        """The connection, for what its TLS agreed on."""
        return self._dialogue.stream

    # --- logging in ----------------------------------------------------------------------------

    async def login(
        self,
        user: str,
        secret: Secret,
        auth: str = "auto",
        *,
        allow_clear: bool = True,
        consent: Callable[[Choice], None] = agree,
    ) -> Choice:
        """Log in with the best way that both sides have.

        A refusal is final: no other, weaker way is tried behind the user's back.

        Args:
            user: Name.
            secret: Password, or access token for `oauth`.
            auth: `auto`, `scram`, `cram-md5`, `plain` (AUTH PLAIN, or USER and PASS), `user`,
                `apop`, `oauth`, or the name of a SASL mechanism.
            allow_clear: False refuses to send a password that can be read on the way.
            consent: Told of each way before anything of it is sent; what it raises stops the login.

        Returns:
            The way that was taken (`APOP`, `USER` or a SASL mechanism), and what it exposed.

        Raises:
            AuthenticationError: Nothing fits, or the server said no.
        """
        if "UTF8" in self.capabilities:
            try:
                await self._dialogue.ask(Utf8())
            except RefusedError:
                # RFC 6856 section 2.1: a server may refuse; messages then come as they did before.
                self._dialogue.remark("UTF8 was refused")
        login = Login(self._dialogue, self.capabilities, self._endpoint, self._ports, user, secret)
        choice = await login.run(auth, allow_clear=allow_clear, consent=consent)
        if self.capabilities.differs_per_user:
            await self._ask_capabilities()
        return choice

    def ways(self, auth: str = "auto", *, allow_clear: bool = True) -> list[Choice]:
        """Return how `login` could be done here, best first, with what each way exposes."""
        return pop3_login.ways(self._dialogue, self.capabilities, auth, allow_clear=allow_clear)

    # --- the maildrop --------------------------------------------------------------------------

    async def stat(self) -> DropListing:
        """Return count and size of the maildrop."""
        return await self._dialogue.ask(Stat())

    async def listing(self) -> dict[int, int]:
        """Return the size of each message in octets, by number."""
        return await self._dialogue.ask(List())

    async def uidl(self) -> dict[int, str]:
        """Return the unique-id of each message, by number.

        Raises:
            RefusedError: The server has no UIDL.
        """
        return await self._dialogue.ask(Uidl())

    async def listing_and_uidl(self) -> tuple[dict[int, int], dict[int, str]]:
        """Return sizes and unique-ids, in one round trip where the server pipelines."""
        if not self._pipelines:
            return await self.listing(), await self.uidl()
        await self._dialogue.drain_answers()
        sizes, uidls = List(), Uidl()
        self._dialogue.send(sizes)
        self._dialogue.send(uidls)
        return await self._dialogue.answer(sizes), await self._dialogue.answer(uidls)

    async def retr_many(
        self,
        numbers: Iterable[int],
        *,
        on_refused: Callable[[int, Reply], None] | None = None,
    ) -> AsyncIterator[tuple[int, bytes]]:
        """Fetch whole messages, in order; commands go ahead where the server pipelines.

        Args:
            numbers: Message numbers.
            on_refused: Told of a message that the server does not give; None raises.

        Raises:
            RefusedError: The server does not give a message.
        """
        # Pieces that are kept until they are joined are there twice then; these grow in one place.
        begun: BytesIO | None = None
        async for command, octets, is_last in self._fetch((Retr(n) for n in numbers), on_refused):
            if begun is None and is_last:
                yield command.number, octets
                continue
            begun = begun or BytesIO()
            begun.write(octets)
            if is_last:
                whole, begun = begun.getvalue(), None
                yield command.number, whole

    async def retr(self, number: int) -> AsyncIterator[bytes]:
        """Fetch one message in pieces as they arrive, for messages too large to be held.

        Raises:
            RefusedError: The server does not give it.
        """
        async for _, octets, _ in self._fetch([Retr(number)], None):
            if octets:
                yield octets

    async def top(self, number: int, lines: int = 0) -> bytes:
        """Return the header of a message and so many lines of its body.

        Raises:
            RefusedError: The server has no TOP, or no such message.
        """
        pieces = [octets async for _, octets, _ in self._fetch([Top(number, lines)], None)]
        return b"".join(pieces)

    async def top_many(
        self,
        numbers: Iterable[int],
        lines: int = 0,
        *,
        on_refused: Callable[[int, Reply], None] | None = None,
    ) -> AsyncIterator[tuple[int, bytes]]:
        """Fetch the headers of many messages, as `retr_many` does."""
        pieces: list[bytes] = []
        commands = (Top(number, lines) for number in numbers)
        async for command, octets, is_last in self._fetch(commands, on_refused):
            pieces.append(octets)
            if is_last:
                yield command.number, b"".join(pieces)
                pieces = []

    async def dele_many(self, numbers: Iterable[int]) -> dict[int, Reply]:
        """Mark messages as deleted; they go when `quit` succeeds.

        Returns:
            What the server said to those that it refused to mark.
        """
        await self._dialogue.drain_answers()
        refused: dict[int, Reply] = {}
        under_way: deque[Dele] = deque()
        window = WINDOW if self._pipelines else 1
        waiting = iter(numbers)
        while True:
            for number in waiting:
                command = Dele(number)
                self._dialogue.send(command)
                under_way.append(command)
                if len(under_way) >= window:
                    break
            if not under_way:
                return refused
            event = await self._dialogue.answered("DELE")
            command = under_way.popleft()
            if not event.reply.ok:
                refused[command.number] = event.reply

    async def rset(self) -> None:
        """Unmark everything that was marked as deleted."""
        await self._dialogue.ask(Rset())

    async def noop(self) -> None:
        """Keep the session alive."""
        await self._dialogue.ask(Noop())

    async def ask(self, command: Command[T]) -> T:
        """Send any other command that is answered by a line or a listing.

        Raises:
            RefusedError: The server said no.
        """
        return await self._dialogue.ask(command)

    # --- private -------------------------------------------------------------------------------

    @property
    def _pipelines(self) -> bool:
        return "PIPELINING" in self.capabilities

    async def _fetch(
        self,
        commands: Iterable[_Fetching],
        on_refused: Callable[[int, Reply], None] | None,
    ) -> AsyncIterator[tuple[_Fetching, bytes, bool]]:
        dialogue = self._dialogue
        await dialogue.drain_answers()
        window = WINDOW if self._pipelines else 1
        waiting = iter(commands)
        under_way = 0
        low = window // 2
        while True:
            if under_way <= low:
                for command in waiting:
                    self._dialogue.send(command)
                    under_way += 1
                    if under_way >= window:
                        break
            if not under_way:
                return
            event = dialogue.event_here("RETR") or await dialogue.next_event("RETR")
            if isinstance(event, Data):
                under_way -= event.is_last
                yield cast("_Fetching", event.command), event.octets, event.is_last
            elif isinstance(event, Answered) and not event.reply.ok:
                under_way -= 1
                refused = cast("_Fetching", event.command)
                if on_refused is None:
                    raise self._dialogue.refused(event)
                on_refused(refused.number, event.reply)
