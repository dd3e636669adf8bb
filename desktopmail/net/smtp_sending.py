"""One message on its way out: envelope, chunks or dots, and what is known at each step."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from desktopmail.net.errors import NetError, RefusedError
from desktopmail.net.identity import to_a_label
from desktopmail.net.smtp_dialogue import COMMAND_S, FINAL_S
from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.smtp.bdat import Bdat
from desktopmail.wire.smtp.control import Data, Rset
from desktopmail.wire.smtp.data import DataEncoder
from desktopmail.wire.smtp.mail import Body, Mail, Ret
from desktopmail.wire.smtp.path import Mailbox
from desktopmail.wire.smtp.rcpt import Notify, OriginalRecipient, Rcpt
from desktopmail.wire.smtp.reply import Reply, reply
from desktopmail.wire.smtp.tls_required import NOT_REQUIRED, is_tls_optional

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
    from typing import Final

    from desktopmail.net.smtp_dialogue import Dialogue

_PIECE_OCTETS: Final = 128 * 1024
_CHUNK_OCTETS: Final = 1024 * 1024
_GROUP: Final = 100  # recipients written before their replies are read


class SendStep(Enum):
    """How far a message came; told to `on_state` before the step is taken."""

    MAIL = "the envelope goes out"
    DATA = "the message goes out"
    FINAL_DOT = "the end of the message goes out: from here on only the reply knows"
    DONE = "the server replied"


@dataclass(frozen=True, slots=True)
class SendOptions:
    """What is to be said about a message.

    Attributes:
        body: What its octets may be; None means look at them (a stream counts as 8BITMIME).
        smtputf8: Ask for SMTPUTF8; None means when an address or the header needs it.
        ret: How much a failure report returns.
        envid: Identifier that reports repeat.
        notify: When to report.
        requiretls: Every hop must use TLS (RFC 8689).
        tls_optional: No hop shall keep it back for want of TLS: the header field that says so is
            put before the message (RFC 8689 section 3), unless octets have it in their header; a
            stream must not have it.
        auth: Who submitted it (RFC 4954 section 5), for relays.
        size: Octets of a stream, when known.
        chunking: Use BDAT when offered.
        original: Recipient to its original address, for ORCPT.
        notify_each: Recipient to its own `notify`.
    """

    body: Body | None = None
    smtputf8: bool | None = None
    ret: Ret | None = None
    envid: str | None = None
    notify: frozenset[Notify] | None = None
    requiretls: bool = False
    tls_optional: bool = False
    auth: str | None = None
    size: int | None = None
    chunking: bool = True
    original: dict[str, OriginalRecipient] = field(default_factory=dict)
    notify_each: dict[str, frozenset[Notify]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """What the server said to one recipient.

    Attributes:
        recipient: As it was given to `send`.
        reply: To RCPT; in LMTP to the message, where that was what failed.
        accepted: The message was taken for it.
    """

    recipient: str
    reply: Reply
    accepted: bool


@dataclass(frozen=True, slots=True)
class SendReport:
    """What became of a message.

    Attributes:
        recipients: One result for each, in order.
        reply: The final reply, or the one that refused the message as a whole.
        accepted: The server took the message for at least one recipient.
        octets: Written for the message itself, dots included.
    """

    recipients: tuple[RecipientResult, ...]
    reply: Reply
    accepted: bool
    octets: int = 0

    @property
    def refused(self) -> tuple[RecipientResult, ...]:
        """The recipients that will not get it from this attempt."""
        return tuple(result for result in self.recipients if not result.accepted)


class AmbiguousSendError(NetError):
    """The connection ended after the end of the message was written and before its reply came.

    The server may have the message or not: sending again may double it. Code: `ambiguous`.

    Attributes:
        accepted_recipients: Those that the server had agreed to.
    """

    def __init__(self, sentence: str, accepted_recipients: tuple[str, ...]) -> None:
        super().__init__(
            sentence,
            remedy="Look into Sent, or ask the recipient, before sending it again.",
            code="ambiguous",
        )
        self.accepted_recipients = accepted_recipients


async def no_state(_step: SendStep) -> None:
    """Do nothing."""


def no_progress(_done: int, _total: int | None) -> None:
    """Do nothing."""


class Sending:
    """Sends one message; `SmtpClient.send` says what the arguments are."""

    def __init__(
        self,
        dialogue: Dialogue,
        sender: str,
        recipients: Sequence[str],
        message: bytes | AsyncIterable[bytes],
        options: SendOptions,
    ) -> None:
        self._dialogue = dialogue
        self._wire = dialogue.wire
        self._options = options
        if options.tls_optional:
            message = _with_field(message)
        self._message = message
        if isinstance(message, bytes):
            self._size: int | None = len(message)
        else:
            self._size = options.size
            if options.tls_optional and options.size is not None:
                self._size = options.size + len(NOT_REQUIRED)
        self._sender = sender
        self._recipients = list(recipients)
        self._results: dict[int, Reply] = {}
        self._go: Reply | None = None  # to a DATA that went out with the envelope
        self._octets = 0

    async def run(
        self,
        on_state: Callable[[SendStep], Awaitable[None]],
        on_progress: Callable[[int, int | None], None],
    ) -> SendReport:
        """Send it.

        Raises:
            NetError: As `SmtpClient.send` says.
            LocalProtocolError: It needs what the server does not offer.
        """
        if not self._recipients:
            raise LocalProtocolError("the message has no recipients")
        if self._options.requiretls and self._options.tls_optional:
            raise LocalProtocolError("TLS cannot be both required and optional (RFC 8689)")
        mail, commands = self._envelope()
        self._refuse_too_large()
        await on_state(SendStep.MAIL)
        refusal = await self._send_envelope(mail, commands)
        if refusal is not None:
            return await self._refused(refusal)
        await on_state(SendStep.DATA)
        try:
            send = self._send_chunks if self._chunking else self._send_data
            report = await send(on_state, on_progress)
        except BaseException:
            # Whatever it was, the server is in the middle of a message.
            self._dialogue.stream.abort()
            raise
        await on_state(SendStep.DONE)
        return report

    # -- the envelope

    def _envelope(self) -> tuple[Mail, list[Rcpt]]:
        options, extensions = self._options, self._wire.extensions
        sender = self._mailbox(self._sender) if self._sender else None
        recipients = [self._mailbox(recipient) for recipient in self._recipients]
        international = not all(m.ascii for m in (*recipients, *((sender,) if sender else ())))
        utf8_header = False
        if isinstance(self._message, bytes):
            end = self._message.find(b"\r\n\r\n")
            header = self._message if end < 0 else self._message[:end]
            utf8_header = not header.isascii()
        smtputf8 = options.smtputf8
        if smtputf8 is None:
            smtputf8 = international or (utf8_header and "SMTPUTF8" in extensions)
        if smtputf8 and "SMTPUTF8" not in extensions:
            raise RefusedError(
                f"{self._dialogue.authority} cannot take addresses beyond ASCII.",
                reply=reply(553, "The server does not offer SMTPUTF8", "5.6.7"),
                remedy="Ask the recipient for an address in ASCII.",
                code="smtputf8",
            )
        dsn = "DSN" in extensions
        mail = Mail(
            sender,
            size=self._size if "SIZE" in extensions else None,
            body=self._body(),
            smtputf8=smtputf8,
            ret=options.ret if dsn else None,
            envid=options.envid if dsn else None,
            requiretls=options.requiretls,
            auth=options.auth if "AUTH" in extensions else None,
        )
        commands = []
        for text, mailbox in zip(self._recipients, recipients, strict=True):
            notify = options.notify_each.get(text, options.notify) if dsn else None
            commands.append(Rcpt(mailbox, notify, options.original.get(text) if dsn else None))
        return mail, commands

    def _mailbox(self, text: str) -> Mailbox:
        if text.lower() == "postmaster":
            return Mailbox(text, "")
        try:
            mailbox = Mailbox.parse(text)
        except ValueError as error:
            raise RefusedError(
                f"“{text}” is no mail address: {error}",
                reply=reply(501, str(error), "5.1.3"),
                code="address",
            ) from error
        if mailbox.local.isascii() and not mailbox.domain.isascii():
            # Such an address needs no SMTPUTF8: the domain has an ASCII form.
            return Mailbox(mailbox.local, to_a_label(mailbox.domain))
        return mailbox

    def _body(self) -> Body | None:
        extensions, wanted = self._wire.extensions, self._options.body
        if wanted is None:
            ascii_only = isinstance(self._message, bytes) and self._message.isascii()
            wanted = Body.SEVEN_BIT if ascii_only else Body.EIGHT_BIT
            if wanted is Body.SEVEN_BIT or "8BITMIME" not in extensions:
                # Without 8BITMIME the octets go out as they are: every server of this century
                # takes them, and to recode a signed message would break it.
                return None
        return wanted

    def _refuse_too_large(self) -> None:
        most = self._wire.extensions.size
        if most is None or self._size is None or self._size <= most:
            return
        raise RefusedError(
            f"The message has {self._size:,} octets; {self._dialogue.authority} takes"
            f" at most {most:,}.",
            reply=reply(552, "The message is larger than the server takes", "5.3.4"),
            remedy="Send a smaller one, or a link to the attachment.",
            code="too-large",
        )

    async def _send_envelope(self, mail: Mail, commands: list[Rcpt]) -> Reply | None:
        """Return the reply that ends the attempt, or None when at least one recipient is left."""
        dialogue, wire = self._dialogue, self._wire
        most = wire.extensions.limits.get("RCPTMAX")
        if most is not None:
            for index in range(most, len(commands)):
                self._results[index] = reply(452, "More than RCPTMAX recipients", "4.5.3")
            commands = commands[:most]
        pipelining = "PIPELINING" in wire.extensions
        queue = deque[Mail | Rcpt | Data]([mail, *commands])
        if pipelining and not self._chunking and not wire.lmtp:
            # "the DATA command … as the last command in a group" saves a round trip (RFC 2920).
            queue.append(Data())
        index = 0
        refused: Reply | None = None
        while queue:
            group = min(_GROUP, len(queue)) if pipelining else 1
            for _ in range(group):
                wire.send(queue.popleft())
            for _ in range(group):
                answer = await dialogue.answer(COMMAND_S, "the envelope")
                if isinstance(answer.command, Mail):
                    refused = None if answer.reply.positive else answer.reply
                elif isinstance(answer.command, Data):
                    self._go = answer.reply
                else:
                    self._results[index] = answer.reply
                    index += 1
            if refused is not None:
                break
        if refused is None and any(result.positive for result in self._results.values()):
            return None
        if self._go is not None and self._go.intermediate:
            # No recipient is left, but the server waits: a lone dot it is (RFC 2920 section 3.1).
            wire.end_data()
            await dialogue.answer(FINAL_S, "a message for nobody")
        return refused or self._results[0]

    async def _refused(self, refusal: Reply) -> SendReport:
        results = tuple(
            RecipientResult(recipient, self._results.get(index, refusal), accepted=False)
            for index, recipient in enumerate(self._recipients)
        )
        if not self._wire.closing:
            await self._dialogue.ask(Rset())
        return SendReport(results, refusal, accepted=False)

    # -- the message

    @property
    def _chunking(self) -> bool:
        if self._options.body is Body.BINARY:
            return True
        return self._options.chunking and "CHUNKING" in self._wire.extensions

    async def _send_data(
        self,
        on_state: Callable[[SendStep], Awaitable[None]],
        on_progress: Callable[[int, int | None], None],
    ) -> SendReport:
        dialogue, wire = self._dialogue, self._wire
        answer = self._go or (await dialogue.ask(Data())).reply
        if not answer.intermediate:
            return await self._refused(answer)
        message = self._message
        if isinstance(message, bytes) and len(message) <= _PIECE_OCTETS:
            self._octets, done = wire.send_data(message), len(message)
        else:
            done = await self._send_pieces(on_progress)
        wire.complete_data()
        await on_state(SendStep.FINAL_DOT)
        wire.end_data()
        report = await self._final()
        on_progress(done, self._size)
        return report

    async def _send_pieces(self, on_progress: Callable[[int, int | None], None]) -> int:
        done = 0
        async for piece in self._pieces():
            self._octets += self._wire.send_data(piece)
            done += len(piece)
            if done != self._size:
                # The last piece goes out with the dot, in one segment where it is small.
                await self._dialogue.flush()
                on_progress(done, self._size)
        return done

    async def _send_chunks(
        self,
        on_state: Callable[[SendStep], Awaitable[None]],
        on_progress: Callable[[int, int | None], None],
    ) -> SendReport:
        dialogue, wire = self._dialogue, self._wire
        pipelining = "PIPELINING" in wire.extensions
        done = 0
        waiting = 0
        async for chunk, last in self._chunks():
            if last:
                await on_state(SendStep.FINAL_DOT)
            else:
                # One chunk may be on its way while the reply to the one before is: a refusal is
                # noticed early, and nothing waits for a round trip.
                while waiting > (1 if pipelining else 0):
                    answer = (await dialogue.answer(FINAL_S, "BDAT")).reply
                    waiting -= 1
                    if not answer.positive:
                        return await self._chunk_refused(answer, waiting)
            if last and not pipelining:
                while waiting:
                    answer = (await dialogue.answer(FINAL_S, "BDAT")).reply
                    waiting -= 1
                    if not answer.positive:
                        return await self._chunk_refused(answer, waiting)
            wire.send(Bdat(len(chunk), last))
            if chunk:
                wire.send_chunk(chunk)
            self._octets += len(chunk)
            done += len(chunk)
            if not last:
                await dialogue.flush()
                waiting += 1
                on_progress(done, self._size)
        on_progress(done, self._size)
        return await self._final(waiting)

    async def _chunk_refused(self, answer: Reply, waiting: int) -> SendReport:
        for _ in range(waiting):
            await self._dialogue.answer(FINAL_S, "BDAT")
        return await self._refused(answer)

    async def _final(self, chunks_waiting: int = 0) -> SendReport:
        dialogue = self._dialogue
        accepted = [i for i, result in sorted(self._results.items()) if result.positive]
        count = len(accepted) if self._wire.lmtp else 1
        finals: list[Reply] = []
        failed_chunk: Reply | None = None
        try:
            await dialogue.flush()
            for _ in range(chunks_waiting):
                answer = (await dialogue.answer(FINAL_S, "BDAT")).reply
                failed_chunk = failed_chunk or (None if answer.positive else answer)
            while len(finals) < count:
                answer = (await dialogue.answer(FINAL_S, "the message")).reply
                finals.append(answer)
        except NetError as error:
            raise AmbiguousSendError(
                f"The connection ended while {dialogue.authority} had the message: "
                f"{error.sentence}",
                tuple(self._recipients[i] for i in accepted),
            ) from error
        if failed_chunk is not None and not finals[0].positive:
            finals[0] = failed_chunk
        results = []
        for index, recipient in enumerate(self._recipients):
            answer = self._results[index]
            if index in accepted:
                final = finals[accepted.index(index)] if self._wire.lmtp else finals[0]
                answer = answer if final.positive else final
                results.append(RecipientResult(recipient, answer, final.positive))
            else:
                results.append(RecipientResult(recipient, answer, accepted=False))
        taken = any(result.accepted for result in results)
        return SendReport(tuple(results), finals[0], taken, self._octets)

    async def _pieces(self) -> AsyncIterator[bytes]:
        message = self._message
        if isinstance(message, bytes):
            for begin in range(0, len(message), _PIECE_OCTETS):
                yield message[begin : begin + _PIECE_OCTETS]
            return
        async for piece in message:
            if piece:
                yield piece

    async def _chunks(self) -> AsyncIterator[tuple[bytes, bool]]:
        """Cut the message into chunks; the last one is marked, and may be empty."""
        binary = self._options.body is Body.BINARY
        encoder = DataEncoder(stuff=False)
        ready: list[bytes] = []
        size = 0
        async for piece in self._pieces():
            encoded = piece if binary else encoder.encode(piece)
            ready.append(encoded)
            size += len(encoded)
            if size >= _CHUNK_OCTETS:
                yield b"".join(ready), False
                ready, size = [], 0
        if not binary:
            ready.append(encoder.end())
        yield b"".join(ready), True


def _with_field(message: bytes | AsyncIterable[bytes]) -> bytes | AsyncIterable[bytes]:
    if isinstance(message, bytes):
        return message if is_tls_optional(message) else NOT_REQUIRED + message
    return _behind_field(message)


async def _behind_field(message: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    yield NOT_REQUIRED
    async for piece in message:
        yield piece
