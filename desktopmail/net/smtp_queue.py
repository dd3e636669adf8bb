"""Messages one behind the other on one connection, each envelope behind the message before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.net.errors import NetError, RefusedError
from desktopmail.net.smtp_sending import Sending

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from desktopmail.net.smtp_delivery import Delivery
    from desktopmail.net.smtp_dialogue import Dialogue
    from desktopmail.net.smtp_report import SendReport


async def send_one(dialogue: Dialogue, delivery: Delivery) -> SendReport:
    """Send one message; `SmtpClient.send` says what may be raised."""
    sending = Sending(dialogue, delivery)
    await sending.begin()
    sending.write()
    return await sending.finish()


async def send_all(
    dialogue: Dialogue, deliveries: AsyncIterator[Delivery]
) -> AsyncGenerator[tuple[Delivery, SendReport | NetError], None]:
    """Send all; `SmtpClient.send_all` says what is yielded and raised."""
    queue = _Queue(dialogue, deliveries)
    pipelining = "PIPELINING" in dialogue.wire.extensions
    one: Sending | None = None
    try:
        while True:
            if one is None:
                one = await queue.next()
                if one is not None:
                    one.write()
            for refused in queue.take_refused():
                yield refused
            if one is None:
                return
            outcome: SendReport | NetError
            try:
                outcome = await one.finish(queue.next if pipelining else None)
            except NetError as error:
                outcome = error
            delivery, one = one.delivery, one.following
            yield delivery, outcome
    finally:
        if one is not None:  # its envelope is on the way, and nobody reads the replies
            dialogue.stream.abort()


class _Queue:
    """What is still to be sent.

    Args:
        dialogue: The connection.
        deliveries: The messages.
    """

    def __init__(self, dialogue: Dialogue, deliveries: AsyncIterator[Delivery]) -> None:
        self._dialogue = dialogue
        self._deliveries = deliveries
        self._refused: list[tuple[Delivery, NetError]] = []

    async def next(self) -> Sending | None:
        """Return the next message that can be sent here, begun; None when there is none."""
        dialogue = self._dialogue
        while not (dialogue.wire.exhausted or dialogue.stream.is_closed):
            delivery = await anext(self._deliveries, None)
            if delivery is None:
                return None
            try:
                sending = Sending(dialogue, delivery)
            except RefusedError as error:
                self._refused.append((delivery, error))
                continue
            await sending.begin()
            return sending
        return None

    def take_refused(self) -> list[tuple[Delivery, NetError]]:
        """Return those that cannot be sent here, and forget them."""
        refused, self._refused = self._refused, []
        return refused
