from __future__ import annotations

import asyncio
import email
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.memory import MemoryNetwork
from desktopmail.net.ports import Ports, SystemEntropy, ThreadExecutor
from desktopmail.wire.smtp.control import Quit
from desktopmail.wire.smtp.events import MessageEnd
from desktopmail.wire.smtp.rcpt import Notify, Rcpt
from desktopmail.wire.smtp.reply import Reply, reply
from localserver.queue.open import open_outbound
from localserver.queue.outbound import Outgoing, OutgoingRecipient
from localserver.queue.relay import RelayQueue
from localserver.queue.route import Mx, NoRouteError
from tests.helpers.smtp_server import FakeServer
from tests.helpers.smtp_talk import Post, post_office
from tests.helpers.still_clock import StillClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from email.message import Message

MESSAGE = b"Received: by x\r\nFrom: alice@localhost\r\nSubject: x\r\n\r\nbody\r\n"


class Names:
    """DNS: `null.example` has a null MX, `gone.example` is not there, others have one server."""

    async def mx(self, domain: str) -> list[Mx]:
        if domain == "null.example":
            return [Mx(0, "")]
        if domain == "gone.example":
            raise NoRouteError("The domain gone.example does not exist.", "5.1.2")
        if domain == "shy.example":
            raise NoRouteError("The name servers are silent.", "4.4.3", temporary=True)
        return [Mx(10, f"mx.{domain}")]


@dataclass
class Office:
    """A server with a queue, a clock that stands still, and servers elsewhere."""

    post: Post
    queue: RelayQueue
    clock: StillClock
    network: MemoryNetwork

    async def serve(self, host: str, server: FakeServer) -> FakeServer:
        await self.network.listen(host, 25, server.serve)
        return server

    async def submit(
        self,
        *addresses: str,
        sender: str = "alice@localhost",
        notify: frozenset[Notify] | None = None,
        octets: bytes = MESSAGE,
        **more: object,
    ) -> None:
        recipients = tuple(OutgoingRecipient(address, notify) for address in addresses)
        await self.queue.submit(Outgoing("id", sender, recipients, octets, **more))  # type: ignore[arg-type] # options of the test

    async def reports(self) -> list[Message]:
        """What alice was told, as the groups of the delivery status."""
        found = []
        for octets in await self.post.inbox("alice"):
            message = email.message_from_bytes(octets)
            found += message.get_payload()[1].get_payload()[1:]  # type: ignore[union-attr,index] # a report
        return found


@asynccontextmanager
async def office(relay: str = "mx") -> AsyncIterator[Office]:
    async with post_office() as post:
        clock, network = StillClock(), MemoryNetwork()
        ports = Ports(clock, SystemEntropy(), network, ThreadExecutor(), network.listen)
        context = replace(
            post.server.context,
            ports=ports,
            config=replace(post.server.context.config, relay=relay),
        )
        queue = await open_outbound(context, resolver=Names(), work=False)
        assert isinstance(queue, RelayQueue)
        try:
            yield Office(post, queue, clock, network)
        finally:
            await queue.aclose()


async def test_a_message_goes_to_the_mx_of_each_domain() -> None:
    async with office() as here:
        one = await here.serve("mx.one.example", FakeServer())
        two = await here.serve("mx.two.example", FakeServer())
        await here.submit("a@one.example", "b@one.example", "c@two.example")
        assert await here.queue.run_due() == 1
        assert len(one.messages[0].recipients) == 2
        assert one.messages[0].octets == MESSAGE
        assert len(two.messages[0].recipients) == 1
        assert here.queue.waiting() == []
        assert await here.reports() == []


async def test_a_report_says_when_the_message_came_and_when_it_was_tried() -> None:
    async with office() as here:
        await here.submit("a@gone.example")
        here.clock.advance(3600)
        await here.queue.run_due()
        (of_recipient,) = await here.reports()
        (report,) = await here.post.inbox("alice")
        status = email.message_from_bytes(report).get_payload()[1]  # type: ignore[index]
        of_message = status.get_payload()[0]  # type: ignore[union-attr,index]
        came = parsedate_to_datetime(of_message["Arrival-Date"])
        tried = parsedate_to_datetime(of_recipient["Last-Attempt-Date"])
        assert (tried - came).total_seconds() == 3600


