"""An IMAP client: one connection, commands side by side, news at any time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self, TypeVar

from desktopmail.net.endpoint import Security
from desktopmail.net.errors import NetError, RefusedError, TlsError
from desktopmail.net.imap_answers import Fetching, Gathering, Selected, Selecting
from desktopmail.net.imap_dialogue import ANSWER_TIMEOUT_S, Dialogue, Running
from desktopmail.net.imap_login import log_in, ways
from desktopmail.net.sasl import agree
from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.append import Append, AppendMessage
from desktopmail.wire.imap.capability import Capability
from desktopmail.wire.imap.codes import AppendUid, Code, CopyUid, Modified
from desktopmail.wire.imap.compress import Compress
from desktopmail.wire.imap.condition import Answer, Condition, Tagged
from desktopmail.wire.imap.copy import Copy
from desktopmail.wire.imap.create import Create
from desktopmail.wire.imap.cursor import Streamed
from desktopmail.wire.imap.delete import Delete
from desktopmail.wire.imap.enable import Enable, EnabledResponse
from desktopmail.wire.imap.expunge import Expunge, VanishedResponse
from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.id import Id, IdFields, IdResponse
from desktopmail.wire.imap.idle import Idle
from desktopmail.wire.imap.list import List, ListResponse, Lsub
from desktopmail.wire.imap.logout import Logout
from desktopmail.wire.imap.move import Move
from desktopmail.wire.imap.namespace import Namespace, NamespaceResponse
from desktopmail.wire.imap.noop import Noop
from desktopmail.wire.imap.quota import (
    GetQuotaRoot,
    QuotaResponse,
    QuotaRootResponse,
)
from desktopmail.wire.imap.rename import Rename
from desktopmail.wire.imap.search import Search
from desktopmail.wire.imap.search_response import ESearchResponse, SearchResponse
from desktopmail.wire.imap.select import Close, QResync, Select, Unselect
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.sort import Sort, SortBy, SortResponse
from desktopmail.wire.imap.starttls import StartTls
from desktopmail.wire.imap.state import State
from desktopmail.wire.imap.status import Status, StatusItem, StatusResponse
from desktopmail.wire.imap.store import Store, StoreMode
from desktopmail.wire.imap.subscribe import Subscribe, Unsubscribe
from desktopmail.wire.imap.thread import Thread, ThreadResponse

if TYPE_CHECKING:
    import builtins
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
    from datetime import datetime

    from desktopmail.net.endpoint import Endpoint
    from desktopmail.net.imap_dialogue import Sink
    from desktopmail.net.ports import Ports
    from desktopmail.net.stream import Stream
    from desktopmail.net.transcript import Recorder
    from desktopmail.wire.imap.announced import Announced
    from desktopmail.wire.imap.client import Malformed
    from desktopmail.wire.imap.command import Command
    from desktopmail.wire.imap.condition import Tag
    from desktopmail.wire.imap.fetch_item import FetchItem
    from desktopmail.wire.imap.flags import Flag
    from desktopmail.wire.imap.list import Attribute
    from desktopmail.wire.imap.response import UntaggedResponse
    from desktopmail.wire.imap.search_key import SearchKey
    from desktopmail.wire.sasl.policy import Choice
    from desktopmail.wire.secret import Secret

T = TypeVar("T")

_GOODBYE_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Stored:
    """What a STORE brought.

    Attributes:
        changed: New flags and mod-sequences, as the server told them.
        modified: Messages it left alone because they had changed since (CONDSTORE).
    """

    changed: tuple[FetchResponse, ...]
    modified: UidSet


def no_progress(_done: int) -> None:
    """Do nothing."""


class ImapClient:
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
        self._dialogue = Dialogue(
            stream,
            endpoint.authority,
            tls=stream.tls is not None,
            recorder=recorder,
            timeout_s=timeout_s,
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
        if self._dialogue.is_usable:
            try:
                async with asyncio.timeout(_GOODBYE_TIMEOUT_S):
                    await self._run(Logout())
            except (NetError, TimeoutError) as error:
                # The connection ends here in any case; the transcript keeps how.
                self._dialogue.remark(f"LOGOUT: {error}")
        await self.aclose()

    async def aclose(self) -> None:
        """Close at once; whoever waits gets a `ClosedError`."""
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

    def offers(self, name: str) -> bool:
        """Whether the server offers something, be it as a part of IMAP4rev2."""
        return self._dialogue.machine.offers(name)

    @property
    def enabled(self) -> frozenset[str]:
        """What was enabled, in upper case."""
        return self._dialogue.machine.enabled

    @property
    def state(self) -> State:
        """The state of the connection."""
        return self._dialogue.machine.state

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

    # --- mailboxes -----------------------------------------------------------------------------

    async def namespace(self) -> NamespaceResponse:
        """Return the namespaces; without the extension, one that is empty."""
        found = await self._gather(Namespace(), NamespaceResponse)
        return found[-1] if found else NamespaceResponse()

    async def list(
        self,
        reference: str = "",
        pattern: str | tuple[str, ...] = "*",
        *,
        selection: Iterable[str] = (),
        returns: Iterable[str] = (),
        status: tuple[StatusItem, ...] = (),
    ) -> builtins.list[tuple[ListResponse, StatusResponse | None]]:
        """Return mailboxes, each with its numbers when `status` asks for them (LIST-STATUS)."""
        patterns = (pattern,) if isinstance(pattern, str) else pattern
        command = List(reference, patterns, frozenset(selection), frozenset(returns), status)
        wanted = (ListResponse, StatusResponse) if status else (ListResponse,)
        gathering = Gathering(wanted, _answers_list)
        await self._run(command, gathering.claim)
        numbers = {
            value.mailbox: value for value in gathering.found if isinstance(value, StatusResponse)
        }
        return [
            (value, numbers.get(value.mailbox))
            for value in gathering.found
            if isinstance(value, ListResponse)
        ]

    async def lsub(self, reference: str = "", pattern: str = "*") -> builtins.list[ListResponse]:
        """Return subscribed mailboxes, the way of IMAP4rev1."""
        return await self._gather(
            Lsub(reference, pattern), ListResponse, lambda value, _tag: value.lsub
        )

    async def status(self, mailbox: str, items: tuple[StatusItem, ...]) -> StatusResponse:
        """Return numbers of a mailbox."""
        found = await self._gather(
            Status(mailbox, items), StatusResponse, lambda value, _tag: value.mailbox == mailbox
        )
        return found[-1] if found else StatusResponse(mailbox)

    async def create(self, mailbox: str, special_use: Iterable[Attribute] = ()) -> Tagged:
        """Make a mailbox."""
        return await self._run(Create(mailbox, frozenset(special_use)))

    async def delete(self, mailbox: str) -> Tagged:
        """Remove a mailbox."""
        return await self._run(Delete(mailbox))

    async def rename(self, mailbox: str, new: str) -> Tagged:
        """Rename a mailbox."""
        return await self._run(Rename(mailbox, new))

    async def subscribe(self, mailbox: str) -> Tagged:
        """Subscribe to a mailbox."""
        return await self._run(Subscribe(mailbox))

    async def unsubscribe(self, mailbox: str) -> Tagged:
        """Unsubscribe from a mailbox."""
        return await self._run(Unsubscribe(mailbox))

    async def quota(self, mailbox: str) -> builtins.list[QuotaResponse]:
        """Return the quotas that a mailbox falls under."""
        command = GetQuotaRoot(mailbox)
        gathering = Gathering((QuotaResponse, QuotaRootResponse))
        await self._run(command, gathering.claim)
        return [value for value in gathering.found if isinstance(value, QuotaResponse)]

    async def append(
        self,
        mailbox: str,
        octets: bytes,
        flags: Iterable[Flag] = (),
        date: datetime | None = None,
    ) -> AppendUid | None:
        """Put a message into a mailbox; return its UID when the server tells (UIDPLUS)."""
        return await self.append_many(mailbox, [AppendMessage(octets, frozenset(flags), date)])

    async def append_stream(
        self,
        mailbox: str,
        source: AsyncIterable[bytes],
        size: int,
        flags: Iterable[Flag] = (),
        date: datetime | None = None,
        *,
        on_progress: Callable[[int], None] = no_progress,
    ) -> AppendUid | None:
        """Put a message of any size into a mailbox without holding it.

        Args:
            mailbox: Its name.
            source: The message in pieces; no NUL may be in it.
            size: How many octets that are.
            flags: Its flags.
            date: Its INTERNALDATE.
            on_progress: Told how many octets went out so far.

        Raises:
            RefusedError: The server said no, before the message or behind it.
            LocalProtocolError: The source does not hold `size` octets; the connection is ended.
            NetError: The connection failed.
        """
        if size < 1:
            raise LocalProtocolError("a message of no octets cannot be appended")
        message = AppendMessage(Streamed(size), frozenset(flags), date)
        running = self._dialogue.ask(Running(Append(mailbox, (message,)), pours=True))
        await self._dialogue.pour(running, source, on_progress)
        tagged = await self._dialogue.answer(running)
        return tagged.code if isinstance(tagged.code, AppendUid) else None

    async def append_many(
        self, mailbox: str, messages: Iterable[AppendMessage]
    ) -> AppendUid | None:
        """Put several messages into a mailbox, all or none; needs MULTIAPPEND for more than one."""
        tagged = await self._run(Append(mailbox, tuple(messages)))
        return tagged.code if isinstance(tagged.code, AppendUid) else None

    # --- the open mailbox ----------------------------------------------------------------------

    async def select(
        self,
        mailbox: str,
        *,
        readonly: bool = False,
        condstore: bool = False,
        qresync: QResync | None = None,
    ) -> Selected:
        """Open a mailbox.

        Args:
            mailbox: Its name.
            readonly: EXAMINE it.
            condstore: Have mod-sequences told.
            qresync: Bring what we know up to date; needs `enable("QRESYNC")` before.
        """
        command = Select(mailbox, readonly, condstore, qresync)
        selecting = Selecting(command, leaves=self.state is State.SELECTED)
        return selecting.result(await self._run(command, selecting.claim))

    async def unselect(self) -> None:
        """Leave the mailbox and change nothing in it.

        Without UNSELECT it is examined first, and then closed: a CLOSE of a mailbox that was opened
        for reading expunges nothing (RFC 9051 section 6.4.1).
        """
        if self.offers("UNSELECT"):
            await self._run(Unselect())
            return
        await self.select("INBOX", readonly=True)
        await self._run(Close())

    async def uid_fetch(
        self,
        uids: UidSet,
        items: tuple[FetchItem, ...],
        *,
        changed_since: int | None = None,
        vanished: bool = False,
        sink: Callable[[Announced, int], Sink] | None = None,
    ) -> AsyncIterator[FetchResponse | VanishedResponse]:
        """Iterate over items of messages as they come.

        Args:
            uids: Which messages.
            items: What of each. UID is always told.
            changed_since: Only messages that changed since (CONDSTORE).
            vanished: Tell what vanished since, too (QRESYNC): a `VanishedResponse` (EARLIER).
            sink: Called with what is known of a literal above 64 KiB and its size; returns where
                its octets go as they come. `Streamed` stands for them in the answer.
        """
        if not uids:
            return
        command = Fetch(uids, items, changed_since, vanished)
        fetching = Fetching(command, sink)
        self._dialogue.ask(fetching)
        try:
            while True:
                while fetching.answers:
                    yield fetching.take()
                self._dialogue.make_room()
                if fetching.ended.done():
                    break
                await fetching.changed()
            await self._dialogue.answer(fetching)
        finally:
            # Whoever stops early leaves the rest to be read and dropped.
            fetching.abandon()
            self._dialogue.forget(fetching)

    async def uid_store(
        self,
        uids: UidSet,
        mode: StoreMode,
        flags: Iterable[Flag],
        *,
        silent: bool = True,
        unchanged_since: int | None = None,
    ) -> Stored:
        """Change flags of messages."""
        command = Store(uids, mode, frozenset(flags), silent, unchanged_since)
        gathering = Gathering(
            FetchResponse,
            lambda value, _tag: isinstance(value, FetchResponse) and value.uid in uids,
        )
        # `UNCHANGEDSINCE` that fails for all is a NO with MODIFIED (RFC 7162 section 3.1.3).
        try:
            tagged = await self._run(command, gathering.claim)
        except RefusedError as refused:
            if not isinstance(refused.reply, Tagged) or not isinstance(
                refused.reply.code, Modified
            ):
                raise
            tagged = refused.reply
        changed = tuple(value for value in gathering.found if isinstance(value, FetchResponse))
        return Stored(changed, _uids_of(tagged.code))

    async def uid_copy(self, uids: UidSet, mailbox: str) -> CopyUid | None:
        """Copy messages; return which became which when the server tells (UIDPLUS)."""
        tagged = await self._run(Copy(uids, mailbox))
        return tagged.code if isinstance(tagged.code, CopyUid) else None

    async def uid_move(self, uids: UidSet, mailbox: str) -> CopyUid | None:
        """Move messages; return which became which when the server tells (UIDPLUS)."""
        gathering = Gathering(
            Answer,
            lambda value, _tag: isinstance(value, Answer) and isinstance(value.code, CopyUid),
        )
        tagged = await self._run(Move(uids, mailbox), gathering.claim)
        if isinstance(tagged.code, CopyUid):
            return tagged.code
        told = [value.code for value in gathering.found if isinstance(value, Answer)]
        return told[-1] if told and isinstance(told[-1], CopyUid) else None

    async def uid_expunge(self, uids: UidSet) -> Tagged:
        """Remove those of the messages that are marked deleted; `told` hears what is gone."""
        return await self._run(Expunge(uids))

    async def expunge(self) -> Tagged:
        """Remove all messages that are marked deleted, whoever marked them."""
        return await self._run(Expunge())

    async def uid_search(
        self,
        key: SearchKey,
        *,
        returns: Iterable[str] | None = None,
        charset: str | None = None,
    ) -> ESearchResponse:
        """Look for messages; the answer is in the form of ESEARCH whatever the server speaks.

        Args:
            key: What they match.
            returns: MIN, MAX, ALL, COUNT, SAVE; None asks the old way.
            charset: Of strings in the key that are not ASCII.
        """
        options = None if returns is None else frozenset(returns)
        command = Search(key, uid=True, returns=options, charset=charset)
        gathering = Gathering((SearchResponse, ESearchResponse), _bears_tag)
        await self._run(command, gathering.claim)
        for value in reversed(gathering.found):
            if isinstance(value, ESearchResponse):
                return value
        numbers: set[Uid] = set()
        modseq: int | None = None
        for value in gathering.found:
            if isinstance(value, SearchResponse):
                numbers.update(Uid(number) for number in value.numbers if number)
                modseq = value.modseq or modseq
        found = UidSet.of(numbers)
        return ESearchResponse(
            None, True, count=len(numbers), all=found or None, modseq=modseq
        )  # fmt: skip

    async def uid_sort(
        self, order: tuple[SortBy, ...], key: SearchKey, *, charset: str = "UTF-8"
    ) -> builtins.list[Uid]:
        """Look for messages and return them in an order."""
        found = await self._gather(Sort(order, key, uid=True, charset=charset), SortResponse)
        return [Uid(number) for response in found for number in response.numbers]

    async def uid_thread(
        self, algorithm: str, key: SearchKey, *, charset: str = "UTF-8"
    ) -> ThreadResponse:
        """Look for messages and return them as conversations."""
        command = Thread(algorithm, key, uid=True, charset=charset)
        found = await self._gather(command, ThreadResponse)
        return found[-1] if found else ThreadResponse()

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

    # --- inside --------------------------------------------------------------------------------

    async def _run(
        self,
        command: Command,
        claim: Callable[[UntaggedResponse, Tag], bool] | None = None,
    ) -> Tagged:
        return await self._dialogue.answer(self._dialogue.ask(Running(command, claim)))

    async def _gather(
        self,
        command: Command,
        wanted: type[T],
        condition: Callable[[T, Tag], bool] | None = None,
    ) -> builtins.list[T]:
        found: builtins.list[T] = []

        def claim(value: UntaggedResponse, tag: Tag) -> bool:
            if not isinstance(value, wanted) or (condition and not condition(value, tag)):
                return False
            found.append(value)
            return True

        await self._run(command, claim)
        return found


class Idling:
    """An IDLE on its way."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._running = Running(Idle())

    async def begin(self) -> None:
        """Wait until the server says that it has begun.

        Raises:
            RefusedError: It does not.
        """
        self._dialogue.ask(self._running)
        while not self._running.challenges and not self._running.ended.done():
            await self._running.changed()
        if self._running.ended.done():
            await self._dialogue.answer(self._running)

    async def ended(self) -> None:
        """Wait until the IDLE is over: another command was asked, or the server ended it.

        Raises:
            NetError: The connection is gone.
        """
        while not self._running.ended.done():
            await self._running.changed()
        await self._dialogue.answer(self._running)

    async def done(self) -> None:
        """End the IDLE."""
        if self._running.tag is None:
            self._dialogue.forget(self._running)
            return
        self._dialogue.end_idle(self._running)
        await self._dialogue.answer(self._running)


def _answers_list(value: UntaggedResponse, _tag: Tag) -> bool:
    return not isinstance(value, ListResponse) or not value.lsub


def _bears_tag(value: UntaggedResponse, tag: Tag) -> bool:
    return not isinstance(value, ESearchResponse) or value.tag in {None, tag}


def _uids_of(code: object) -> UidSet:
    if isinstance(code, Modified):
        return UidSet(code.numbers.ranges)
    return UidSet()
