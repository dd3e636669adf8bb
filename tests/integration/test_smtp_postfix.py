"""Our SMTP client against Debian's Postfix."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.errors import RefusedError, TlsError
from desktopmail.net.ports import system_ports
from desktopmail.net.smtp import SmtpClient
from desktopmail.net.smtp_delivery import Delivery, SendOptions
from desktopmail.net.smtp_report import SendReport
from desktopmail.net.transcript import MemoryRecorder
from desktopmail.wire.smtp.mail import Ret
from desktopmail.wire.smtp.rcpt import Notify
from tests.helpers.postfix import DOMAIN, Postfix, postfix

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

pytestmark = [
    pytest.mark.peer("postfix"),
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="Postfix has to be started by root"),
]

TO = f"bob@{DOMAIN}"
MESSAGE = b"From: a@example.org\r\nSubject: x\r\n\r\n"


@pytest.fixture
def peer() -> Iterator[Postfix]:
    # A delivery that is under way may still write when the folder is removed.
    with (
        tempfile.TemporaryDirectory(prefix="postfix-", ignore_cleanup_errors=True) as folder,
        postfix(Path(folder)) as running,
    ):
        yield running


async def connect(
    peer: Postfix, security: Security = Security.NONE, recorder: MemoryRecorder | None = None
) -> SmtpClient:
    return await SmtpClient.connect(
        Endpoint("localhost", peer.port, security, ca_file=peer.certificates.ca_file),
        ports=system_ports(),
        local_name="client.example",
        recorder=recorder,
    )


async def test_messages_arrive_as_they_were_sent(peer: Postfix) -> None:
    bodies = [
        b".\r\n..\r\n...dots\r\n",
        b"no line end at the end",
        b"bare\nLF\rand CR\r\n",
        "grüße\r\n".encode(),
        b"",
    ]
    sent = []
    for security in (Security.NONE, Security.STARTTLS):
        client = await connect(peer, security)
        assert "CHUNKING" in client.extensions
        assert "PIPELINING" in client.extensions
        for chunking in (True, False):
            for body in bodies:
                report = await client.send(
                    "a@example.org", [TO], MESSAGE + body, options=SendOptions(chunking=chunking)
                )
                assert report.accepted, report
                sent.append(body)
        await client.quit()
    received = [octets.partition(b"\n\n")[2] for octets in peer.wait_for(len(sent))]
    wanted = []
    for body in sent:
        lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        wanted.append(lines + b"\n" if lines and not lines.endswith(b"\n") else lines)
    assert sorted(received) == sorted(wanted)


@pytest.mark.parametrize("chunking", [False, True], ids=["data", "bdat"])
async def test_messages_go_one_behind_the_other(peer: Postfix, chunking: bool) -> None:
    """The next envelope behind the end of a message, also behind one that Postfix refuses."""
    deliveries = [
        Delivery("a@example.org", [to], MESSAGE + body, SendOptions(chunking=chunking))
        for to, body in [
            (TO, b"one\r\n"),
            ("nobody@elsewhere.example", b"refused\r\n"),
            (TO, b"two\r\n" * 300_000),
            (TO, b"three\r\n"),
        ]
    ]
    client = await connect(peer)

    async def source() -> AsyncIterator[Delivery]:
        for delivery in deliveries:
            yield delivery

    found = [outcome async for _, outcome in client.send_all(source())]
    assert [isinstance(each, SendReport) and each.accepted for each in found] == [
        True, False, True, True,
    ]  # fmt: skip
    await client.quit()
    bodies = {octets.partition(b"\n\n")[2][:4] for octets in peer.wait_for(3)}
    assert bodies == {b"one\n", b"two\n", b"thre"}


async def test_a_large_stream_and_its_progress(peer: Postfix) -> None:
    line = b"0123456789" * 7 + b"\r\n"
    seen: list[int] = []

    async def stream() -> AsyncIterator[bytes]:
        yield MESSAGE
        for _ in range(100):
            yield line * 1000

    for chunking in (True, False):
        client = await connect(peer, Security.STARTTLS)
        report = await client.send(
            "a@example.org",
            [TO],
            stream(),
            options=SendOptions(chunking=chunking),
            on_progress=lambda done, _total: seen.append(done),
        )
        assert report.accepted, report
        await client.quit()
    assert seen[-1] == len(MESSAGE) + 100_000 * len(line)
    for octets in peer.wait_for(2):
        assert octets.partition(b"\n\n")[2] == line.replace(b"\r\n", b"\n") * 100_000


async def test_each_recipient_has_its_own_answer(peer: Postfix) -> None:
    client = await connect(peer)
    report = await client.send(
        "a@example.org", [f"nobody@{DOMAIN}", TO, "x@elsewhere.example"], MESSAGE
    )
    assert [each.accepted for each in report.recipients] == [False, True, False]
    assert str(report.recipients[0].reply.enhanced) == "5.1.1"
    assert str(report.recipients[2].reply.enhanced) == "5.7.1"
    report = await client.send("a@example.org", [f"nobody@{DOMAIN}"], MESSAGE)
    assert not report.accepted
    assert (await client.send("a@example.org", [TO], MESSAGE)).accepted
    await client.quit()
    peer.wait_for(2)


async def test_options_that_postfix_knows(peer: Postfix) -> None:
    client = await connect(peer)
    report = await client.send(
        "jürgen@example.org",
        [f"käthe@{DOMAIN}"],
        "From: jürgen@example.org\r\nSubject: grüße\r\n\r\nx\r\n".encode(),
        options=SendOptions(
            ret=Ret.HEADERS, envid="QQ+314=159", notify=frozenset({Notify.FAILURE})
        ),
    )
    assert report.accepted, report
    await client.quit()
    (received,) = peer.wait_for(1)
    assert "grüße".encode() in received


async def test_what_is_too_large_is_not_tried(peer: Postfix) -> None:
    client = await connect(peer)
    with pytest.raises(RefusedError) as caught:
        await client.send("a@example.org", [TO], b"x" * 20_480_001)
    assert caught.value.code == "too-large"
    await client.quit()


async def test_vrfy_noop_rset_and_the_transcript(peer: Postfix) -> None:
    ports = system_ports()
    recorder = MemoryRecorder(ports.clock)
    client = await connect(peer, recorder=recorder)
    assert (await client.noop()).positive
    assert (await client.rset()).positive
    assert (await client.vrfy(TO)).code == 252
    await client.quit()
    text = recorder.text()
    assert "C: EHLO client.example" in text
    assert "S: 221 2.0.0 Bye" in text


async def test_a_certificate_of_an_unknown_authority_is_refused(peer: Postfix) -> None:
    with pytest.raises(TlsError):
        await SmtpClient.connect(
            Endpoint("localhost", peer.port, Security.STARTTLS),
            ports=system_ports(),
            local_name="client.example",
        )
