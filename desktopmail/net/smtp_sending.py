"""One message on its way out: envelope, chunks or dots, and what is known at each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.net.errors import NetError, RefusedError
from desktopmail.net.smtp_delivery import SendStep
from desktopmail.net.smtp_dialogue import FINAL_S
from desktopmail.net.smtp_envelope import Envelope
from desktopmail.net.smtp_report import AmbiguousSendError, RecipientResult, SendReport
from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.smtp.bdat import Bdat
from desktopmail.wire.smtp.control import Data, Rset
from desktopmail.wire.smtp.data import DataEncoder
from desktopmail.wire.smtp.mail import Body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from typing import Final, TypeAlias

    from desktopmail.net.smtp_delivery import Delivery
    from desktopmail.net.smtp_dialogue import Dialogue
    from desktopmail.wire.smtp.reply import Reply

    _Ahead: TypeAlias = Callable[[], Awaitable["Sending | None"]]

_PIECE_OCTETS: Final = 128 * 1024
_CHUNK_OCTETS: Final = 1024 * 1024


class Sending:
    """Sends one message: `begin`, then `finish`, each once.

    The envelope of the next message may go out behind the end of this one; its own end never does
    before this one has its reply, so that of two messages at most one can be in doubt.

    Args:
        dialogue: The connection.
        delivery: What is sent.

    Attributes:
        delivery: As given.
        following: The message whose envelope went out behind the end of this one.

    Raises:
        RefusedError: The server cannot take it; nothing was sent.
    """

    def __init__(self, dialogue: Dialogue, delivery: Delivery) -> None:
        self._dialogue = dialogue
        self._wire = dialogue.wire
        self.delivery = delivery
        self.following: Sending | None = None
        self._message, self._size = delivery.content()
        octets = self._message if isinstance(self._message, bytes) else None
        try:
            self._envelope = Envelope(
                dialogue,
                delivery.sender,
                delivery.recipients,
                octets,
                self._size,
                delivery.options,
            )
        except LocalProtocolError as error:
            raise self._not_possible(error) from error
        self._octets = 0

    async def begin(self) -> None:
        """Say that the envelope goes out; `write` may follow without waiting."""
        await self.delivery.on_state(SendStep.MAIL)

    def write(self, *, behind: bool = False) -> None:
        """Write the envelope; `behind` a message that has no reply yet."""
        self._envelope.write(behind=behind)

    async def finish(self, ahead: _Ahead | None = None) -> SendReport:
        """Send the rest.

        Args:
            ahead: Asked, before the end of the message is written, for the one to follow it, which
                has begun.

        Raises:
            NetError: As `SmtpClient.send` says.
        """
        on_state = self.delivery.on_state
        try:
            refusal = await self._envelope.settle()
        except LocalProtocolError as error:
            raise self._not_possible(error) from error
        if refusal is not None:
            return await self._refused(refusal)
        if refused := tuple(result for result in self._results([]) if result):
            self.delivery.on_refused(refused)
        await on_state(SendStep.DATA)
        try:
            send = self._send_chunks if self._envelope.chunking else self._send_data
            report = await send(ahead)
        except BaseException:
            # Whatever it was, the server is in the middle of a message.
            self._dialogue.stream.abort()
            raise
        await on_state(SendStep.DONE)
        return report

    def _not_possible(self, error: LocalProtocolError) -> RefusedError:
        return RefusedError(
            f"The message cannot be sent to {self._dialogue.authority}: {error}.",
            reply=None,
            code="not-possible",
        )

    async def _refused(self, refusal: Reply) -> SendReport:
        results = tuple(
            RecipientResult(recipient, self._envelope.results.get(index, refusal), accepted=False)
            for index, recipient in enumerate(self.delivery.recipients)
        )
        if not self._wire.closing:
            await self._dialogue.ask(Rset())
        return SendReport(results, refusal, accepted=False)

    # -- the message

    async def _send_data(self, ahead: _Ahead | None) -> SendReport:
        dialogue, wire = self._dialogue, self._wire
        answer = self._envelope.go or (await dialogue.ask(Data())).reply
        if not answer.intermediate:
            return await self._refused(answer)
        message = self._message
        if isinstance(message, bytes) and len(message) <= _PIECE_OCTETS:
            self._octets, done = wire.send_data(message), len(message)
        else:
            done = await self._send_pieces()
        wire.complete_data()
        await self._before_the_end(ahead)
        wire.end_data()
        if self.following is not None:
            self.following.write(behind=True)
        report = await self._final()
        self.delivery.on_progress(done, self._size)
        return report

    async def _before_the_end(self, ahead: _Ahead | None) -> None:
        if ahead is not None:
            self.following = await ahead()
        await self.delivery.on_state(SendStep.FINAL_DOT)

    async def _send_pieces(self) -> int:
        done = 0
        async for piece in self._pieces():
            self._octets += self._wire.send_data(piece)
            done += len(piece)
            if done != self._size:
                # The last piece goes out with the dot, in one segment where it is small.
                await self._dialogue.flush()
                self.delivery.on_progress(done, self._size)
        return done

    async def _send_chunks(self, ahead: _Ahead | None) -> SendReport:
        dialogue, wire = self._dialogue, self._wire
        pipelining = "PIPELINING" in wire.extensions
        done = 0
        waiting = 0
        async for chunk, last in self._chunks():
            # One chunk may be on its way while the reply to the one before is: a refusal is noticed
            # early, and nothing waits for a round trip. The last one does not wait at all.
            while waiting > pipelining and not (last and pipelining):
                answer = (await dialogue.answer(FINAL_S, "BDAT")).reply
                waiting -= 1
                if not answer.positive:
                    return await self._chunk_refused(answer, waiting)
            if last:
                await self._before_the_end(ahead)
            wire.send(Bdat(len(chunk), last))
            if chunk:
                wire.send_chunk(chunk)
            self._octets += len(chunk)
            done += len(chunk)
            if not last:
                await dialogue.flush()
                waiting += 1
                self.delivery.on_progress(done, self._size)
        if self.following is not None:
            self.following.write(behind=True)
        self.delivery.on_progress(done, self._size)
        return await self._final(waiting)

    async def _chunk_refused(self, answer: Reply, waiting: int) -> SendReport:
        for _ in range(waiting):
            await self._dialogue.answer(FINAL_S, "BDAT")
        return await self._refused(answer)

    async def _final(self, chunks_waiting: int = 0) -> SendReport:
        dialogue = self._dialogue
        recipients, said = self.delivery.recipients, self._envelope.results
        accepted = sum([answer.positive for answer in said.values()])
        finals: list[Reply] = []
        failed_chunk: Reply | None = None
        try:
            await dialogue.flush()
            for _ in range(chunks_waiting):
                answer = (await dialogue.answer(FINAL_S, "BDAT")).reply
                failed_chunk = failed_chunk or (None if answer.positive else answer)
            while len(finals) < (accepted if self._wire.lmtp else 1):
                answer = (await dialogue.answer(FINAL_S, "the message")).reply
                finals.append(answer)
        except NetError as error:
            known = self._results(finals)
            raise AmbiguousSendError(
                f"The connection ended while {dialogue.authority} had the message: "
                f"{error.sentence}",
                tuple(each for each, result in zip(recipients, known, strict=True) if not result),
                tuple(result for result in known if result),
            ) from error
        if failed_chunk is not None and not finals[0].positive:
            finals[0] = failed_chunk
        settled = self._results(finals if self._wire.lmtp else finals * accepted)
        results = tuple(result for result in settled if result)
        return SendReport(
            results, finals[0], any(result.accepted for result in results), self._octets
        )

    def _results(self, finals: list[Reply]) -> list[RecipientResult | None]:
        """Pair recipients with replies to the message; None for those that have none yet."""
        said = self._envelope.results
        final = iter(finals)
        results: list[RecipientResult | None] = []
        for index, recipient in enumerate(self.delivery.recipients):
            answer = said[index]
            if not answer.positive:
                results.append(RecipientResult(recipient, answer, accepted=False))
                continue
            last = next(final, None)
            if last is None:
                results.append(None)
            else:
                taken = last.positive
                results.append(RecipientResult(recipient, answer if taken else last, taken))
        return results

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
        binary = self.delivery.options.body is Body.BINARY
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
