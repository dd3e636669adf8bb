from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.net import smtp_dialogue
from desktopmail.net.errors import ClosedError, RefusedError, TimedOutError
from desktopmail.net.smtp_delivery import SendOptions, SendStep
from desktopmail.net.smtp_report import AmbiguousSendError
from desktopmail.wire.smtp.control import Data
from desktopmail.wire.smtp.events import ChunkEnd, MessageEnd
from desktopmail.wire.smtp.mail import Body, Mail
from desktopmail.wire.smtp.rcpt import Rcpt
from desktopmail.wire.smtp.reply import Reply, reply
from tests.helpers.smtp_server import BASIC, FULL, NO_CHUNKING, FakeServer, client_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktopmail.net.stream import Stream


FROM, TO = "a@b.example", ["c@d.example"]


@pytest.mark.parametrize("keywords", [FULL, NO_CHUNKING, BASIC], ids=["bdat", "data", "basic"])
@pytest.mark.parametrize("segment_octets", [3, 65536])
async def test_a_message_arrives_with_crlf_and_dots(
    keywords: dict[str, tuple[str, ...]], segment_octets: int
) -> None:
    server = FakeServer(keywords=keywords)
    client = await client_of(server, segment_octets=segment_octets)
    report = await client.send(FROM, TO, b"Subject: x\n\n.dot\r\n..\rlast")
    assert report.accepted
    assert server.messages[0].octets == b"Subject: x\r\n\r\n.dot\r\n..\r\nlast\r\n"
    assert not report.refused
    await client.quit()


