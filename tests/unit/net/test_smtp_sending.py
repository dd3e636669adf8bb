from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.errors import ClosedError, RefusedError
from desktopmail.net.memory import MemoryNetwork
from desktopmail.net.ports import InlineExecutor, Ports, SystemClock, SystemEntropy
from desktopmail.net.smtp import SmtpClient
from desktopmail.net.smtp_sending import AmbiguousSendError, SendOptions, SendStep
from desktopmail.net.transcript import MemoryRecorder
from desktopmail.wire.smtp.bdat import Bdat
from desktopmail.wire.smtp.control import Data, Rset
from desktopmail.wire.smtp.events import ChunkEnd, MessageEnd
from desktopmail.wire.smtp.mail import Body, Mail, Ret
from desktopmail.wire.smtp.path import Mailbox
from desktopmail.wire.smtp.rcpt import Notify, OriginalRecipient, Rcpt
from desktopmail.wire.smtp.reply import Reply, reply
from tests.helpers.smtp_server import FULL, FakeServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktopmail.net.stream import Stream

FROM, TO = "a@b.example", ["c@d.example"]
NO_CHUNKING = {
    name: words for name, words in FULL.items() if name not in {"CHUNKING", "BINARYMIME"}
}
BASIC: dict[str, tuple[str, ...]] = {}


async def client_of(server: FakeServer, *, segment_octets: int = 65536) -> SmtpClient:
    network = MemoryNetwork(segment_octets=segment_octets)
    await network.listen("localhost", 25, server.serve)
    ports = Ports(SystemClock(), SystemEntropy(), network, InlineExecutor(), network.listen)
    return await SmtpClient.connect(
        Endpoint("localhost", 25, Security.NONE),
        ports=ports,
        local_name="me.example",
        lmtp=server.lmtp,
        recorder=MemoryRecorder(SystemClock()),
    )


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


async def test_with_pipelining_the_envelope_is_one_round_trip() -> None:
    server = FakeServer()
    client = await client_of(server)
    before = server.reads
    await client.send(FROM, [f"r{i}@d.example" for i in range(50)], b"x\r\n")
    assert server.reads - before <= 3
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


async def test_a_failed_envelope_is_reset() -> None:
    server = FakeServer(answer=lambda e: reply(550, "no") if isinstance(e, Rcpt) else None)
    client = await client_of(server)
    report = await client.send(FROM, TO, b"x\r\n")
    assert not report.accepted
    assert server.count(Rset) == 1
    assert server.count(Bdat) + server.count(Data) == 0
    await client.quit()


async def test_recipients_beyond_rcptmax_are_put_off() -> None:
    server = FakeServer(keywords={**FULL, "LIMITS": ("RCPTMAX=2",)})
    client = await client_of(server)
    report = await client.send(FROM, ["a@d.example", "b@d.example", "c@d.example"], b"x\r\n")
    assert [each.accepted for each in report.recipients] == [True, True, False]
    assert str(report.recipients[2].reply.enhanced) == "4.5.3"
    await client.quit()


async def test_what_is_too_large_is_not_tried() -> None:
    server = FakeServer(keywords={**FULL, "SIZE": ("100",)})
    client = await client_of(server)
    with pytest.raises(RefusedError, match="101 octets") as caught:
        await client.send(FROM, TO, b"x" * 101)
    assert caught.value.code == "too-large"
    assert server.count(Mail) == 0
    assert (await client.noop()).positive  # the connection is as it was
    await client.quit()


@pytest.mark.parametrize("address", ["nobody", "a b@c.example", "a@b.example\r\nRSET", "", "a@"])
async def test_a_malformed_address_is_not_tried(address: str) -> None:
    server = FakeServer()
    client = await client_of(server)
    with pytest.raises(RefusedError) as caught:
        await client.send(FROM, [address], b"x\r\n")
    assert caught.value.code == "address"
    assert server.count(Mail) == 0
    await client.quit()


async def test_international_addresses_use_smtputf8_where_it_is_offered() -> None:
    server = FakeServer()
    client = await client_of(server)
    await client.send("jürgen@bücher.example", ["c@bücher.example"], b"x\r\n")
    received = server.messages[0]
    assert received.mail.smtputf8
    assert received.mail.sender == Mailbox("jürgen", "bücher.example")
    await client.quit()


