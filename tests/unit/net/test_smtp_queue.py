from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.errors import ClosedError, RefusedError
from desktopmail.net.smtp_delivery import Delivery, SendOptions, SendStep
from desktopmail.net.smtp_report import AmbiguousSendError, SendReport
from desktopmail.wire.smtp.control import Data, Rset
from desktopmail.wire.smtp.events import ChunkEnd, MessageEnd
from desktopmail.wire.smtp.mail import Mail
from desktopmail.wire.smtp.rcpt import Rcpt
from desktopmail.wire.smtp.reply import Reply, reply
from tests.helpers.smtp_server import BASIC, FULL, NO_CHUNKING, FakeServer, client_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktopmail.net.errors import NetError
    from desktopmail.net.smtp import SmtpClient

PIPELINED = pytest.mark.parametrize("keywords", [FULL, NO_CHUNKING], ids=["bdat", "data"])


def letter(index: int, *recipients: str) -> Delivery:
    return Delivery("a@b.example", recipients or (f"r{index}@d.example",), b"%d\r\n" % index)


class Source:
    """Gives deliveries, and remembers how many were asked for."""

    def __init__(self, *deliveries: Delivery) -> None:
        self.deliveries = list(deliveries)
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[Delivery]:
        for delivery in self.deliveries:
            self.taken += 1
            yield delivery


async def outcomes(client: SmtpClient, *deliveries: Delivery) -> list[SendReport | NetError]:
    found = [settled async for settled in client.send_all(aiter(Source(*deliveries)))]
    assert [delivery for delivery, _ in found] == list(deliveries)
    return [outcome for _, outcome in found]


def codes(found: list[SendReport | NetError]) -> list[int | str]:
    return [each.reply.code if isinstance(each, SendReport) else each.code for each in found]


@pytest.mark.parametrize("lmtp", [False, True], ids=["smtp", "lmtp"])
@pytest.mark.parametrize("keywords", [FULL, NO_CHUNKING, BASIC], ids=["bdat", "data", "basic"])
@pytest.mark.parametrize("segment_octets", [3, 65536])
async def test_each_message_arrives_with_its_own_envelope_and_report(
    keywords: dict[str, tuple[str, ...]],
    segment_octets: int,
    lmtp: bool,
) -> None:
    server = FakeServer(keywords=keywords, lmtp=lmtp)
    client = await client_of(server, segment_octets=segment_octets)
    letters = [letter(i, *(f"r{i}{j}@d.example" for j in range(i + 1))) for i in range(4)]
    found = await outcomes(client, *letters)
    for index, (received, outcome) in enumerate(zip(server.messages, found, strict=True)):
        assert received.octets == b"%d\r\n" % index
        assert [str(each.recipient) for each in received.recipients] == list(
            letters[index].recipients
        )
        assert isinstance(outcome, SendReport)
        assert [each.accepted for each in outcome.recipients] == [True] * (index + 1)
    await client.quit()


@PIPELINED
async def test_a_message_costs_one_round_trip(keywords: dict[str, tuple[str, ...]]) -> None:
    server = FakeServer(keywords=keywords)
    client = await client_of(server)
    before = server.reads
    await outcomes(client, *(letter(i) for i in range(20)))
    assert server.reads - before == 21  # the first envelope, and each message with the next one
    await client.quit()


async def test_without_pipelining_nothing_is_written_ahead() -> None:
    server = FakeServer(keywords=BASIC)
    client = await client_of(server)
    source = Source(letter(0), letter(1))
    async for _, outcome in client.send_all(aiter(source)):
        assert isinstance(outcome, SendReport)
        assert source.taken == len(server.messages)
    await client.quit()


@PIPELINED
async def test_of_two_messages_only_the_one_whose_end_was_written_is_in_doubt(
    keywords: dict[str, tuple[str, ...]],
) -> None:
    ends = 0

    def answer(event: object) -> Reply | str | None:
        nonlocal ends
        ends += isinstance(event, MessageEnd)
        return "drop" if ends == 2 else None

    client = await client_of(FakeServer(keywords=keywords, answer=answer))
    source = Source(*(letter(i) for i in range(4)))
    found = [outcome async for _, outcome in client.send_all(aiter(source))]
    assert isinstance(found[0], SendReport)
    assert isinstance(found[1], AmbiguousSendError)
    assert found[1].accepted_recipients == ("r1@d.example",)
    assert isinstance(found[2], ClosedError)  # its envelope was all that went out
    assert source.taken == len(found) == 3
    await client.aclose()


@PIPELINED
async def test_no_end_is_written_before_the_reply_to_the_end_before(
    keywords: dict[str, tuple[str, ...]],
) -> None:
    server = FakeServer(keywords=keywords)
    client = await client_of(server)
    seen: list[tuple[int, SendStep]] = []

    def told(index: int) -> Delivery:
        async def on_state(step: SendStep) -> None:
            seen.append((index, step))

        return Delivery("a@b.example", ["c@d.example"], b"x\r\n", on_state=on_state)

    await outcomes(client, told(0), told(1))
    assert seen == [
        (0, SendStep.MAIL),
        (0, SendStep.DATA),
        (1, SendStep.MAIL),
        (0, SendStep.FINAL_DOT),
        (0, SendStep.DONE),
        (1, SendStep.DATA),
        (1, SendStep.FINAL_DOT),
        (1, SendStep.DONE),
    ]
    await client.quit()