async def test_a_smarthost_takes_everything() -> None:
    async with office("smarthost=smart.example:25") as here:
        smart = await here.serve("smart.example", FakeServer())
        await here.submit("a@one.example", "c@two.example")
        await here.queue.run_due()
        assert len(smart.messages[0].recipients) == 2


async def test_what_is_refused_for_good_comes_back_as_a_report() -> None:
    def answer(event: object) -> Reply | None:
        return reply(550, "no such user", "5.1.1") if isinstance(event, Rcpt) else None

    async with office() as here:
        await here.serve("mx.one.example", FakeServer(answer=answer))
        await here.submit("a@one.example", "b@null.example", "c@gone.example")
        await here.queue.run_due()
        told = {each["Final-Recipient"]: each["Status"] for each in await here.reports()}
        assert told == {
            "rfc822; a@one.example": "5.1.1",
            "rfc822; b@null.example": "5.1.10",
            "rfc822; c@gone.example": "5.1.2",
        }
        assert len(await here.post.inbox("alice")) == 1
        assert here.queue.waiting() == []


async def test_a_server_that_is_down_is_tried_again_and_again_then_reported() -> None:
    async with office() as here:
        await here.submit("a@down.example")
        tries = []
        for _ in range(24 * 12 * 6):
            if await here.queue.run_due():
                tries.append(here.clock.monotonic() - 1000)
            here.clock.advance(300)
        waits = [later - earlier for earlier, later in pairwise(tries)]
        assert waits == sorted(waits)
        assert waits[0] == 300
        assert waits[-1] == 4 * 3600
        assert here.queue.waiting() == []
        actions = [each["Action"] for each in await here.reports()]
        assert actions == ["delayed", "failed"]
        statuses = [each["Status"] for each in await here.reports()]
        assert statuses == ["4.4.1", "5.4.1"]


async def test_a_temporary_failure_ends_when_the_server_is_back() -> None:
    async with office() as here:
        await here.submit("a@one.example", "s@shy.example")
        await here.queue.run_due()
        (first, second) = here.queue.waiting()
        assert first.tries == 1
        assert "mx.one.example" in first.last_error
        assert second.last_error == "The name servers are silent."
        one = await here.serve("mx.one.example", FakeServer())
        assert await here.queue.run_due() == 0  # not due yet
        assert await here.queue.retry() == 2
        await here.queue.run_due()
        assert len(one.messages) == 1
        assert [each.recipient for each in here.queue.waiting()] == ["s@shy.example"]


async def test_only_the_recipients_that_failed_are_tried_again() -> None:
    def answer(event: object) -> Reply | None:
        busy = isinstance(event, Rcpt) and event.recipient.local == "busy"
        return reply(452, "full", "4.2.2") if busy else None

    async with office() as here:
        one = await here.serve("mx.one.example", FakeServer(answer=answer))
        await here.submit("a@one.example", "busy@one.example")
        await here.queue.run_due()
        await here.queue.retry()
        await here.queue.run_due()
        assert [len(each.recipients) for each in one.messages] == [1]
        assert [each.recipient for each in here.queue.waiting()] == ["busy@one.example"]


async def test_a_lost_reply_to_the_message_is_tried_again() -> None:
    lost = 0

    def answer(event: object) -> str | None:
        nonlocal lost
        if isinstance(event, MessageEnd) and not lost:
            lost += 1
            return "drop"
        return None

    async with office() as here:
        one = await here.serve("mx.one.example", FakeServer(answer=answer))
        await here.submit("a@one.example")
        await here.queue.run_due()
        assert len(here.queue.waiting()) == 1
        await here.queue.retry()
        await here.queue.run_due()
        assert here.queue.waiting() == []
        assert len(one.messages) == 1


@pytest.mark.logs("was lost")
async def test_bounces_never_loop() -> None:
    async with office() as here:
        await here.submit("b@null.example", sender="")
        await here.queue.run_due()
        assert here.queue.waiting() == []
        assert await here.post.inbox("alice") == []


