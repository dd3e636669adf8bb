"""Every real and malformed message goes round by IMAP, POP3 and submission, and none changes."""

from __future__ import annotations

import re
import smtplib
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from desktopmail.mime.message import Message
from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.errors import NetError, RefusedError
from desktopmail.net.imap import ImapClient
from desktopmail.net.pop3 import Pop3Client
from desktopmail.net.ports import system_ports
from desktopmail.net.smtp import SmtpClient
from desktopmail.net.smtp_delivery import SendOptions
from desktopmail.wire.imap.fetch_item import BodyItem
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.sequence import UidSet
from desktopmail.wire.secret import Secret
from tests.helpers import corpora
from tests.helpers.server import PASSWORD, ServerProcess, server_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MESSAGES = corpora.messages()
pytestmark = [
    corpora.needed,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]
# What our server writes above a message that was submitted to it.
ADDED = {"return-path", "received", "x-submission-report", "sender", "date", "message-id"}
LINE_END = re.compile(rb"\r\n|\r|\n")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder: Path = tmp_path_factory.mktemp("corpora")
    with server_process(folder, users=("alice", "bob", "carol", "dave", "erin")) as running:
        yield running


def endpoint(server: ServerProcess, service: str) -> Endpoint:
    return Endpoint("127.0.0.1", server.ports[service], Security.NONE)


async def imap(server: ServerProcess, user: str) -> ImapClient:
    client = await ImapClient.connect(endpoint(server, "imap"), ports=system_ports())
    await client.login(user, Secret(PASSWORD))
    return client


def with_crlf(octets: bytes) -> bytes:
    """Each bare CR and LF as CRLF, and a final CRLF."""
    lines = LINE_END.sub(b"\r\n", octets)
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def without_bcc(octets: bytes) -> bytes:
    return re.sub(rb"(?im)\A((?:.+\r\n)*?)bcc:.*\r\n(?:[ \t].*\r\n)*", rb"\1", octets)


async def test_what_goes_in_by_append_comes_out_by_imap_octet_for_octet(
    server: ServerProcess,
) -> None:
    client = await imap(server, "alice")
    try:
        for message in MESSAGES:
            await client.append("INBOX", message.octets)
        selected = await client.select("INBOX", readonly=True)
        assert selected.exists == len(MESSAGES)
        found = [
            answer.section()
            async for answer in client.uid_fetch(UidSet.all(), (BodyItem(),))
            if isinstance(answer, FetchResponse)
        ]
    finally:
        await client.aclose()
    wrong = [
        message.name
        for message, octets in zip(MESSAGES, found, strict=True)
        if octets != message.octets
    ]
    assert wrong == []


async def test_the_same_comes_out_by_pop3_with_crlf(server: ServerProcess) -> None:
    client = await imap(server, "bob")
    try:
        for message in MESSAGES:
            await client.append("INBOX", message.octets)
    finally:
        await client.aclose()
    pop3 = await Pop3Client.connect(endpoint(server, "pop3"), ports=system_ports())
    try:
        await pop3.login("bob", Secret(PASSWORD), "apop")
        sizes = await pop3.listing()
        found = {number: octets async for number, octets in pop3.retr_many(sizes)}
        await pop3.quit()
    finally:
        await pop3.aclose()
    wrong = [
        message.name
        for number, message in enumerate(MESSAGES, start=1)
        if found[number] != with_crlf(message.octets)
    ]
    assert wrong == []
    assert {number: len(octets) for number, octets in found.items()} == sizes


async def stored_in_inbox(server: ServerProcess, user: str) -> list[bytes]:
    client = await imap(server, user)
    try:
        await client.select("INBOX", readonly=True)
        return [
            answer.section() or b""
            async for answer in client.uid_fetch(UidSet.all(), (BodyItem(),))
            if isinstance(answer, FetchResponse)
        ]
    finally:
        await client.aclose()


def reason_of(error: NetError, octets: bytes) -> str:
    if b"\0" in octets:
        return "NUL"
    if max(len(line) for line in LINE_END.split(octets)) > 998:
        return "over-long line"
    return f"other: {error}"


async def test_submission_carries_all_but_nul_and_over_long_lines(server: ServerProcess) -> None:
    sent: list[corpora.CorpusMessage] = []
    refused: Counter[str] = Counter()
    client = await SmtpClient.connect(
        endpoint(server, "submission"), ports=system_ports(), local_name="localhost"
    )
    try:
        await client.login("carol", Secret(PASSWORD), "scram")
        for message in MESSAGES:
            try:
                report = await client.send(
                    "carol@localhost",
                    ["dave@localhost"],
                    with_crlf(message.octets),
                    options=SendOptions(chunking=False),
                )
            except RefusedError as error:
                refused[reason_of(error, message.octets)] += 1
                continue
            if report.accepted:
                sent.append(message)
            else:
                refused[reason_of(RefusedError(str(report.reply), reply=None), message.octets)] += 1
        await client.quit()
    finally:
        await client.aclose()
    arrived = await stored_in_inbox(server, "dave")
    assert len(arrived) == len(sent)
    changed = []
    for message, octets in zip(sent, arrived, strict=True):
        original = without_bcc(with_crlf(message.octets))
        added = octets.removesuffix(original)
        names = {field.name.lower() for field in Message.parse(added + b"\r\n").header.fields}
        if not octets.endswith(original) or not names <= ADDED:
            changed.append(message.name)
    assert changed == []
    assert refused == {"NUL": 1, "over-long line": 1}


def raw_reason(octets: bytes) -> str | None:
    """Why a message is not taken as it is, or None."""
    if re.search(rb"(?<!\r)\n|\r(?!\n)", octets):
        return "bare CR or LF"
    if b"\0" in octets:
        return "NUL"
    if max(map(len, octets.split(b"\r\n"))) > 998:
        return "over-long line"
    return None


def test_a_raw_run_refuses_bare_line_ends_nul_and_nothing_else(server: ServerProcess) -> None:
    refused: Counter[str] = Counter()
    accepted = 0
    client = smtplib.SMTP("127.0.0.1", server.ports["submission"])
    client.ehlo()
    client.login("carol", PASSWORD)
    for message in MESSAGES:
        client.docmd("MAIL", "FROM:<carol@localhost>")
        client.docmd("RCPT", "TO:<erin@localhost>")
        assert client.docmd("DATA")[0] == 354
        stuffed = re.sub(rb"(?m)^\.", b"..", message.octets)
        client.send(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        code, text = client.getreply()
        if code == 250:
            accepted += 1
            assert raw_reason(message.octets) is None, message.name
            continue
        assert code in {500, 554, 550}, (code, text)
        refused[raw_reason(message.octets) or str(text)] += 1
        if client.noop()[0] != 250:  # a server may hang up on such a sender
            client.close()
            client = smtplib.SMTP("127.0.0.1", server.ports["submission"])
            client.login("carol", PASSWORD)
    client.close()
    expected = Counter(filter(None, (raw_reason(message.octets) for message in MESSAGES)))
    assert refused == expected
    assert accepted == len(MESSAGES) - expected.total()
    assert expected == {"bare CR or LF": 147, "over-long line": 1}