@PIPELINED
@pytest.mark.parametrize("kind", [Mail, Rcpt, MessageEnd])
async def test_a_message_that_is_refused_does_not_keep_the_next_one_back(
    keywords: dict[str, tuple[str, ...]], kind: type
) -> None:
    count = 0

    def answer(event: object) -> Reply | None:
        nonlocal count
        count += isinstance(event, kind)
        return reply(550, "not this one") if count == 2 and isinstance(event, kind) else None

    server = FakeServer(keywords=keywords, answer=answer)
    client = await client_of(server)
    assert codes(await outcomes(client, *(letter(i) for i in range(4)))) == [250, 550, 250, 250]
    assert [each.octets for each in server.messages] == [b"0\r\n", b"2\r\n", b"3\r\n"]
    await client.quit()


async def test_a_chunk_that_is_refused_leaves_nothing_behind_for_the_next_envelope() -> None:
    # "The state resulting from this error is indeterminate. A RSET command MUST be sent" (RFC 3030)
    refused = False

    def answer(event: object) -> Reply | None:
        nonlocal refused
        if isinstance(event, ChunkEnd) and not refused:
            refused = True
            return reply(452, "no room")
        return None

    server = FakeServer(answer=answer)
    client = await client_of(server)
    large = Delivery("a@b.example", ["c@d.example"], b"x\r\n" * 400_000)
    assert codes(await outcomes(client, large, letter(1))) == [452, 250]
    assert server.count(Rset) >= 1
    assert [each.octets for each in server.messages] == [b"1\r\n"]
    await client.quit()


async def test_what_cannot_be_sent_here_is_told_and_the_others_go() -> None:
    server = FakeServer(keywords={**FULL, "SIZE": ("10",)})
    client = await client_of(server)
    large = Delivery("a@b.example", ["c@d.example"], b"x" * 11)
    wrong = letter(0, "nobody")
    secure = Delivery("a@b.example", ["c@d.example"], b"", options=SendOptions(requiretls=True))
    source = Source(large, letter(1), wrong, large, letter(2), secure, letter(3))
    found = [settled async for settled in client.send_all(aiter(source))]
    assert {delivery: codes([outcome])[0] for delivery, outcome in found} == dict(
        zip(
            source.deliveries,
            ["too-large", 250, "address", "too-large", 250, "not-possible", 250],
            strict=True,
        )
    ) | {large: "too-large"}
    assert len(found) == 7
    assert [each.octets for each in server.messages] == [b"1\r\n", b"2\r\n", b"3\r\n"]
    await client.quit()


async def test_nothing_is_taken_beyond_mailmax() -> None:
    # RFC 9422 section 4.1
    server = FakeServer(keywords={**FULL, "LIMITS": ("MAILMAX=2",)})
    client = await client_of(server)
    source = Source(*(letter(i) for i in range(4)))
    found = [outcome async for _, outcome in client.send_all(aiter(source))]
    assert codes(found) == [250, 250]
    assert source.taken == server.count(Mail) == 2
    assert client.exhausted
    await client.quit()


async def test_nothing_is_taken_beyond_rcptdomainmax() -> None:
    server = FakeServer(keywords={**FULL, "LIMITS": ("RCPTDOMAINMAX=1",)})
    client = await client_of(server)
    source = Source(*(letter(i) for i in range(4)))
    found = [outcome async for _, outcome in client.send_all(aiter(source))]
    assert codes(found) == [250]
    assert source.taken == server.count(Mail) == 1
    assert client.exhausted
    await client.quit()


async def test_a_server_that_is_closing_is_given_no_further_message() -> None:
    server = FakeServer(
        keywords=NO_CHUNKING,
        answer=lambda event: reply(421, "closing") if isinstance(event, MessageEnd) else None,
    )
    client = await client_of(server)
    source = Source(*(letter(i) for i in range(4)))
    found = [outcome async for _, outcome in client.send_all(aiter(source))]
    assert codes(found)[0] == 421
    assert source.taken == len(found) <= 2
    await client.aclose()


async def test_who_stops_asking_leaves_no_half_told_message_behind() -> None:
    server = FakeServer(keywords=NO_CHUNKING)
    client = await client_of(server)
    async with aclosing(client.send_all(aiter(Source(*(letter(i) for i in range(4)))))) as sent:
        async for _, outcome in sent:
            assert isinstance(outcome, SendReport)
            break
    assert client.stream.is_closed  # the envelope of the second one was on its way
    assert [each.octets for each in server.messages] == [b"0\r\n"]
    assert server.count(Data) == 2
    await client.aclose()


async def test_an_error_of_the_callers_own_ends_everything_before_the_end_is_written() -> None:
    server = FakeServer(keywords=NO_CHUNKING)
    client = await client_of(server)
    steps: list[SendStep] = []

    async def on_state(step: SendStep) -> None:
        steps.append(step)

    async def source() -> AsyncIterator[Delivery]:
        yield Delivery("a@b.example", ["c@d.example"], b"x\r\n", on_state=on_state)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        await anext(client.send_all(source()))
    assert steps == [SendStep.MAIL, SendStep.DATA]
    assert not server.messages
    await client.aclose()


async def test_a_refused_address_is_an_error_of_its_delivery() -> None:
    client = await client_of(FakeServer())
    (outcome,) = await outcomes(client, letter(0, "a@b.example\r\nRSET"))
    assert isinstance(outcome, RefusedError)
    await client.quit()