async def test_a_report_to_a_sender_elsewhere_goes_into_the_queue() -> None:
    async with office() as here:
        home = await here.serve("mx.home.example", FakeServer())
        await here.submit("b@null.example", sender="x@home.example")
        await here.queue.run_due()
        await here.queue.run_due()
        assert home.messages[0].mail.sender is None
        assert b"5.1.10" in home.messages[0].octets


async def test_a_report_about_a_message_with_requiretls_holds_its_header_only() -> None:
    """RFC 8689 section 5."""
    async with office() as here:
        home = await here.serve("mx.home.example", FakeServer())
        await here.submit("b@null.example", sender="x@home.example", requiretls=True)
        await here.queue.run_due()
        await here.queue.run_due()
        assert b"5.1.10" in home.messages[0].octets
        assert b"text/rfc822-headers" in home.messages[0].octets


async def test_a_report_asks_for_as_little_tls_as_the_message() -> None:
    """RFC 8689 section 6."""
    octets = b"TLS-Required: No\r\nSubject: x\r\n\r\nbody\r\n"
    async with office() as here:
        home = await here.serve("mx.home.example", FakeServer())
        await here.submit("b@null.example", sender="x@home.example", octets=octets)
        await here.queue.run_due()
        await here.queue.run_due()
        header = home.messages[0].octets.partition(b"\r\n\r\n")[0]
        assert b"\r\nTLS-Required: No" in header


async def test_a_message_that_travels_in_a_circle_is_stopped() -> None:
    async with office() as here:
        one = await here.serve("mx.one.example", FakeServer())
        await here.submit("a@one.example", octets=b"Received: by x\r\n" * 101 + MESSAGE)
        await here.queue.run_due()
        assert one.messages == []
        assert [each["Status"] for each in await here.reports()] == ["5.4.6"]


@pytest.mark.parametrize("knows_dsn", [True, False])
async def test_success_is_reported_when_asked_for_and_nobody_else_does(knows_dsn: bool) -> None:
    async with office() as here:
        words: dict[str, tuple[str, ...]] = {"DSN": ()} if knows_dsn else {}
        await here.serve("mx.one.example", FakeServer(keywords=words))
        await here.submit("a@one.example", notify=frozenset({Notify.SUCCESS}))
        await here.queue.run_due()
        actions = [each["Action"] for each in await here.reports()]
        assert actions == ([] if knows_dsn else ["relayed"])


async def test_never_means_never() -> None:
    async with office() as here:
        await here.submit("b@null.example", notify=frozenset({Notify.NEVER}))
        await here.queue.run_due()
        assert await here.reports() == []


async def test_held_mail_waits_until_it_is_released() -> None:
    async with office() as here:
        one = await here.serve("mx.one.example", FakeServer())
        await here.submit("a@one.example", hold=True)
        assert await here.queue.run_due() == 0
        (item,) = here.queue.waiting()
        assert item.held
        assert await here.queue.release(item.id) == 1
        assert await here.queue.run_due() == 1
        assert len(one.messages) == 1


@pytest.mark.parametrize("bounce", [False, True])
async def test_mail_can_be_dropped_with_and_without_a_word(bounce: bool) -> None:
    async with office() as here:
        await here.submit("a@down.example")
        (item,) = here.queue.waiting()
        assert await here.queue.drop(item.id, bounce=bounce) == 1
        assert here.queue.waiting() == []
        assert [each["Status"] for each in await here.reports()] == (["5.7.1"] if bounce else [])


async def test_the_worker_delivers_what_is_submitted() -> None:
    arrived = asyncio.Event()

    def answer(event: object) -> None:
        if isinstance(event, Quit):
            arrived.set()

    async with office() as here:
        one = await here.serve("mx.one.example", FakeServer(answer=answer))
        async with asyncio.TaskGroup() as group:
            group.create_task(here.queue.work())
            await here.submit("a@one.example")
            async with asyncio.timeout(5):
                await arrived.wait()
            await here.queue.aclose()
            assert len(one.messages) == 1