@pytest.mark.parametrize(
    ("keywords", "stalls_at"), [(FULL, Rcpt), (NO_CHUNKING, Data)], ids=["bdat", "data"]
)
async def test_a_server_that_takes_no_more_of_a_message_is_not_waited_for_for_ever(
    keywords: dict[str, tuple[str, ...]], stalls_at: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 5321 section 4.5.3.2.5 allows three minutes for each piece."""
    monkeypatch.setattr(smtp_dialogue, "PIECE_S", 0.05)
    server = FakeServer(
        keywords=keywords,
        answer=lambda event: "stall" if isinstance(event, stalls_at) else None,
    )
    client = await client_of(server)
    with pytest.raises(TimedOutError, match="takes no more of the message"):
        await client.send(FROM, TO, b"x\r\n" * 2_000_000)
    assert client.stream.is_closed
    server.may_go.set()
    await client.aclose()
    await asyncio.sleep(0)


@pytest.mark.parametrize("keywords", [FULL, NO_CHUNKING], ids=["bdat", "data"])
async def test_a_stream_of_any_size_is_not_held(keywords: dict[str, tuple[str, ...]]) -> None:
    server = FakeServer(keywords=keywords)
    client = await client_of(server)
    piece = (b"x" * 70 + b"\r\n") * 1000
    told: list[tuple[int, int | None]] = []

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(60):
            yield piece

    report = await client.send(
        FROM,
        TO,
        stream(),
        options=SendOptions(size=len(piece) * 60),
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert report.accepted
    assert server.messages[0].octets == piece * 60
    assert server.messages[0].mail.size == len(piece) * 60
    assert told[-1] == (len(piece) * 60, len(piece) * 60)
    assert len(told) >= 4
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    await client.quit()


async def test_the_states_come_before_the_steps() -> None:
    for keywords in (FULL, NO_CHUNKING, BASIC):
        server = FakeServer(keywords=keywords)
        client = await client_of(server)
        seen: list[tuple[SendStep, int, int]] = []

        async def told(step: SendStep, seen: list = seen, server: FakeServer = server) -> None:  # type: ignore[type-arg] # of this turn
            seen.append((step, server.count(Mail), server.count(MessageEnd)))

        await client.send(FROM, TO, b"x\r\n", on_state=told)
        assert seen == [
            (SendStep.MAIL, 0, 0),
            (SendStep.DATA, 1, 0),
            (SendStep.FINAL_DOT, 1, 0),
            (SendStep.DONE, 1, 1),
        ]
        await client.quit()


@pytest.mark.parametrize("keywords", [FULL, NO_CHUNKING], ids=["bdat", "data"])
async def test_a_connection_lost_behind_the_final_dot_is_ambiguous(
    keywords: dict[str, tuple[str, ...]],
) -> None:
    server = FakeServer(
        keywords=keywords,
        answer=lambda event: "drop" if isinstance(event, MessageEnd) else None,
    )
    client = await client_of(server)
    with pytest.raises(AmbiguousSendError) as caught:
        await client.send(FROM, TO, b"x\r\n")
    assert caught.value.accepted_recipients == ("c@d.example",)
    assert caught.value.code == "ambiguous"


@pytest.mark.parametrize("kind", [Mail, Rcpt, Data])
async def test_a_connection_lost_before_it_is_not_ambiguous(kind: type) -> None:
    server = FakeServer(
        keywords=NO_CHUNKING, answer=lambda event: "drop" if isinstance(event, kind) else None
    )
    client = await client_of(server)
    with pytest.raises(ClosedError):
        await client.send(FROM, TO, b"x\r\n")


async def test_each_recipient_has_its_own_answer() -> None:
    def answer(event: object) -> Reply | None:
        if isinstance(event, Rcpt) and event.recipient.local == "bad":
            return reply(550, "no such user", "5.1.1")
        if isinstance(event, Rcpt) and event.recipient.local == "later":
            return reply(451, "try later", "4.3.0")
        return None

    server = FakeServer(answer=answer)
    client = await client_of(server)
    people = ["bad@d.example", "good@d.example", "later@d.example"]
    report = await client.send(FROM, people, b"x\r\n")
    assert report.accepted
    assert [each.accepted for each in report.recipients] == [False, True, False]
    assert [each.recipient for each in report.refused] == ["bad@d.example", "later@d.example"]
    assert report.refused[1].reply.temporary
    assert len(server.messages[0].recipients) == 1
    await client.quit()


@pytest.mark.parametrize("kind", [Mail, Rcpt, Data, MessageEnd, ChunkEnd])
@pytest.mark.parametrize("code", [450, 552])
async def test_a_refusal_is_a_report_and_the_connection_goes_on(kind: type, code: int) -> None:
    refused = False

    def answer(event: object) -> Reply | None:
        nonlocal refused
        if isinstance(event, kind) and not refused:
            refused = True
            return reply(code, "not this one")
        return None

    keywords = NO_CHUNKING if kind is Data else FULL
    server = FakeServer(keywords=keywords, answer=answer)
    client = await client_of(server)
    size = 3_000_000 if kind is ChunkEnd else 10
    report = await client.send(FROM, TO, b"x\r\n" * (size // 3))
    assert not report.accepted
    assert report.reply.code == code
    assert [each.accepted for each in report.recipients] == [False]
    assert not server.messages
    report = await client.send(FROM, TO, b"second\r\n")
    assert report.accepted
    assert server.messages[0].octets == b"second\r\n"
    await client.quit()


async def test_a_binary_body_goes_as_it_is() -> None:
    server = FakeServer()
    client = await client_of(server)
    octets = b"a\nb\rc\0d\r\n.\r\n" * 200_000
    report = await client.send(FROM, TO, octets, options=SendOptions(body=Body.BINARY))
    assert report.accepted
    assert server.messages[0].octets == octets
    assert server.messages[0].mail.body is Body.BINARY
    await client.quit()


async def test_a_binary_body_is_refused_where_it_cannot_go() -> None:
    client = await client_of(FakeServer(keywords=NO_CHUNKING))
    with pytest.raises(RefusedError) as caught:
        await client.send(FROM, TO, b"\0", options=SendOptions(body=Body.BINARY))
    assert caught.value.code == "not-possible"
    assert (await client.noop()).positive  # the connection is as it was
    await client.quit()


async def test_lmtp_says_for_each_recipient_what_became_of_it() -> None:
    count = 0

    def answer(event: object) -> Reply | None:
        nonlocal count
        if isinstance(event, Rcpt):
            count += 1
            return reply(550, "no") if count == 2 else None
        return None

    for keywords in (FULL, NO_CHUNKING):
        count = 0
        server = FakeServer(keywords=keywords, lmtp=True, answer=answer)
        client = await client_of(server)
        report = await client.send(FROM, ["a@d.example", "b@d.example", "c@d.example"], b"x\r\n")
        assert [each.accepted for each in report.recipients] == [True, False, True]
        await client.quit()


async def test_a_stream_that_fails_leaves_no_half_message_behind() -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"x" * 70 + b"\r\n"
        raise OSError("the disk is gone")

    for keywords in (FULL, NO_CHUNKING):
        server = FakeServer(keywords=keywords)
        client = await client_of(server)
        with pytest.raises(OSError, match="disk"):
            await client.send(FROM, TO, failing())
        assert client.stream.is_closed
        assert server.messages == []


@pytest.mark.parametrize("keywords", [FULL, NO_CHUNKING], ids=["bdat", "data"])
async def test_lmtp_cut_between_its_replies_is_ambiguous_for_the_others_only(
    keywords: dict[str, tuple[str, ...]],
) -> None:
    """RFC 2033 section 4.2: each reply stands for itself, and is kept."""

    class Cut(FakeServer):
        async def serve(self, stream: Stream) -> None:
            await super().serve(_Ending(stream))  # type: ignore[arg-type] # what it needs of one

    class _Ending:
        def __init__(self, stream: Stream) -> None:
            self._stream = stream
            self.tls = stream.tls

        async def read(self) -> bytes:
            return await self._stream.read()

        def write(self, octets: bytes) -> None:
            first, end, _ = octets.partition(b"250 2.0.0 ok\r\n")
            self._stream.write(first + end)
            if end:
                raise ClosedError("cut", code="closed")

    server = Cut(
        keywords=keywords,
        lmtp=True,
        answer=lambda e: (
            reply(550, "no") if isinstance(e, Rcpt) and e.recipient.local == "b" else None
        ),
    )
    client = await client_of(server)
    with pytest.raises(AmbiguousSendError) as caught:
        await client.send(FROM, ["a@d.example", "b@d.example", "c@d.example"], b"x\r\n")
    assert caught.value.accepted_recipients == ("c@d.example",)
    assert [(each.recipient, each.accepted) for each in caught.value.settled] == [
        ("a@d.example", True),
        ("b@d.example", False),
    ]
    await client.aclose()