async def test_without_smtputf8_a_domain_goes_as_a_label_and_a_local_part_does_not_go() -> None:
    server = FakeServer(keywords=BASIC)
    client = await client_of(server)
    await client.send(FROM, ["c@bücher.example"], b"x\r\n")
    assert server.messages[0].recipients[0].recipient == Mailbox("c", "xn--bcher-kva.example")
    with pytest.raises(RefusedError) as caught:
        await client.send(FROM, ["jürgen@d.example"], b"x\r\n")
    assert caught.value.code == "smtputf8"
    await client.quit()


async def test_a_header_in_utf_8_asks_for_smtputf8() -> None:
    server = FakeServer()
    client = await client_of(server)
    await client.send(FROM, TO, "Subject: grüße\r\n\r\nx\r\n".encode())
    await client.send(FROM, TO, "Subject: x\r\n\r\ngrüße\r\n".encode())
    first, second = server.messages
    assert (first.mail.smtputf8, first.mail.body) == (True, Body.EIGHT_BIT)
    assert (second.mail.smtputf8, second.mail.body) == (False, Body.EIGHT_BIT)
    await client.quit()


async def test_dsn_options_go_out_where_dsn_is_offered() -> None:
    options = SendOptions(
        ret=Ret.HEADERS,
        envid="QQ314159",
        notify=frozenset({Notify.FAILURE}),
        notify_each={"b@d.example": frozenset({Notify.NEVER})},
        original={"b@d.example": OriginalRecipient("rfc822", "bob@x.example")},
    )
    people = ["a@d.example", "b@d.example"]
    server = FakeServer()
    client = await client_of(server)
    await client.send(FROM, people, b"x\r\n", options=options)
    received = server.messages[0]
    assert (received.mail.ret, received.mail.envid) == (Ret.HEADERS, "QQ314159")
    assert [each.notify for each in received.recipients] == [
        frozenset({Notify.FAILURE}),
        frozenset({Notify.NEVER}),
    ]
    assert received.recipients[1].orcpt == OriginalRecipient("rfc822", "bob@x.example")
    await client.quit()
    plain = FakeServer(keywords=BASIC)
    client = await client_of(plain)
    await client.send(FROM, people, b"x\r\n", options=options)
    assert plain.messages[0].mail.envid is None
    assert plain.messages[0].recipients[0].notify is None
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


async def test_a_message_needs_a_recipient() -> None:
    client = await client_of(FakeServer())
    with pytest.raises(RefusedError, match="no recipients"):
        await client.send(FROM, [], b"x\r\n")


async def test_a_lone_dot_ends_a_message_for_nobody() -> None:
    # RFC 2920 section 3.1: a server may say 354 although every RCPT failed.
    network = MemoryNetwork()
    heard: list[bytes] = []

    async def serve(stream: Stream) -> None:
        stream.write(b"220 x\r\n")
        text = b""
        while b"QUIT" not in text:
            octets = await stream.read()
            text += octets
            for line in octets.split(b"\r\n")[:-1]:
                verb = line[:4]
                answers = {
                    b"EHLO": b"250-x\r\n250 PIPELINING",
                    b"RCPT": b"550 no",
                    b"DATA": b"354 go",
                    b".": b"554 nobody",
                }
                stream.write(answers.get(verb, b"250 ok") + b"\r\n")
        heard.append(text)

    await network.listen("localhost", 25, serve)
    ports = Ports(SystemClock(), SystemEntropy(), network, InlineExecutor(), network.listen)
    client = await SmtpClient.connect(
        Endpoint("localhost", 25, Security.NONE), ports=ports, local_name="me.example"
    )
    report = await client.send(FROM, TO, b"secret\r\n")
    assert report.reply.code == 550
    await client.quit()
    assert b"DATA\r\n.\r\nRSET\r\n" in heard[-1]


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
async def test_tls_optional_puts_its_field_before_the_message_once(
    keywords: dict[str, tuple[str, ...]],
) -> None:
    server = FakeServer(keywords=keywords)
    client = await client_of(server)
    options = SendOptions(tls_optional=True)

    async def stream() -> AsyncIterator[bytes]:
        yield b"Subject: x\r\n\r\n"

    field = b"TLS-Required: No\r\n"
    for message in (b"Subject: x\r\n\r\n", field + b"Subject: x\r\n\r\n", stream()):
        assert (await client.send(FROM, TO, message, options=options)).accepted
    assert {each.octets for each in server.messages} == {field + b"Subject: x\r\n\r\n"}
    await client.quit()


async def test_tls_cannot_be_required_and_optional() -> None:
    client = await client_of(FakeServer())
    options = SendOptions(requiretls=True, tls_optional=True)
    with pytest.raises(RefusedError, match="both required and optional"):
        await client.send(FROM, TO, b"Subject: x\r\n\r\n", options=options)
    await client.aclose()
